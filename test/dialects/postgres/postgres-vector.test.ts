import { expect, test } from 'vitest';
import { DOUBLE_VECTOR, FLOAT_VECTOR, SPARSE_VECTOR } from '../../../dialects/semantic-schemas.ts';
import {
  parseSparseVector,
  parseVector,
  vectorText,
} from '../../../dialects/postgres/postgres-vector.ts';

test('vector and halfvec', () => {
  expect(parseVector(DOUBLE_VECTOR, '[1,-2.5,1e-05]')).toEqual([1, -2.5, 1e-5]);
  expect(parseVector(FLOAT_VECTOR, '[0.1]')).toEqual([Math.fround(0.1)]);
  expect(() => parseVector(DOUBLE_VECTOR, '[1,]')).toThrow(/not a vector/);
  expect(vectorText([1, -2.5])).toBe('[1,-2.5]');
});

test('sparsevec, as far as 16 bits reach', () => {
  const value = parseSparseVector(SPARSE_VECTOR, '{1:0.5,3:-2}/5');
  expect(value.values).toEqual([
    5,
    new Map([
      [1, 0.5],
      [3, -2],
    ]),
  ]);
  expect(parseSparseVector(SPARSE_VECTOR, '{}/7').values).toEqual([7, new Map()]);
  expect(() => parseSparseVector(SPARSE_VECTOR, '{1:1}/40000')).toThrow(/32767/);
  expect(() => parseSparseVector(SPARSE_VECTOR, '{1}/4')).toThrow(/not a sparse vector/);
});
