import { describe, expect, test } from 'vitest';
import { partitionOfKey } from '../../src/transport/murmur2.ts';
import type {
  Consumer,
  FetchedRecords,
  LogRecord,
  Transport,
} from '../../src/transport/transport.ts';
import { batchOf, type PlainRecord } from './batch-of.ts';

/** A log to test on; each `open` is a start of the process that owns it. */
export interface ConformanceLog extends AsyncDisposable {
  open(): Promise<Transport>;
}

const NO_SIGNAL = new AbortController().signal;
const NOW = { maxBytes: 1_000_000, maxWaitMs: 0, signal: NO_SIGNAL };

/** Everything that a consumer finds until nothing comes at once. */
export async function readAll(consumer: Consumer): Promise<FetchedRecords[]> {
  const all: FetchedRecords[] = [];
  for (;;) {
    const fetched = await consumer.poll(NOW);
    if (fetched.length === 0) return all;
    all.push(...fetched);
  }
}

/** The records of fetched ranges with their topic, as text. */
export function shown(fetched: readonly FetchedRecords[]): string[] {
  return fetched.flatMap(({ topic, partition, records }) =>
    records.map(
      ({ offset, key, value }) =>
        `${topic}/${partition}@${offset} ${key?.toString() ?? '-'}=${value?.toString() ?? '-'}`,
    ),
  );
}

function sequencesOf(fetched: readonly FetchedRecords[]): number[] {
  return fetched.flatMap(({ records }) => records.map(({ sequence }) => sequence));
}

async function append(transport: Transport, records: readonly PlainRecord[]): Promise<void> {
  await transport.append(batchOf(records), null);
}

function tail(transport: Transport, topics: RegExp | string[] = /.*/): Promise<Consumer> {
  return transport.consumer({ group: 'tail', topics, register: false });
}

