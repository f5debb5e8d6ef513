import { describe, expect, test } from 'vitest';
import type { Lsn } from '../../../../src/model/lsn.ts';
import { lsn } from '../../../../src/model/lsn.ts';
import type { ReplicationOffset } from '../../../../src/source/postgres/stream/replication-offset.ts';
import { restartLsn } from '../../../../src/source/postgres/stream/replication-offset.ts';
import { ReplicationPosition } from '../../../../src/source/postgres/stream/replication-position.ts';

const at = (value: number): Lsn => lsn(BigInt(value));

const START: ReplicationOffset = {
  systemIdentifier: '18446744073709551615',
  timeline: 1,
  slot: 's',
  fingerprint: 'f',
  endLsn: at(100),
  openCommitLsn: null,
  eventsDone: 0,
  previousCommitLsn: null,
  lastLsn: at(100),
  transactionId: null,
  commitMicros: null,
  snapshot: 'completed',
};

/** Hands a transaction of `events` over; which ordinals were new, and whether the end was. */
function transaction(
  position: ReplicationPosition,
  commit: number,
  events: number,
): { fresh: number[]; committed: boolean } {
  position.begin(at(commit), 5n, 7);
  const fresh: number[] = [];
  for (let i = 0; i < events; i++) {
    if (position.event(at(commit - events + i))) fresh.push(position.ordinal);
  }
  return { fresh, committed: position.commit(at(commit), at(commit + 10)) };
}

test('an offset names the end of the last whole transaction (P40)', () => {
  const position = new ReplicationPosition(START);
  expect(transaction(position, 200, 2)).toEqual({ fresh: [0, 1], committed: true });
  expect(position.offset()).toMatchObject({
    endLsn: 210n,
    openCommitLsn: null,
    eventsDone: 0,
    previousCommitLsn: 200n,
  });
  position.begin(at(300), 6n, 8);
  expect(position.offset()).toMatchObject({ endLsn: 210n, openCommitLsn: null });
  position.event(at(290));
  expect(position.offset()).toMatchObject({
    endLsn: 210n,
    openCommitLsn: 300n,
    eventsDone: 1,
    lastLsn: 290n,
    transactionId: 8,
  });
  expect(position.offset()).toBe(position.offset());
});

test('finished transactions that come again are left out (P44)', () => {
  const position = new ReplicationPosition({ ...START, endLsn: at(210) });
  expect(transaction(position, 200, 3)).toEqual({ fresh: [], committed: false });
  expect(position.offset().endLsn).toBe(210n);
  // A commit record that begins exactly at the end is the next transaction.
  expect(transaction(position, 210, 1)).toEqual({ fresh: [0], committed: true });
});

describe('a half-published transaction', () => {
  const half = { ...START, openCommitLsn: at(300), eventsDone: 2 };

  test('comes again without its first events (P46)', () => {
    const position = new ReplicationPosition(half);
    position.begin(at(300), 6n, 8);
    expect(position.event(at(290))).toBe(false);
    expect(position.offset()).toMatchObject({ openCommitLsn: 300n, eventsDone: 2 });
    expect(position.event(at(291))).toBe(false);
    expect(position.event(at(292))).toBe(true);
    expect(position.ordinal).toBe(2);
    expect(position.offset()).toMatchObject({ openCommitLsn: 300n, eventsDone: 3 });
    expect(position.commit(at(300), at(310))).toBe(true);
    expect(transaction(position, 400, 1)).toEqual({ fresh: [0], committed: true });
  });

  test('is not passed by an idle server (P52)', () => {
    expect(new ReplicationPosition(half).idle(at(1000))).toBe(false);
  });

  test('has to come: another one in its place is refused', () => {
    const position = new ReplicationPosition(half);
    expect(() => {
      position.begin(at(301), 6n, 8);
    }).toThrow(/did not come again/);
  });

  test('has to be as long as it was', () => {
    const position = new ReplicationPosition(half);
    position.begin(at(300), 6n, 8);
    position.event(at(290));
    expect(() => position.commit(at(300), at(310))).toThrow(/came again with 1 events/);
  });
});

test('an idle server moves the offset between transactions only, and never back (P51, P52)', () => {
  const position = new ReplicationPosition(START);
  expect(position.idle(at(150))).toBe(true);
  expect(position.offset().endLsn).toBe(150n);
  expect(position.idle(at(140))).toBe(false);
  position.begin(at(300), 6n, 8);
  expect(position.idle(at(500))).toBe(false);
  position.commit(at(300), at(310));
  expect(position.offset()).toMatchObject({ endLsn: 310n, previousCommitLsn: null });
});

