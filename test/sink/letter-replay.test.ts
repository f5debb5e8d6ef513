import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { failuresOf, keysAfter, waitingLetters } from '../../src/sink/letter-replay.ts';
import { type ParkedSet, siftRange } from '../../src/sink/parked-key.ts';
import { counters } from '../support/sink-counters.ts';

const OPTIONS = { parks: true, truncates: true, nowMs: 7 };
const error = new TidemarkError('SINK_RECORD', 'no');

/** Two keys that wait, of which the first has letters at 0 and 2, the second at 1 and 3. */
function waiting() {
  const topic = counters();
  const rows = [1, 2, 1, 2].map((id, n) => topic.insert({ id, n }));
  const poison = new Map([0, 1].map((number) => [number, error] as const));
  const { parked } = siftRange(rows, [0, 4], new Map(), poison, OPTIONS);
  return { topic, letters: rows, parked };
}

const shown = (keys: ParkedSet): string =>
  [...keys.values()]
    .flat()
    .map((one) => `${one.key} ${one.offset} ${one.letters} ${one.code}`)
    .join(', ');

test('letters that are told twice, of another generation or of no key that waits are none', () => {
  const { topic, letters, parked } = waiting();
  const later = { ...topic.insert({ id: 1, n: 9 }), offset: 9 };
  const told = [...letters.slice(0, 1), ...letters, later, topic.insert({ id: 3, n: 3 })];
  const offsets = waitingLetters(told, parked, 1).map(({ offset }) => offset);
  expect(offsets).toEqual([0, 1, 2, 3]);
  expect(waitingLetters(letters, parked, 2)).toEqual([]);
});

test('a key moves on with what was applied, and stops at what failed', () => {
  const { letters, parked } = waiting();
  const fails = new Map([[3, error] as const]);
  const sifted = siftRange(letters, [0, 4], new Map(), fails, OPTIONS);
  expect(shown(keysAfter(parked, letters, 4, sifted))).toBe('{"id":2} 3 1 SINK_RECORD');
  expect([...failuresOf(letters, 4, sifted, null)]).toEqual([['{"id":2}', error]]);
});

test('behind an obstacle all wait on, for its reason', () => {
  const { letters, parked } = waiting();
  const sifted = siftRange(letters, [0, 1], new Map(), new Map(), OPTIONS);
  const after = shown(keysAfter(parked, letters, 1, sifted));
  expect(after).toBe('{"id":1} 2 1 SINK_RECORD, {"id":2} 1 2 SINK_RECORD');
  const obstacle = new TidemarkError('SINK_SCHEMA', 'it does not fit');
  const failed = failuresOf(letters, 1, sifted, obstacle);
  expect([...failed.keys()]).toEqual(['{"id":2}', '{"id":1}']);
  expect(failed.get('{"id":1}')).toBe(obstacle);
});
