import { expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { readColumnBitmap } from '../../../../src/source/mysql/binlog/column-bitmap.ts';
import { hexBytes } from '../../../support/binlog-events.ts';

test.each([
  ['ff', 8, [0, 1, 2, 3, 4, 5, 6, 7]],
  ['05', 3, [0, 2]],
  ['f8', 3, []],
  ['0181', 16, [0, 8, 15]],
  ['', 0, []],
])('bits %j of %i columns, lowest first (PITFALLS B60)', (hex, width, columns) => {
  const reader = new ByteReader(hexBytes(hex));
  const all = Int32Array.from({ length: width }, (_, i) => i);
  const found = readColumnBitmap(reader, all);
  expect([...found]).toEqual(columns);
  expect(found === all).toBe(columns.length === width);
  expect(reader.remaining).toBe(0);
});

test('a bitmap that is cut off', () => {
  expect(() => readColumnBitmap(new ByteReader(Buffer.alloc(1)), new Int32Array(9))).toThrow(
    DecodeError,
  );
});

test('of some columns only', () => {
  const reader = new ByteReader(hexBytes('02'));
  expect([...readColumnBitmap(reader, Int32Array.from([3, 7]))]).toEqual([7]);
});
