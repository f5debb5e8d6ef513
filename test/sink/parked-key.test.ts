import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import type { ParkedSet } from '../../src/sink/parked-key.ts';
import { keyTextOf, NOTHING_PARKED, siftRange } from '../../src/sink/parked-key.ts';
import { counters } from '../support/sink-counters.ts';

const OPTIONS = { parks: true, truncates: true, nowMs: 7 };
const error = new TidemarkError('SINK_RECORD', 'no');

function sift(records: readonly SinkRecord[], poison: number[] = [], before = NOTHING_PARKED) {
  const why = new Map(poison.map((number) => [number, error]));
  return siftRange(records, [0, records.length], before, why, OPTIONS);
}

function shown(parked: ParkedSet): string {
  const all = [...parked.values()].flat();
  return all.map((one) => `${one.key} ${one.offset}-${one.nextOffset} ${one.letters}`).join(', ');
}

test('what follows a record of its key waits, up to a truncate', () => {
  const topic = counters();
  const records = [
    topic.insert({ id: 1, n: 1 }),
    topic.update({ id: 1, n: 2 }),
    topic.insert({ id: 2, n: 2 }),
    topic.truncate(),
    topic.insert({ id: 1, n: 3 }),
  ];
  const sifted = sift(records, [0]);
  expect(sifted.numbers).toEqual([2, 3, 4]);
  expect(sifted.letters.map((letter) => letter.record.offset)).toEqual([0, 1]);
  expect([shown(sifted.parked), sifted.cleared]).toEqual(['', true]);
  expect(shown(sift(records.slice(0, 3), [0]).parked)).toBe('{"id":1} 0-2 2');
});

test('a set is never changed by what comes after', () => {
  const topic = counters();
  const { parked } = sift([topic.insert({ id: 1, n: 1 })], [0]);
  const later = sift([topic.update({ id: 1, n: 2 })], [], parked);
  expect([shown(parked), shown(later.parked)]).toEqual(['{"id":1} 0-1 1', '{"id":1} 0-2 2']);
});

test('records that come again are applied before the first that waits, and told once', () => {
  const topic = counters();
  const records = [0, 1, 2].map((n) => topic.update({ id: 1, n }));
  const { parked } = sift(records.slice(1), [0]);
  const again = sift(records, [], parked);
  expect(again.numbers).toEqual([0]);
  expect(again.letters).toEqual([]);
  expect(again.parked).toBe(parked);
});

test('without parking only the record itself is taken out', () => {
  const topic = counters();
  const records = [topic.insert({ id: 1, n: 1 }), topic.update({ id: 1, n: 2 })];
  const poison = new Map([[0, error]]);
  const sifted = siftRange(records, [0, 2], NOTHING_PARKED, poison, { ...OPTIONS, parks: false });
  expect([sifted.numbers, sifted.letters.length, sifted.parked.size]).toEqual([[1], 1, 0]);
});

test('a key is told by its values, or by its bytes where it cannot be read', () => {
  const [record] = [counters().insert({ id: 5, n: 1 })];
  expect(keyTextOf(record)).toBe('{"id":5}');
  expect(keyTextOf({ ...record, key: null, logKey: record.key as never })).toBe('{"id":5}');
  const raw = { key: Buffer.from('x'), value: null, headers: [] };
  const failure = { stage: 'KEY_CONVERTER', error } as const;
  expect(keyTextOf({ ...record, key: null, raw, failure })).toBe('raw:eA==');
  expect(keyTextOf({ ...record, key: null, raw })).toBeNull();
  const long = counters().insert({ id: 5, n: 1 }).key as never;
  const values = ['k'.repeat(9_000)];
  expect(keyTextOf({ ...record, key: { ...(long as object), values } as never })).toBeNull();
});
