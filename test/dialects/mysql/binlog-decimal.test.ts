// Bytes and texts as MySQL 9.7.4 wrote them to its binlog and answered a SELECT, 2026-11-22.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimalWriter } from '../../../dialects/mysql/binlog-decimal.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { writtenBytes } from '../../support/binlog-text.ts';

describe('decimalWriter (PITFALLS B66)', () => {
  test.each([
    [10, 2, '7ffffff3e1', '-12.30'],
    [10, 2, '8000000000', '0.00'],
    [10, 2, '85f5e0ff63', '99999999.99'],
    [10, 2, '7ffffffffe', '-0.01'],
    [10, 2, '8000000100', '1.00'],
    [
      65,
      30,
      '80bc614e35b7bf87350e34c02f075f79075bcd1500bc614e35b7bf87037a',
      '12345678901234567890123456789012345.123456789012345678901234567890',
    ],
    [
      65,
      30,
      '7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe',
      '-0.000000000000000000000000000001',
    ],
    [5, 0, '7e7960', '-99999'],
    [5, 0, '800007', '7'],
    [30, 30, '875bcd1500bc614e35b7bf87037b', '0.123456789012345678901234567891'],
    [9, 9, '80000001', '0.000000001'],
    [18, 9, '875bcd153ade68b1', '123456789.987654321'],
    [18, 9, '7ffffffeffffffff', '-1.000000000'],
    [1, 0, '89', '9'],
    [20, 5, '81e2402f075f79000001', '123456789012345.00001'],
  ])('(%i,%i) %s', (precision, scale, hex, text) => {
    expect(writtenBytes(decimalWriter(precision, scale), hex).toString()).toBe(text);
  });

  test('a group of digits cannot hold more than its digits', () => {
    expect(() => writtenBytes(decimalWriter(9, 0), 'ffffffff')).toThrow(DecodeError);
    expect(() => writtenBytes(decimalWriter(2, 1), '800a')).toThrow(DecodeError);
  });

  test('what a server would write comes back', () => {
    const digits = fc.tuple(fc.integer({ min: 1, max: 65 }), fc.nat(38)).chain(([whole, scale]) => {
      const places = Math.min(scale, 65 - whole);
      const number = fc.bigInt(0n, 10n ** BigInt(whole + places) - 1n);
      return fc.tuple(fc.constant(whole), fc.constant(places), number, fc.boolean());
    });
    fc.assert(
      fc.property(digits, ([whole, scale, number, negative]) => {
        const text = number.toString().padStart(whole + scale, '0');
        const hex = encoded(text.slice(0, whole), text.slice(whole), negative);
        const plain = text.slice(0, whole).replace(/^0+(?=.)/, '');
        const sign = negative ? '-' : '';
        const expected = scale === 0 ? `${sign}${plain}` : `${sign}${plain}.${text.slice(whole)}`;
        const write = decimalWriter(whole + scale, scale);
        expect(writtenBytes(write, hex).toString()).toBe(expected);
      }),
    );
  });
});

/** The manual's description of the format, straight. */
function encoded(whole: string, fraction: string, negative: boolean): string {
  const groups = [
    ...whole.padStart(Math.ceil(whole.length / 9) * 9, '*').matchAll(/.{9}/g),
    ...(fraction === '' ? [] : fraction.matchAll(/.{1,9}/g)),
  ];
  const sizes = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];
  const bytes = groups.flatMap(([group]) => {
    const digits = group.replaceAll('*', '');
    const size = sizes[digits.length] ?? 0;
    return [
      ...Buffer.from(
        Number(digits)
          .toString(16)
          .padStart(size * 2, '0'),
        'hex',
      ),
    ];
  });
  bytes[0] = (bytes[0] ?? 0) ^ 0x80;
  return Buffer.from(bytes.map((byte) => (negative ? byte ^ 0xff : byte))).toString('hex');
}
