import { describe, expect, test } from 'vitest';
import { must } from '../../../src/foundation/assert.ts';
import { openEmbeddedTransport } from '../../../src/transport/embedded/embedded-transport.ts';
import { PartitionCursor, readBlock } from '../../../src/transport/embedded/partition-cursor.ts';
import { Store } from '../../../src/transport/embedded/store.ts';
import { TopicCatalog } from '../../../src/transport/embedded/topic-catalog.ts';
import type { LogRecord } from '../../../src/transport/transport.ts';
import { batchOf } from '../batch-of.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** Blocks of 3, 1 and 4 records in partition 0; then partition 1 has other things. */
async function makeLog(path: string): Promise<void> {
  await using transport = await openEmbeddedTransport({ path });
  const topic = await transport.openTopic('t', { partitions: 2 });
  for (const count of [3, 1, 4]) {
    const records = Array.from({ length: count }, () => ({ topic, value: 'four' }));
    await transport.append(batchOf(records), null);
  }
  const keyed = Array.from({ length: 20 }, (_, n) => ({ topic, key: `${n}`, value: 'v' }));
  await transport.append(batchOf(keyed), null);
}

async function openLog(path: string) {
  const store = await Store.open({ path, readOnly: false, maxBytes: 1e8 });
  const topic = must(new TopicCatalog(store).find('t'), 'topic');
  return { store, topic };
}

describe('reading a block', () => {
  test('finds the one that holds an offset, and stays in its partition', async () => {
    using folder = temporaryFolder();
    await makeLog(folder.path);
    const { store, topic } = await openLog(folder.path);
    await using _closed = store;
    const bases = [0, 1, 2, 3, 4, 7].map((at) => readBlock(store.log, topic, 0, at)?.baseOffset);
    expect(bases).toEqual([0, 0, 0, 3, 4, 4]);
    const end = must(topic.partitions[0], 'state').endOffset;
    expect(readBlock(store.log, topic, 0, end)).toBeUndefined();
    expect(readBlock(store.log, topic, 1, 0)?.baseOffset).toBe(0);
  });
});

describe('a cursor', () => {
  test('takes records up to a sequence or a size and goes on behind them', async () => {
    using folder = temporaryFolder();
    await makeLog(folder.path);
    const { store, topic } = await openLog(folder.path);
    await using _closed = store;
    const cursor = new PartitionCursor(store.log, topic, 0, 1);
    const records: LogRecord[] = [];
    expect(cursor.nextSequence()).toBe(1);
    expect(cursor.take(3, 1000, true, records)).toEqual({ bytes: 8, full: false });
    expect(cursor.position).toBe(3);
    expect(cursor.take(8, 9, false, records)).toEqual({ bytes: 8, full: true });
    expect(cursor.position).toBe(5);
    expect(cursor.take(8, 0, true, records)).toEqual({ bytes: 4, full: true });
    expect(records.map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5]);
    cursor.seek(0);
    expect(cursor.nextSequence()).toBe(0);
    const { endOffset } = cursor.state;
    cursor.seek(endOffset);
    expect(cursor.nextSequence()).toBe(Number.POSITIVE_INFINITY);
  });
});
