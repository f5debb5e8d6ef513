import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PartitionSplit } from '../../../src/transport/kafka/partition-split.ts';
import { TopicDirectory } from '../../../src/transport/kafka/topic-directory.ts';
import { partitionOfKey } from '../../../src/transport/murmur2.ts';
import { batchOf } from '../batch-of.ts';
import { scriptedAdmin } from './scripted-admin.ts';

function directoryOf(partitions: readonly number[]): TopicDirectory {
  const directory = new TopicDirectory(scriptedAdmin(), () => null);
  for (const [n, count] of partitions.entries()) directory.enter(`t${n}`, count);
  return directory;
}

test('every record comes once, in its order, in the partition that Java gives its key', () => {
  const record = fc.record({ topic: fc.nat(2), key: fc.option(fc.string(), { nil: null }) });
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 60 }),
      fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constant(1), fc.integer({ min: 1, max: 9 })),
      (records, partitions) => {
        const split = new PartitionSplit(directoryOf(partitions));
        const batch = batchOf(records);
        const parts = split.split(batch);
        const seen = parts.flatMap((part) => [...part.records]);
        expect(seen.toSorted((a, b) => a - b)).toEqual(records.map((_, n) => n));
        for (const { topic, partition, records: numbers } of parts) {
          expect([...numbers]).toEqual([...numbers].toSorted((a, b) => a - b));
          for (const number of numbers) {
            const { topic: handle, key } = records[number] ?? { topic: -1, key: null };
            expect(topic).toBe(`t${handle}`);
            const bytes = Buffer.from(key ?? '');
            const count = partitions[handle] ?? 0;
            const wanted = key === null ? 0 : partitionOfKey(bytes, 0, bytes.length, count);
            expect(partition).toBe(wanted);
          }
        }
      },
    ),
  );
});

test('a partition that a transform chose is taken, within those that there are', () => {
  const split = new PartitionSplit(directoryOf([3]));
  const batch = batchOf([{ topic: 0, key: 'k' }]);
  for (const [chosen, partition] of [
    [2, 2],
    [4, 1],
  ] as const) {
    batch.chosen.set(0, chosen);
    expect(split.split(batch)).toMatchObject([{ partition }]);
  }
});
