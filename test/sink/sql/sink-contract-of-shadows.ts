import { expect, test } from 'vitest';
import { put } from '../../support/sink-harness.ts';
import { asBytes, asNumber, id } from '../../support/retyped-table.ts';
import { SinkTopic } from '../../support/sink-records.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

const ONE = Buffer.from('one');

/** The policy, for tests of its own. */
export const SHADOW = {
  schemaEvolution: { create: true, evolve: true, policy: 'shadow' },
} as const;

/** A column of the source that was given a type which its column in the target cannot take. */
export const contractOfShadows = describeTarget((fresh) => {
  test('values of another type go to a column beside it; the old one keeps its own', async () => {
    await using target = await fresh();
    const topic = new SinkTopic({ table: 't', columns: [id, asNumber], key: ['id'] });
    const marks = () =>
      target.query(`SELECT id, v, CASE WHEN v__v2 IS NULL THEN 'none' ELSE 'bytes' END AS shadow
        FROM t ORDER BY id`);
    {
      await using sink = await startTargetSink(target, SHADOW);
      await put(sink, [topic.insert({ id: 1, v: 1 }), topic.insert({ id: 2, v: 2 })]);
      topic.alter({ columns: [id, asBytes] });
      // It was NOT NULL, and rows that are new have nothing for it.
      await put(sink, [topic.update({ id: 1, v: ONE }), topic.insert({ id: 3, v: ONE })]);
      expect(sink.status().parked).toEqual([]);
    }
    const wanted = [
      { id: 1, v: 1, shadow: 'bytes' },
      { id: 2, v: 2, shadow: 'none' },
      { id: 3, v: null, shadow: 'bytes' },
    ];
    expect(await marks()).toEqual(wanted);
    // A second run finds the same columns, and records of the older type their old one.
    await using sink = await startTargetSink(target, SHADOW);
    await put(sink, [topic.insert({ id: 4, v: Buffer.from('four') })]);
    topic.alter({ columns: [id, asNumber] });
    await put(sink, [topic.insert({ id: 5, v: 5 }), topic.delete({ id: 2 })]);
    expect(sink.status().parked).toEqual([]);
    expect(await marks()).toEqual([
      wanted[0],
      wanted[2],
      { id: 4, v: null, shadow: 'bytes' },
      { id: 5, v: 5, shadow: 'none' },
    ]);
  });

  test('a key, rows without one, and the policy alert park the table as ever', async () => {
    await using target = await fresh();
    for (const [table, key, options] of [
      ['a', ['id', 'v'], SHADOW],
      ['b', [], SHADOW],
      ['c', ['id'], {}],
    ] as const) {
      const topic = new SinkTopic({ table, columns: [id, asNumber], key: [...key] });
      await using sink = await startTargetSink(target, options);
      await put(sink, [topic.insert({ id: 1, v: 1 })]);
      topic.alter({ columns: [id, asBytes] });
      await put(sink, [topic.insert({ id: 2, v: Buffer.from('two') })]);
      expect(sink.status().parked).toMatchObject([
        { topic: topic.topic, code: 'SINK_SCHEMA', offset: 1 },
      ]);
    }
  });
});
