import { expect, test } from 'vitest';
import { parseMoney } from '../../../dialects/postgres/postgres-money.ts';
import { formatDecimal } from '../../../src/model/connect-schema.ts';

test.each([
  ['$1,234.56', 2, 2, '1234.56'],
  ['-$92,233,720,368,547,758.08', 2, 2, '-92233720368547758.08'],
  ['-1.234,56 €', 2, 2, '-1234.56'],
  ['($0.01)', 2, 2, '-0.01'],
  ['-Fr. 1’000.00', 2, 2, '-1000.00'],
  ['￥1,235', 0, 0, '1235'],
  ['￥1,235', 0, 2, '1235.00'],
  ['$0.50', 2, 3, '0.500'],
  ['$3.00', 2, 0, '3'],
  ['$1,234.56', 2, 0, '1235'],
  ['$3.49', 2, 0, '3'],
  ['-$3.50', 2, 0, '-4'],
  ['($0.05)', 2, 1, '-0.1'],
  ['-$0.01', 2, 0, '0'],
])('%s with %i digits as scale %i (P92)', (text, printed, scale, expected) => {
  expect(formatDecimal(parseMoney(text, printed, scale))).toBe(expected);
});

test('what has no digits is no amount', () => {
  expect(() => parseMoney('$', 2, 2)).toThrow(/not an amount/);
});
