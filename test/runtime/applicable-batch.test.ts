import { describe, expect, test } from 'vitest';
import type { SinkPosition } from '../../src/model/sink-record.ts';
import { applicable, positionsAfter } from '../../src/runtime/applicable-batch.ts';
import { SinkPartitions } from '../../src/runtime/sink-partitions.ts';
import { fetchedRecords, ScriptedConsumer, ScriptedSink } from '../support/scripted-sink.ts';

const NEVER = new AbortController().signal;

async function held(...topics: readonly string[]) {
  const assigned = topics.map((topic) => ({ topic, partition: 0, generation: 1, position: 7 }));
  const consumer = new ScriptedConsumer([], [], assigned);
  const partitions = new SinkPartitions(new ScriptedSink([]));
  await partitions.settle(consumer, [], NEVER);
  return { consumer, partitions };
}

function at(topic: string): SinkPosition {
  return { topic, partition: 0, generation: 1, offset: 9 };
}

describe('what of a batch is put', () => {
  test('all of it while the partitions are here, and then what is left', async () => {
    const { partitions } = await held('a', 'b');
    const batch = {
      version: partitions.version,
      records: [],
      positions: [at('a'), at('b')],
      polls: 1,
    };
    expect(applicable(batch, partitions)).toBe(batch);
    partitions.drop([at('a')]);
    expect(applicable(batch, partitions).positions).toEqual([at('b')]);
  });

  test('of whole transactions all or nothing', async () => {
    const { partitions } = await held('a', 'b');
    const read = { version: partitions.version, records: [], cut: null, polls: 1 };
    partitions.drop([at('a')]);
    expect(() => applicable({ ...read, positions: [at('a'), at('b')] }, partitions)).toThrow(
      'transactions lie over all of them',
    );
    expect(applicable({ ...read, positions: [at('b')] }, partitions).positions).toEqual([at('b')]);
  });
});

test('partitions stand behind what was fetched, the others where the consumer is', async () => {
  const { consumer, partitions } = await held('a', 'b');
  const fetched = [fetchedRecords('a', [7, 8])];
  expect(positionsAfter(consumer, fetched, partitions)).toEqual([
    at('a'),
    { ...at('b'), offset: 7 },
  ]);
  partitions.leave([at('b')]);
  expect(positionsAfter(consumer, fetched, partitions)).toEqual([at('a')]);
});
