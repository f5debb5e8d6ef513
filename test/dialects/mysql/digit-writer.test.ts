import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  putDigits,
  putTwo,
  writeInteger,
  writeSigned64,
  writeUnsigned64,
} from '../../../dialects/mysql/digit-writer.ts';
import { ByteWriter } from '../../../src/foundation/byte-writer.ts';

function written(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter(1);
  write(out);
  return out.written().toString();
}

describe('digits as bytes are what BigInt prints', () => {
  const halves = (value: bigint): [number, number] => [
    Number(BigInt.asUintN(64, value) >> 32n),
    Number(BigInt.asUintN(32, value)),
  ];

  test('64 bits, signed and unsigned', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
        const [high, low] = halves(value);
        expect(written((out) => writeUnsigned64(out, high, low))).toBe(String(value));
        const signed = String(BigInt.asIntN(64, value));
        expect(written((out) => writeSigned64(out, high, low))).toBe(signed);
      }),
    );
  });

  test.each([0n, 1n, 10n ** 18n, 10n ** 19n, 2n ** 53n, 2n ** 53n - 1n, 2n ** 63n, 2n ** 64n - 1n])(
    '%i',
    (value) => {
      const [high, low] = halves(value);
      expect(written((out) => writeUnsigned64(out, high, low))).toBe(String(value));
    },
  );

  test('numbers up to 53 bits', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(written((out) => writeInteger(out, value))).toBe(String(value));
      }),
    );
  });

  test('a fixed width has zeros in front', () => {
    const target = Buffer.alloc(9, 0x2e);
    expect(putDigits(target, 1, 42, 5)).toBe(6);
    expect(putTwo(target, 6, 7)).toBe(8);
    expect(target.toString()).toBe('.0004207.');
  });

  test('every two digits', () => {
    const target = Buffer.alloc(2);
    for (let value = 0; value < 100; value++) {
      putTwo(target, 0, value);
      expect(target.toString()).toBe(String(value).padStart(2, '0'));
    }
  });
});
