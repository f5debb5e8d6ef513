import { describe, expect, test } from 'vitest';
import { openEmbeddedTransport } from '../../../src/transport/embedded/embedded-transport.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { batchOf } from '../batch-of.ts';
import { readAll, shown } from '../log-reading.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const signal = new AbortController().signal;

describe('a consumer', () => {
  test('waits by the clock it was given and for no longer', async () => {
    using folder = temporaryFolder();
    const clock = new FakeClock();
    await using transport = await openEmbeddedTransport({ path: folder.path, clock });
    await using consumer = await transport.consumer({ group: 'g', topics: /.*/ });
    const waiting = consumer.poll({ maxBytes: 1, maxWaitMs: 1000, signal });
    clock.advance(1000);
    expect(await waiting).toEqual([]);
  });

  test('that began at the end goes on there after a restart, with later topics whole', async () => {
    using folder = temporaryFolder();
    const options = { group: 'g', topics: /.*/, startAt: 'latest' } as const;
    {
      await using transport = await openEmbeddedTransport({ path: folder.path });
      const a = await transport.openTopic('a');
      await transport.append(batchOf([{ topic: a, value: 'before' }]), null);
      await using _consumer = await transport.consumer(options);
    }
    await using transport = await openEmbeddedTransport({ path: folder.path });
    const handles = [await transport.openTopic('a'), await transport.openTopic('b')];
    await transport.append(batchOf(handles.map((topic) => ({ topic, value: 'missed' }))), null);
    await using consumer = await transport.consumer(options);
    expect(shown(await readAll(consumer))).toEqual(['a/0@1 -=missed', 'b/0@0 -=missed']);
  });

  test('that does not register commits nothing; one that is gone reads nothing', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    const topic = await transport.openTopic('a');
    await transport.append(batchOf([{ topic, value: '1' }]), null);
    const tail = await transport.consumer({ group: 't', topics: /.*/, register: false });
    const where = { topic: 'a', partition: 0, offset: 1 };
    await expect(tail.commit([where])).rejects.toThrow('not registered');
    expect(() => {
      tail.seek({ topic: 'b', partition: 0 }, 0);
    }).toThrow(expect.objectContaining({ code: 'TOPIC_UNKNOWN' }));
    await tail[Symbol.asyncDispose]();
    expect(await tail.poll({ maxBytes: 1, maxWaitMs: 0, signal })).toEqual([]);
    expect(await transport.listGroups()).toEqual([]);
  });

  test('whose unread records retention took goes on at the oldest that is left', async () => {
    using folder = temporaryFolder();
    await using transport = await openEmbeddedTransport({ path: folder.path });
    const topic = await transport.openTopic('a', { retentionBytes: 300 });
    await using tail = await transport.consumer({ group: 't', topics: /.*/, register: false });
    for (let n = 0; n < 10; n++) {
      await transport.append(batchOf([{ topic, value: `${n}${'x'.repeat(80)}` }]), null);
    }
    await transport.runMaintenance();
    const start = (await transport.describeTopic('a'))?.partitions[0]?.startOffset ?? 0;
    expect(start).toBeGreaterThan(5);
    const offsets = (await readAll(tail)).flatMap(({ records }) => records.map((r) => r.offset));
    expect(offsets).toEqual(Array.from({ length: 10 - start }, (_, n) => start + n));
  });
});
