import { expect, test } from 'vitest';
import {
  changedTables,
  readCatalog,
  readServerCatalog,
  readStamp,
} from '../../../../src/source/mysql/snapshot/server-catalog.ts';
import { readServerFacts } from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import { mysqlSourceOptions } from '../../../support/mysql-snapshot-run.ts';
import { connectionTo } from '../../../support/mysql-source.ts';

const { signal } = new AbortController();

test('tables that are captured, or may be, as the history wants (PITFALLS B122)', async () => {
  await using database = await freshMysqlDatabase();
  await using other = await freshMysqlDatabase();
  await database.query(
    'CREATE TABLE b (id INT); CREATE TABLE A (id INT); CREATE TABLE _gho (id INT)',
  );
  await database.query('CREATE VIEW v AS SELECT * FROM b');
  await other.query('CREATE TABLE o (id INT)');
  await using session = await MysqlSession.connect(connectionTo(sharedMysql()), signal);
  const facts = await readServerFacts(session, signal);
  const options = mysqlSourceOptions(database, { tableExclude: [/_gho$/] });
  const namesWith = async (history: object): Promise<string[]> => {
    const changed = { ...options, history: { ...options.history, ...history } };
    const { tables } = await readServerCatalog(session, changed, facts, signal);
    const ours = tables.filter((table) => [database.name, other.name].includes(table.database));
    return ours.map(({ name, isCaptured }) => `${name} ${isCaptured}`).toSorted();
  };
  expect(await namesWith({})).toEqual(['A true', 'b true']);
  const all = await namesWith({ capturedTablesOnly: false });
  expect(all).toEqual(['A true', '_gho false', 'b true', 'o false']);
  const inside = await namesWith({ capturedTablesOnly: false, capturedDatabasesOnly: true });
  expect(inside).toEqual(['A true', '_gho false', 'b true']);
  const catalog = await readCatalog(session, options, facts, signal);
  expect(catalog.table(database.name, 'b')?.columns.map(({ name }) => name)).toEqual(['id']);
  expect([...catalog.databases()].map(({ name }) => name)).toContain(other.name);
  expect([...catalog.databases()].map(({ name }) => name)).not.toContain('mysql');
});

test('what was altered, made anew, dropped or added between two looks is named', async () => {
  await using database = await freshMysqlDatabase();
  const names = ['same', 'altered', 'dropped'];
  for (const name of names) {
    await database.query(`CREATE TABLE ${name} (id INT AUTO_INCREMENT PRIMARY KEY)`);
  }
  await using session = await MysqlSession.connect(connectionTo(sharedMysql()), signal);
  const facts = await readServerFacts(session, signal);
  const options = mysqlSourceOptions(database);
  const look = async (): ReturnType<typeof readServerCatalog> =>
    await readServerCatalog(session, options, facts, signal);
  const before = await look();
  // The counter is no part of what a table is.
  await database.query('INSERT INTO same VALUES (), ()');
  expect(changedTables(before.tables, (await look()).tables)).toEqual([]);
  await database.query(
    'ALTER TABLE altered ADD v INT; DROP TABLE dropped; CREATE TABLE added (id INT)',
  );
  const after = await look();
  expect(changedTables(before.tables, after.tables).toSorted()).toEqual(
    ['added', 'altered', 'dropped'].map((name) => `${database.name}.${name}`),
  );
  const [added] = after.tables;
  const here = { database: database.name, name: 'added' };
  expect([added?.name, await readStamp(session, here, signal)]).toEqual(['added', added?.stamp]);
  expect(await readStamp(session, { ...here, name: 'dropped' }, signal)).toBeNull();
});
