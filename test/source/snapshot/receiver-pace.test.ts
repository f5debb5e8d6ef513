import { expect, test } from 'vitest';
import { ReceiverPace } from '../../../src/source/snapshot/receiver-pace.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const { signal } = new AbortController();

/** A pace with a receiver that has room until it is told otherwise. */
function paced(rowsPerSecond = 0) {
  const clock = new FakeClock();
  const state = { asked: 0, told: 0, ticks: 0, room: undefined as Promise<void> | undefined };
  const receiver = {
    settle: () => {
      state.asked++;
      return state.room;
    },
  };
  const rows = { tick: () => void state.ticks++, progress: () => [] };
  const onProgress = (): void => void state.told++;
  const pace = new ReceiverPace({ receiver, clock, onProgress }, rows, rowsPerSecond);
  return { clock, state, pace };
}

async function isOpen(promise: Promise<void> | undefined): Promise<boolean> {
  const open = {};
  return (await Promise.race([promise, Promise.resolve(open)])) === open;
}

test('where the receiver has room nothing waits, and rows are told to be of now', () => {
  const { pace, state } = paced();
  pace.count(1_000_000);
  expect(pace.settle(signal)).toBeUndefined();
  expect(pace.settle(signal)).toBeUndefined();
  expect(state).toMatchObject({ ticks: 2, asked: 2 });
});

test('all connections wait for one promise, after which the receiver is asked again', async () => {
  const { pace, state } = paced();
  const { promise, resolve } = Promise.withResolvers<void>();
  state.room = promise;
  const first = pace.settle(signal);
  const second = pace.settle(signal);
  expect(second).toBe(first);
  expect(state.asked).toBe(1);
  expect(await isOpen(first)).toBe(true);
  resolve();
  await first;
  state.room = undefined;
  expect(pace.settle(signal)).toBeUndefined();
  expect(state.asked).toBe(2);
});

test('a receiver that fails fails those who wait, and is asked again', async () => {
  const { pace, state } = paced();
  state.room = Promise.reject(new Error('the log is full'));
  await expect(pace.settle(signal)).rejects.toThrow('the log is full');
  state.room = undefined;
  expect(pace.settle(signal)).toBeUndefined();
});

test('the rate and the room are both waited for', async () => {
  const { pace, state, clock } = paced(100);
  const { promise, resolve } = Promise.withResolvers<void>();
  state.room = promise;
  pace.count(100);
  const settled = pace.settle(signal);
  resolve();
  await promise;
  expect(await isOpen(settled)).toBe(true);
  clock.advance(999);
  expect(await isOpen(settled)).toBe(true);
  clock.advance(1);
  await settled;
});

test('progress is told ten times a second at most, and whenever somebody asks for it', () => {
  const { pace, state, clock } = paced();
  pace.tell();
  for (let ms = 0; ms < 1000; ms += 10) {
    void pace.settle(signal);
    clock.advance(10);
  }
  expect(state.told).toBe(10);
  pace.tell();
  pace.tell();
  expect(state.told).toBe(12);
});
