import { expect, test } from 'vitest';
import { duration, wholeNumber } from '../../src/cli/flag-values.ts';

test('numbers from 1 and times, and nothing else', () => {
  expect([wholeNumber('17'), duration('20s'), duration('1500')]).toEqual([17, 20_000, 1500]);
  for (const text of ['0', '-1', '1.5', 'many', '']) {
    expect(() => wholeNumber(text)).toThrow('a whole number from 1 is expected');
  }
  for (const text of ['0s', 'soon', '']) {
    expect(() => duration(text)).toThrow('a time such as 20s is expected');
  }
});
