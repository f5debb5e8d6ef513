import { expect, test } from 'vitest';
import { lsn } from '../../../../src/model/lsn.ts';
import {
  ANY_SERVER,
  debeziumOffsetProblem,
  handoverProblem,
  readStoredOffset,
} from '../../../../src/source/postgres/stream/debezium-offset.ts';
import type { ReplicationOffset } from '../../../../src/source/postgres/stream/replication-offset.ts';
import { toSourceOffset } from '../../../../src/source/postgres/stream/replication-offset.ts';
import recorded from '../../../golden/offsets/debezium-3.6.0-postgres.json' with { type: 'json' };

type OffsetMap = Readonly<Record<string, string | number | boolean | null>>;

const partition = { server: 'shop' };

/** The recorded offset of that title. */
function offsetOf(title: string): OffsetMap {
  const found = recorded.offsets.find((offset) => offset.title === title);
  if (found === undefined) throw new Error(`nothing was recorded under ${title}`);
  return JSON.parse(found.value) as OffsetMap;
}

function adopted(offset: OffsetMap) {
  return readStoredOffset({ partition, offset }, 'slot');
}

test('behind a COMMIT all is done, and nothing of the next transaction was sent', () => {
  expect(adopted(offsetOf('heartbeat, behind a commit'))).toMatchObject({
    systemIdentifier: ANY_SERVER,
    slot: 'slot',
    endLsn: lsn(29577280n),
    previousCommitLsn: lsn(29577280n),
    lastLsn: lsn(29577280n),
    openCommitLsn: null,
    transactionId: 782,
    commitMicros: 1795305206624266n,
    sentBefore: null,
  });
});

test('at an event the transaction comes again, and its first events are left out', () => {
  expect(adopted(offsetOf('streaming, the last event of a transaction'))).toMatchObject({
    endLsn: lsn(29576104n),
    sentBefore: { transactionId: 780, lsn: lsn(29576656n), events: 1 },
  });
});

test('inside a large one, too: of the WAL record at that place one row is sure', () => {
  expect(adopted(offsetOf('inside a transaction, with its metadata'))).toMatchObject({
    endLsn: lsn(368122480n),
    sentBefore: { transactionId: 1617, lsn: lsn(368658656n), events: 1 },
  });
});

test('before the first COMMIT the place of the event is the only one', () => {
  const { endLsn, sentBefore } = adopted(offsetOf('streaming, the first event of all'));
  expect(endLsn).toBe(lsn(29575928n));
  expect(sentBefore).toEqual({ transactionId: 777, lsn: lsn(29575928n), events: 1 });
});

test.each(['behind the snapshot', 'behind the snapshot, heartbeat'])('%s', (title) => {
  const { endLsn, sentBefore, snapshot } = adopted(offsetOf(title));
  expect(endLsn).toBe(lsn(BigInt(Number(offsetOf(title)['lsn']))));
  expect({ sentBefore, snapshot }).toEqual({ sentBefore: null, snapshot: 'completed' });
});

test('how many rows of one WAL record were sent, 3.7 says; of a TRUNCATE none is sure', () => {
  const event = offsetOf('streaming, the last event of a transaction');
  const events = (more: OffsetMap) => adopted({ ...event, ...more }).sentBefore?.events;
  expect(events({ messageType: 'INSERT', lsn_events_processed: 7 })).toBe(7);
  expect(events({ messageType: 'INSERT' })).toBe(1);
  expect(events({ messageType: 'TRUNCATE' })).toBe(0);
  expect(events({ messageType: 'MESSAGE' })).toBeUndefined();
});

const DONE = { lsn: 5, txId: 1, ts_usec: 1 };

test.each<[string, OffsetMap, RegExp]>([
  ['a recorded snapshot under way', offsetOf('in the snapshot'), /snapshot is not complete/],
  [
    'the last record of a snapshot that is not over',
    { ...DONE, snapshot: 'INITIAL', last_snapshot_record: true, snapshot_completed: false },
    /snapshot is not complete/,
  ],
  ['one of an old version', { ...DONE, snapshot: true }, /snapshot is not complete/],
  [
    'a recorded incremental snapshot under way',
    offsetOf('in an incremental snapshot'),
    /incremental snapshot is under way/,
  ],
  ['no position', { file: 'binlog.1', pos: 4 }, /no position/],
])('refused, with the cure: %s', (_title, offset, message) => {
  const problem = debeziumOffsetProblem(offset);
  expect(problem).toMatchObject({
    code: 'HANDOVER_REFUSED',
    message: expect.stringMatching(message) as string,
  });
  expect(problem?.cure).toMatch(/\w\.$/);
  expect(() => adopted(offset)).toThrow(message);
});

test.each<[string, OffsetMap]>([
  ['an old version behind its snapshot', { ...DONE, snapshot: true, last_snapshot_record: true }],
  ['no snapshot', { ...DONE, snapshot: false }],
  ['an incremental snapshot that is over', { ...DONE, incremental_snapshot_collections: '[]' }],
  ['keys without values', { ...DONE, lsn_proc: null, snapshot: null, messageType: null }],
])('taken over: %s', (_title, offset) => {
  expect(adopted(offset)).toMatchObject({ endLsn: lsn(5n), sentBefore: null });
});

test('Debezium is not let in while a snapshot is under way', () => {
  const own = { ...adopted(DONE), systemIdentifier: '7', timeline: 1 };
  const problemOf = (more: Partial<ReplicationOffset>): string | undefined =>
    handoverProblem(toSourceOffset('shop', { ...own, ...more }))?.message;
  expect(problemOf({})).toBeUndefined();
  expect(problemOf({ snapshot: 'running' })).toMatch(/first snapshot is under way/);
  expect(problemOf({ snapshotState: '{}' })).toMatch(/beside the stream is under way/);
  expect(handoverProblem({ partition, offset: DONE })).toBeNull();
});

test('our own offset is read as such', () => {
  const own = { ...adopted(DONE), systemIdentifier: '7', timeline: 1 };
  const { sentBefore: _none, ...expected } = own;
  expect(readStoredOffset(toSourceOffset('shop', own), 'other')).toEqual(expected);
  const started = { ...own, sentBefore: { transactionId: 9, lsn: lsn(77n), events: 2 } };
  expect(readStoredOffset(toSourceOffset('shop', started), 'other')).toEqual(started);
});
