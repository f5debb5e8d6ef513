import { describe as group, expect, test } from 'vitest';
import { openEmbeddedTransport } from '../../../src/transport/embedded/embedded-transport.ts';
import { Store } from '../../../src/transport/embedded/store.ts';
import { describe, stateOf, TopicCatalog } from '../../../src/transport/embedded/topic-catalog.ts';
import { batchOf } from '../batch-of.ts';
import { temporaryFolder } from '../temporary-folder.ts';

group('the catalog', () => {
  test('read anew is what the writer had', async () => {
    using folder = temporaryFolder();
    let written: unknown;
    {
      await using transport = await openEmbeddedTransport({ path: folder.path });
      const topic = await transport.openTopic('a', { partitions: 2, retentionMs: 1e13 });
      await transport.openTopic('b', { cleanup: 'compact' });
      const records = [1, 2, 3].map((n) => ({ topic, key: `${n}`, value: 'v' }));
      await transport.append(batchOf(records), null);
      await transport.beginGeneration(['b', 'c'], { key: 's', value: null });
      written = await transport.listTopics();
    }
    await using store = await Store.open({ path: folder.path, readOnly: false, maxBytes: 1e8 });
    const catalog = new TopicCatalog(store);
    expect(catalog.topics.map(describe)).toEqual(written);
    expect(catalog.counters).toMatchObject({ nextSequence: 3 });
    const topic = catalog.find('a');
    expect(topic?.document).toMatchObject({ retentionMs: 1e13, retentionBytes: null });
    expect(catalog.byHandle(topic?.handle ?? -1)).toBe(topic);
    expect(() => catalog.byHandle(99)).toThrow('never given out');
    if (topic === undefined) throw new Error('no topic');
    expect(() => stateOf(topic, 2)).toThrow('a has no partition 2');
  });

  test('knows what was appended since the states were stored, read anew and again', async () => {
    using folder = temporaryFolder();
    const options = { path: folder.path, segmentBytes: 2000 };
    await using transport = await openEmbeddedTransport(options);
    const topic = await transport.openTopic('a', { partitions: 3 });
    await using store = await Store.open({ ...options, readOnly: true, maxBytes: 1e8 });
    const reader = new TopicCatalog(store);
    // Over several segments: states are stored when one is closed, and only then.
    for (let n = 0; n < 40; n++) {
      await transport.append(batchOf([{ topic, key: `${n % 7}`, value: 'v'.repeat(90) }]), null);
      if (n % 3 === 0) continue;
      store.refresh();
      reader.reload();
      expect(reader.topics.map(describe)).toEqual(await transport.listTopics());
    }
    expect(store.log.closed.length).toBeGreaterThan(2);
  });

  test('takes new settings of a topic, but not its partitions', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    await transport.openTopic('a', { retentionBytes: 0 });
    await transport.openTopic('a', { cleanup: 'compact', partitions: 7 });
    expect(await transport.describeTopic('a')).toMatchObject({
      cleanup: 'compact',
      partitions: [{ partition: 0 }],
    });
    await transport.openTopic('a');
    expect(await transport.describeTopic('a')).toMatchObject({ cleanup: 'compact' });
    const none = transport.openTopic('b', { partitions: 0 });
    await expect(none).rejects.toThrow('cannot have 0 partitions');
  });
});
