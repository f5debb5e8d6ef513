import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type EmbeddedTransport,
  openEmbeddedTransport,
} from '../../../src/transport/embedded/embedded-transport.ts';
import { batchOf } from '../batch-of.ts';
import { readAll } from '../log-reading.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { Child } from './child.ts';

const SEGMENT_BYTES = 100_000;

interface Topics {
  readonly kept: number;
  readonly dropped: number;
}

async function openTopics(transport: EmbeddedTransport): Promise<Topics> {
  return {
    kept: await transport.openTopic('kept'),
    dropped: await transport.openTopic('dropped', { retentionBytes: 0 }),
  };
}

/** A small record that stays, beside large ones that go. */
async function appendBoth(transport: EmbeddedTransport, topics: Topics, n: number): Promise<void> {
  const records = [
    { topic: topics.kept, value: `${n}` },
    { topic: topics.dropped, value: Buffer.alloc(30_000) },
  ];
  await transport.append(batchOf(records), null);
}

async function valuesOf(transport: EmbeddedTransport, topic: string): Promise<string[]> {
  await using consumer = await transport.consumer({ group: 'g', topics: [topic], register: false });
  const fetched = await readAll(consumer);
  return fetched.flatMap(({ records }) => records.map(({ value }) => value?.toString() ?? ''));
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => `${n}`);
const segmentsIn = (folder: string): number => readdirSync(path.join(folder, 'log')).length;

describe('reclaiming', () => {
  test('moves what is kept out of segments whose other records are gone', async () => {
    using folder = temporaryFolder();
    const options = { path: folder.path, segmentBytes: SEGMENT_BYTES };
    {
      await using transport = await openEmbeddedTransport(options);
      const topics = await openTopics(transport);
      for (let n = 0; n < 60; n++) await appendBoth(transport, topics, n);
      expect(segmentsIn(folder.path)).toBeGreaterThan(15);
      await transport.runMaintenance();
      expect(segmentsIn(folder.path)).toBeLessThan(4);
      expect(transport.statistics().bytesUsed).toBeLessThan(500_000);
      expect(await valuesOf(transport, 'kept')).toEqual(numbers(60));
      // What was moved is moved again with what came since, and offsets go on.
      for (let n = 60; n < 120; n++) await appendBoth(transport, topics, n);
      await transport.runMaintenance();
      expect(segmentsIn(folder.path)).toBeLessThan(4);
      expect(await valuesOf(transport, 'kept')).toEqual(numbers(120));
    }
    await using again = await openEmbeddedTransport(options);
    expect(await valuesOf(again, 'kept')).toEqual(numbers(120));
    expect(await valuesOf(again, 'dropped')).toEqual([]);
  });

  test('leaves a segment alone in which most is kept', async () => {
    using folder = temporaryFolder();
    const options = { path: folder.path, segmentBytes: SEGMENT_BYTES };
    await using transport = await openEmbeddedTransport(options);
    const topics = await openTopics(transport);
    const records = [
      { topic: topics.kept, value: Buffer.alloc(60_000) },
      { topic: topics.dropped, value: Buffer.alloc(30_000) },
    ];
    for (let n = 0; n < 5; n++) await transport.append(batchOf(records), null);
    const before = segmentsIn(folder.path);
    await transport.runMaintenance();
    expect(segmentsIn(folder.path)).toBe(before);
    expect((await transport.describeTopic('dropped'))?.partitions[0]?.startOffset).toBe(5);
  });

  test('gives the space of a dropped generation back', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    const topic = await transport.openTopic('a');
    const batch = batchOf(
      Array.from({ length: 100 }, () => ({ topic, value: Buffer.alloc(60_000) })),
    );
    for (let n = 0; n < 5; n++) await transport.append(batch, null);
    expect(transport.statistics().bytesUsed).toBeGreaterThan(30_000_000);
    await transport.beginGeneration(['a'], { key: 's', value: 'x' });
    expect(transport.statistics().records).toBe(0);
    await transport.runMaintenance();
    expect(transport.statistics().bytesUsed).toBeLessThan(1_000_000);
    await transport.append(batch, null);
    expect(await valuesOf(transport, 'a')).toHaveLength(100);
  });

  test('goes on under a reader of another process, which misses nothing that is kept', async () => {
    using folder = temporaryFolder();
    const options = { path: folder.path, segmentBytes: SEGMENT_BYTES };
    await using transport = await openEmbeddedTransport(options);
    const topics = await openTopics(transport);
    await using tail = new Child(['tail', folder.path]);
    expect(await tail.next()).toMatchObject({ found: [] });
    for (let n = 0; n < 200; n++) {
      await appendBoth(transport, topics, n);
      if (n % 10 === 9) await transport.runMaintenance();
    }
    const seen: string[] = [];
    while (seen.length < 200) {
      const { topic, values } = await tail.next<{ topic: string; values: string[] }>();
      if (topic === 'kept') seen.push(...values);
    }
    expect(seen).toEqual(numbers(200));
    expect(await tail.end()).toBe(0);
    expect(tail.complaints).toBe('');
  });
});
