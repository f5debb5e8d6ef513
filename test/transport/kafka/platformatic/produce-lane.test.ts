import { expect, test } from 'vitest';
import { ProduceLane } from '../../../../src/transport/kafka/platformatic/produce-lane.ts';
import { numbers } from '../client-contract-fixtures.ts';

const IDENTITY = {
  producerId: 7n,
  producerEpoch: 0,
  transactional: false,
  compression: 'none',
} as const;

/** Large enough for ten records of `numbers`. */
const TEN = 430;

function laneWith(count: number): ProduceLane {
  const lane = new ProduceLane('t', 0);
  const { batch, parts } = numbers('t', 0, count);
  const [part] = parts;
  if (part !== undefined) lane.start(batch, part, 0);
  return lane;
}

test('until something is acknowledged, one chunk at a time; then several', () => {
  const lane = laneWith(40);
  const first = lane.take(IDENTITY, TEN);
  expect(lane.sendable).toBe(false);
  lane.inFlight--;
  lane.acknowledge(first, 1);
  const second = lane.take(IDENTITY, TEN);
  expect(lane.sendable).toBe(true);
  const third = lane.take(IDENTITY, TEN);
  expect([second.baseSequence, third.baseSequence]).toEqual([first.to, second.to]);
});

test('after a failure everything that is not acknowledged goes again, with its numbers', () => {
  const lane = laneWith(40);
  const first = lane.take(IDENTITY, TEN);
  lane.inFlight--;
  lane.acknowledge(first, 1);
  const [second, third] = [lane.take(IDENTITY, TEN), lane.take(IDENTITY, TEN)];
  lane.inFlight--;
  lane.fail('NOT_LEADER_OR_FOLLOWER');
  expect(lane.sendable).toBe(false);
  expect(lane.drained).toBe(false);
  lane.inFlight--;
  lane.fail('OUT_OF_ORDER_SEQUENCE_NUMBER');
  expect(lane.drained).toBe(true);
  lane.rewind();
  expect(lane.take(IDENTITY, TEN)).toBe(second);
  lane.inFlight--;
  lane.acknowledge(second, 2);
  expect(lane.take(IDENTITY, TEN)).toBe(third);
});

test('an acknowledgement that overtakes is kept until those before have theirs', () => {
  const lane = laneWith(30);
  const first = lane.take(IDENTITY, TEN);
  lane.inFlight--;
  lane.acknowledge(first, 1);
  const second = lane.take(IDENTITY, TEN);
  const rest = [];
  while (lane.sendable) rest.push(lane.take(IDENTITY, TEN));
  for (const chunk of rest) lane.acknowledge(chunk, 2);
  expect(lane.done).toBe(false);
  lane.acknowledge(second, 3);
  expect(lane.done).toBe(true);
});

test('a chunk that is divided keeps its numbers, and the next are not larger', async () => {
  const lane = laneWith(40);
  const whole = lane.take(IDENTITY, TEN * 2);
  lane.inFlight--;
  expect(lane.split(IDENTITY, whole)).toBe(true);
  lane.fail('MESSAGE_TOO_LARGE');
  lane.rewind();
  const first = lane.take(IDENTITY, TEN * 2);
  lane.inFlight--;
  lane.acknowledge(first, 1);
  const second = lane.take(IDENTITY, TEN * 2);
  expect([first.from, first.to, second.from, second.to]).toEqual([
    0,
    second.from,
    first.to,
    whole.to,
  ]);
  expect((await second.bytes).readInt32BE(53)).toBe(first.to);
  const third = lane.take(IDENTITY, TEN * 2);
  expect(third.baseSequence).toBe(whole.to);
  expect(third.to - third.from).toBeLessThan(whole.to - whole.from);
});

test('a single record cannot be divided', () => {
  const lane = laneWith(1);
  expect(lane.split(IDENTITY, lane.take(IDENTITY, TEN))).toBe(false);
});

// The broker had lost its state, and took the second chunk of two without the first: under another
// producer id it would take the second again.
test('a chunk that was acknowledged behind a refused one makes the lane uncertain', () => {
  const lane = laneWith(40);
  const first = lane.take(IDENTITY, TEN);
  lane.inFlight--;
  lane.acknowledge(first, 1);
  lane.take(IDENTITY, TEN);
  const third = lane.take(IDENTITY, TEN);
  lane.inFlight -= 2;
  lane.fail('UNKNOWN_PRODUCER_ID');
  expect(lane.uncertain).toBe(false);
  lane.acknowledge(third, 2);
  expect(lane.uncertain).toBe(true);
});

test('under another producer id the numbers begin again', async () => {
  const lane = laneWith(40);
  const first = lane.take(IDENTITY, TEN);
  lane.inFlight--;
  lane.acknowledge(first, 1);
  lane.take(IDENTITY, TEN);
  lane.take(IDENTITY, TEN);
  lane.inFlight -= 2;
  lane.fail('UNKNOWN_PRODUCER_ID');
  lane.rewind();
  lane.restamp({ ...IDENTITY, producerId: 8n });
  const again = lane.take(IDENTITY, TEN);
  expect(again.baseSequence).toBe(0);
  expect((await again.bytes).readBigInt64BE(43)).toBe(8n);
  lane.inFlight--;
  lane.acknowledge(again, 2);
  expect(lane.take(IDENTITY, TEN).baseSequence).toBe(again.to - again.from);
});
