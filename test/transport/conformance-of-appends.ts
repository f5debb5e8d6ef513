import { expect } from 'vitest';
import type { Transport } from '../../src/transport/transport.ts';
import { partitionOfKey } from '../../src/transport/murmur2.ts';
import { batchOf } from './batch-of.ts';
import {
  appendTo,
  type ConformanceTests,
  readAll,
  sequencesOf,
  shown,
  tail,
} from './log-reading.ts';

/** Topics and partitions. */
export const topicConformance: ConformanceTests = {
  'are made once and keep their partitions': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    expect(await transport.describeTopic('shop')).toBeNull();
    const handle = await transport.openTopic('shop', { partitions: 3 });
    expect(await transport.openTopic('shop', { partitions: 5 })).toBe(handle);
    const described = await transport.describeTopic('shop');
    expect(described).toMatchObject({ name: 'shop', generation: 1, cleanup: 'delete' });
    expect(
      described?.partitions.map(({ startOffset, endOffset }) => [startOffset, endOffset]),
    ).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect((await transport.listTopics()).map((topic) => topic.name)).toEqual(['shop']);
  },

  'give a record the partition that Java gives its key': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('shop', { partitions: 4 });
    const keys = Array.from({ length: 40 }, (_, i) => `{"id":${i}}`);
    await appendTo(
      transport,
      keys.map((key) => ({ topic, key, value: 'v' })),
    );
    await using consumer = await tail(transport);
    const found = new Map(
      (await readAll(consumer)).flatMap(({ partition, records }) =>
        records.map(({ key }) => [key?.toString(), partition] as const),
      ),
    );
    for (const key of keys) {
      const bytes = Buffer.from(key);
      expect(found.get(key)).toBe(partitionOfKey(bytes, 0, bytes.length, 4));
    }
  },

  'put records without key into one partition, in order': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('shop', { partitions: 4 });
    await appendTo(
      transport,
      [1, 2, 3].map((n) => ({ topic, value: `${n}` })),
    );
    await using consumer = await tail(transport);
    expect(shown(await readAll(consumer))).toEqual([
      'shop/0@0 -=1',
      'shop/0@1 -=2',
      'shop/0@2 -=3',
    ]);
  },
};

