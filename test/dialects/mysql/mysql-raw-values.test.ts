import { expect, test } from 'vitest';
import { parseRawBit, parseRawBits } from '../../../dialects/mysql/mysql-raw-values.ts';

test('bits turn their bytes around, and zeros stay (PITFALLS B76)', () => {
  expect(parseRawBits('\u0001\u0002\u0003').toString('hex')).toBe('030201');
  expect(parseRawBits('\u0000\u0000').toString('hex')).toBe('0000');
  expect([parseRawBit('\u0001'), parseRawBit('\u0000')]).toEqual([true, false]);
});
