import { expect, test } from 'vitest';
import { lsn } from '../../../../src/model/lsn.ts';
import type { ReplicationOffset } from '../../../../src/source/postgres/stream/replication-offset.ts';
import {
  fromSourceOffset,
  toSourceOffset,
} from '../../../../src/source/postgres/stream/replication-offset.ts';

const START: ReplicationOffset = {
  systemIdentifier: '18446744073709551615',
  timeline: 1,
  slot: 's',
  fingerprint: 'f',
  endLsn: lsn(100n),
  heldLsn: null,
  openCommitLsn: null,
  eventsDone: 0,
  previousCommitLsn: null,
  lastLsn: lsn(100n),
  transactionId: null,
  commitMicros: null,
  snapshot: 'completed',
};

test('an offset survives the way through the transport', () => {
  const offset: ReplicationOffset = {
    ...START,
    endLsn: lsn(0xffff_ffff_ffff_fff0n),
    heldLsn: lsn(0xffff_ffff_ffff_ff00n),
    openCommitLsn: lsn(0xffff_ffff_ffff_fff1n),
    previousCommitLsn: lsn(0xffff_ffff_ffff_ffe0n),
    lastLsn: lsn(0xffff_ffff_ffff_fff2n),
    eventsDone: 12,
    transactionId: 0xffff_ffff,
    commitMicros: 1_700_000_000_123_456n,
  };
  const stored = toSourceOffset('shop', offset);
  const through = JSON.parse(JSON.stringify(stored)) as typeof stored;
  expect(fromSourceOffset(through)).toEqual(offset);
  expect(stored.partition).toEqual({ server: 'shop' });
  expect(stored.offset).toMatchObject({ txId: 0xffff_ffff, ts_usec: 1_700_000_000_123_456 });
});

test('an offset of somebody else is refused', () => {
  const foreign = { partition: { server: 'shop' }, offset: { lsn: 5 } };
  expect(() => fromSourceOffset(foreign)).toThrow(/version null/);
});

test('Debezium goes on behind the last transaction of which everything is done', () => {
  const done = { lsn: 100, lsn_proc: 100, lsn_commit: 100, messageType: 'COMMIT' };
  expect(toSourceOffset('shop', START).offset).toMatchObject(done);
  const open = { ...START, openCommitLsn: lsn(180n), eventsDone: 2, lastLsn: lsn(170n) };
  expect(toSourceOffset('shop', open).offset).toMatchObject(done);
  const held = { ...START, endLsn: lsn(300n), heldLsn: lsn(100n) };
  expect(toSourceOffset('shop', held).offset).toMatchObject(done);
});

test('an offset of version 1 is read', () => {
  const { offset } = toSourceOffset('shop', { ...START, previousCommitLsn: lsn(90n) });
  const first = { ...offset, 'tidemark.version': 1, lsn: 95, lsn_commit: 90 };
  const read = fromSourceOffset({ partition: { server: 'shop' }, offset: first });
  expect(read).toEqual({ ...START, previousCommitLsn: lsn(90n), lastLsn: lsn(95n) });
});

test('an offset inside a first snapshot says so in the words of the original', () => {
  const stored = toSourceOffset('shop', { ...START, snapshot: 'running' });
  expect(stored.offset).toMatchObject({ snapshot: 'INITIAL', snapshot_completed: false });
  expect(fromSourceOffset(stored).snapshot).toBe('running');
  expect(toSourceOffset('shop', START).offset).not.toHaveProperty('snapshot');
});

test.each(['tidemark.system_id', 'tidemark.slot', 'tidemark.end_lsn'])('%s is needed', (key) => {
  const stored = toSourceOffset('shop', START);
  const damaged = { ...stored, offset: { ...stored.offset, [key]: null } };
  expect(() => fromSourceOffset(damaged)).toThrow(key);
});
