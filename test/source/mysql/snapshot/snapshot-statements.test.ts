import { expect, test } from 'vitest';
import {
  snapshotOrigin,
  snapshotStatements,
} from '../../../../src/source/mysql/snapshot/snapshot-statements.ts';
import { catalogOf, MYSQL } from '../../../support/mysql-definitions.ts';
import { mysqlFacts } from '../../../support/mysql-facts.ts';

const catalog = catalogOf(
  ['CREATE TABLE a (id INT PRIMARY KEY)', 'CREATE TABLE `b c` (x INT)'],
  MYSQL,
);

/** The order is that of `mysql/default` among the recorded runs of Debezium 3.6. */
test('whoever follows the statements has the tables, as Debezium makes them up', () => {
  const tables = [...catalog.tables()].map((definition) => ({
    database: definition.database,
    name: definition.name,
    engine: 'InnoDB',
    estimatedRows: 0,
    isCaptured: true,
    stamp: '',
    definition,
    statement: `CREATE TABLE \`${definition.name}\` (…)`,
  }));
  const charset = { charset: 'utf8mb4', collation: 'utf8mb4_0900_ai_ci' };
  const databases = [
    { name: 'empty', ...charset },
    { name: 'g', ...charset },
  ];
  const history = {
    topic: 'h',
    capturedTablesOnly: false,
    capturedDatabasesOnly: false,
    ddlFilter: [],
    recoversLost: false,
    includeComments: false,
  };
  const server = { ...charset, databases, tables, catalog };
  const told = snapshotStatements(server, mysqlFacts(), { history });
  expect(
    told.map(({ database, tables: names, ddl, changes }) => [
      database,
      names,
      ddl,
      changes.map(({ type, id }) => `${type} ${id}`).join(),
    ]),
  ).toEqual([
    ['', null, 'SET character_set_server=utf8mb4, collation_server=utf8mb4_0900_ai_ci', ''],
    ['g', ['a'], 'DROP TABLE IF EXISTS `g`.`a`', 'DROP "g"."a"'],
    ['g', ['b c'], 'DROP TABLE IF EXISTS `g`.`b c`', 'DROP "g"."b c"'],
    ['g', null, 'DROP DATABASE IF EXISTS `g`', ''],
    ['g', null, 'CREATE DATABASE `g` CHARSET utf8mb4 COLLATE utf8mb4_0900_ai_ci', ''],
    ['g', null, 'USE `g`', ''],
    ['g', ['a'], 'CREATE TABLE `a` (…)', 'CREATE "g"."a"'],
    ['g', ['b c'], 'CREATE TABLE `b c` (…)', 'CREATE "g"."b c"'],
  ]);
});

test('all of it stands at the place, of no server and no transaction', () => {
  expect(snapshotOrigin({ file: 'binlog.000001', pos: 231_879 }, 7n)).toMatchObject({
    family: 'binlog',
    file: 'binlog.000001',
    pos: 231_879,
    serverId: 0,
    gtid: null,
    snapshot: 'true',
    sourceMicros: 7n,
  });
});
