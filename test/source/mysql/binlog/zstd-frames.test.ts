import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { zstdFrames } from '../../../../src/source/mysql/binlog/zstd-frames.ts';
import { hexBytes } from '../../../support/binlog-events.ts';

const { ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag, ZSTD_c_compressionLevel } = constants;
const part = fc.record({
  plain: fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    // Repeated bytes, and more than one block.
    fc.nat({ max: 400_000 }).map((length) => new Uint8Array(length).fill(7)),
  ),
  checksum: fc.integer({ min: 0, max: 1 }),
  size: fc.integer({ min: 0, max: 1 }),
  level: fc.integer({ min: -1, max: 5 }),
});

test('frames one behind the other are each found', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const frames = parts.map(({ plain, checksum, size, level }) =>
        zstdCompressSync(plain, {
          params: {
            [ZSTD_c_checksumFlag]: checksum,
            [ZSTD_c_contentSizeFlag]: size,
            [ZSTD_c_compressionLevel]: level,
          },
        }),
      );
      const found = zstdFrames(Buffer.concat(frames));
      expect(found.map((frame) => frame.length)).toEqual(frames.map((frame) => frame.length));
      expect(found.map((frame) => zstdDecompressSync(frame).length)).toEqual(
        parts.map(({ plain }) => plain.length),
      );
    }),
    { numRuns: 50 },
  );
});

test('a skippable frame is passed over', () => {
  const frame = zstdCompressSync(Buffer.from('abc'));
  const skipped = hexBytes('5a2a4d1803000000aabbcc');
  expect(zstdFrames(Buffer.concat([skipped, frame, skipped]))).toEqual([frame]);
});

test('every prefix and every other beginning is a DecodeError', () => {
  const frame = zstdCompressSync(Buffer.from('abcabcabc'));
  for (let length = 1; length < frame.length; length++) {
    expect(() => zstdFrames(frame.subarray(0, length))).toThrow(DecodeError);
    expect(() => zstdFrames(frame.subarray(length))).toThrow(DecodeError);
  }
});
