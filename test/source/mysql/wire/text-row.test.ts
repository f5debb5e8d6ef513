import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { RowImage } from '../../../../src/model/row-image.ts';
import { readTextRow } from '../../../../src/source/mysql/wire/text-row.ts';

/** A length as the protocol writes it. */
function lengthOf(length: number): Buffer {
  if (length < 0xfb) return Buffer.of(length);
  if (length < 0x10000) return Buffer.of(0xfc, length & 0xff, length >> 8);
  return Buffer.of(0xfd, length & 0xff, (length >> 8) & 0xff, length >> 16);
}

function row(values: readonly (string | null)[]): Buffer {
  const parts = values.flatMap((value) => {
    if (value === null) return [Buffer.of(0xfb)];
    const bytes = Buffer.from(value);
    return [lengthOf(bytes.length), bytes];
  });
  return Buffer.concat(parts);
}

const value = fc.option(
  fc.oneof(
    fc.string(),
    fc.nat({ max: 300 }).map((length) => 'x'.repeat(length)),
    fc.constant('y'.repeat(70_000)),
  ),
);

test('a row is read as it was written, wherever it lies', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 40 }), fc.nat({ max: 9 }), (values, before) => {
      const image = new RowImage();
      const bytes = row(values);
      const padded = Buffer.concat([Buffer.alloc(before, 0xff), bytes, Buffer.alloc(3, 0xff)]);
      readTextRow(padded, before, before + bytes.length, image, values.length);
      expect(values.map((_, i) => image.text(i))).toEqual(values);
    }),
    { numRuns: 200 },
  );
});

test('whatever else comes is refused, and nothing is read behind its end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), fc.nat({ max: 5 }), (bytes, columns) => {
      const image = new RowImage();
      try {
        readTextRow(Buffer.from(bytes), 0, bytes.length, image, columns);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        return;
      }
      for (let i = 0; i < columns; i++) image.text(i);
      if (columns > 0 && image.kinds[columns - 1] === 2) {
        expect(image.ends[columns - 1]).toBe(bytes.length);
      }
    }),
    { numRuns: 1000 },
  );
  const long = Buffer.concat([Buffer.of(0xfe), Buffer.alloc(8, 0xff)]);
  const read = (): void => {
    readTextRow(long, 0, long.length, new RowImage(), 1);
  };
  expect(read).toThrow(DecodeError);
});
