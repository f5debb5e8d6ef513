import { expect } from 'vitest';
import {
  appendTo,
  type ConformanceTests,
  inLogOrder,
  NOW,
  readAll,
  shown,
  tail,
} from './log-reading.ts';

/** Groups and their offsets. */
export const groupConformance: ConformanceTests = {
  'go on where they committed, also after a restart, each for itself': async (make) => {
    await using log = await make();
    {
      await using transport = await log.open();
      const topic = await transport.openTopic('a');
      await appendTo(
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
  },

  'are listed with what they have still to read, until they are deleted': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('a');
    await appendTo(
      transport,
      [1, 2, 3].map((n) => ({ topic, value: `${n}` })),
    );
    {
      await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
      await using watcher = await tail(transport);
      await readAll(watcher);
      await consumer.commit([{ topic: 'a', partition: 0, offset: 2 }]);
      expect(await transport.listGroups()).toEqual([
        { group: 'g', offsets: [{ topic: 'a', partition: 0, offset: 2, endOffset: 3 }] },
      ]);
    }
    await transport.deleteGroup('g');
    expect(await transport.listGroups()).toEqual([]);
  },

  'are moved while they are away: back, forward, and before they were ever there': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('a');
    await appendTo(
      transport,
      [1, 2, 3, 4].map((n) => ({ topic, value: `${n}` })),
    );
    const at = (offset: number) => [{ topic: 'a', partition: 0, offset }];
    {
      await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
      await readAll(consumer);
      await consumer.commit(at(4));
      await expect(transport.setGroupOffsets('g', at(1))).rejects.toMatchObject({
        code: 'GROUP_IN_USE',
      });
    }
    for (const [group, offset] of [
      ['g', 1],
      ['g', 3],
      ['unseen', 2],
    ] as const) {
      await transport.setGroupOffsets(group, at(offset));
      await using consumer = await transport.consumer({ group, topics: ['a'] });
      expect(shown(await readAll(consumer))[0]).toBe(`a/0@${offset} -=${offset + 1}`);
    }
    await expect(transport.setGroupOffsets('g', at(5))).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
    });
  },

  'find the offsets of a time, the end where nothing is so young': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('a', { partitions: 2 });
    const at = (timestampMs: number, key: string) => ({ topic, key, value: 'v', timestampMs });
    // Murmur2 puts `b` into partition 0, `d` and `f` into 1.
    await appendTo(transport, [at(1000, 'b'), at(1000, 'd')]);
    await appendTo(transport, [at(3000, 'b'), at(2000, 'f'), at(2000, 'd'), at(4000, 'b')]);
    const offsetsAt = async (timestampMs: number): Promise<number[]> => {
      const found = await transport.offsetsAt('a', timestampMs);
      expect(found.map(({ partition }) => partition)).toEqual([0, 1]);
      return found.map(({ offset }) => offset);
    };
    expect(await offsetsAt(0)).toEqual([0, 0]);
    expect(await offsetsAt(1001)).toEqual([1, 1]);
    expect(await offsetsAt(2000)).toEqual([1, 1]);
    expect(await offsetsAt(2001)).toEqual([1, 3]);
    expect(await offsetsAt(4000)).toEqual([2, 3]);
    expect(await offsetsAt(4001)).toEqual([3, 3]);
    await expect(transport.offsetsAt('none', 0)).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' });
  },

  'cannot commit what the log does not have': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    await transport.openTopic('a');
    await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
    const commit = consumer.commit([{ topic: 'a', partition: 0, offset: 1 }]);
    await expect(commit).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  },
};

/** New generations of topics. */
export const generationConformance: ConformanceTests = {
  'drop the records, go on with the offsets, and store the source offset': async (make) => {
    await using log = await make();
    {
      await using transport = await log.open();
      const a = await transport.openTopic('a');
      const b = await transport.openTopic('b');
      await appendTo(transport, [
        { topic: a, value: 'ghost' },
        { topic: b, value: 'stays' },
      ]);
      await transport.beginGeneration(['a', 'new'], { key: 's', value: 'again' });
      await appendTo(transport, [{ topic: a, value: 'real', timestampMs: 1 }]);
    }
    await using transport = await log.open();
    expect(await transport.loadOffset('s')).toBe('again');
    expect(await transport.describeTopic('a')).toMatchObject({
      generation: expect.toSatisfy((value: number) => value > 1) as number,
      partitions: [{ startOffset: 1, endOffset: 2 }],
    });
    expect(await transport.describeTopic('b')).toMatchObject({ generation: 1 });
    expect(await transport.describeTopic('new')).toMatchObject({ generation: 1 });
    await using consumer = await tail(transport);
    const wanted = ['b/0@0 -=stays', 'a/0@1 -=real'];
    expect(inLogOrder(log, shown(await readAll(consumer)))).toEqual(inLogOrder(log, wanted));
  },

  'are told before their first record, also when none follows': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const a = await transport.openTopic('a');
    const b = await transport.openTopic('b');
    await appendTo(
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
    const generation = (await transport.describeTopic('a'))?.generation ?? 0;
    expect(generation).toBeGreaterThan(1);
    expect(await next).toEqual([
      { topic: 'a', partition: 0, generation, records: [], nextOffset: 2, endOffset: 2 },
    ]);
    expect(consumer.assignment()).toMatchObject([
      { topic: 'a', generation, position: 2 },
      { topic: 'b', generation: 1, position: 0 },
    ]);
    // Told once; then the records, after those of the other topic that came before.
    await appendTo(transport, [
      { topic: b, value: 'x' },
      { topic: a, value: '3', timestampMs: 1 },
    ]);
    const rest = await readAll(consumer);
    expect(inLogOrder(log, shown(rest))).toEqual(inLogOrder(log, ['b/0@0 -=x', 'a/0@2 -=3']));
    for (const fetched of rest) {
      expect(fetched.generation).toBe(fetched.topic === 'a' ? generation : 1);
    }
  },

  'put a group that was away at their beginning': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('a');
    await appendTo(
      transport,
      [1, 2, 3].map((n) => ({ topic, value: `${n}` })),
    );
    {
      await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
      await consumer.commit([{ topic: 'a', partition: 0, offset: 1 }]);
    }
    await transport.beginGeneration(['a'], { key: 's', value: null });
    await appendTo(transport, [{ topic, value: 'new' }]);
    await using consumer = await transport.consumer({ group: 'g', topics: ['a'] });
    expect(consumer.assignment()).toEqual([
      {
        topic: 'a',
        partition: 0,
        generation: (await transport.describeTopic('a'))?.generation,
        position: 3,
      },
    ]);
    expect(shown(await readAll(consumer))).toEqual(['a/0@3 -=new']);
  },
};
