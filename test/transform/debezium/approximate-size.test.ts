import { expect, test } from 'vitest';
import { approximateSize } from '../../../src/transform/debezium/approximate-size.ts';
import { changeRecord, tombstone } from '../../support/transform-records.ts';

test('objects as they lie in the heap of Java', () => {
  // 8 entries of partition and offset, the key's struct with its number, 8, the topic.
  expect(approximateSize(tombstone())).toBe(800 + 8 + (56 + 8 + 24) + 'p.public.t'.length);
  const short = approximateSize(changeRecord('c', null, [1, 'a', null]));
  const long = approximateSize(changeRecord('c', null, [1, 'ä'.repeat(10), null]));
  expect(long - short).toBe(19);
  const record = changeRecord('c', null, [1, 'a', null]);
  const header = { name: 'h', schema: null, value: null };
  expect(approximateSize({ ...record, headers: [header] }) - short).toBe(100);
});
