import { describe, expect, test } from 'vitest';
import { LogBlockWriter } from '../../../src/transport/embedded/log-block.ts';
import {
  partitionId,
  PARTITIONS_MAX,
  scanBlocks,
  SegmentIndex,
} from '../../../src/transport/embedded/segment-index.ts';
import { batchOf } from '../batch-of.ts';

function block(baseOffset: number, endOffset: number, position = 0) {
  return {
    segment: 1,
    position,
    length: 100,
    storage: 1,
    partition: 0,
    count: endOffset - baseOffset,
    baseOffset,
    endOffset,
    newestMs: 0,
  };
}

describe('an index', () => {
  test('finds the block that reaches beyond an offset, whatever order they came in', () => {
    const index = new SegmentIndex();
    for (const [from, to] of [
      [100, 110],
      [110, 115],
      [0, 10],
      [20, 30],
    ] as const) {
      expect(index.add(block(from, to))).toBeUndefined();
    }
    const found = [0, 9, 10, 29, 30, 109, 110, 114, 115].map(
      (offset) => index.blockBehind(1, 0, offset)?.baseOffset,
    );
    expect(found).toEqual([0, 0, 20, 20, 100, 100, 110, 110, undefined]);
    const from = (offset: number): number[] =>
      index.blocksFrom(1, 0, offset).map(({ baseOffset }) => baseOffset);
    expect([from(0), from(1), from(100), from(111)]).toEqual([
      [0, 20, 100, 110],
      [20, 100, 110],
      [100, 110],
      [],
    ]);
    expect(index.blocksFrom(2, 0, 0)).toEqual([]);
    expect(index.blockBehind(2, 0, 0)).toBeUndefined();
    expect(index.blockBehind(1, 1, 0)).toBeUndefined();
  });

  test('has a block that was written anew once, as it was written last', () => {
    const index = new SegmentIndex();
    index.add(block(0, 10));
    const old = block(10, 20);
    index.add(old);
    index.add(block(20, 30));
    const anew = { ...block(10, 20, 900), count: 0 };
    expect(index.add(anew)).toBe(old);
    expect(index.blockBehind(1, 0, 12)).toBe(anew);
    expect(index.count).toBe(3);
  });
});

describe('a scan', () => {
  test('finds blocks of any size, small and large beside each other', () => {
    const batch = batchOf(
      [10, 100_000, 0, 20_000, 5, 5].map((size) => ({ topic: 0, value: Buffer.alloc(size) })),
    );
    const writer = new LogBlockWriter();
    writer.begin(1_000_000);
    const written = Array.from({ length: batch.count }, (_, n) => {
      const place = { storage: 4, partition: n % 2, baseOffset: n };
      return writer.write(batch, { indexes: Int32Array.of(n), to: 1 }, place, 0);
    });
    const bytes = writer.written;
    const read = (position: number, length: number): Buffer =>
      bytes.subarray(position, position + length);
    const found = scanBlocks(9, read, 0, bytes.length);
    expect(found).toEqual(written.map((head) => ({ ...head, segment: 9 })));
    const from = written[2]?.position ?? 0;
    expect(scanBlocks(9, read, from, bytes.length)).toEqual(found?.slice(2));
    expect(scanBlocks(9, () => null, 0, 100)).toBeNull();
    for (const cut of [bytes.length - 8, 30_000]) {
      expect(() => scanBlocks(9, read, 0, cut)).toThrow('ends within');
    }
    expect(() => scanBlocks(9, () => Buffer.alloc(100), 0, 100)).toThrow('no whole block begins');
  });
});

test('partitions of different storages have different numbers', () => {
  expect(partitionId(1, 0)).toBeGreaterThan(partitionId(0, PARTITIONS_MAX - 1));
  expect(Number.isSafeInteger(partitionId(0xffffffff, PARTITIONS_MAX - 1))).toBe(true);
});
