import { expect, test } from 'vitest';
import { formatMeasure, formatSpan } from '../../src/alert/alert-quantity.ts';

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1000, '1 s'],
  [125_000, '2 min 5 s'],
  [7_200_000, '2 h'],
  [183_600_000, '2 d 3 h'],
])('%i ms is %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});

test.each([
  [1536, 'bytes', '1.5 kB'],
  [12, 'bytes', '12 bytes'],
  [5 * 1024 ** 3, 'bytes', '5.0 GB'],
  [9.96, 'percent', '10 %'],
  [1234, 'records', '1,234 records'],
  [3, 'count', '3'],
  [61_000, 'ms', '1 min 1 s'],
] as const)('%d %s is %s', (value, unit, text) => {
  expect(formatMeasure(value, unit)).toBe(text);
});
