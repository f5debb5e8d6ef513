import { expect, test } from 'vitest';
import type { MysqlDatabase } from '../../../support/mysql-database.ts';
import { freshMysqlDatabase } from '../../../support/mysql-database.ts';
import { rejection } from '../../../support/snapshot-run.ts';
import {
  mysqlAccount,
  mysqlSourceOptions,
  startMysqlSnapshot,
} from '../../../support/mysql-snapshot-run.ts';
import type { SnapshotRecorder } from '../../../support/mysql-snapshot-run.ts';
import { followedRows } from '../../../support/mysql-followed-rows.ts';

const ACCOUNTS = 400;

async function accounts(database: MysqlDatabase): Promise<void> {
  await database.query(`
    CREATE TABLE account (id INT PRIMARY KEY, amount INT NOT NULL, pad CHAR(50) DEFAULT 'x');
    CREATE TABLE other (id INT PRIMARY KEY, amount INT NOT NULL)`);
  const values = Array.from({ length: ACCOUNTS }, (_, i) => `(${i}, 100)`).join(', ');
  await database.query(`INSERT INTO account (id, amount) VALUES ${values}`);
  await database.query(`INSERT INTO other VALUES ${values}`);
}

/** Several that move amounts until the end of the test. */
function transfers(
  database: MysqlDatabase,
  count: number,
): AsyncDisposable & { stop(): Promise<void> } {
  const ended = new AbortController();
  const running = Array.from({ length: count }, () => transfer(database, ended.signal));
  const stop = async (): Promise<void> => {
    ended.abort();
    await Promise.all(running);
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

/** Moves amounts from table to table until it is told to stop: the sum is always the same. */
async function transfer(database: MysqlDatabase, stop: AbortSignal): Promise<void> {
  const client = await database.connect();
  for (let i = 0; !stop.aborted; i++) {
    const [from, to] = [(i * 7919) % ACCOUNTS, (i * 104_729) % ACCOUNTS];
    await client.query(`BEGIN; UPDATE account SET amount = amount - 1 WHERE id = ${from};
      UPDATE other SET amount = amount + 1 WHERE id = ${to}; COMMIT`);
  }
}

function sum(recorder: SnapshotRecorder): number {
  return [...recorder.of('account'), ...recorder.of('other')]
    .map((row) => Number(row.split('|')[1]))
    .reduce((a, b) => a + b, 0);
}

test.each([
  ['minimal', 'SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT, LOCK TABLES ON *.*'],
  ['minimal', 'SELECT, REPLICATION SLAVE, REPLICATION CLIENT, LOCK TABLES ON *.*'],
  ['extended', 'SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.*'],
] as const)(
  'under writes several connections see one state, from which the stream goes on: %s, %s ' +
    '(PITFALLS B112, B113, B121)',
  async (lockingMode, grants) => {
    await using database = await freshMysqlDatabase();
    await accounts(database);
    await using account = await mysqlAccount(database, grants);
    await using writing = transfers(database, 2);
    const options = mysqlSourceOptions(account, { lockingMode, snapshotMaxThreads: 3 });
    const snapshots = { ...options.snapshots, chunkRows: 50 };
    const run = startMysqlSnapshot({ ...options, snapshots });
    const { resume } = await run.result;
    await writing.stop();
    const { recorder } = run;
    expect(recorder.of('account')).toHaveLength(ACCOUNTS);
    expect(sum(recorder)).toBe(2 * ACCOUNTS * 100);
    // What came later, applied to the snapshot, is what the tables are now.
    const snapshot = new Map(
      ['account', 'other'].flatMap((table) =>
        recorder.of(table).map((row) => [`${table} ${row.split('|')[0]}`, row] as const),
      ),
    );
    const now = await database.query<{ t: string; r: string }>(
      `SELECT 'account' AS t, CONCAT_WS('|', id, amount, pad) AS r FROM account
       UNION ALL SELECT 'other', CONCAT_WS('|', id, amount) FROM other`,
    );
    const expected = new Map(now.map(({ t, r }) => [`${t} ${r.split('|')[0]}`, r]));
    for (const by of ['file', 'gtid'] as const) {
      const rows = new Map(snapshot);
      for (const { table, row } of await followedRows(database, resume.done, by)) {
        rows.set(`${table} ${row.split('|')[0]}`, row);
      }
      expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(expected));
    }
  },
);

test('an account that may lock nothing is told what to grant, where that is needed', async () => {
  await using database = await freshMysqlDatabase();
  await accounts(database);
  const grants = 'SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.*';
  await using account = await mysqlAccount(database, grants);
  const run = startMysqlSnapshot(mysqlSourceOptions(account));
  if (database.flavor === 'mariadb') {
    await run.result;
    expect(run.recorder.of('account')).toHaveLength(ACCOUNTS);
    return;
  }
  const error = await rejection(run.result);
  expect(error.code).toBe('MYSQL_PERMISSION');
  expect(error.cure).toContain('GRANT RELOAD ON *.*');
});

test('the lock cannot be had while somebody holds a table (PITFALLS B113)', async () => {
  await using database = await freshMysqlDatabase();
  if (database.flavor === 'mariadb') return;
  await accounts(database);
  const client = await database.connect();
  await client.query('LOCK TABLES account WRITE');
  const options = mysqlSourceOptions(database, { snapshotLockTimeoutMs: 100 });
  const error = await rejection(startMysqlSnapshot(options).result);
  expect(error).toMatchObject({ code: 'MYSQL_LOCK_TIMEOUT' });
  expect(error.message).toContain('snapshot.lock.timeout.ms');
  await client.query('UNLOCK TABLES');
  expect((await startMysqlSnapshot(options).result).complete).toBe(true);
});

test('with snapshot.locking.mode=none all is left for the stream, or one reads', async () => {
  await using database = await freshMysqlDatabase();
  await accounts(database);
  const beside = startMysqlSnapshot(mysqlSourceOptions(database, { lockingMode: 'none' }));
  const { complete, resume } = await beside.result;
  expect([complete, beside.recorder.rows.length, beside.recorder.released]).toEqual([false, 0, 1]);
  expect(JSON.parse(resume.snapshotState ?? '')).toMatchObject({
    tasks: [
      { table: 'account', method: 'keys', lastKey: null, purpose: 'initial', orderedBy: ['id'] },
      { table: 'other', method: 'keys', lastKey: null, purpose: 'initial' },
    ],
  });
  const options = { lockingMode: 'none', snapshotMode: 'initial_only' } as const;
  const alone = startMysqlSnapshot(mysqlSourceOptions(database, options));
  expect((await alone.result).complete).toBe(true);
  expect(sum(alone.recorder)).toBe(2 * ACCOUNTS * 100);
});

test('rows without transactions and without a key come once (PITFALLS B115)', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(
    'CREATE TABLE log (n INT) ENGINE = MyISAM; CREATE TABLE t (id INT PRIMARY KEY)',
  );
  await database.query('INSERT INTO log VALUES (-1), (-1)');
  const ended = new AbortController();
  const client = await database.connect();
  const writing = (async (): Promise<void> => {
    for (let i = 0; !ended.signal.aborted; i++) await client.query(`INSERT INTO log VALUES (${i})`);
  })();
  const run = startMysqlSnapshot(mysqlSourceOptions(database));
  const { resume } = await run.result;
  ended.abort();
  await writing;
  const later = await followedRows(database, resume.done, 'file');
  const told = [...run.recorder.of('log'), ...later.map(({ row }) => row)];
  const now = await database.query<{ n: number }>('SELECT n FROM log');
  expect(told.map(Number).toSorted((a, b) => a - b)).toEqual(
    now.map(({ n }) => n).toSorted((a, b) => a - b),
  );
});
