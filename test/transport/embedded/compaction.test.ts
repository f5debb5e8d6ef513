import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import {
  type EmbeddedTransport,
  openEmbeddedTransport,
} from '../../../src/transport/embedded/embedded-transport.ts';
import { batchOf } from '../batch-of.ts';
import { readAll, shown } from '../log-reading.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const DAY_MS = 24 * 3600 * 1000;

/** Text like `a=1 b=2 a=-`: keys with their values, `-` a tombstone. */
async function put(transport: EmbeddedTransport, text: string, timestampMs = 0): Promise<void> {
  const topic = await transport.openTopic('t', { cleanup: 'compact' });
  const records = text.split(' ').map((pair) => {
    const [key = '', value = ''] = pair.split('=');
    return { topic, key, value: value === '-' ? null : value, timestampMs };
  });
  await transport.append(batchOf(records), null);
}

async function found(transport: EmbeddedTransport): Promise<string[]> {
  await using consumer = await transport.consumer({
    group: 'tail',
    topics: ['t'],
    register: false,
  });
  return shown(await readAll(consumer)).map((line) => line.slice('t/0@'.length));
}

describe('compaction', () => {
  test('keeps the newest record of each key with its offset', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    await put(transport, 'a=1 b=1 a=2 c=1');
    await put(transport, 'b=2 d=1 a=3');
    await transport.runMaintenance();
    expect(await found(transport)).toEqual(['3 c=1', '4 b=2', '5 d=1', '6 a=3']);
    expect((await transport.describeTopic('t'))?.partitions[0]).toMatchObject({
      startOffset: 3,
      endOffset: 7,
    });
    expect(transport.statistics().records).toBe(4);
    // The second pass works on what is new, and on what was clean before.
    await put(transport, 'c=2 e=1 e=2 b=3 d=2');
    await transport.runMaintenance();
    expect(await found(transport)).toEqual(['6 a=3', '7 c=2', '9 e=2', '10 b=3', '11 d=2']);
  });

  test('keeps a tombstone for its time, then forgets the key', async () => {
    using folder = temporaryFolder();
    let nowMs = 1000;
    const clock = { ...systemClock, nowMs: () => nowMs };
    await using transport = await openEmbeddedTransport({ path: folder.path, clock });
    await put(transport, 'a=1 b=1 a=-', 1000);
    await transport.runMaintenance();
    expect(await found(transport)).toEqual(['1 b=1', '2 a=-']);
    nowMs = 1000 + DAY_MS - 1;
    await transport.runMaintenance();
    expect(await found(transport)).toEqual(['1 b=1', '2 a=-']);
    nowMs++;
    await transport.runMaintenance();
    expect(await found(transport)).toEqual(['1 b=1']);
    await put(transport, 'c=1');
    expect(await found(transport)).toEqual(['1 b=1', '3 c=1']);
  });

  test('leaves alone what a registered group has not read', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    await put(transport, 'a=1 a=2 a=3 a=4');
    await using sink = await transport.consumer({ group: 'sink', topics: /t/ });
    await transport.runMaintenance();
    expect(await found(transport)).toHaveLength(4);
    await sink.commit([{ topic: 't', partition: 0, offset: 2 }]);
    await transport.runMaintenance();
    expect(await found(transport)).toEqual(['1 a=2', '2 a=3', '3 a=4']);
    expect(shown(await readAll(sink))).toHaveLength(3);
    await transport.deleteGroup('sink');
    await transport.runMaintenance();
    expect(await found(transport)).toEqual(['3 a=4']);
  });

  test('waits until it is worth a pass', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    await put(transport, Array.from({ length: 100 }, (_, n) => `k${n}=1`).join(' '));
    await transport.runMaintenance();
    await put(transport, 'k1=2 k1=3');
    await transport.runMaintenance();
    expect(transport.statistics().records).toBe(102);
    await put(transport, Array.from({ length: 120 }, () => 'k1=4').join(' '));
    await transport.runMaintenance();
    expect(transport.statistics().records).toBe(100);
  });

  test('of many values shows a reader every newest record all the while', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    const topic = await transport.openTopic('t', { cleanup: 'compact', partitions: 2 });
    for (let round = 0; round < 30; round++) {
      const records = Array.from({ length: 200 }, (_, n) => ({
        topic,
        key: `k${n}`,
        value: `${round} ${'x'.repeat(500)}`,
      }));
      await transport.append(batchOf(records), null);
    }
    const compacting = transport.runMaintenance();
    const newest = async (): Promise<Set<string>> => {
      await using consumer = await transport.consumer({
        group: 'r',
        topics: ['t'],
        register: false,
      });
      const values = new Map<string, string>();
      for (const { records } of await readAll(consumer)) {
        for (const { key, value } of records) {
          values.set(key?.toString() ?? '', value?.toString().split(' ')[0] ?? '');
        }
      }
      return new Set([...values].map(([key, round]) => `${key}:${round}`));
    };
    const wanted = new Set(Array.from({ length: 200 }, (_, n) => `k${n}:29`));
    const state = { ended: false };
    const watch = compacting.then(() => {
      state.ended = true;
    });
    while (!state.ended) {
      expect(await newest()).toEqual(wanted);
      await transport.storeOffset({ key: 'turn', value: 'x' });
    }
    await watch;
    expect(await newest()).toEqual(wanted);
    expect(transport.statistics().records).toBe(200);
  });

  test('gives up a log that a new generation drops meanwhile', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    for (let n = 0; n < 40; n++) await put(transport, `a=${'x'.repeat(70_000)}${n}`);
    const compacting = transport.runMaintenance();
    await transport.beginGeneration(['t'], { key: 's', value: 'x' });
    await compacting;
    await put(transport, 'b=1');
    await transport.runMaintenance();
    expect(await found(transport)).toEqual(['40 b=1']);
    expect(transport.statistics().records).toBe(1);
  });
});
