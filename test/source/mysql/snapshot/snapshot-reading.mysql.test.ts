import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import {
  firstCause,
  isChangedTable,
  selectedRows,
  SnapshotRace,
} from '../../../../src/source/mysql/snapshot/snapshot-reading.ts';
import { TidemarkError } from '../../../../src/foundation/errors.ts';
import { freshMysqlDatabase } from '../../../support/mysql-database.ts';
import type { MysqlDatabase } from '../../../support/mysql-database.ts';
import {
  mysqlSourceOptions,
  SnapshotRecorder,
  startMysqlSnapshot,
} from '../../../support/mysql-snapshot-run.ts';

async function filled(tables: number, rows: number): Promise<MysqlDatabase> {
  const database = await freshMysqlDatabase();
  const values = Array.from({ length: rows }, (_, i) => `(${i}, REPEAT('x', 200))`).join(', ');
  for (let i = 0; i < tables; i++) {
    await database.query(`CREATE TABLE t${i} (id INT PRIMARY KEY, v VARCHAR(200))`);
    if (rows > 0) await database.query(`INSERT INTO t${i} VALUES ${values}`);
  }
  return database;
}

test('rows wait for room, none is lost, and markers are where they belong', async () => {
  await using database = await filled(3, 700);
  const recorder = new SnapshotRecorder();
  let waits = 0;
  recorder.gate = () => {
    waits++;
    return waits % 3 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined;
  };
  const options = mysqlSourceOptions(database, { snapshotMaxThreads: 4 });
  const snapshots = { ...options.snapshots, chunkRows: 100, fetchSize: 30 };
  const run = startMysqlSnapshot({ ...options, snapshots }, recorder);
  await run.result;
  for (const table of ['t0', 't1', 't2']) {
    const ids = recorder.of(table).map((row) => Number(row.split('|')[0]));
    expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 700 }, (_, i) => i));
  }
  const markers = recorder.rows.map(({ marker }) => marker);
  expect([markers[0], markers.at(-1)]).toEqual(['first', 'last']);
  const count = (marker: string): number => markers.filter((each) => each === marker).length;
  expect([count('first'), count('last'), count('last_in_data_collection')]).toEqual([1, 1, 2]);
  expect(run.snapshot.progress.map(({ rowsDone, completed }) => [rowsDone, completed])).toEqual(
    Array.from({ length: 3 }, () => [700, true]),
  );
  const types = run.notifications.map(({ type }) => type);
  expect(types.filter((type) => type === 'TABLE_SCAN_COMPLETED')).toHaveLength(3);
});

test('tables without rows are read as well', async () => {
  await using database = await filled(2, 0);
  const run = startMysqlSnapshot(mysqlSourceOptions(database));
  expect((await run.result).complete).toBe(true);
  expect([run.recorder.rows.length, run.recorder.schemas.length]).toEqual([0, 2]);
});

test('no more rows come per second than are wanted', async () => {
  await using database = await filled(1, 600);
  const options = mysqlSourceOptions(database);
  const snapshots = { ...options.snapshots, rowsPerSecond: 1000, fetchSize: 20, chunkRows: 100 };
  const begun = performance.now();
  await startMysqlSnapshot({ ...options, snapshots }).result;
  expect(performance.now() - begun).toBeGreaterThan(350);
});

test('the first failure is told, and DDL is known by its errors (PITFALLS B114)', () => {
  const lost = new TidemarkError('MYSQL_CONNECTION_LOST', 'cut');
  const own = new TidemarkError('MYSQL_SERVER', 'Table definition has changed (error 1412, …)');
  expect(firstCause([lost, own])).toBe(own);
  expect(firstCause([lost])).toBe(lost);
  expect([own, new SnapshotRace('x'), lost].map(isChangedTable)).toEqual([true, true, false]);
});

test('rows are told in whole seconds, as events are', () => {
  const { change, nowMicros } = selectedRows({ file: 'f', pos: 4, gtids: null }, systemClock);
  expect([change.op, nowMicros() % 1_000_000n]).toEqual(['r', 0n]);
});
