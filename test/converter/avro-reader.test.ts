import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeAvroInt, writeAvroLong } from '../../src/converter/avro-primitives.ts';
import { AvroReader } from '../../src/converter/avro-reader.ts';
import { DecodeError } from '../../src/foundation/byte-reader.ts';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { bytesToBigInt } from '../../src/model/connect-schema.ts';

function readerOf(hex: string): AvroReader {
  const reader = new AvroReader();
  reader.reset(Buffer.from(hex, 'hex'), 0);
  return reader;
}

describe('the cursor', () => {
  test('reads every int and long that was written (PITFALLS C5)', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        (int, long) => {
          const writer = new ByteWriter();
          writeAvroInt(writer, int);
          writeAvroLong(writer, long);
          const reader = new AvroReader();
          reader.reset(writer.written(), 0);
          expect([reader.int(), reader.long()]).toEqual([int, long]);
          expect(() => reader.finish()).not.toThrow();
        },
      ),
      { numRuns: 2000 },
    );
  });

  test.each<[string, string, (reader: AvroReader) => unknown]>([
    ['an int of six bytes', 'ffffffffff01', (reader) => reader.int()],
    ['a long of eleven bytes', 'ffffffffffffffffffff01', (reader) => reader.long()],
    ['a negative length', '0161', (reader) => reader.length()],
    ['a length past the end', '0661', (reader) => reader.length()],
    ['a count past the end', 'fe01', (reader) => reader.blockCount()],
    ['half a double', '00000000', (reader) => reader.double()],
    ['half a float', '0000', (reader) => reader.float()],
    ['a boolean of 2', '02', (reader) => reader.boolean()],
    ['an int cut short', '80', (reader) => [reader.int(), reader.finish()]],
    ['bytes left over', '0000', (reader) => [reader.int(), reader.finish()]],
  ])('%s is a DecodeError', (_what, hex, read) => {
    expect(() => read(readerOf(hex))).toThrow(DecodeError);
  });

  test('reads whole numbers of any length, and none that is cut off (C8)', () => {
    const lengths = fc.oneof(fc.nat({ max: 7 }), fc.nat({ max: 20 }));
    const any = lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
    fc.assert(
      fc.property(any, (given) => {
        const bytes = Buffer.from(given);
        const reader = new AvroReader();
        reader.reset(bytes, 0);
        expect(reader.bigInt(bytes.length)).toBe(bytesToBigInt(bytes));
        expect(reader.position).toBe(bytes.length);
        reader.reset(bytes, 0);
        expect(() => reader.bigInt(bytes.length + 1)).toThrow(/bytes wanted/);
      }),
    );
  });

  test('a block may say its size (C17)', () => {
    const reader = readerOf('0306aabbcc');
    expect(reader.blockCount()).toBe(2);
    expect(reader.position).toBe(2);
  });
});
