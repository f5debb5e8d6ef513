import { expect, test } from 'vitest';
import {
  chosenFindings,
  familyProblem,
  serverText,
} from '../../../../src/source/mysql/capture/captured-findings.ts';
import type { MysqlFindings } from '../../../../src/source/mysql/capture/mysql-preflight-checks.ts';
import type { ServerTable } from '../../../../src/source/mysql/capture/server-tables.ts';
import type { MysqlSourceOptions } from '../../../../src/source/mysql/mysql-source-options.ts';
import { mysqlSourceOptionsOf } from '../../../../src/runtime/mysql-source-options.ts';
import { examinedMysqlSource } from '../../../support/examined-mysql-source.ts';
import { mariadbFacts, mysqlFacts } from '../../../support/mysql-facts.ts';

const TABLES: readonly ServerTable[] = ['orders', 'items'].map((name) => ({
  database: 'shop',
  name,
  engine: 'InnoDB',
  estimatedRows: 1,
}));

function optionsOf(properties: Readonly<Record<string, string>>): MysqlSourceOptions {
  const { options } = examinedMysqlSource(properties);
  const source = { name: 's', connectorClass: 'mysql', flavour: 'tidemark', options } as const;
  return mysqlSourceOptionsOf(source);
}

function findings(
  properties: Readonly<Record<string, string>>,
  chosen: readonly ServerTable[] = TABLES,
  facts = mysqlFacts(),
): MysqlFindings {
  const tables = { chosen, tables: [], problems: [] };
  return chosenFindings(tables, TABLES, optionsOf(properties), facts);
}

test('the class of the other family is refused, and the right one is named', () => {
  expect(familyProblem('mysql', mysqlFacts())).toBeNull();
  const problem = familyProblem('mariadb', mysqlFacts());
  expect(problem).toMatchObject({ code: 'MYSQL_UNSUPPORTED_SERVER' });
  expect(problem?.message).toMatch(/the one for MariaDB, .* is MySQL 9\.7\.4/);
  expect(problem?.cure).toContain('connector.class to mysql');
  expect(familyProblem('mysql', mariadbFacts())?.message).toContain('is MariaDB 10.11');
  expect(serverText(mariadbFacts())).toBe("MariaDB 10.11.18-MariaDB as 'cdc'@'%'");
});

test('nothing to say of tables that are there', () => {
  expect(findings({})).toEqual({ problems: [], warnings: [] });
});

test('lists that choose nothing are most likely a slip', () => {
  const [warning] = findings({}, []).warnings;
  expect(warning?.message).toContain("of the 2 tables that 'cdc'@'%' sees");
});

test('the number of tables has a bound, which warns or refuses', () => {
  const limit = { 'guardrail.collections.max': '1' };
  const text = '2 tables are captured, and guardrail.collections.max is 1';
  const warn = findings({ ...limit, 'guardrail.collections.limit.action': 'warn' });
  expect(warn.warnings[0]?.message).toBe(text);
  const fail = findings({ ...limit, 'guardrail.collections.limit.action': 'fail' });
  expect(fail.problems.map(({ message }) => message)).toEqual([text]);
});

test('a signal table that is missing comes with its CREATE TABLE', () => {
  expect(findings({ 'signal.data.collection': 'Shop.Orders' }).warnings).toEqual([]);
  const [warning] = findings({ 'signal.data.collection': 'shop.signals' }).warnings;
  expect(warning?.cure).toMatch(/^CREATE TABLE `shop`\.`signals` \(id VARCHAR/);
});

test('include.query needs a server that logs statements', () => {
  const on = { 'include.query': 'true' };
  const [mysql] = findings(on).warnings;
  expect(mysql?.cure).toBe('SET PERSIST binlog_rows_query_log_events = ON;');
  const [mariadb] = findings(on, TABLES, mariadbFacts()).warnings;
  expect(mariadb?.cure).toContain('SET GLOBAL binlog_annotate_row_events = ON;');
  const binlog = { ...mysqlFacts().binlog, logsStatements: true };
  expect(findings(on, TABLES, mysqlFacts({ binlog })).warnings).toEqual([]);
});
