import { expect, test } from 'vitest';
import { ReadPace } from '../../src/verify/read-pace.ts';
import { FakeClock } from '../support/fake-clock.ts';

const { signal } = new AbortController();

test('chunks grow and shrink to take a quarter of a second', async () => {
  const clock = new FakeClock();
  const pace = new ReadPace({ clock, rowsPerSecond: null });
  const sizes = [pace.rows];
  for (const tookMs of [10, 10, 10, 10, 1000, 1000]) {
    clock.advance(tookMs);
    await pace.read(pace.rows, true, signal);
    sizes.push(pace.rows);
  }
  expect(sizes).toEqual([1000, 2000, 4000, 8000, 10_000, 2500, 625]);
});

test('a chunk that did not fit into memory is the size of the next, a last one not', async () => {
  const pace = new ReadPace({ clock: new FakeClock(), rowsPerSecond: null });
  await pace.read(7, true, signal);
  expect(pace.rows).toBe(7);
  await pace.read(3, false, signal);
  expect(pace.rows).toBe(7);
});

test('a rate is kept to by waiting', async () => {
  const clock = new FakeClock();
  const pace = new ReadPace({ clock, rowsPerSecond: 500 });
  expect(pace.rows).toBe(500);
  clock.advance(100);
  let isDone = false;
  const waiting = pace.read(500, true, signal).then(() => (isDone = true));
  clock.advance(899);
  await Promise.resolve();
  expect(isDone).toBe(false);
  clock.advance(1);
  await waiting;
  expect(pace.rows).toBe(500);
});

test('outside of its hours it rests, but for the end of a table', async () => {
  let opens = Promise.withResolvers<void>();
  const hours = { untilOpen: () => opens.promise };
  const pace = new ReadPace({ clock: new FakeClock(), rowsPerSecond: null, hours });
  await pace.read(5, false, signal);
  let isDone = false;
  const waiting = pace.read(1_000, true, signal).then(() => (isDone = true));
  await Promise.resolve();
  expect(isDone).toBe(false);
  opens.resolve();
  await waiting;
  opens = Promise.withResolvers();
  const stopping = new AbortController();
  const stopped = pace.read(1_000, true, stopping.signal);
  stopping.abort();
  opens.resolve();
  await expect(stopped).rejects.toThrow('aborted');
});
