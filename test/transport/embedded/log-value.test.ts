import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogValue, LogValueWriter } from '../../../src/transport/embedded/log-value.ts';
import { batchOf, type PlainRecord } from '../batch-of.ts';

const plainRecord: fc.Arbitrary<PlainRecord> = fc.record({
  topic: fc.constant(0),
  key: fc.option(fc.string({ unit: 'binary' }), { nil: null }),
  value: fc.option(fc.string({ unit: 'binary' }), { nil: null }),
  timestampMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  headers: fc.array(fc.tuple(fc.string(), fc.option(fc.string(), { nil: null })), { maxLength: 3 }),
});

function writeValue(
  records: readonly PlainRecord[],
  indexes: number[],
  offset: number,
  sequence: number,
) {
  const writer = new LogValueWriter();
  writer.begin(1_000_000);
  const members = { indexes: Int32Array.from(indexes), from: 0, to: indexes.length };
  return Buffer.from(writer.write(batchOf(records), members, offset, sequence));
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

describe('a log value', () => {
  test('gives back any records, also when only some of a batch belong to it', () => {
    const some = fc.array(fc.tuple(plainRecord, fc.boolean()), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(some, fc.nat({ max: 2 ** 40 }), (chosen, base) => {
        const records = chosen.map(([record]) => record);
        const indexes = chosen.flatMap(([, taken], i) => (taken || i === 0 ? [i] : []));
        const value = new LogValue(writeValue(records, indexes, base, base + 5));
        expect([value.count, value.baseOffset, value.endOffset]).toEqual([
          indexes.length,
          base,
          base + indexes.length,
        ]);
        for (const [n, i] of indexes.entries()) {
          const record = records[i] as PlainRecord;
          expect(value.record(n)).toEqual(expected(record, base + n, base + 5 + i));
          expect(value.isTombstone(n)).toBe(record.value === null);
          expect(value.key(n)).toEqual(value.record(n).key);
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
    const whole = new LogValue(writeValue(records, [0, 2, 4, 6, 8], 1000, 50));
    const less = new LogValue(whole.withOnly([1, 4]));
    expect([less.record(0), less.record(1)]).toEqual([whole.record(1), whole.record(4)]);
    expect([less.count, less.endOffset, less.newestMs()]).toEqual([2, 1005, 98]);
    expect([1000, 1001, 1002, 1004, 1005].map((at) => less.indexFrom(at))).toEqual([0, 0, 1, 1, 2]);
  });

  test('lies where a page of the store may be torn: every damage is STORE_IO', () => {
    const bytes = writeValue([{ topic: 0, key: 'key', value: 'value' }], [0], 7, 7);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => new LogValue(bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'STORE_IO' }),
      );
    }
    const otherFormat = Buffer.from(bytes);
    otherFormat[0] = 2;
    expect(() => new LogValue(otherFormat)).toThrow('is damaged');
  });

  test('stays as it was while the next ones are written behind it', () => {
    const writer = new LogValueWriter();
    const batch = batchOf([
      { topic: 0, key: 'a', value: 'one' },
      { topic: 0, key: 'b', value: 'two' },
    ]);
    writer.begin(1000);
    const first = writer.write(batch, { indexes: Int32Array.of(0), from: 0, to: 1 }, 0, 0);
    const copy = Buffer.from(first);
    writer.write(batch, { indexes: Int32Array.of(1), from: 0, to: 1 }, 1, 0);
    expect(first).toEqual(copy);
  });
});