test.each([
  ['Begin twice', (p: ReplicationPosition) => (p.begin(at(300), 1n, 1), p.begin(at(400), 1n, 1))],
  ['a change outside', (p: ReplicationPosition) => p.event(at(300))],
  ['Commit outside', (p: ReplicationPosition) => p.commit(at(300), at(310))],
  [
    'Commit of another',
    (p: ReplicationPosition) => (p.begin(at(300), 1n, 1), p.commit(at(301), at(310))),
  ],
])('%s is refused', (_name, act) => {
  expect(() => act(new ReplicationPosition(START))).toThrow(/out of order/);
});

test('a message between transactions stands at its own place, once', () => {
  const position = new ReplicationPosition(START);
  expect([position.message(at(100)), position.message(at(150))]).toEqual([false, true]);
  expect(position.offset()).toMatchObject({ endLsn: 150n, lastLsn: 150n, transactionId: null });
  // A commit record may begin where the message ends.
  expect(transaction(position, 150, 1)).toEqual({ fresh: [0], committed: true });
  position.begin(at(200), 5n, 7);
  expect(() => position.message(at(180))).toThrow(/inside a transaction/);
});

test('a message does not pass a half-published transaction', () => {
  const position = new ReplicationPosition({ ...START, openCommitLsn: at(200), eventsDone: 1 });
  expect(position.message(at(150))).toBe(false);
  expect(position.offset().endLsn).toBe(100n);
  expect(() => position.message(at(250))).toThrow(/did not come again/);
});

test('a prepared transaction holds the restart until it ends, also over a restart', () => {
  const position = new ReplicationPosition(START);
  position.hold(at(120));
  transaction(position, 200, 1);
  expect(position.offset()).toMatchObject({ endLsn: 210n, heldLsn: 120n });
  expect(restartLsn(position.offset())).toBe(120n);
  const again = new ReplicationPosition(position.offset());
  // The prepared transaction has not come again yet.
  again.hold(null);
  expect(restartLsn(again.offset())).toBe(120n);
  transaction(again, 200, 1);
  again.hold(at(120));
  again.hold(null);
  expect(restartLsn(again.offset())).toBe(120n);
  transaction(again, 300, 1);
  expect(again.offset()).toMatchObject({ endLsn: 310n, heldLsn: null });
  expect(restartLsn(again.offset())).toBe(310n);
});

describe('behind Debezium, which had sent a part of the transaction that comes next', () => {
  const sentBefore = { transactionId: 7, lsn: at(197), events: 1 };
  const resumed = (): ReplicationPosition => new ReplicationPosition({ ...START, sentBefore });

  test('its first events are left out and counted', () => {
    const position = resumed();
    expect(transaction(position, 200, 5)).toEqual({ fresh: [3, 4], committed: true });
    expect(position.offset()).toMatchObject({ endLsn: 210n, eventsDone: 0, sentBefore: null });
    expect(transaction(position, 300, 2).fresh).toEqual([0, 1]);
  });

  test('rows of one WAL record are left out as far as they were surely sent', () => {
    const position = new ReplicationPosition({
      ...START,
      sentBefore: { ...sentBefore, events: 2 },
    });
    position.begin(at(200), 5n, 7);
    const places = [196, 197, 197, 197, 198];
    expect(places.map((place) => position.event(at(place)))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  test('an offset inside it counts those that were left out', () => {
    const position = resumed();
    position.begin(at(200), 5n, 7);
    for (const place of [195, 196, 197, 198]) position.event(at(place));
    const offset = position.offset();
    expect(offset).toMatchObject({ openCommitLsn: 200n, eventsDone: 4, sentBefore: null });
    expect(transaction(new ReplicationPosition(offset), 200, 5).fresh).toEqual([4]);
  });

  test('until it comes the offset keeps it, also when it moves', () => {
    const position = resumed();
    expect(position.offset().sentBefore).toEqual(sentBefore);
    position.begin(at(90), 4n, 6);
    expect(position.commit(at(90), at(95))).toBe(false);
    expect(position.idle(at(150))).toBe(true);
    const offset = position.offset();
    expect(offset).toMatchObject({ endLsn: 150n, sentBefore });
    expect(transaction(new ReplicationPosition(offset), 200, 5).fresh).toEqual([3, 4]);
  });

  test('when all of it was sent, only its end is new', () => {
    const position = new ReplicationPosition({
      ...START,
      sentBefore: { ...sentBefore, lsn: at(199) },
    });
    expect(transaction(position, 200, 5)).toEqual({ fresh: [], committed: true });
    expect(position.offset()).toMatchObject({ endLsn: 210n, sentBefore: null });
  });

  test('when another transaction comes first, nothing is left out, of no transaction', () => {
    const position = resumed();
    position.begin(at(150), 5n, 6);
    expect(position.event(at(120))).toBe(true);
    position.commit(at(150), at(160));
    expect(transaction(position, 200, 5).fresh).toEqual([0, 1, 2, 3, 4]);
  });
});
