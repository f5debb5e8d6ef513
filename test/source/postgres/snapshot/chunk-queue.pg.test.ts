import { expect, test } from 'vitest';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';
import { startSnapshot } from '../../../support/snapshot-run.ts';
import { SteppedClock } from '../../../support/stepped-clock.ts';

test('snapshot.max.rows.per.second holds over all connections', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text);
    INSERT INTO a SELECT g, repeat('x', 100) FROM generate_series(1, 12000) g;
    INSERT INTO b SELECT g, repeat('x', 100) FROM generate_series(1, 6000) g; ANALYZE;`);
  const clock = new SteppedClock(5, 1e6, 'skip');
  const rate = 400;
  const snapshots = { ...DEFAULT_SNAPSHOT_OPTIONS, rowsPerSecond: rate, chunkRows: 1000 };
  const options = sourceOptionsFor(database, {
    snapshots,
    snapshotMaxThreads: 3,
    slotCreateTimeoutMs: 1e9,
  });
  let began = 0;
  const receiver = new RecordingReceiver();
  receiver.onRow = (count) => {
    if (count === 1) began = clock.monotonicMs();
  };
  const run = startSnapshot(options, { clock, receiver });
  await run.result;
  const seconds = (clock.monotonicMs() - began) / 1000;
  expect(run.receiver.events).toHaveLength(18_000);
  const reached = 18_000 / seconds / rate;
  expect(reached).toBeGreaterThan(0.8);
  expect(reached).toBeLessThan(1.2);
});

test('a SELECT waits for no lock on another connection than the one with the locks', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 1000);
    CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b SELECT generate_series(1, 1000);`);
  const writer = await database.connect();
  const snapshots = {
    ...DEFAULT_SNAPSHOT_OPTIONS,
    overrides: [{ table: 'public.b', statement: 'SELECT * FROM b WHERE id <= 10' }],
  };
  const run = startSnapshot(sourceOptionsFor(database, { snapshots, snapshotMaxThreads: 2 }));
  const held = Promise.withResolvers<void>();
  run.receiver.gate = held.promise;
  await expect.poll(() => run.progress.some(({ rowsDone }) => rowsDone > 0)).toBe(true);
  const altered = writer.query('ALTER TABLE b ADD COLUMN more int');
  run.receiver.gate = undefined;
  held.resolve();
  await run.result;
  await altered;
  const ids = run.receiver.events
    .filter((e) => e.table === 'b')
    .map((e) => Number(e.after?.['id']));
  expect(ids.toSorted((x, y) => x - y)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});
