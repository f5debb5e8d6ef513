import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { SqliteConnection } from '../../../src/sink/sql/sqlite-connection.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const open = (file: string, more = {}): SqliteConnection =>
  new SqliteConnection({ file, readOnly: false, lockTimeoutMs: 50, ...more });

function codeOf(work: () => unknown): number {
  try {
    work();
    return 0;
  } catch (error) {
    return (error as { readonly errcode: number }).errcode;
  }
}

test('a file is flushed at each commit, in WAL, and references are not looked at', async () => {
  await using folder = await temporaryFolder('sqlite');
  const connection = open(path.join(folder.path, 'a.db'));
  const settings = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'].map(
    (name) => Object.values(connection.run(`PRAGMA ${name}`).rows[0]!)[0],
  );
  expect(settings).toEqual(['wal', 2, 0, 50]);
  connection.close();
});

test('of several statements the rows of the last and the touched rows of all', async () => {
  await using folder = await temporaryFolder('sqlite');
  const connection = open(path.join(folder.path, 'a.db'));
  connection.run(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 1), (2, 2);\n',
  );
  const both = connection.run(
    'UPDATE t SET v = 3 WHERE id = 1; UPDATE t SET v = 3; SELECT id FROM t',
  );
  expect(both).toEqual({ rows: [{ id: 1 }, { id: 2 }], rowCount: 5 });
  const text = 'INSERT INTO t VALUES (?, ?)';
  const next = { text: 'DELETE FROM t WHERE id = ?', values: ['4'] };
  const values = ['3', "'three", '4', 'r0.5', '9223372036854775807', 'x00'];
  expect(connection.run({ text, values, times: 3, next })).toEqual({ rows: [], rowCount: 4 });
  expect(connection.run('SELECT id, typeof(v) AS kind FROM t WHERE id > 2').rows).toEqual([
    { id: 3, kind: 'text' },
    { id: 9223372036854775807n, kind: 'blob' },
  ]);
  connection.close();
});

test('prepared statements see the table as it is by now (S23)', async () => {
  await using folder = await temporaryFolder('sqlite');
  const connection = open(path.join(folder.path, 'a.db'));
  connection.run('CREATE TABLE t (a)');
  const insert = { text: 'INSERT INTO t (a) VALUES (?)', values: ['1'], times: 1 };
  connection.run(insert);
  connection.run('ALTER TABLE t ADD COLUMN b DEFAULT 5');
  connection.run(insert);
  expect(connection.run('SELECT b FROM t').rows).toEqual([{ b: 5 }, { b: 5 }]);
  connection.close();
});

test('a lock is waited for, and then told; nothing was done meanwhile', async () => {
  await using folder = await temporaryFolder('sqlite');
  const file = path.join(folder.path, 'a.db');
  const connection = open(file);
  connection.run('CREATE TABLE t (a)');
  using other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  expect(codeOf(() => connection.begin())).toBe(5);
  expect(connection.run('SELECT count(*) AS n FROM t').rows).toEqual([{ n: 0 }]);
  other.exec('ROLLBACK');
  connection.begin();
  connection.run("INSERT INTO t VALUES ('x')");
  expect(codeOf(() => other.exec('BEGIN IMMEDIATE'))).toBe(5);
  connection.rollback();
  // What SQLite has rolled back by itself may be rolled back again.
  connection.rollback();
  expect(connection.run('SELECT count(*) AS n FROM t').rows).toEqual([{ n: 0 }]);
  connection.close();
});

test('a transaction that ended with an error is told from one that goes on', async () => {
  await using folder = await temporaryFolder('sqlite');
  const connection = open(path.join(folder.path, 'a.db'));
  connection.run(`CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)`);
  connection.run(`CREATE TRIGGER no BEFORE DELETE ON t BEGIN SELECT RAISE(ROLLBACK, 'no'); END`);
  const failure = (sql: string) => {
    connection.begin();
    try {
      connection.run(sql);
    } catch (error) {
      return connection.failureOf(error);
    } finally {
      connection.rollback();
    }
    throw new Error('it did not fail');
  };
  expect(failure('INSERT INTO t VALUES (1)')).toMatchObject({ code: 2067, isRolledBack: false });
  expect(failure('DELETE FROM t')).toMatchObject({ code: 1811, isRolledBack: true });
  connection.close();
});

test('a file that is no database is told at once; one that is only read is not made', async () => {
  await using folder = await temporaryFolder('sqlite');
  const file = path.join(folder.path, 'a.db');
  expect(codeOf(() => open(file, { readOnly: true }))).toBe(14);
  expect(codeOf(() => open(import.meta.filename))).toBe(26);
  open(file).close();
  const reader = open(file, { readOnly: true });
  expect(codeOf(() => reader.run('CREATE TABLE t (a)')) & 0xff).toBe(8);
  reader.close();
});
