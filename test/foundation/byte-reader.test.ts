import fc from 'fast-check';
import { expect, test } from 'vitest';

import { ByteReader, DecodeError } from '../../src/foundation/byte-reader.ts';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';

test('what the writer writes the reader reads, and every cut throws DecodeError', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 65535 }),
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
      (a, b, c, d, text) => {
        const writer = new ByteWriter(1);
        writer.u8(a);
        writer.u16be(b);
        writer.u32be(c);
        writer.i64be(d);
        writer.utf8(text);
        writer.u8(0);
        const read = (bytes: Buffer): unknown[] => {
          const reader = new ByteReader(bytes);
          return [reader.u8(), reader.u16be(), reader.u32be(), reader.i64be(), reader.cstring()];
        };
        const bytes = Buffer.from(writer.written());
        expect(read(bytes)).toEqual([a, b, c, d, text]);
        for (let cut = 0; cut < bytes.length; cut++) {
          expect(() => read(bytes.subarray(0, cut))).toThrow(DecodeError);
        }
      },
    ),
  );
});

test('unsigned stays unsigned: an OID above 2^31 does not turn negative', () => {
  expect(new ByteReader(Buffer.from('ffffffff', 'hex')).u32be()).toBe(4_294_967_295);
});

test('a string that ends behind the frame is unterminated', () => {
  const reader = new ByteReader(Buffer.from('ab\0'), 0, 2);
  expect(() => reader.cstring()).toThrow(DecodeError);
});

test('a negative length is refused', () => {
  const reader = new ByteReader(Buffer.alloc(8));
  expect(() => reader.take(-1)).toThrow(DecodeError);
  expect(() => reader.skip(9)).toThrow(DecodeError);
});

test('little-endian integers of every width, unsigned', () => {
  const reader = new ByteReader(Buffer.from('018001008001000080010000000080', 'hex'));
  expect([reader.u16le(), reader.u24le(), reader.u32le(), reader.u48le()]).toEqual([
    0x8001, 0x800001, 0x80000001, 0x800000000001,
  ]);
  const writer = new ByteWriter(1);
  writer.u64le(0x8000000000000001n);
  expect(writer.written().toString('hex')).toBe('0100000000000080');
  expect(new ByteReader(writer.written()).u64le()).toBe(0x8000000000000001n);
});
