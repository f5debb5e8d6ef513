import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import {
  type EmbeddedTransport,
  openEmbeddedTransport,
} from '../../../src/transport/embedded/embedded-transport.ts';
import { BatchAppender } from '../../../src/transport/embedded/batch-appender.ts';
import { Retention } from '../../../src/transport/embedded/retention.ts';
import { Store } from '../../../src/transport/embedded/store.ts';
import type { StoreOperation } from '../../../src/transport/embedded/store-operation.ts';
import { TopicCatalog } from '../../../src/transport/embedded/topic-catalog.ts';
import type { TopicOptions } from '../../../src/transport/transport.ts';
import { batchOf } from '../batch-of.ts';
import { readAll } from '../log-reading.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const VALUE_BYTES = 1000;

/** One append per record: each record is a block of its own, which retention takes or leaves. */
async function fill(
  transport: EmbeddedTransport,
  options: TopicOptions,
  timestamps: readonly number[],
): Promise<void> {
  const topic = await transport.openTopic('a', options);
  for (const timestampMs of timestamps) {
    await transport.append(
      batchOf([{ topic, timestampMs, value: Buffer.alloc(VALUE_BYTES) }]),
      null,
    );
  }
}

async function range(transport: EmbeddedTransport): Promise<number[]> {
  const partition = (await transport.describeTopic('a'))?.partitions[0];
  return [partition?.startOffset ?? -1, partition?.endOffset ?? -1];
}

/** The topic a of a store, without the transport that would maintain it. */
async function topicOf(store: Store, options: TopicOptions) {
  const catalog = new TopicCatalog(store);
  await store.write('state', () => {
    const operations: StoreOperation[] = [];
    const { durable } = catalog.planTopic('a', options, catalog.counters, operations);
    return { operations, durable };
  });
  return { topic: catalog.byHandle(0), appender: new BatchAppender(store, catalog, 1e9) };
}

