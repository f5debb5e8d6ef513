import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import type { MysqlPlan } from '../../../../src/source/mysql/capture/mysql-plan.ts';
import { planMysqlSource } from '../../../../src/source/mysql/capture/mysql-plan.ts';
import { mysqlOptions } from '../../../support/examined-mysql-source.ts';
import type { MysqlDatabase } from '../../../support/mysql-database.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';

const { flavor } = sharedMysql();

async function planned(
  database: MysqlDatabase,
  change: Readonly<Record<string, string>> = {},
): Promise<MysqlPlan> {
  const options = mysqlOptions(database, { 'database.include.list': database.name, ...change });
  const request = { options, pipeline: 'shop', stored: undefined };
  return await planMysqlSource(request, new AbortController().signal, systemClock);
}

test('who reads, from where, under which lock, and which tables', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY, v TEXT); CREATE TABLE u (v INT)');
  const plan = await planned(database);
  expect(plan.problems).toEqual([]);
  expect(plan.tables.map(({ info }) => info.name)).toEqual(['t', 'u']);
  const { source } = plan;
  expect(source).toMatchObject({ gtids: flavor, snapshot: { mode: 'initial' } });
  expect(source?.server).toMatch(flavor === 'mariadb' ? /^MariaDB 1/ : /^MySQL /);
  expect(source?.replica.host).toBe('tidemark-shop');
  expect(source?.binlogEnd?.file).toMatch(/^binlog\.\d+$/);
  expect(source?.binlogEnd?.position).toBeGreaterThan(4);
  expect(plan.source?.snapshot.lock).toMatch(
    flavor === 'mariadb' ? /^none; .* commits are held up/ : /^FLUSH TABLES WITH READ LOCK, until/,
  );
});

test('without rows there is no lock, and what cannot be is a problem', async () => {
  await using database = await freshMysqlDatabase();
  const quiet = await planned(database, {
    'snapshot.mode': 'no_data',
    'gtid.ignore.on.recovery': 'true',
  });
  expect(quiet.source).toMatchObject({ gtids: null, snapshot: { mode: 'no_data', lock: null } });
  const [row] = await database.query<{ id: number }>('SELECT @@server_id AS id');
  const taken = await planned(database, { 'database.server.id': String(row?.id) });
  expect(taken.source).toBeNull();
  expect(taken.problems.map(({ code }) => code)).toEqual(['MYSQL_REPLICA_ID_IN_USE']);
  const other = flavor === 'mysql' ? 'mariadb' : 'mysql';
  const wrong = await planned(database, { 'connector.class': other });
  expect(wrong.problems.map(({ code }) => code)).toEqual(['MYSQL_UNSUPPORTED_SERVER']);
});
