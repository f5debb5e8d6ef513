import { describe, expect, test } from 'vitest';
import { BatchAppender } from '../../../src/transport/embedded/batch-appender.ts';
import { BLOCK_BYTES_MAX, LogBlock } from '../../../src/transport/embedded/log-block.ts';
import { scanBlocks } from '../../../src/transport/embedded/segment-index.ts';
import { Store } from '../../../src/transport/embedded/store.ts';
import { TopicCatalog } from '../../../src/transport/embedded/topic-catalog.ts';
import { batchOf } from '../batch-of.ts';
import { temporaryFolder } from '../temporary-folder.ts';

async function catalogWith(store: Store, name: string): Promise<TopicCatalog> {
  const catalog = new TopicCatalog(store);
  await store.write('state', () => {
    const operations: { key: Buffer; value: Buffer | null }[] = [];
    const planned = catalog.planTopic(name, {}, catalog.counters, operations);
    return {
      operations,
      durable: () => {
        planned.durable();
        catalog.counters = planned.counters;
      },
    };
  });
  return catalog;
}

describe('a planned batch', () => {
  test('is cut into blocks of about 64 KiB that follow each other', async () => {
    using folder = temporaryFolder();
    await using store = await Store.open({ path: folder.path, readOnly: false, maxBytes: 1e9 });
    const catalog = await catalogWith(store, 'a');
    const appender = new BatchAppender(store, catalog, 1e9);
    const records = Array.from({ length: 2000 }, () => ({ topic: 0, value: Buffer.alloc(630) }));
    const { data, durable } = appender.plan(batchOf(records), null);
    expect(data).toMatchObject({ segment: 1, position: 0 });
    const bytes = data?.bytes ?? Buffer.alloc(0);
    const read = (position: number, length: number): Buffer =>
      bytes.subarray(position, position + length);
    const blocks = scanBlocks(1, read, 0, bytes.length) ?? [];
    // As many records as fit, in each but the last.
    const perBlock = Math.floor((BLOCK_BYTES_MAX - 56) / (630 + 28));
    expect(blocks.length).toBe(Math.ceil(2000 / perBlock));
    expect(Math.max(...blocks.map(({ length }) => length))).toBeLessThanOrEqual(BLOCK_BYTES_MAX);
    const storage = catalog.byHandle(0).document.storage;
    let next = 0;
    for (const stored of blocks) {
      expect(stored).toMatchObject({ storage, partition: 0, baseOffset: next });
      const block = new LogBlock(read(stored.position, stored.length));
      expect(block.record(0).sequence).toBe(next);
      next = block.endOffset;
    }
    expect(next).toBe(2000);
    // Nothing is known of it before it is durable.
    expect(catalog.counters.nextSequence).toBe(0);
    durable?.();
    expect(catalog.counters.nextSequence).toBe(2000);
    expect(catalog.byHandle(0).partitions[0]).toMatchObject({ endOffset: 2000, records: 2000 });
  });

  test('that is refused leaves no trace', async () => {
    using folder = temporaryFolder();
    await using store = await Store.open({ path: folder.path, readOnly: false, maxBytes: 1e6 });
    const catalog = await catalogWith(store, 'a');
    const appender = new BatchAppender(store, catalog, 10_000_000);
    const large = batchOf([{ topic: 0, value: Buffer.alloc(2_000_000) }]);
    expect(() => appender.plan(large, null)).toThrow(
      expect.objectContaining({ code: 'STORE_FULL' }),
    );
    expect(() => appender.plan(batchOf([{ topic: 5 }]), null)).toThrow('handle 5');
    const { operations } = appender.plan(batchOf([]), { key: 's', value: 'x' });
    expect(operations).toHaveLength(1);
    expect(catalog.counters.nextSequence).toBe(0);
  });
});