describe('retention', () => {
  test('by age takes what is older, up to the first that is not', async () => {
    using folder = temporaryFolder();
    let nowMs = 10_000;
    const clock = { ...systemClock, nowMs: () => nowMs };
    await using transport = await openEmbeddedTransport({ path: folder.path, clock });
    await fill(transport, { retentionMs: 5000 }, [4000, 4999, 5000, 1000, 9000]);
    await transport.runMaintenance();
    expect(await range(transport)).toEqual([2, 5]);
    nowMs = 10_001;
    await transport.runMaintenance();
    expect(await range(transport)).toEqual([4, 5]);
    nowMs = 1e9;
    await transport.runMaintenance();
    expect(await range(transport)).toEqual([5, 5]);
    expect(transport.statistics().records).toBe(0);
    expect((await transport.describeTopic('a'))?.partitions[0]?.bytes).toBe(0);
    await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
    await fill(transport, {}, [2e9]);
    expect((await readAll(consumer)).map(({ nextOffset }) => nextOffset)).toEqual([6]);
  });

  test('by size takes the oldest until the rest fits', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    await fill(
      transport,
      { retentionBytes: 20_000 },
      Array.from({ length: 200 }, () => 0),
    );
    await transport.runMaintenance();
    const [start = 0, end] = await range(transport);
    expect(end).toBe(200);
    const bytes = (await transport.describeTopic('a'))?.partitions[0]?.bytes ?? 0;
    expect(bytes).toBeLessThanOrEqual(20_000);
    expect(bytes).toBeGreaterThan(20_000 - 2 * VALUE_BYTES);
    await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
    const fetched = await readAll(consumer);
    expect(fetched[0]?.records[0]?.offset).toBe(start);
    expect(fetched.flatMap(({ records }) => records)).toHaveLength(200 - start);
  });

  test('takes nothing from a topic without bounds', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    await fill(transport, {}, [1, 2, 3]);
    await transport.runMaintenance();
    expect(await range(transport)).toEqual([0, 3]);
  });

  test('never passes what a registered group has not read, until it is forgotten', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    await fill(transport, { retentionMs: 1 }, [1, 2, 3, 4, 5, 6]);
    {
      await using slow = await transport.consumer({ group: 'slow', topics: /a|b/ });
      await using fast = await transport.consumer({ group: 'fast', topics: ['a'] });
      await fast.commit([{ topic: 'a', partition: 0, offset: 5 }]);
      await using _other = await transport.consumer({ group: 'other', topics: ['b'] });
      await using _tail = await transport.consumer({ group: 't', topics: ['a'], register: false });
      await transport.runMaintenance();
      expect(await range(transport)).toEqual([0, 6]);
      await slow.commit([{ topic: 'a', partition: 0, offset: 2 }]);
    }
    // Also when nobody of the group is there.
    await transport.runMaintenance();
    expect(await range(transport)).toEqual([2, 6]);
    await transport.deleteGroup('slow');
    await transport.runMaintenance();
    expect(await range(transport)).toEqual([5, 6]);
    await transport.deleteGroup('fast');
    await transport.runMaintenance();
    expect(await range(transport)).toEqual([6, 6]);
  });

  test('does not cut a block that a group has read in part', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    const topic = await transport.openTopic('a', { retentionMs: 1 });
    const records = [1, 2, 3].map((n) => ({ topic, value: `${n}` }));
    await transport.append(batchOf(records), null);
    await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
    await consumer.commit([{ topic: 'a', partition: 0, offset: 2 }]);
    await transport.runMaintenance();
    expect(await range(transport)).toEqual([0, 3]);
  });

  test('takes what a group has held for long in several writes', async () => {
    using folder = temporaryFolder();
    await using store = await Store.open({ path: folder.path, readOnly: false, maxBytes: 2 ** 36 });
    const { topic, appender } = await topicOf(store, { retentionMs: 1 });
    // Two of these do not fit a block.
    const value = Buffer.alloc(33_000);
    const batch = batchOf(Array.from({ length: 1500 }, () => ({ topic: 0, value })));
    await store.write('state', () => appender.plan(batch, null));
    const retention = new Retention(store);
    expect(await retention.retain(topic, 0, 1500, 1e9)).toBe(true);
    expect(topic.partitions[0]?.startOffset).toBe(1024);
    expect(await retention.retain(topic, 0, 1500, 1e9)).toBe(false);
    expect(topic.partitions[0]).toMatchObject({ startOffset: 1500, records: 0, bytes: 0 });
  });

  test('looks at blocks again only when something may be due', async () => {
    using folder = temporaryFolder();
    await using store = await Store.open({ path: folder.path, readOnly: false, maxBytes: 2 ** 36 });
    const { topic, appender } = await topicOf(store, { retentionMs: 10 });
    const append = (timestampMs: number) =>
      store.write('state', () =>
        appender.plan(batchOf([{ topic: 0, value: 'x', timestampMs }]), null),
      );
    await append(100);
    await append(105);
    const retention = new Retention(store);
    const blocks = vi.spyOn(store.log, 'blocks');
    const looks = async (nowMs: number, hold = 9): Promise<number> => {
      blocks.mockClear();
      await retention.retain(topic, 0, hold, nowMs);
      return blocks.mock.calls.length;
    };
    expect(await looks(101)).toBe(1);
    expect(await looks(110)).toBe(0);
    await append(120);
    expect(await looks(110)).toBe(0);
    expect(await looks(111, 0)).toBe(0);
    expect(topic.partitions[0]?.startOffset).toBe(0);
    expect(await looks(111)).toBe(1);
    expect(topic.partitions[0]?.startOffset).toBe(1);
    expect(await looks(112)).toBe(0);
    expect(await looks(116)).toBe(1);
    expect(topic.partitions[0]?.startOffset).toBe(2);
  });
});
