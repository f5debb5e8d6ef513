import { describe, expect, test } from 'vitest';
import { formatPosition } from '../../../src/model/change-position.ts';
import type { SinkRecord, SinkTask } from '../../../src/model/sink-record.ts';
import { put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import type { SinkTarget } from '../../support/sink-target.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const name = column('name', 'character varying(20)', { type: 'string' });
const bio = column('bio', 'text', { type: 'string' });

const people = (): SinkTopic =>
  new SinkTopic({ table: 'people', columns: [id, name, bio], key: ['id'] });

function at(commit: number, record: SinkRecord): SinkRecord {
  const position = formatPosition({ epoch: 1, commit: BigInt(commit), ordinal: 1 });
  return record.value === null ? record : { ...record, position };
}

/** The records again, at the end of their topic. */
function again(topic: SinkTopic, records: readonly SinkRecord[]): SinkRecord[] {
  return records.map((record) => ({ ...record, ...topic.log.next(topic.topic, 0) }));
}

function parkedFor(sink: SinkTask): readonly string[] {
  return sink.status().parked.map(({ message }) => message);
}

/** Key changes whose create leaves values out, in a guarded table (PITFALLS S4 to S6). */
export const contractOfMovedRows = describeTarget((fresh) => {
  describe.each(['hard', 'soft'] as const)('a guarded row with %s deletes', (deleteMode) => {
    const start = (target: SinkTarget): Promise<SinkTask> =>
      startTargetSink(target, { positionGuard: true, deleteMode });

    async function rows(target: SinkTarget): Promise<string[]> {
      const where = deleteMode === 'soft' ? 'WHERE NOT _deleted' : '';
      const found = await target.query(`SELECT id, name, bio FROM people ${where} ORDER BY id`);
      return found.map((row) => Object.values(row).map(String).join(' '));
    }

    test('takes its values to another key, once, however often that comes', async () => {
      await using target = await fresh();
      await using sink = await start(target);
      const topic = people();
      const records = [
        at(1, topic.insert({ id: 1, name: 'a', bio: 'kept' })),
        at(2, topic.update({ id: 1, name: 'b' }, null, ['bio'])),
        ...topic.move({ id: 1, name: 'b' }, { id: 2, name: 'c' }, ['bio']).map((one) => at(3, one)),
        at(4, topic.update({ id: 2, name: 'd' }, null, ['bio'])),
      ];
      for (const record of records) await put(sink, [record]);
      expect(await rows(target)).toEqual(['2 d kept']);
      // Singly, at once, and from the middle on.
      for (const record of again(topic, records)) await put(sink, [record]);
      await put(sink, again(topic, records));
      await put(sink, again(topic, records.slice(2)));
      expect(parkedFor(sink)).toEqual([]);
      expect(await rows(target)).toEqual(['2 d kept']);
      await put(sink, [at(5, topic.insert({ id: 1, name: 'e', bio: 'new' }))]);
      await put(sink, again(topic, records));
      await put(sink, [at(6, topic.delete({ id: 2 })), ...again(topic, records)]);
      expect(await rows(target)).toEqual(['1 e new']);
      expect(parkedFor(sink)).toEqual([]);
    });

    test('takes the place of what was there before, also of what comes later', async () => {
      await using target = await fresh();
      await using sink = await start(target);
      const topic = people();
      await put(sink, [
        at(1, topic.insert({ id: 2, name: 'old', bio: 'stale' })),
        at(2, topic.insert({ id: 1, name: 'a', bio: 'kept' })),
      ]);
      const [away, tombstone, here] = topic
        .move({ id: 1, name: 'a' }, { id: 2, name: 'b' }, ['bio'])
        .map((one) => at(7, one));
      await put(sink, [away!, tombstone!]);
      await put(sink, [at(4, topic.update({ id: 2, name: 'older', bio: 'staler' }))]);
      await put(sink, [...again(topic, [here!]), at(5, topic.delete({ id: 2 }))]);
      expect(await rows(target)).toEqual(['2 b kept']);
      await put(sink, [at(6, topic.insert({ id: 2, name: 'older', bio: 'staler' }))]);
      expect(await rows(target)).toEqual(['2 b kept']);
      expect(parkedFor(sink)).toEqual([]);
    });

    test('takes no value of a row that only has its new key', async () => {
      await using target = await fresh();
      await using sink = await start(target);
      const topic = people();
      await put(sink, [
        at(1, topic.insert({ id: 2, name: 'old', bio: 'stale' })),
        at(2, topic.insert({ id: 1, name: 'a', bio: 'kept' })),
      ]);
      const [, , here] = topic.move({ id: 1, name: 'a' }, { id: 2, name: 'b' }, ['bio']);
      await put(sink, [at(7, here!)]);
      expect(parkedFor(sink)).toEqual([expect.stringContaining('does not have its row')]);
      expect(await rows(target)).toEqual(['1 a kept', '2 old stale']);
    });

    test('parks for a change that comes behind that of its key, and has more', async () => {
      await using target = await fresh();
      await using sink = await start(target);
      const topic = people();
      await put(sink, [at(1, topic.insert({ id: 1, name: 'a', bio: 'first' }))]);
      const move = topic.move({ id: 1, name: 'b' }, { id: 2, name: 'b' }, ['bio']);
      await put(
        sink,
        move.map((one) => at(3, one)),
      );
      await put(sink, [at(2, topic.update({ id: 1, name: 'b', bio: 'second' }))]);
      expect(parkedFor(sink)).toEqual([expect.stringContaining('behind the change of its key')]);
      expect(await rows(target)).toEqual(['2 b first']);
    });
  });
});
