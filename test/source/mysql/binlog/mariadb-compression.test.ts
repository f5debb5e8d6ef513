import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { inflated } from '../../../../src/source/mysql/binlog/mariadb-compression.ts';

function compressed(plain: Uint8Array, length = plain.length): Buffer {
  const head = Buffer.from([0x82, length >> 8, length & 0xff]);
  return Buffer.concat([head, deflateSync(plain)]);
}

test('what was deflated comes back (PITFALLS B91)', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (plain) => {
      expect(inflated(compressed(plain)).equals(plain)).toBe(true);
    }),
  );
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['no mark', Buffer.from([0x02, 0, 1])],
  ['another algorithm', Buffer.from([0x92, 0, 1])],
  ['a width of five', Buffer.from([0x85, 0, 0, 0, 0, 0])],
  ['a cut length', Buffer.from([0x84, 0])],
  ['a length of 4 GB', Buffer.from([0x84, 0xff, 0xff, 0xff, 0xff, 0x78])],
  ['no stream', Buffer.from([0x82, 0, 5, 1, 2, 3])],
  ['a longer stream', compressed(Buffer.alloc(100), 99)],
  ['a shorter stream', compressed(Buffer.alloc(100), 101)],
  ['a cut stream', compressed(Buffer.from('abcdefghi')).subarray(0, -3)],
])('%s is a DecodeError', (_what, bytes) => {
  expect(() => inflated(bytes)).toThrow(DecodeError);
});
