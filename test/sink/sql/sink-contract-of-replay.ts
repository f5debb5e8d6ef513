import { describe, expect, test } from 'vitest';
import { ParkedReplay } from '../../../src/sink/sql/parked-replay.ts';
import { mend, offsetsOf, parkingSink, poison, replay } from '../../support/parking-sink.ts';
import { counters, partitionOf, rows } from '../../support/sink-counters.ts';
import { never, put } from '../../support/sink-harness.ts';
import type { SinkTarget } from '../../support/sink-target.ts';
import { describeTarget } from '../../support/sink-target.ts';

/** A target whose sink gives away what it cannot apply, and what it has given away. */
async function parkedTarget(fresh: () => Promise<SinkTarget>) {
  const target = await fresh();
  const { sink, letters } = await parkingSink(target);
  return {
    target,
    sink,
    letters,
    topic: counters(),
    async [Symbol.asyncDispose]() {
      await sink[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    },
  };
}

/** How records that wait come to their rows. */
export const contractOfReplay = describeTarget((fresh) => {
  describe('a replay', () => {
    test('applies in order, once, and frees the key; run again it does nothing', async () => {
      await using parked = await parkedTarget(fresh);
      const { target, sink, letters, topic } = parked;
      await put(sink, [topic.insert({ id: 1, n: 1 }), poison(topic, 2)]);
      await put(sink, [topic.update({ id: 2, n: 20 }), topic.update({ id: 2, n: 21 })]);
      // The cure: the row is there again. Letters may be told twice.
      await put(sink, [topic.insert({ id: 9, n: 9 })]);
      await mend(target, 2);
      const twice = [...letters.slice(0, 2), ...letters];
      expect(await replay(target, twice)).toEqual({ applied: 3, failed: [], left: [] });
      expect(await rows(target)).toBe('1:1 2:21 9:9');
      expect(await replay(target, twice)).toEqual({ applied: 0, failed: [], left: [] });
      // The task that ran beside it goes on with the key at once.
      await put(sink, [topic.update({ id: 2, n: 22 })]);
      expect(await rows(target)).toBe('1:1 2:22 9:9');
      expect(sink.status().parkedKeys?.count).toBe(0);
    });

    test('stops a key at the record that fails again; others are free', async () => {
      await using parked = await parkedTarget(fresh);
      const { target, sink, letters, topic } = parked;
      await put(sink, [topic.insert({ id: 1, n: 1 }), poison(topic, 2), poison(topic, 3)]);
      await put(sink, [
        topic.delete({ id: 2, n: 0 }),
        poison(topic, 2),
        topic.update({ id: 3, n: 33 }),
      ]);
      await mend(target, 2);
      await mend(target, 3);
      expect(await replay(target, letters)).toEqual({
        applied: 4,
        failed: ['{"id":2}'],
        left: [['{"id":2}', 4, 1]],
      });
      expect(await rows(target)).toBe('1:1 3:33');
      await mend(target, 2);
      expect(await replay(target, letters)).toEqual({ applied: 1, failed: [], left: [] });
      expect(await rows(target)).toBe('1:1 2:-1 3:33');
    });

    test('of a part of the letters leaves the rest waiting', async () => {
      await using parked = await parkedTarget(fresh);
      const { target, sink, letters, topic } = parked;
      await put(sink, [topic.insert({ id: 1, n: 1 }), poison(topic, 2)]);
      await put(sink, [topic.update({ id: 2, n: 20 }), topic.update({ id: 2, n: 21 })]);
      await mend(target, 2);
      const first = await replay(target, letters.slice(0, 2));
      expect(first).toEqual({ applied: 2, failed: [], left: [['{"id":2}', 3, 1]] });
      await put(sink, [topic.update({ id: 2, n: 22 })]);
      expect(await rows(target)).toBe('1:1 2:20');
      expect(await replay(target, letters)).toMatchObject({ applied: 2, left: [] });
      expect(await rows(target)).toBe('1:1 2:22');
    });

    test('letters in several partitions of a key are kept apart', async () => {
      await using parked = await parkedTarget(fresh);
      const { target, sink, letters, topic } = parked;
      await put(sink, [partitionOf(topic, 1).insert({ id: 1, n: 1 })]);
      await put(sink, [poison(partitionOf(topic, 0), 2)]);
      await put(sink, [partitionOf(topic, 1).update({ id: 2, n: 2 })]);
      await mend(target, 2);
      expect(offsetsOf(letters)).toBe('0/0 1/1');
      expect(await replay(target, letters)).toEqual({ applied: 2, failed: [], left: [] });
      expect(await rows(target)).toBe('1:1 2:2');
    });

    test('a key that is given up goes on with its next record', async () => {
      await using parked = await parkedTarget(fresh);
      const { target, sink, letters, topic } = parked;
      await put(sink, [topic.insert({ id: 1, n: 1 }), poison(topic, 2), poison(topic, 3)]);
      const choice = { topic: topic.topic, key: '{"id":2}' };
      {
        await using replaying = await ParkedReplay.open(target.options(), () => undefined, never);
        expect(await replaying.drop(choice)).toBe(1);
        expect(await replaying.drop(choice)).toBe(0);
      }
      await put(sink, [topic.update({ id: 2, n: 2 }), topic.update({ id: 3, n: 3 })]);
      expect(await rows(target)).toBe('1:1 2:2');
      expect(offsetsOf(letters)).toBe('0/1 0/2 0/4');
      await mend(target, 3);
      expect(await replay(target, letters)).toEqual({ applied: 2, failed: [], left: [] });
    });
  });
});