/** What every driver of the transport port must do; written against the port alone. */
export function transportConformance(name: string, make: () => Promise<ConformanceLog>): void {
  describe(`${name}: topics`, () => {
    test('are made once and keep their partitions', async () => {
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
    });

    test('give a record the partition that Java gives its key', async () => {
      await using log = await make();
      await using transport = await log.open();
      const topic = await transport.openTopic('shop', { partitions: 4 });
      const keys = Array.from({ length: 40 }, (_, i) => `{"id":${i}}`);
      await append(
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
    });

    test('put records without key into one partition, in order', async () => {
      await using log = await make();
      await using transport = await log.open();
      const topic = await transport.openTopic('shop', { partitions: 4 });
      await append(
        transport,
        [1, 2, 3].map((n) => ({ topic, value: `${n}` })),
      );
      await using consumer = await tail(transport);
      expect(shown(await readAll(consumer))).toEqual([
        'shop/0@0 -=1',
        'shop/0@1 -=2',
        'shop/0@2 -=3',
      ]);
    });
  });

  describe(`${name}: append`, () => {
    test('keeps key, value, headers and timestamp, also when null or empty', async () => {
      await using log = await make();
      await using transport = await log.open();
      const topic = await transport.openTopic('shop');
      const headers = [
        ['a', 'x'],
        ['é', null],
        ['', ''],
      ] as const;
      await append(transport, [
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
    });

    test('lets the caller use the batch again', async () => {
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
    });

    test('takes records of any size beside each other', async () => {
      await using log = await make();
      await using transport = await log.open();
      const topic = await transport.openTopic('shop');
      const sizes = [0, 1, 70_000, 3, 300_000, 65_536, 2, 65_535];
      await append(
        transport,
        sizes.map((size, n) => ({ topic, key: `${n}`, value: Buffer.alloc(size, 65 + n) })),
      );
      await using consumer = await tail(transport);
      const records = (await readAll(consumer)).flatMap((fetched) => fetched.records);
      expect(records.map(({ value }) => value?.length)).toEqual(sizes);
      expect(records.every(({ value }, n) => value?.every((byte) => byte === 65 + n))).toBe(true);
    });

    test('stores the source offset with the records', async () => {
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
    });

    test('goes on with offsets and sequence after a restart', async () => {
      await using log = await make();
      for (let start = 0; start < 3; start++) {
        await using transport = await log.open();
        const topic = await transport.openTopic('shop');
        await append(transport, [
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
      const sequences = sequencesOf(fetched);
      expect(sequences).toEqual(sequences.map((_, n) => (sequences[0] ?? 0) + n));
    });
  });

  conformanceOfConsumers(name, make);
  conformanceOfGroups(name, make);
  conformanceOfGenerations(name, make);

  describe(`${name}: documents`, () => {
    test('are written all or none, listed by collection, and survive a restart', async () => {
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
    });
  });

  describe(`${name}: statistics`, () => {
    test('count what is stored', async () => {
      await using log = await make();
      await using transport = await log.open();
      const topic = await transport.openTopic('shop');
      await append(transport, [
        { topic, key: 'a' },
        { topic, key: 'b' },
      ]);
      const statistics = transport.statistics();
      expect(statistics.records).toBe(2);
      expect(statistics.bytesUsed).toBeGreaterThan(0);
      expect(statistics.bytesLimit).toBeGreaterThan(statistics.bytesUsed);
    });
  });
}

function conformanceOfConsumers(name: string, make: () => Promise<ConformanceLog>): void {
  describe(`${name}: consumer`, () => {
    test('reads several topics in the order of appending', async () => {
      await using log = await make();
      await using transport = await log.open();
      const handles = [await transport.openTopic('a'), await transport.openTopic('b')];
      const order = [0, 1, 1, 0, 0, 0, 1, 0, 1, 1];
      await append(
        transport,
        order.map((n, i) => ({ topic: handles[n] ?? 0, value: `${i}` })),
      );
      await using consumer = await tail(transport);
      const fetched = await readAll(consumer);
      expect(fetched.flatMap((f) => f.records.map((r) => r.value?.toString()))).toEqual(
        order.map((_, i) => `${i}`),
      );
      // Consecutive records of a partition stand together.
      expect(fetched.map((f) => f.topic)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    });

    test('stops at maxBytes but always takes one record', async () => {
      await using log = await make();
      await using transport = await log.open();
      const topic = await transport.openTopic('a');
      await append(
        transport,
        [1, 2, 3, 4, 5].map(() => ({ topic, value: Buffer.alloc(100) })),
      );
      await using consumer = await tail(transport);
      const sizes: number[] = [];
      for (const maxBytes of [250, 1, 1000]) {
        const fetched = await consumer.poll({ ...NOW, maxBytes });
        sizes.push(fetched.reduce((sum, { records }) => sum + records.length, 0));
        expect(fetched.at(-1)?.nextOffset).toBe(sizes.reduce((a, b) => a + b));
        expect(fetched.at(-1)?.endOffset).toBe(5);
      }
      expect(sizes).toEqual([2, 1, 2]);
    });

    test('waits for the next record without being told when', async () => {
      await using log = await make();
      await using transport = await log.open();
      const topic = await transport.openTopic('a');
      await using consumer = await tail(transport);
      const waiting = consumer.poll({ ...NOW, maxWaitMs: 20_000 });
      await append(transport, [{ topic, value: 'here' }]);
      expect(shown(await waiting)).toEqual(['a/0@0 -=here']);
    });

    test('stops waiting when the signal aborts or it is closed', async () => {
      await using log = await make();
      await using transport = await log.open();
      await transport.openTopic('a');
      const consumer = await tail(transport);
      const abort = new AbortController();
      const waiting = consumer.poll({ ...NOW, maxWaitMs: 20_000, signal: abort.signal });
      abort.abort();
      expect(await waiting).toEqual([]);
      const second = consumer.poll({ ...NOW, maxWaitMs: 20_000 });
      await consumer[Symbol.asyncDispose]();
      expect(await second).toEqual([]);
    });

    test('picks up topics that appear, by pattern over the whole name', async () => {
      await using log = await make();
      await using transport = await log.open();
      await transport.openTopic('shop.a');
      await using consumer = await tail(transport, /shop\..|ware/);
      expect(consumer.assignment().map((at) => at.topic)).toEqual(['shop.a']);
      const late = await transport.openTopic('shop.b');
      const other = await transport.openTopic('shop.bc');
      await append(transport, [
        { topic: other, value: 'no' },
        { topic: late, value: 'yes' },
      ]);
      expect(shown(await readAll(consumer))).toEqual(['shop.b/0@0 -=yes']);
      expect(consumer.assignment().map((at) => at.topic)).toEqual(['shop.a', 'shop.b']);
    });

    test('seeks to any offset of the log and to no other', async () => {
      await using log = await make();
      await using transport = await log.open();
      const topic = await transport.openTopic('a');
      const numbers = Array.from({ length: 300 }, (_, n) => n);
      for (const part of [numbers.slice(0, 7), numbers.slice(7)]) {
        await append(
          transport,
          part.map((n) => ({ topic, value: Buffer.alloc(700, `${n},`) })),
        );
      }
      await using consumer = await tail(transport);
      await readAll(consumer);
      for (const offset of [0, 6, 7, 8, 99, 150, 299, 300]) {
        consumer.seek({ topic: 'a', partition: 0 }, offset);
        const records = (await readAll(consumer)).flatMap((f): readonly LogRecord[] => f.records);
        expect(records.map((record) => record.offset)).toEqual(numbers.slice(offset));
      }
      for (const offset of [-1, 301]) {
        expect(() => {
          consumer.seek({ topic: 'a', partition: 0 }, offset);
        }).toThrow(expect.objectContaining({ code: 'OFFSET_OUT_OF_RANGE' }));
      }
    });

    test('begins at the end when asked to', async () => {
      await using log = await make();
      await using transport = await log.open();
      const topic = await transport.openTopic('a');
      await append(transport, [{ topic, value: 'old' }]);
      await using consumer = await transport.consumer({
        group: 'g',
        topics: ['a'],
        startAt: 'latest',
      });
      expect(await readAll(consumer)).toEqual([]);
      await append(transport, [{ topic, value: 'new' }]);
      expect(shown(await readAll(consumer))).toEqual(['a/0@1 -=new']);
    });
  });
}

function conformanceOfGroups(name: string, make: () => Promise<ConformanceLog>): void {
  describe(`${name}: groups`, () => {
    test('go on where they committed, also after a restart, each for itself', async () => {
      await using log = await make();
      {
        await using transport = await log.open();
        const topic = await transport.openTopic('a');
        await append(
          transport,
          [1, 2, 3, 4].map((n) => ({ topic, value: `${n}` })),
        );
        await using one = await transport.consumer({ group: 'one', topics: ['a'] });
        await using two = await transport.consumer({ group: 'two', topics: ['a'] });
        await readAll(one);
        await readAll(two);
        await one.commit([{ topic: 'a', partition: 0, offset: 1 }]);
        await one.commit([{ topic: 'a', partition: 0, offset: 3 }]);
      }
      await using transport = await log.open();
      await using one = await transport.consumer({ group: 'one', topics: /a/ });
      await using two = await transport.consumer({ group: 'two', topics: /a/ });
      expect(shown(await readAll(one))).toEqual(['a/0@3 -=4']);
      expect(shown(await readAll(two))).toHaveLength(4);
    });

    test('are listed with what they have still to read, until they are deleted', async () => {
      await using log = await make();
      await using transport = await log.open();
      const topic = await transport.openTopic('a');
      await append(
        transport,
        [1, 2, 3].map((n) => ({ topic, value: `${n}` })),
      );
      await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
      await using watcher = await tail(transport);
      await readAll(watcher);
      await consumer.commit([{ topic: 'a', partition: 0, offset: 2 }]);
      expect(await transport.listGroups()).toEqual([
        { group: 'g', offsets: [{ topic: 'a', partition: 0, offset: 2, endOffset: 3 }] },
      ]);
      await transport.deleteGroup('g');
      expect(await transport.listGroups()).toEqual([]);
    });

    test('cannot commit what the log does not have', async () => {
      await using log = await make();
      await using transport = await log.open();
      await transport.openTopic('a');
      await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
      const commit = consumer.commit([{ topic: 'a', partition: 0, offset: 1 }]);
      await expect(commit).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
    });
  });
}

function conformanceOfGenerations(name: string, make: () => Promise<ConformanceLog>): void {
  describe(`${name}: generations`, () => {
    test('drop the records, go on with the offsets, and store the source offset', async () => {
      await using log = await make();
      {
        await using transport = await log.open();
        const a = await transport.openTopic('a');
        const b = await transport.openTopic('b');
        await append(transport, [
          { topic: a, value: 'ghost' },
          { topic: b, value: 'stays' },
        ]);
        await transport.beginGeneration(['a', 'new'], { key: 's', value: 'again' });
        await append(transport, [{ topic: a, value: 'real' }]);
      }
      await using transport = await log.open();
      expect(await transport.loadOffset('s')).toBe('again');
      expect(await transport.describeTopic('a')).toMatchObject({
        generation: 2,
        partitions: [{ startOffset: 1, endOffset: 2 }],
      });
      expect(await transport.describeTopic('b')).toMatchObject({ generation: 1 });
      expect(await transport.describeTopic('new')).toMatchObject({ generation: 1 });
      await using consumer = await tail(transport);
      expect(shown(await readAll(consumer))).toEqual(['b/0@0 -=stays', 'a/0@1 -=real']);
    });

    test('are told before their first record, also when none follows', async () => {
      await using log = await make();
      await using transport = await log.open();
      const a = await transport.openTopic('a');
      const b = await transport.openTopic('b');
      await append(
        transport,
        [1, 2].map((n) => ({ topic: a, value: `${n}` })),
      );
      await using consumer = await transport.consumer({ group: 'g', topics: /[ab]/ });
      const first = await consumer.poll({ ...NOW, maxBytes: 1 });
      expect(first).toMatchObject([{ topic: 'a', generation: 1, nextOffset: 1 }]);
      const waiting = consumer.poll({ ...NOW, maxBytes: 1 });
      expect(shown(await waiting)).toEqual(['a/0@1 -=2']);
      const next = consumer.poll({ ...NOW, maxWaitMs: 20_000 });
      await transport.beginGeneration(['a'], { key: 's', value: null });
      expect(await next).toEqual([
        { topic: 'a', partition: 0, generation: 2, records: [], nextOffset: 2, endOffset: 2 },
      ]);
      expect(consumer.assignment()).toMatchObject([
        { topic: 'a', generation: 2, position: 2 },
        { topic: 'b', generation: 1, position: 0 },
      ]);
      // Told once; then the records, after those of the other topic that came before.
      await append(transport, [
        { topic: b, value: 'x' },
        { topic: a, value: '3' },
      ]);
      const rest = await readAll(consumer);
      expect(shown(rest)).toEqual(['b/0@0 -=x', 'a/0@2 -=3']);
      expect(rest.map(({ generation }) => generation)).toEqual([1, 2]);
    });

    test('put a group that was away at their beginning', async () => {
      await using log = await make();
      await using transport = await log.open();
      const topic = await transport.openTopic('a');
      await append(
        transport,
        [1, 2, 3].map((n) => ({ topic, value: `${n}` })),
      );
      {
        await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
        await consumer.commit([{ topic: 'a', partition: 0, offset: 1 }]);
      }
      await transport.beginGeneration(['a'], { key: 's', value: null });
      await append(transport, [{ topic, value: 'new' }]);
      await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
      expect(consumer.assignment()).toEqual([
        { topic: 'a', partition: 0, generation: 2, position: 3 },
      ]);
      expect(shown(await readAll(consumer))).toEqual(['a/0@3 -=new']);
    });
  });
}
