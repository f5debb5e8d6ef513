import { expect, test } from 'vitest';
import type { SnapshotMode } from '../../../src/source/postgres/postgres-source-options.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../src/source/snapshot/snapshot-options.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { sourceOptionsFor, startSource } from '../../support/postgres-source.ts';
import { RecordingReceiver } from '../../support/recording-receiver.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';

const WAIT = { timeout: 45_000 };
const TABLE = 'CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1), (2)';

/** One run of the source; `until` says when it is to be stopped, if it does not end by itself. */
async function run(
  database: TestDatabase,
  mode: SnapshotMode,
  receiver: RecordingReceiver,
  insert: number | null,
): Promise<string> {
  const source = startSource(sourceOptionsFor(database, { snapshotMode: mode }), receiver);
  const outcome = source.ended.then(
    () => 'ended',
    (error: unknown) => (error as { code: string }).code,
  );
  const streamed = async (): Promise<string> => {
    await expect.poll(() => source.reader.status().phase, WAIT).toBe('streaming');
    await database.query(`INSERT INTO a VALUES (${insert})`);
    await receiver.until((events) =>
      events.some((e) => e.op === 'c' && e.after?.['id'] === `${insert}`),
    );
    return 'streamed';
  };
  const how = insert === null ? await outcome : await Promise.race([outcome, streamed()]);
  await source.stop();
  return how;
}

const opsOf = ({ events }: RecordingReceiver): string =>
  events.map((e) => `${e.op}${e.after?.['id']}`).join(' ');

/** The slot is dropped before the third start. */
test.each<[SnapshotMode, string, string, string]>([
  ['initial', 'r1 r2 c3', 'r1 r2 c3 c4', 'PG_SLOT_LOST'],
  ['always', 'r1 r2 c3', 'r1 r2 r3 c4', 'r1 r2 r3 r4 c5'],
  ['no_data', 'c3', 'c3 c4', 'PG_SLOT_LOST'],
  ['when_needed', 'r1 r2 c3', 'r1 r2 c3 c4', 'r1 r2 r3 r4 c5'],
])('%s: at first, once more, without its slot', async (mode, first, second, third) => {
  await using database = await freshDatabase();
  await database.query(TABLE);
  const receiver = new RecordingReceiver();
  expect(await run(database, mode, receiver, 3)).toBe('streamed');
  expect(opsOf(receiver)).toBe(first);
  expect(await run(database, mode, receiver, 4)).toBe('streamed');
  expect(opsOf(receiver)).toBe(second);
  await database.query(`SELECT pg_drop_replication_slot('${database.name}')`);
  const how = await run(database, mode, receiver, 5);
  expect(how === 'streamed' ? opsOf(receiver) : how).toBe(third);
});

test.each<[SnapshotMode, string]>([
  ['initial_only', 'r1 r2'],
  ['always_only', 'r1 r2 r3'],
])('%s reads, ends and leaves no slot behind', async (mode, second) => {
  await using database = await freshDatabase();
  await database.query(TABLE);
  const receiver = new RecordingReceiver();
  expect(await run(database, mode, receiver, null)).toBe('ended');
  expect(opsOf(receiver)).toBe('r1 r2');
  await database.query('INSERT INTO a VALUES (3)');
  expect(await run(database, mode, receiver, null)).toBe('ended');
  expect(opsOf(receiver)).toBe(second);
  const slots = await database.query(
    'SELECT slot_name FROM pg_replication_slots WHERE database = current_database()',
  );
  expect(slots).toEqual([]);
});

test('snapshot.delay.ms before anything is made, streaming.delay.ms after it is done', async () => {
  await using database = await freshDatabase();
  await database.query(TABLE);
  const clock = new SteppedClock(1_000_000, 1e7);
  const receiver = new RecordingReceiver();
  const snapshots = {
    ...DEFAULT_SNAPSHOT_OPTIONS,
    delayMs: 2_000_000,
    streamingDelayMs: 3_000_000,
  };
  const source = startSource(sourceOptionsFor(database, { snapshots }), receiver, { clock });
  const slots = (): Promise<object[]> =>
    database.query(`SELECT active FROM pg_replication_slots WHERE database = current_database()`);
  await expect.poll(() => clock.sleepers, WAIT).toBe(1);
  expect([receiver.snapshots, await slots()]).toEqual([0, []]);
  clock.step(2_000_000);
  await receiver.until(() => receiver.stored?.offset['tidemark.snapshot'] === 'completed');
  await expect.poll(() => clock.sleepers, WAIT).toBe(1);
  expect([source.reader.status().phase, await slots()]).toEqual(['snapshot', [{ active: false }]]);
  clock.step(3_000_000);
  await expect.poll(() => source.reader.status().phase, WAIT).toBe('streaming');
  await source.stop();
  // What was stored needs no snapshot, so nothing is waited for.
  const again = startSource(sourceOptionsFor(database, { snapshots }), receiver, { clock });
  await expect.poll(() => again.reader.status().phase, WAIT).toBe('streaming');
  await again.stop();
});
