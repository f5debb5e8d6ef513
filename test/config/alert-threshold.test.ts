import { expect, test } from 'vitest';
import type { MeasureUnit } from '../../src/config/alert-classes.ts';
import { fitsUnit, parseThreshold } from '../../src/config/alert-threshold.ts';

test.each([
  ['90s', { value: 90_000, unit: 'ms' }],
  ['1.5 h', { value: 5_400_000, unit: 'ms' }],
  ['5m', { value: 300_000, unit: 'ms' }],
  ['5MB', { value: 5 * 1024 ** 2, unit: 'bytes' }],
  ['10%', { value: 10, unit: 'percent' }],
  ['3', { value: 3, unit: null }],
  ['', null],
  ['-1', null],
  ['5 parsecs', null],
  ['%', null],
])('the threshold %j', (text, threshold) => {
  expect(parseThreshold(text)).toEqual(threshold);
});

test.each([
  ['90s', ['ms']],
  ['5gb', ['bytes']],
  ['10%', ['percent']],
  ['90', ['records', 'percent', 'count']],
  ['0', ['ms', 'bytes', 'records', 'percent', 'count']],
] as const)('%s is compared with %j', (text, expected) => {
  const units: readonly MeasureUnit[] = ['ms', 'bytes', 'records', 'percent', 'count'];
  const threshold = parseThreshold(text) ?? { value: Number.NaN, unit: null };
  expect(units.filter((unit) => fitsUnit(threshold, unit))).toEqual(expected);
});
