import { expect } from 'vitest';
import type { LogRecord } from '../../src/transport/transport.ts';
import {
  appendTo,
  type ConformanceTests,
  inLogOrder,
  NOW,
  readAll,
  shown,
  tail,
} from './log-reading.ts';

/** How a consumer reads. */
export const consumerConformance: ConformanceTests = {
  'reads several topics in the order of appending': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const handles = [await transport.openTopic('a'), await transport.openTopic('b')];
    const order = [0, 1, 1, 0, 0, 0, 1, 0, 1, 1];
    await appendTo(
      transport,
      order.map((n, i) => ({ topic: handles[n] ?? 0, value: `${i}`, timestampMs: i })),
    );
    await using consumer = await tail(transport);
    const fetched = await readAll(consumer);
    const offsets = [0, 0];
    const wanted = order.map(
      (n, i) => `${'ab'.charAt(n)}/0@${(offsets[n] = (offsets[n] ?? 0) + 1) - 1} -=${i}`,
    );
    expect(inLogOrder(log, shown(fetched))).toEqual(inLogOrder(log, wanted));
    if (log.distributed === true) return;
    // Consecutive records of a partition stand together.
    expect(fetched.map((f) => f.topic)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  },

  'stops at maxBytes but always takes one record': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('a');
    await appendTo(
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
  },

  'waits for the next record without being told when': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('a');
    await using consumer = await tail(transport);
    const waiting = consumer.poll({ ...NOW, maxWaitMs: 20_000 });
    await appendTo(transport, [{ topic, value: 'here' }]);
    expect(shown(await waiting)).toEqual(['a/0@0 -=here']);
  },

  'stops waiting when the signal aborts or it is closed': async (make) => {
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
  },

  'picks up topics that appear, by pattern over the whole name': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    await transport.openTopic('shop.a');
    await using consumer = await tail(transport, /shop\..|ware/);
    expect(consumer.assignment().map((at) => at.topic)).toEqual(['shop.a']);
    const late = await transport.openTopic('shop.b');
    const other = await transport.openTopic('shop.bc');
    await appendTo(transport, [
      { topic: other, value: 'no' },
      { topic: late, value: 'yes' },
    ]);
    expect(shown(await readAll(consumer))).toEqual(['shop.b/0@0 -=yes']);
    expect(consumer.assignment().map((at) => at.topic)).toEqual(['shop.a', 'shop.b']);
  },

  'seeks to any offset of the log and to no other': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('a');
    const numbers = Array.from({ length: 300 }, (_, n) => n);
    for (const part of [numbers.slice(0, 7), numbers.slice(7)]) {
      await appendTo(
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
  },

  'begins at the end when asked to': async (make) => {
    await using log = await make();
    await using transport = await log.open();
    const topic = await transport.openTopic('a');
    await appendTo(transport, [{ topic, value: 'old' }]);
    await using consumer = await transport.consumer({
      group: 'g',
      topics: ['a'],
      startAt: 'latest',
    });
    expect(await readAll(consumer)).toEqual([]);
    await appendTo(transport, [{ topic, value: 'new' }]);
    expect(shown(await readAll(consumer))).toEqual(['a/0@1 -=new']);
  },
};
