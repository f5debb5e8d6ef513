import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from '../../../src/transport/kafka/crc32c.ts';
import type { Compression } from '../../../src/transport/kafka/kafka-client.ts';
import { readRecordBatches } from '../../../src/transport/kafka/record-batch-reader.ts';
import {
  batchBytesAlone,
  recordBytes,
  writeRecordBatch,
} from '../../../src/transport/kafka/record-batch-writer.ts';
import { batchOf, type PlainRecord } from '../batch-of.ts';
import { decodedByLibrary } from './library-batches.ts';

const IDENTITY = {
  producerId: 4_611_686_018_427_387_905n,
  producerEpoch: 7,
  transactional: true,
  compression: 'none',
} as const;

function write(
  records: readonly PlainRecord[],
  compression: Compression = 'none',
): Promise<Buffer> {
  const numbers = Int32Array.from(records, (_, i) => i);
  const batch = batchOf(records);
  return writeRecordBatch(batch, numbers, 0, records.length, { ...IDENTITY, compression }, 42);
}

test('the library reads the batch: identity, numbers, times, records', async () => {
  const batch = await decodedByLibrary(
    await write([
      { topic: 0, key: 'k', value: 'v', timestampMs: 1_700_000_000_000 },
      { topic: 0, key: null, value: null, timestampMs: 1_700_000_000_900 },
      { topic: 0, key: '', value: '', timestampMs: 1_600_000_000_000 },
      { topic: 0, key: 'h', value: 'v', timestampMs: 1_700_000_000_001, headers: [['n', 'w']] },
    ]),
  );
  expect(batch).toMatchObject({
    inTransaction: true,
    producerId: '4611686018427387905',
    producerEpoch: 7,
    firstSequence: 42,
    maxTimestamp: '1700000000900',
    lastOffsetDelta: 3,
  });
  const text = (bytes: Buffer | null): string | null => bytes?.toString() ?? null;
  expect(batch.records.map((r) => [r.offset, r.timestamp, text(r.key), text(r.value)])).toEqual([
    ['0', '1700000000000', 'k', 'v'],
    ['1', '1700000000900', null, null],
    ['2', '1600000000000', '', ''],
    ['3', '1700000000001', 'h', 'v'],
  ]);
  expect(batch.records[3]?.headers['n']?.toString()).toBe('w');
});

test('the checksum covers everything from the attributes on', async () => {
  const bytes = await write([{ topic: 0, key: 'k', value: 'v' }]);
  expect(bytes.readUInt32BE(17)).toBe(crc32c(bytes, 21, bytes.length));
  expect(bytes.readInt32BE(8)).toBe(bytes.length - 12);
});

test('a part of the records is a batch of its own', async () => {
  const batch = batchOf(['a', 'b', 'c', 'd'].map((value) => ({ topic: 0, value })));
  const records = Int32Array.of(3, 1, 0);
  const bytes = await writeRecordBatch(batch, records, 1, 3, IDENTITY, 0);
  const { records: read } = readRecordBatches(bytes, 0, 'read_uncommitted', []);
  expect(read.map(({ offset, value }) => [offset, value?.toString()])).toEqual([
    [0, 'b'],
    [1, 'a'],
  ]);
});

const RECORDS = fc.array(
  fc.record({
    topic: fc.constant(0),
    key: fc.option(fc.string({ maxLength: 200 })),
    value: fc.option(fc.string({ maxLength: 20_000, unit: 'binary' })),
    timestampMs: fc.oneof(fc.nat(10_000), fc.integer({ min: 0, max: 253_402_300_799_000 })),
    headers: fc.array(
      fc.tuple(fc.string({ maxLength: 100 }), fc.option(fc.string({ maxLength: 9000 }))),
      { maxLength: 70 },
    ),
  }),
  { minLength: 1, maxLength: 150 },
);

test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
  'whatever is written is read again: %s',
  async (compression) => {
    await fc.assert(
      fc.asyncProperty(RECORDS, async (records) => {
        const bytes = await write(records, compression);
        const read = readRecordBatches(bytes, 0, 'read_uncommitted', []);
        expect(read.nextOffset).toBe(records.length);
        const plain = read.records.map(({ key, value, timestampMs, headers }) => ({
          topic: 0,
          key: key?.toString() ?? null,
          value: value?.toString() ?? null,
          timestampMs,
          headers: headers.map((h) => [h.name, h.value?.toString() ?? null]),
        }));
        expect(plain).toEqual(records);
      }),
      { numRuns: 25 },
    );
  },
);

test('the sizes foretold are never below those written', async () => {
  await fc.assert(
    fc.asyncProperty(RECORDS, async (records) => {
      const batch = batchOf(records);
      const first = await writeRecordBatch(batch, Int32Array.of(0), 0, 1, IDENTITY, 0);
      expect(first.length).toBeLessThanOrEqual(batchBytesAlone(batch, 0));
      let more = batchBytesAlone(batch, 0);
      for (let i = 1; i < records.length; i++) more += recordBytes(batch, i);
      expect((await write(records)).length).toBeLessThanOrEqual(more);
    }),
    { numRuns: 50 },
  );
});
