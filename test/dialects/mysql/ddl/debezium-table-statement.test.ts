import { expect, test } from 'vitest';
import { debeziumTable } from '../../../../dialects/mysql/ddl/debezium-table-json.ts';
import {
  debeziumTableStatement,
  tableOfDebeziumId,
} from '../../../../dialects/mysql/ddl/debezium-table-statement.ts';
import { MARIADB, MYSQL, tableAfter } from '../../../support/mysql-ddl.ts';

const COLUMNS = `
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, a TINYINT(1), b SMALLINT UNSIGNED ZEROFILL,
  c MEDIUMINT NOT NULL DEFAULT 7, d DECIMAL(10,4) UNSIGNED, e FLOAT, f DOUBLE(10,3), g BIT(9),
  h CHAR(5), i VARCHAR(20) CHARACTER SET latin1 NOT NULL DEFAULT 'it''s \\\\ back', j LONGTEXT,
  k BINARY(4), l VARBINARY(20), m MEDIUMBLOB, n ENUM('a','b,c','d''e') DEFAULT 'b,c',
  o SET('x','y'), p DATE DEFAULT '2020-02-29', q TIME(3), r DATETIME(6), s TIMESTAMP(3) NULL,
  t YEAR, u JSON, v GEOMETRY, w POINT, \`odd "name\` INT COMMENT 'of ''it''',
  PRIMARY KEY (id, i)`;

test.each([
  ['MySQL', MYSQL],
  ['MariaDB', MARIADB],
] as const)('a table of %s as Debezium tells it becomes that table again', (_name, dialect) => {
  const options = { server: dialect, includeComments: true };
  const table = tableAfter([`CREATE TABLE t (${COLUMNS}) CHARSET utf8mb4`], dialect);
  const told = debeziumTable(table, options);
  const statement = debeziumTableStatement({ database: 'shop', name: 't' }, told);
  expect(debeziumTable(tableAfter([statement], dialect), options)).toEqual(told);
});

test('nothing in a name or a text ends it', () => {
  const statement = debeziumTableStatement(
    { database: 'a`b', name: 'c`; DROP TABLE x' },
    {
      defaultCharsetName: "latin1'; DROP",
      primaryKeyColumnNames: [],
      columns: [{ name: '`', typeName: 'TEXT', comment: "'\\" }],
    },
  );
  expect(statement).toBe(
    "CREATE TABLE `a``b`.`c``; DROP TABLE x` (```` TEXT NULL COMMENT '''\\\\')",
  );
});

test('the name of a table in an entry', () => {
  expect(tableOfDebeziumId('"a ""b""."."t"')).toEqual({ database: 'a "b".', name: 't' });
  expect(tableOfDebeziumId('"t"')).toBeNull();
  expect(tableOfDebeziumId('"c"."s"."t"')).toBeNull();
});