/** What an append keeps. */
export const appendConformance: ConformanceTests = {
  'beside the source take several at a time, and end nothing that the source has begun': async (
    make,
  ) => {
    await using log = await make();
    await using transport = await log.open();
    const shop = await transport.openTopic('shop');
    const letters = await transport.openTopic('letters', { replicationFactor: -1 });
    await transport.append(batchOf([{ topic: shop, key: 'a', value: '1' }]), null, true);
    await Promise.all(
      ['x', 'y'].map((value) =>
        transport.appendBeside(batchOf([{ topic: letters, key: 'k', value }])),
      ),
    );
    await transport.append(batchOf([{ topic: shop, key: 'a', value: '2' }]), null);
    await using consumer = await tail(transport);
    const values = new Map(
      (await readAll(consumer)).flatMap(({ topic, records }) =>
        records.map(({ value }) => [`${topic} ${value?.toString()}`, true]),
      ),
    );
    expect([...values.keys()].toSorted()).toEqual(['letters x', 'letters y', 'shop 1', 'shop 2']);
  },

  'keeps key, value, headers and timestamp, also when null or empty': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('shop');
    const headers = [
      ['a', 'x'],
      ['é', null],
      ['', ''],
    ] as const;
    await appendTo(transport, [
      { topic, key: 'k', value: 'v', timestampMs: 1_700_000_000_123, headers },
      { topic, key: 'k', value: null },
      { topic, key: null, value: '' },
      { topic, key: '', value: Buffer.from([0, 255, 128]) },
    ]);
    await using consumer = await tail(transport);
    const records = (await readAll(consumer)).flatMap((fetched) => fetched.records);
    expect(records).toMatchObject([
      {
        offset: 0,
        timestampMs: 1_700_000_000_123,
        key: Buffer.from('k'),
        value: Buffer.from('v'),
      },
      { offset: 1, key: Buffer.from('k'), value: null, headers: [] },
      { offset: 2, key: null, value: Buffer.alloc(0) },
      { offset: 3, key: Buffer.alloc(0), value: Buffer.from([0, 255, 128]) },
    ]);
    expect(records[0]?.headers).toEqual([
      { name: 'a', value: Buffer.from('x') },
      { name: 'é', value: null },
      { name: '', value: Buffer.alloc(0) },
    ]);
  },

  'lets the caller use the batch again': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('shop');
    const batch = batchOf([{ topic, key: 'first', value: 'one' }]);
    await transport.append(batch, null);
    batch.writer.bytes.fill(0x2e);
    batch.clear();
    batch.start(topic, 0);
    batch.writer.utf8('next');
    batch.endKey(true);
    batch.endValue(false);
    batch.end();
    await transport.append(batch, null);
    await using consumer = await tail(transport);
    expect(shown(await readAll(consumer))).toEqual(['shop/0@0 first=one', 'shop/0@1 next=-']);
  },

  'takes records of any size beside each other': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('shop');
    const sizes = [0, 1, 70_000, 3, 300_000, 65_536, 2, 65_535];
    await appendTo(
      transport,
      sizes.map((size, n) => ({ topic, key: `${n}`, value: Buffer.alloc(size, 65 + n) })),
    );
    await using consumer = await tail(transport);
    const records = (await readAll(consumer)).flatMap((fetched) => fetched.records);
    expect(records.map(({ value }) => value?.length)).toEqual(sizes);
    expect(records.every(({ value }, n) => value?.every((byte) => byte === 65 + n))).toBe(true);
  },

  'stores the source offset with the records': async (make) => {
    await using log = await make();
    const source = '["shop",{"server":"shop"}]';
    {
      await using transport = await log.open();
      const topic = await transport.openTopic('shop');
      expect(await transport.loadOffset(source)).toBeNull();
      const batch = batchOf([{ topic, key: 'k', value: 'v' }]);
      await transport.append(batch, { key: source, value: '{"lsn":1}' });
      await transport.append(batchOf([]), {
        key: source,
        value: '{"lsn":2}',
      });
    }
    await using transport = await log.open();
    expect(await transport.loadOffset(source)).toBe('{"lsn":2}');
    expect(await transport.listOffsets()).toEqual([{ key: source, value: '{"lsn":2}' }]);
    expect((await transport.describeTopic('shop'))?.partitions[0]?.endOffset).toBe(1);
    await transport.storeOffset({ key: source, value: '{"lsn":3}' });
    expect(await transport.loadOffset(source)).toBe('{"lsn":3}');
    await transport.storeOffset({ key: source, value: null });
    expect(await transport.listOffsets()).toEqual([]);
  },

  'stores several source offsets together, with records, without and with a generation': async (
    make,
  ) => {
    await using log = await make();
    const first = '["shop",{"server":"shop"}]';
    const second = '["tidemark",{"connector":"shop","server":"shop"}]';
    const both = (value: string | null): { key: string; value: string | null }[] => [
      { key: first, value },
      { key: second, value },
    ];
    const stored = async (transport: Transport): Promise<readonly (string | null)[]> => [
      await transport.loadOffset(first),
      await transport.loadOffset(second),
    ];
    {
      await using transport = await log.open();
      const topic = await transport.openTopic('shop');
      await transport.append(batchOf([{ topic, key: 'k', value: 'v' }]), both('{"n":1}'));
      expect(await stored(transport)).toEqual(['{"n":1}', '{"n":1}']);
      await transport.storeOffset(both('{"n":2}'));
      expect(await stored(transport)).toEqual(['{"n":2}', '{"n":2}']);
      await transport.beginGeneration(['shop'], both('{"n":3}'));
    }
    await using transport = await log.open();
    expect(await stored(transport)).toEqual(['{"n":3}', '{"n":3}']);
    expect((await transport.listOffsets()).map(({ key }) => key).toSorted()).toEqual([
      first,
      second,
    ]);
    await transport.storeOffset([
      { key: first, value: '{"n":4}' },
      { key: second, value: null },
    ]);
    expect(await stored(transport)).toEqual(['{"n":4}', null]);
  },

  'goes on with offsets and sequence after a restart': async (make) => {
    await using log = await make();
    for (let start = 0; start < 3; start++) {
      await using transport = await log.open();
      const topic = await transport.openTopic('shop');
      await appendTo(transport, [
        { topic, key: `${start}` },
        { topic, key: `${start}+` },
      ]);
    }
    await using transport = await log.open();
    await using consumer = await tail(transport);
    const fetched = await readAll(consumer);
    expect(shown(fetched).map((line) => line.split(' ')[0])).toEqual(
      [0, 1, 2, 3, 4, 5].map((n) => `shop/0@${n}`),
    );
    // A distributed log numbers what a consumer reads, so for each from one.
    const sequences = sequencesOf(fetched);
    expect(sequences).toEqual(sequences.map((_, n) => (sequences[0] ?? 0) + n));
  },
};

/** Documents beside the log. */
export const documentConformance: ConformanceTests = {
  'are written all or none, listed by collection, and survive a restart': async (make) => {
    await using log = await make();
    {
      await using transport = await log.open();
      expect(transport.documents.get('schemas', '1')).toBeNull();
      await transport.documents.write([
        { collection: 'schemas', key: '1', value: '{"a":1}' },
        { collection: 'schemas', key: '2', value: '{"a":2}' },
        { collection: 'schemas2', key: '1', value: 'other' },
      ]);
      await transport.documents.write([
        { collection: 'schemas', key: '1', value: null },
        { collection: 'schemas', key: 'ü', value: 'three' },
      ]);
    }
    await using transport = await log.open();
    expect(transport.documents.get('schemas', '2')).toBe('{"a":2}');
    expect(transport.documents.entries('schemas')).toEqual([
      { key: '2', value: '{"a":2}' },
      { key: 'ü', value: 'three' },
    ]);
    expect(transport.documents.entries('schemas2')).toEqual([{ key: '1', value: 'other' }]);
  },
};

/** What is counted. */
export const statisticsConformance: ConformanceTests = {
  'count what is stored': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('shop');
    await appendTo(transport, [
      { topic, key: 'a' },
      { topic, key: 'b' },
    ]);
    const statistics = transport.statistics();
    if (log.distributed === true) {
      expect(statistics).toBeNull();
      return;
    }
    expect(statistics?.records).toBe(2);
    expect(statistics?.bytesUsed).toBeGreaterThan(0);
    expect(statistics?.bytesLimit).toBeGreaterThan(statistics?.bytesUsed ?? 0);
  },
};
