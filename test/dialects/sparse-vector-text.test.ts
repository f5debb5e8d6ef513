import { expect, test } from 'vitest';
import { sparseVectorText } from '../../dialects/sparse-vector-text.ts';

test('indexes with their values, and how many dimensions there are', () => {
  expect(sparseVectorText(5, [[1, 0.5]])).toBe('{1:0.5}/5');
  expect(
    sparseVectorText(
      5,
      new Map([
        [1, 0.5],
        [3, -2],
      ]),
    ),
  ).toBe('{1:0.5,3:-2}/5');
  expect(sparseVectorText(7, [])).toBe('{}/7');
});
