import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  writeAvroBytes,
  writeAvroDigits,
  writeAvroDouble,
  writeAvroFloat,
  writeAvroInt,
  writeAvroLong,
  writeAvroSafeLong,
  writeAvroString,
} from '../../src/converter/avro-primitives.ts';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { avscType } from '../support/avsc-oracle.ts';

function hex(write: (writer: ByteWriter) => void): string {
  // One byte of room: every writer has to ask for more.
  const writer = new ByteWriter(1);
  write(writer);
  return writer.written().toString('hex');
}

const byAvsc = (type: string, value: unknown) =>
  (type === 'long' ? avscType('"long"') : avsc.Type.forSchema(type))
    .toBuffer(value)
    .toString('hex');

describe('primitives as avsc writes them', () => {
  test('int and long', () => {
    const least = -(2n ** 63n);
    const long = fc.oneof(
      fc.bigInt({ min: least, max: -least - 1n }),
      fc.constantFrom(0n, least, -least - 1n, 2n ** 53n + 1n, -(2n ** 31n), 2n ** 31n, -64n, 63n),
    );
    fc.assert(
      fc.property(fc.integer(), long, fc.maxSafeInteger(), (int, big, safe) => {
        expect(hex((writer) => writeAvroInt(writer, int))).toBe(byAvsc('int', int));
        expect(hex((writer) => writeAvroLong(writer, big))).toBe(byAvsc('long', big));
        const asBigInt = hex((writer) => writeAvroLong(writer, BigInt(safe)));
        expect(hex((writer) => writeAvroSafeLong(writer, safe))).toBe(asBigInt);
      }),
      { numRuns: 2000 },
    );
  });

  test('a long from its digits', () => {
    const billion = 1_000_000_000;
    const half = fc.oneof(fc.nat({ max: billion - 1 }), fc.constantFrom(0, 1, billion - 1, 65_536));
    fc.assert(
      fc.property(fc.boolean(), half, half, (negative, high, low) => {
        const magnitude = BigInt(high) * 1_000_000_000n + BigInt(low);
        const asBigInt = hex((out) => writeAvroLong(out, negative ? -magnitude : magnitude));
        expect(hex((out) => writeAvroDigits(out, negative, high, low))).toBe(asBigInt);
      }),
      { numRuns: 2000 },
    );
  });

  test('the others', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(
        fc.float(),
        fc.double(),
        text,
        fc.uint8Array(),
        (float, double, string, array) => {
          const bytes = Buffer.from(array);
          expect(hex((writer) => writeAvroFloat(writer, float))).toBe(byAvsc('float', float));
          expect(hex((writer) => writeAvroDouble(writer, double))).toBe(byAvsc('double', double));
          expect(hex((writer) => writeAvroString(writer, string))).toBe(byAvsc('string', string));
          expect(hex((writer) => writeAvroBytes(writer, bytes))).toBe(byAvsc('bytes', bytes));
        },
      ),
    );
  });
});
