import { expect, test } from 'vitest';
import type { KafkaFetch } from '../../../src/transport/kafka/kafka-client.ts';
import { PollLoop } from '../../../src/transport/kafka/poll-loop.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const FETCH: KafkaFetch = {
  topic: 't',
  partition: 0,
  records: [],
  nextOffset: 1,
  startOffset: 0,
  endOffset: 1,
};

/** A poll of one second that finds what is put into `found`, and counts its looks. */
function setup() {
  const clock = new FakeClock();
  const loop = new PollLoop(clock);
  const abort = new AbortController();
  const found: KafkaFetch[] = [];
  const state = { looks: 0 };
  const poll = () =>
    loop.poll({ maxWaitMs: 1000, signal: abort.signal }, () => {
      state.looks++;
      return found.splice(0);
    });
  return { clock, loop, abort, found, state, poll };
}

test('what is there is handed over at once', async () => {
  const { found, poll, clock } = setup();
  found.push(FETCH);
  expect(await poll()).toEqual([FETCH]);
  expect(clock.pendingTimers).toBe(0);
});

test('each change is looked at until something is found', async () => {
  const { loop, found, poll, state, clock } = setup();
  const polled = poll();
  expect(state.looks).toBe(1);
  loop.wake();
  await expect.poll(() => state.looks).toBe(2);
  found.push(FETCH);
  loop.wake();
  expect(await polled).toEqual([FETCH]);
  expect([state.looks, clock.pendingTimers]).toEqual([3, 0]);
});

test('after its time it looks once more, and finds nothing', async () => {
  const { poll, state, clock } = setup();
  const polled = poll();
  clock.advance(1000);
  expect(await polled).toEqual([]);
  expect(state.looks).toBe(2);
});

test('a poll that was aborted, and one of a closed consumer, end without a look', async () => {
  const { abort, poll, state } = setup();
  const polled = poll();
  abort.abort();
  expect(await polled).toEqual([]);
  const other = setup();
  const waiting = other.poll();
  other.loop.close();
  expect([await waiting, await other.poll()]).toEqual([[], []]);
  expect([state.looks, other.state.looks]).toEqual([1, 1]);
});

test('what a look throws is thrown', async () => {
  const loop = new PollLoop(new FakeClock());
  const signal = new AbortController().signal;
  const failing = loop.poll({ maxWaitMs: 1000, signal }, () => {
    throw new Error('broken');
  });
  await expect(failing).rejects.toThrow('broken');
});
