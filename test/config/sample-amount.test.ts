import { expect, test } from 'vitest';
import { parseSampleAmount } from '../../src/config/sample-amount.ts';

test('rows or a part of them, and nothing else', () => {
  const amounts = ['100000', ' 1% ', '0.5%', '100%'].map(parseSampleAmount);
  expect(amounts).toEqual([{ rows: 100_000 }, { percent: 1 }, { percent: 0.5 }, { percent: 100 }]);
  const refused = ['', '0', '-1', '1.5', '0%', '101%', '1 %', '1e3', 'all'].map(parseSampleAmount);
  expect(refused.every((amount) => amount === undefined)).toBe(true);
});
