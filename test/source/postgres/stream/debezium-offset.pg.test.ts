import { expect, test } from 'vitest';
import type { SourceOffset } from '../../../../src/model/change-event.ts';
import { freshDatabase, type TestDatabase } from '../../../support/postgres.ts';
import {
  sourceOptionsFor,
  startSource,
  startStreaming,
  stopInside,
} from '../../../support/postgres-source.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';

const CREATE = 'CREATE TABLE a (id int PRIMARY KEY)';
const ids = (receiver: RecordingReceiver): readonly number[] =>
  receiver.events.map(({ after }) => Number(after?.['id']));

/** What Debezium reads where we have been: the slot's decoded stream, with our place in it. */
interface Captured {
  readonly receiver: RecordingReceiver;
  readonly options: ReturnType<typeof sourceOptionsFor>;
}

/** Our own daemon reads a row and stops, so that slot and publication are there. */
async function capturedOnce(database: TestDatabase): Promise<Captured> {
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  const source = await startStreaming(options);
  await database.query('INSERT INTO a VALUES (1)');
  const { receiver } = source;
  // And its commit, which may come alone: Debezium's keys alone cannot say that the row was read.
  await receiver.until(([event]) =>
    receiver.commits.some(({ commitLsn }) => commitLsn === event?.commitLsn),
  );
  await source.stop();
  return { receiver, options };
}

/** Debezium's keys of an offset, and nothing of ours. */
function debeziumOnly(
  stored: SourceOffset | null,
  more: SourceOffset['offset'] = {},
): SourceOffset {
  const { partition, offset } = stored ?? { partition: {}, offset: {} };
  const plain = Object.entries(offset).filter(([name]) => !name.startsWith('tidemark.'));
  return { partition, offset: { ...Object.fromEntries(plain), ...more } };
}

function heldBy(offset: SourceOffset): RecordingReceiver {
  const receiver = new RecordingReceiver();
  receiver.stored = offset;
  return receiver;
}

test("from Debezium's entry alone the stream goes on behind its last commit", async () => {
  await using database = await freshDatabase();
  const { receiver, options } = await capturedOnce(database);
  const next = heldBy(debeziumOnly(receiver.stored));
  const source = await startStreaming(options, next);
  await database.query('INSERT INTO a VALUES (2), (3)');
  await next.until((events) => events.length === 2);
  await source.stop();
  expect(ids(next)).toEqual([2, 3]);
  expect(next.snapshots).toBe(0);
  expect(next.stored?.offset['tidemark.version']).toBe(2);
});

test('inside a transaction the events that Debezium had sent are left out', async () => {
  await using database = await freshDatabase();
  const { receiver, options } = await capturedOnce(database);
  const sent = await startStreaming(options, receiver);
  await stopInside(sent, 3, () =>
    database.query('BEGIN; INSERT INTO a VALUES (2), (3), (4); INSERT INTO a VALUES (5); COMMIT'),
  );
  const last = receiver.events.at(-1);
  const offset = {
    lsn: Number(last?.lsn),
    lsn_proc: Number(last?.lsn),
    lsn_commit: receiver.stored?.offset['lsn_commit'] ?? null,
    messageType: 'INSERT',
    txId: last?.transactionId ?? null,
  };
  expect(ids(receiver)).toEqual([1, 2, 3]);
  const next = heldBy(debeziumOnly(null, offset));
  const source = await startStreaming(options, next);
  await database.query('INSERT INTO a VALUES (6)');
  await next.until((events) => events.length === 3);
  await source.stop();
  expect(ids(next)).toEqual([4, 5, 6]);
});

test('a slot that has gone on without that offset is a gap, as with our own', async () => {
  await using database = await freshDatabase();
  const { receiver, options } = await capturedOnce(database);
  await database.query('INSERT INTO a VALUES (2)');
  await database.query('SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())', [
    database.name,
  ]);
  const source = startSource(options, heldBy(debeziumOnly(receiver.stored)));
  await expect(source.ended).rejects.toMatchObject({ code: 'PG_SLOT_MISMATCH' });
  await source.stop();
});

test.each([
  ['an unfinished snapshot', { snapshot: 'INITIAL', snapshot_completed: false }],
  ['an open incremental snapshot', { incremental_snapshot_collections: '[{"id":"public.a"}]' }],
])('%s is refused before anything is done', async (_title, more) => {
  await using database = await freshDatabase();
  const { receiver, options } = await capturedOnce(database);
  const source = startSource(options, heldBy(debeziumOnly(receiver.stored, more)));
  await expect(source.ended).rejects.toMatchObject({ code: 'HANDOVER_REFUSED' });
  await source.stop();
});

test('a slot of another plug-in is refused', async () => {
  await using database = await freshDatabase();
  const slotName = `${database.name}_other`;
  await database.query("SELECT pg_create_logical_replication_slot($1, 'test_decoding')", [
    slotName,
  ]);
  const { receiver, options } = await capturedOnce(database);
  const ends = startSource({ ...options, slotName }, heldBy(debeziumOnly(receiver.stored)));
  await expect(ends.ended).rejects.toMatchObject({
    message: expect.stringContaining('test_decoding') as string,
  });
  await ends.stop();
  await database.query('SELECT pg_drop_replication_slot($1)', [slotName]);
});
