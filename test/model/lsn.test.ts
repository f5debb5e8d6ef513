import fc from 'fast-check';
import { expect, test } from 'vitest';

import { formatLsn, parseLsn } from '../../src/model/lsn.ts';

test('text and number are the same LSN, without zero padding (P16)', () => {
  expect(parseLsn('16/B374D848')).toBe(0x16b374d848n);
  expect(formatLsn(0x16b374d848n)).toBe('16/B374D848');
  expect(formatLsn(0n)).toBe('0/0');
  // As text 0/9FFFFFF sorts after 0/10000000; as numbers it comes first.
  expect(parseLsn('0/9FFFFFF') < parseLsn('0/10000000')).toBe(true);
});

test('all 64 bits survive (P15)', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      expect(parseLsn(formatLsn(value))).toBe(value);
    }),
  );
});

test.each(['', '1', '1/', '/1', 'g/1', '1/123456789', '0x1/2'])('%j is no LSN', (text) => {
  expect(() => parseLsn(text)).toThrow('not an LSN');
});
