import { expect, test } from 'vitest';
import { networkField, rangeField } from '../../../dialects/search/search-ranges.ts';
import { must } from '../../../src/foundation/assert.ts';

const target = { product: 'elasticsearch' } as const;

function range(type: string, text: string): unknown {
  const document = must(rangeField(type, target), type).encode(text);
  const { text: kept, range: bounds } = JSON.parse(document) as Record<string, unknown>;
  expect(kept).toBe(text);
  return bounds;
}

test('ranges of whole numbers', () => {
  expect(range('int4range', '[1,10)')).toEqual({ gte: 1, lt: 10 });
  expect(range('int8range', '(,)')).toEqual({});
  expect(range('int8range', '[5,)')).toEqual({ gte: 5 });
  expect(range('int4range', 'empty')).toBeUndefined();
  expect(must(rangeField('int8range', target), 'range').encode('[9223372036854775806,)')).toContain(
    '"gte":9223372036854775806',
  );
});

test('ranges of numbers are never empty in the digits of a double', () => {
  expect(range('numrange', '(1.5,2]')).toEqual({ gt: 1.5, lte: 2 });
  expect(range('numrange', '(1,1.00000000000000000001)')).toEqual({ gte: 1, lte: 1 });
  expect(range('numrange', `(${'9'.repeat(400)},)`)).toBeUndefined();
  expect(range('numrange', `[1,${'9'.repeat(400)})`)).toEqual({ gte: 1 });
});

test('times are as fine as the index is, and wider rather than empty', () => {
  expect(range('daterange', '[2020-01-01,2020-02-01)')).toEqual({
    gte: '2020-01-01',
    lt: '2020-02-01',
  });
  const fine = '["2020-01-01 00:00:00.000001","2020-01-01 00:00:00.000002")';
  expect(range('tsrange', fine)).toEqual({
    gte: '2020-01-01T00:00:00.000',
    lte: '2020-01-01T00:00:00.000',
  });
  expect(range('tstzrange', '["2020-01-01 02:00:00+02","2020-01-02 00:00:00.5+00"]')).toEqual({
    gte: '2020-01-01T00:00:00.000Z',
    lte: '2020-01-02T00:00:00.500Z',
  });
  expect(range('daterange', '[-infinity,infinity)')).toEqual({});
  expect(range('daterange', '["0044-03-15 BC",12345-01-01)')).toEqual({});
  expect(range('daterange', '[12345-01-01,)')).toEqual({ gte: '9999-12-31T23:59:59.999Z' });
  expect(range('tsrange', '(,"0044-03-15 00:00:00 BC")')).toEqual({ lte: '0001-01-01' });
});

test('multiranges are lists', () => {
  expect(range('int4multirange', '{[1,3),[5,7)}')).toEqual([
    { gte: 1, lt: 3 },
    { gte: 5, lt: 7 },
  ]);
  expect(range('nummultirange', '{}')).toEqual([]);
  expect(rangeField('floats', target)).toBeUndefined();
});

test('a network has its addresses, but for what no product takes', () => {
  const { encode } = networkField(target);
  expect(encode('10.0.0.0/8')).toBe('{"text":"10.0.0.0/8","range":"10.0.0.0/8"}');
  expect(encode('::ffff:1.2.3.4/128')).toBe('{"text":"::ffff:1.2.3.4/128"}');
});
