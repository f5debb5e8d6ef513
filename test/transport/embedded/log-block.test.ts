import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogBlock, LogBlockWriter, readHead } from '../../../src/transport/embedded/log-block.ts';
import { batchOf, type PlainRecord } from '../batch-of.ts';

const plainRecord: fc.Arbitrary<PlainRecord> = fc.record({
  topic: fc.constant(0),
  key: fc.option(fc.string({ unit: 'binary' }), { nil: null }),
  value: fc.option(fc.string({ unit: 'binary' }), { nil: null }),
  timestampMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  headers: fc.array(fc.tuple(fc.string(), fc.option(fc.string(), { nil: null })), { maxLength: 3 }),
});

function writeBlock(
  records: readonly PlainRecord[],
  indexes: number[],
  offset: number,
  sequence: number,
) {
  const writer = new LogBlockWriter();
  writer.begin(1_000_000);
  const members = { indexes: Int32Array.from(indexes), to: indexes.length };
  const place = { storage: 7, partition: 3, baseOffset: offset };
  const { position, length } = writer.write(batchOf(records), members, place, sequence);
  return Buffer.from(writer.written.subarray(position, position + length));
}

function expected(record: PlainRecord, offset: number, sequence: number) {
  return {
    offset,
    sequence,
    timestampMs: record.timestampMs,
    key: record.key === null ? null : Buffer.from(record.key ?? ''),
    value: record.value === null ? null : Buffer.from(record.value ?? ''),
    headers: (record.headers ?? []).map(([name, value]) => ({
      name,
      value: value === null ? null : Buffer.from(value),
    })),
  };
}

describe('a block', () => {
  test('gives back any records, also when only some of a batch belong to it', () => {
    const some = fc.array(fc.tuple(plainRecord, fc.boolean()), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(some, fc.nat({ max: 2 ** 40 }), (chosen, base) => {
        const records = chosen.map(([record]) => record);
        const indexes = chosen.flatMap(([, taken], i) => (taken || i === 0 ? [i] : []));
        const block = new LogBlock(writeBlock(records, indexes, base, base + 5));
        expect([block.count, block.baseOffset, block.endOffset]).toEqual([
          indexes.length,
          base,
          base + indexes.length,
        ]);
        for (const [n, i] of indexes.entries()) {
          const record = records[i] as PlainRecord;
          expect(block.record(n)).toEqual(expected(record, base + n, base + 5 + i));
          expect(block.isTombstone(n)).toBe(record.value === null);
          expect(block.key(n)).toEqual(block.record(n).key);
        }
      }),
    );
  });

  test('keeps offsets, sequences and its end when records are taken out', () => {
    const records = Array.from({ length: 9 }, (_, n) => ({
      topic: 0,
      key: `k${n}`,
      value: `v${n}`,
      timestampMs: 100 - n,
    }));
    const whole = new LogBlock(writeBlock(records, [0, 2, 4, 6, 8], 1000, 50));
    const less = new LogBlock(whole.withOnly([1, 4]));
    expect([less.record(0), less.record(1)]).toEqual([whole.record(1), whole.record(4)]);
    expect([less.count, less.endOffset, less.head.newestMs]).toEqual([2, 1005, 98]);
    const none = new LogBlock(whole.withOnly([]));
    expect([none.count, none.baseOffset, none.endOffset]).toEqual([0, 1000, 1005]);
    expect([1000, 1001, 1002, 1004, 1005].map((at) => less.indexFrom(at))).toEqual([0, 0, 1, 1, 2]);
  });

  test('is refused with STORE_IO when any bit of it is another', () => {
    const bytes = writeBlock([{ topic: 0, key: 'key', value: 'value' }], [0], 7, 7);
    expect(readHead(bytes, 0)).toMatchObject({ storage: 7, partition: 3, length: bytes.length });
    const refused = expect.objectContaining({ code: 'STORE_IO' }) as Error;
    for (let length = 0; length < bytes.length; length++) {
      expect(() => new LogBlock(bytes.subarray(0, length))).toThrow(refused);
    }
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const other = Buffer.from(bytes);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => new LogBlock(other)).toThrow(refused);
    }
  });

  test('stays as it was while the next ones are written behind it', () => {
    const writer = new LogBlockWriter();
    const batch = batchOf([
      { topic: 0, key: 'a', value: 'one' },
      { topic: 0, key: 'b', value: 'two' },
    ]);
    writer.begin(1000);
    const place = { storage: 1, partition: 0, baseOffset: 0 };
    const first = writer.write(batch, { indexes: Int32Array.of(0), to: 1 }, place, 0);
    const copy = Buffer.from(writer.written);
    const next = { ...place, baseOffset: 1 };
    const second = writer.write(batch, { indexes: Int32Array.of(1), to: 1 }, next, 0);
    expect(writer.written.subarray(0, copy.length)).toEqual(copy);
    expect([first.position, second.position]).toEqual([0, copy.length]);
    expect(writer.written.length % 8).toBe(0);
  });
});
