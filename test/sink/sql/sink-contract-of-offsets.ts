import { describe, expect, test } from 'vitest';
import { SqlSinkOffsets } from '../../../src/sink/sql/sink-offsets.ts';
import {
  counters,
  first,
  id,
  n,
  partitionOf,
  putUntilApplied,
  rows,
} from '../../support/sink-counters.ts';
import { assignNew, never, put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

/** How a sink keeps its place, whatever the product. */
export const contractOfOffsets = describeTarget((fresh) => {
  describe('offsets in the target (ruling 10, S7)', () => {
    test('a restart goes on at the stored offset, and a replay is skipped', async () => {
      await using target = await fresh();
      const topic = new SinkTopic({ table: 'log', columns: [n], key: [] });
      const records = [1, 2, 3].map((value) => topic.insert({ n: value }));
      {
        await using sink = await startTargetSink(target);
        await put(sink, records.slice(0, 2));
      }
      await using sink = await startTargetSink(target);
      expect(await sink.assign([first(topic)], never)).toMatchObject([
        { topic: topic.topic, partition: 0, generation: 1, offset: 2 },
      ]);
      await put(sink, records);
      await put(sink, records);
      const found = await target.query('SELECT n FROM log ORDER BY n');
      expect(found).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
      expect(sink.status().applied).toBe(1);
    });

    test('of two tasks with one partition the older is fenced and writes nothing', async () => {
      await using target = await fresh();
      await using older = await startTargetSink(target);
      const topic = counters();
      await put(older, [topic.insert({ id: 1, n: 1 })]);
      await using newer = await startTargetSink(target);
      await assignNew(newer, [first(topic)]);
      expect(await put(older, [topic.insert({ id: 2, n: 2 })])).toEqual([first(topic)]);
      await put(newer, [topic.insert({ id: 3, n: 3 })]);
      expect(await rows(target)).toBe('1:1 3:3');
      await using stranger = await startTargetSink(target, { name: 'stranger' });
      expect(await stranger.assign([first(topic)], never)).toEqual([]);
    });
  });

  describe('moving a sink', () => {
    test('what is moved back is applied again; a task that still runs is fenced', async () => {
      await using target = await fresh();
      const topic = counters();
      const place = first(topic);
      const offsets = await SqlSinkOffsets.open(target.options(), never);
      expect(await offsets.read()).toEqual([]);
      await using zombie = await startTargetSink(target);
      const records = [1, 2, 3].map((value) => topic.insert({ id: value, n: value }));
      await put(zombie, records);
      expect(await offsets.read()).toMatchObject([{ ...place, generation: 1, offset: 3 }]);
      await target.query('DELETE FROM counters WHERE id > 1');
      await offsets.move([{ ...place, generation: 1, offset: 1 }]);
      expect(await put(zombie, [topic.insert({ id: 4, n: 4 })])).toEqual([place]);
      await using sink = await startTargetSink(target);
      await put(sink, records);
      expect(await rows(target)).toBe('1:1 2:2 3:3');
    });
  });

  describe('generations (ruling 3)', () => {
    test('a new generation empties the table first, and once for all members', async () => {
      await using target = await fresh();
      await using one = await startTargetSink(target);
      await using two = await startTargetSink(target);
      const topic = counters();
      await put(one, [partitionOf(topic, 0).read({ id: 1, n: 1 }), topic.read({ id: 2, n: 2 })]);
      await put(two, [partitionOf(topic, 1).read({ id: 9, n: 9 })]);
      const stale = partitionOf(topic, 0).read({ id: 8, n: 8 });
      topic.generation = 2;
      const ofOne = [stale, topic.read({ id: 2, n: 20 })];
      const ofTwo = [partitionOf(topic, 1).read({ id: 3, n: 30 })];
      await Promise.all([putUntilApplied(one, ofOne), putUntilApplied(two, ofTwo)]);
      expect(await rows(target)).toBe('2:20 3:30');
      // What the old generation still has under way is not for this table.
      await put(one, [{ ...stale, offset: 100 }]);
      expect(await rows(target)).toBe('2:20 3:30');
    });

    test('also without any record, and after a restart of the sink', async () => {
      await using target = await fresh();
      const topic = counters();
      {
        await using sink = await startTargetSink(target);
        await put(sink, [topic.read({ id: 1, n: 1 })]);
      }
      await using sink = await startTargetSink(target);
      const position = { ...first(topic), generation: 2, offset: 1 };
      await assignNew(sink, [position]);
      await sink.put([], [position], never);
      expect(await rows(target)).toBe('');
    });
  });

  describe('errors (S10)', () => {
    test('a poison record parks its topic there; others go on; a restart tries again', async () => {
      await using target = await fresh();
      const topic = counters();
      const other = new SinkTopic({ table: 'other', columns: [id, n], key: ['id'] }, topic.log);
      const records = Array.from({ length: 20 }, (_, i) => [
        topic.insert({ id: i, n: i }),
        other.insert({ id: i, n: i }),
      ]).flat();
      {
        await using sink = await startTargetSink(target);
        await put(sink, records.slice(0, 10));
        await target.query('INSERT INTO counters VALUES (1000, 13)');
        await target.query('CREATE UNIQUE INDEX one_n ON counters (n)');
        await put(sink, records.slice(10));
        expect(sink.status().parked).toMatchObject([
          { topic: topic.topic, offset: 13, code: 'SINK_RECORD' },
        ]);
        expect(sink.status().parked[0]?.message).toContain('unique');
        const kept = Array.from({ length: 13 }, (_, i) => `${i}:${i}`).join(' ');
        expect(await rows(target)).toBe(`${kept} 1000:13`);
        expect(await target.query('SELECT id FROM other')).toHaveLength(20);
      }
      await using sink = await startTargetSink(target);
      expect(await sink.assign([first(topic)], never)).toMatchObject([{ offset: 13 }]);
      await target.query('DELETE FROM counters WHERE id = 1000');
      await put(sink, records);
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT id FROM counters')).toHaveLength(20);
    });

    test('two tasks may add the same columns at once (S20)', async () => {
      await using target = await fresh();
      const topic = counters();
      await using one = await startTargetSink(target);
      await using two = await startTargetSink(target);
      await put(one, [partitionOf(topic, 0).insert({ id: 1, n: 1 })]);
      await put(two, [partitionOf(topic, 1).insert({ id: 2, n: 2 })]);
      const more = ['a', 'b', 'c'].map((name) => column(name, 'text', { type: 'string' }));
      topic.alter({ columns: [id, n, ...more] });
      const ofOne = [partitionOf(topic, 0).insert({ id: 3, n: 3, a: 'x' })];
      const ofTwo = [partitionOf(topic, 1).insert({ id: 4, n: 4, c: 'y' })];
      await Promise.all([putUntilApplied(one, ofOne), putUntilApplied(two, ofTwo)]);
      expect([one, two].flatMap((sink) => sink.status().parked)).toEqual([]);
      expect(await rows(target)).toBe('1:1 2:2 3:3 4:4');
    });
  });
});
