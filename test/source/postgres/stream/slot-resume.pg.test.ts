import { expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor, startSource, startStreaming } from '../../../support/postgres-source.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';

const CREATE = 'CREATE TABLE a (id int PRIMARY KEY)';
const ids = (receiver: RecordingReceiver): readonly unknown[] =>
  receiver.events.map(({ after }) => after?.['id']);

/** Row 1 is captured; row 2 is passed over by somebody who advances the slot. */
async function withGap(database: TestDatabase, options: ReturnType<typeof sourceOptionsFor>) {
  await database.query(CREATE);
  const first = await startStreaming(options);
  const { receiver } = first;
  await database.query('INSERT INTO a VALUES (1)');
  await receiver.until((events) => events.length === 1);
  await first.stop();
  await database.query('INSERT INTO a VALUES (2)');
  await database.query('SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())', [
    database.name,
  ]);
  return receiver;
}

test('offset.mismatch.strategy: a gap is refused, or passed over with a warning', async () => {
  await using database = await freshDatabase();
  const options = sourceOptionsFor(database);
  const receiver = await withGap(database, options);
  const refused = startSource(options, receiver);
  await expect(refused.ended).rejects.toMatchObject({
    code: 'PG_SLOT_MISMATCH',
    cure: expect.stringContaining('trust_greater_lsn') as string,
  });
  await refused.stop();
  const warnings: string[] = [];
  const trusting = { ...options, offsetMismatchStrategy: 'trust_greater_lsn' } as const;
  const second = startSource(trusting, receiver, { warn: (text) => warnings.push(text) });
  await database.query('INSERT INTO a VALUES (3)');
  await receiver.until((events) => events.length === 2);
  await second.stop();
  expect(warnings).toEqual([
    expect.stringContaining('offset.mismatch.strategy is trust_greater_lsn'),
  ]);
  // From here on there is no gap.
  const third = await startStreaming(options, receiver);
  await database.query('INSERT INTO a VALUES (4)');
  await receiver.until((events) => events.length === 3);
  await third.stop();
  expect(ids(receiver)).toEqual(['1', '3', '4']);
});

test('trust_slot makes no slot: one that is gone stays lost', async () => {
  await using database = await freshDatabase();
  const options = sourceOptionsFor(database, { offsetMismatchStrategy: 'trust_slot' });
  const receiver = await withGap(database, options);
  await database.query('SELECT pg_drop_replication_slot($1)', [database.name]);
  const source = startSource(options, receiver);
  await expect(source.ended).rejects.toMatchObject({ code: 'PG_SLOT_LOST' });
  await source.stop();
});

test('lsn.flush.mode: manual never confirms, and nothing comes twice all the same', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database, { lsnFlushMode: 'manual' });
  const confirmed = async (): Promise<unknown> =>
    (
      await database.query(
        'SELECT confirmed_flush_lsn AS at FROM pg_replication_slots WHERE slot_name = $1',
        [database.name],
      )
    )[0]?.['at'];
  const first = await startStreaming(options);
  const { receiver } = first;
  const before = await confirmed();
  await database.query('INSERT INTO a VALUES (1)');
  await receiver.until((events) => events.length === 1);
  expect(first.reader.status().confirmed).toBeNull();
  await first.stop();
  const second = await startStreaming(options, receiver);
  await database.query('INSERT INTO a VALUES (2)');
  await receiver.until((events) => events.length === 2);
  await second.stop();
  expect(await confirmed()).toBe(before);
  // Somebody else advances the slot, no further than what is stored.
  const [row] = await database.query<{ moved: boolean }>(
    `SELECT pg_replication_slot_advance($1, $2::text::pg_lsn) IS NOT NULL AS moved`,
    [database.name, String(receiver.stored?.offset['tidemark.end_lsn'])],
  );
  expect(row?.moved).toBe(true);
  const third = await startStreaming(options, receiver);
  await database.query('INSERT INTO a VALUES (3)');
  await receiver.until((events) => events.length === 3);
  await third.stop();
  expect(ids(receiver)).toEqual(['1', '2', '3']);
});

test('slot.failover: a slot that was made without it is kept from now on', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  const { receiver } = first;
  await first.stop();
  const second = await startStreaming({ ...options, slotFailover: true }, receiver);
  const [slot] = await database.query<{ failover: boolean | null }>(
    `SELECT (to_jsonb(s) ->> 'failover')::bool AS failover FROM pg_replication_slots s
      WHERE slot_name = $1`,
    [database.name],
  );
  expect(slot?.failover).toBe(database.major < 17 ? null : true);
  await database.query('INSERT INTO a VALUES (1)');
  await receiver.until((events) => events.length === 1);
  await second.stop();
});

// Two daemons of one pipeline on Kafka: the second had loaded an offset that the first left behind
// while it streamed, and took the gap for a lost one.
test('a slot that another reader moves on has the offset loaded again', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database, { slotRetryDelayMs: 50, slotMaxRetries: 1000 });
  const first = await startStreaming(options);
  await database.query('INSERT INTO a VALUES (1)');
  await first.receiver.until((events) => events.length === 1);
  // Knows what the first had stored when it began, no more.
  const receiver = new RecordingReceiver();
  receiver.stored = first.receiver.stored;
  const second = startSource(options, receiver);
  await expect
    .poll(() => second.notes, { timeout: 45_000 })
    .toContainEqual(expect.stringContaining('is being read by the backend'));
  await database.query('INSERT INTO a VALUES (2)');
  await first.receiver.until((events) => events.length === 2);
  await first.stop();
  await expect(second.ended).rejects.toMatchObject({ code: 'PG_SLOT_IN_USE' });
  await second.stop();
  const third = await startStreaming(options, first.receiver);
  await database.query('INSERT INTO a VALUES (3)');
  await first.receiver.until((events) => events.length === 3);
  await third.stop();
  expect(ids(first.receiver)).toEqual(['1', '2', '3']);
});
