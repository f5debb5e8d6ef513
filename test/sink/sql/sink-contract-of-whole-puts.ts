import { describe, expect, test } from 'vitest';
import { counters, rows } from '../../support/sink-counters.ts';
import { put } from '../../support/sink-harness.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

/** `transaction.mode: source` in the target, whatever the product. */
export const contractOfWholePuts = describeTarget((fresh) => {
  describe('a put that is a transaction of the source (S28)', () => {
    test('a row that is refused keeps back all of it, and parks nothing', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, { wholePuts: true });
      const [topic, other] = [counters(), counters('others')];
      await put(sink, [topic.insert({ id: 1, n: 1 }), other.insert({ id: 1, n: 10 })]);
      await target.query('CREATE UNIQUE INDEX others_n ON others (n)');
      const poison = [
        topic.insert({ id: 2, n: 2 }),
        other.insert({ id: 2, n: 10 }),
        topic.insert({ id: 3, n: 3 }),
      ];
      await expect(put(sink, poison)).rejects.toMatchObject({ code: 'SINK_RECORD' });
      expect(sink.status().parked).toEqual([]);
      expect(await rows(target)).toBe('1:1');
      await target.query('DELETE FROM others WHERE id = 1');
      await put(sink, poison);
      expect(await rows(target)).toBe('1:1 2:2 3:3');
    });

    test('values that two rows exchange are no obstacle', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, { wholePuts: true });
      const topic = counters();
      await put(sink, [topic.insert({ id: 1, n: 1 }), topic.insert({ id: 2, n: 2 })]);
      await target.query('CREATE UNIQUE INDEX counters_n ON counters (n)');
      await put(sink, [
        topic.update({ id: 1, n: 3 }),
        topic.update({ id: 2, n: 1 }),
        topic.update({ id: 1, n: 2 }),
      ]);
      expect(await rows(target)).toBe('1:2 2:1');
    });
  });
});
