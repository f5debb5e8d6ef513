import { expect, test } from 'vitest';
import {
  IDLE_RATE,
  pauseAfterRead,
  rateAfterRead,
} from '../../../../src/source/postgres/wire/wire-pause.ts';

interface Read {
  readonly everyMs: number;
  readonly bytes: number;
}

/** The pause after the last of many such reads. */
function steady({ everyMs, bytes }: Read): number {
  let rate = IDLE_RATE;
  for (let i = 1; i <= 200; i++) rate = rateAfterRead(rate, bytes, i * everyMs);
  return pauseAfterRead(rate, bytes);
}

test.each([
  ['a commit now and then', { everyMs: 50, bytes: 400 }, 0],
  ['a thousand small transactions a second', { everyMs: 1, bytes: 400 }, 0],
  ['a burst of small packets', { everyMs: 0.1, bytes: 8192 }, 2],
  ['a burst of middling chunks', { everyMs: 1, bytes: 65_536 }, 1],
  ['chunks that were gathered already', { everyMs: 1, bytes: 1_000_000 }, 0],
])('%s', (_name, read, pause) => {
  expect(steady(read)).toBe(pause);
});

test('the first chunk after a silence is followed by no pause', () => {
  let rate = IDLE_RATE;
  for (let i = 0; i < 100; i++) rate = rateAfterRead(rate, 20_000, i);
  expect(pauseAfterRead(rate, 20_000)).toBe(2);
  rate = rateAfterRead(rate, 500, 1000);
  expect(pauseAfterRead(rate, 500)).toBe(0);
});
