import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import {
  filePosition,
  packedInteger,
  packedLength,
  signedVariableInteger,
  variableInteger,
} from '../../../../src/source/mysql/binlog/packed-integer.ts';
import { hexBytes } from '../../../support/binlog-events.ts';

const reader = (hex: string): ByteReader => new ByteReader(hexBytes(hex));

test.each([
  ['00', 0n],
  ['fa', 250n],
  ['fcfb00', 251n],
  ['fcffff', 65535n],
  ['fd000001', 65536n],
  ['feffffffffffffffff', 2n ** 64n - 1n],
])('%s is %s', (hex, value) => {
  expect(packedInteger(reader(hex))).toBe(value);
});

test.each(['', 'fb', 'ff', 'fc01', 'fd0102', 'fe01020304050607'])('%j is none', (hex) => {
  expect(() => packedInteger(reader(hex))).toThrow(DecodeError);
});

test('a length is never more than what follows', () => {
  expect(packedLength(reader('02aabb'))).toBe(2);
  for (const hex of ['03aabb', 'fcffff', 'feffffffffffffffff']) {
    expect(() => packedLength(reader(hex))).toThrow(/a length of/);
  }
});

test('a position is a number as long as it is exact', () => {
  expect(filePosition(reader(''), 2n ** 53n - 1n)).toBe(2 ** 53 - 1);
  expect(() => filePosition(reader(''), 2n ** 53n)).toThrow(DecodeError);
});

/** As MySQL's serialization library writes it; the examples are from a GTID_TAGGED of 9.7. */
function variable(value: bigint): Buffer {
  let bytes = 1;
  while (bytes < 9 && value >= 1n << BigInt(7 * bytes)) bytes++;
  const result = Buffer.alloc(9);
  if (bytes === 9) {
    result[0] = 0xff;
    result.writeBigUInt64LE(value, 1);
  } else {
    result.writeBigUInt64LE((value << BigInt(bytes)) | ((1n << BigInt(bytes - 1)) - 1n));
  }
  return result.subarray(0, bytes);
}

test('variable-length integers of up to nine bytes', () => {
  expect(variableInteger(reader('16'))).toBe(11n);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat({ max: 63 }), (large, by) => {
      const value = large >> BigInt(by);
      const bytes = variable(value);
      expect(variableInteger(new ByteReader(bytes))).toBe(value);
      const cut = new ByteReader(bytes, 0, bytes.length - 1);
      expect(() => variableInteger(cut)).toThrow(DecodeError);
    }),
  );
  expect([signedVariableInteger(reader('04')), signedVariableInteger(reader('06'))]).toEqual([
    1n,
    -2n,
  ]);
});
