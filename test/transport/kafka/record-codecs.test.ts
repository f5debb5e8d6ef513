import { describe, expect, test } from 'vitest';
import { compressSync } from 'snappy';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import {
  CODECS,
  compressRecords,
  decompressRecords,
} from '../../../src/transport/kafka/record-codecs.ts';

const TEXT = Buffer.from('a record of a table, and another one; '.repeat(5000));

describe.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('%s', (codec) => {
  test('brings back what went in', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('x'), TEXT]) {
      const compressed = await compressRecords(codec, bytes);
      expect(decompressRecords(CODECS[codec], compressed).equals(bytes)).toBe(true);
    }
  });
});

test('what repeats becomes smaller', async () => {
  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    expect((await compressRecords(codec, TEXT)).length).toBeLessThan(TEXT.length / 10);
  }
});

test('snappy is written in the blocks of Java, and read without them, too', async () => {
  const blocks = await compressRecords('snappy', TEXT);
  expect(blocks.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001');
  expect(decompressRecords(CODECS.snappy, compressSync(TEXT)).equals(TEXT)).toBe(true);
});

test('lz4 is a frame, not a block', async () => {
  expect((await compressRecords('lz4', TEXT)).readUInt32LE(0)).toBe(0x184d2204);
});

test('an unknown codec is an error that names it', () => {
  expect(() => decompressRecords(7, TEXT)).toThrow(TidemarkError);
  expect(() => decompressRecords(7, TEXT)).toThrow('codec 7');
});
