import { describe, expect, test } from 'vitest';
import type { FieldSelection } from '../../../src/sink/sql/field-selection.ts';
import { fieldEntry } from '../../../src/sink/sql/field-selection.ts';
import { put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const name = column('name', 'character varying(20)', { type: 'string' });
const note = column('note', 'text', { type: 'string' });

function people(): SinkTopic {
  return new SinkTopic({ table: 'people', columns: [id, name, note], key: ['id'] });
}

function selecting(kind: FieldSelection['kind'], ...entries: string[]): { fields: FieldSelection } {
  return { fields: { kind, entries: entries.map(fieldEntry) } };
}

/** What options change in how rows are written, whatever the product. */
export const contractOfOptions = describeTarget((fresh) => {
  describe('lists of fields', () => {
    test('only what they name is created and written, and the key', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(
        target,
        selecting('include', 'shop.public.people:name', 'shop.public.pets:note'),
      );
      const topic = people();
      const pets = new SinkTopic({ table: 'pets', columns: [id, name, note], key: ['id'] });
      await put(sink, [
        topic.insert({ id: 1, name: 'a', note: 'x' }),
        topic.insert({ id: 2, name: 'b', note: 'x' }),
      ]);
      await put(sink, [pets.insert({ id: 7, name: 'rex', note: 'dog' })]);
      // A large value that was not sent again is none of the sink's business.
      await put(sink, [
        topic.update({ id: 1, name: 'a2' }, null, ['note']),
        topic.delete({ id: 2 }),
        topic.tombstone({ id: 2 }),
        ...topic.move({ id: 1 }, { id: 3, name: 'a3' }, ['note']),
      ]);
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT * FROM people')).toEqual([{ id: 3, name: 'a3' }]);
      expect(await target.query('SELECT * FROM pets')).toEqual([{ id: 7, note: 'dog' }]);
      // A new column of the source is none either.
      topic.alter({ columns: [id, name, note, column('age', 'integer', { type: 'int32' })] });
      await put(sink, [topic.insert({ id: 4, age: 9 })]);
      expect(await target.query('SELECT * FROM people ORDER BY id')).toEqual([
        { id: 3, name: 'a3' },
        { id: 4, name: null },
      ]);
    });

    test('what the target has of its own in a field that is left out stays', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, selecting('exclude', 'note'));
      await target.query(
        'CREATE TABLE people (id integer PRIMARY KEY, name varchar(20), note varchar(20))',
      );
      await target.query("INSERT INTO people VALUES (1, 'old', 'mine')");
      const topic = people();
      await put(sink, [topic.insert({ id: 1, name: 'new', note: 'theirs' })]);
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT * FROM people')).toEqual([
        { id: 1, name: 'new', note: 'mine' },
      ]);
    });

    test('rows of nothing but their key are written', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, selecting('include', 'nothing'));
      const topic = people();
      await put(sink, [topic.insert({ id: 1, name: 'a' }), topic.insert({ id: 2 })]);
      await put(sink, [topic.update({ id: 1, name: 'b' }), topic.delete({ id: 2 })]);
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT * FROM people')).toEqual([{ id: 1 }]);
    });

    test('before images find rows without key by the fields that are written', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, selecting('exclude', 'note'));
      const topic = new SinkTopic({ table: 'log', columns: [id, name, note], key: [] });
      const row = (key: number, text: string) => ({ id: key, name: 'n', note: text });
      await put(sink, [
        topic.read(row(1, 'first')),
        topic.read(row(1, 'second')),
        topic.read(row(2, 'only')),
        topic.read(row(3, 'gone')),
      ]);
      await put(sink, [
        // Two rows of the source are one text here: each change takes one of them.
        topic.delete(row(1, 'second')),
        topic.update(row(2, 'other'), row(2, 'only')),
        topic.update({ ...row(4, 'x') }, row(3, 'gone')),
      ]);
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT * FROM log ORDER BY id')).toEqual([
        { id: 1, name: 'n' },
        { id: 2, name: 'n' },
        { id: 4, name: 'n' },
      ]);
    });

    test('rows without key of which nothing is left park their table', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, selecting('include', 'nothing'));
      const topic = new SinkTopic({ table: 'log', columns: [name], key: [] });
      await put(sink, [topic.insert({ name: 'a' })]);
      expect(sink.status().parked).toMatchObject([
        {
          code: 'SINK_SCHEMA',
          message: expect.stringMatching(/no field .* is selected/) as string,
        },
      ]);
    });
  });
});
