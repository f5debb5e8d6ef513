import { describe, expect, test } from 'vitest';
import { timeZone } from '../../../src/foundation/time-zone.ts';
import type { FieldSelection } from '../../../src/sink/sql/field-selection.ts';
import { fieldEntry } from '../../../src/sink/sql/field-selection.ts';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import { never, put } from '../../support/sink-harness.ts';
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

  describe('pk.mode=kafka', () => {
    // Deletes are refused by the rules of the options: here they would find nothing either.
    const places = { primaryKeyMode: 'kafka', deleteEnabled: true } as const;

    test('each change is a row under its place in the log', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, places);
      const topic = people();
      await put(sink, [
        topic.read({ id: 1, name: 'a' }),
        topic.update({ id: 1, name: 'b' }),
        topic.delete({ id: 1 }),
        topic.tombstone({ id: 1 }),
        topic.insert({ id: 1, name: 'c' }),
      ]);
      topic.partition = 1;
      await put(sink, [topic.insert({ id: 2, name: 'd' })]);
      expect(sink.status().parked).toEqual([]);
      const place = (partition: number, offset: number) => ({
        __connect_topic: topic.topic,
        __connect_partition: partition,
        __connect_offset: offset,
      });
      const rows = await target.query(
        `SELECT __connect_topic, __connect_partition, __connect_offset, id, name FROM people
         ORDER BY 2, 3`,
      );
      expect(
        rows.map((row) => ({ ...row, __connect_offset: Number(row['__connect_offset']) })),
      ).toEqual([
        { ...place(0, 0), id: 1, name: 'a' },
        { ...place(0, 1), id: 1, name: 'b' },
        { ...place(0, 4), id: 1, name: 'c' },
        { ...place(1, 0), id: 2, name: 'd' },
      ]);
    });

    test('its columns have the names of pk.fields, and none of the rows', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, {
        ...places,
        insertMode: 'insert',
        primaryKeyFields: ['of_topic', 'of_partition', 'name'],
      });
      const topic = people();
      await put(sink, [topic.insert({ id: 1, name: 'a' })]);
      expect(sink.status().parked).toMatchObject([
        {
          code: 'SINK_SCHEMA',
          message: expect.stringContaining('a column name of their own') as string,
        },
      ]);
      await using other = await startTargetSink(target, {
        ...places,
        name: 'other',
        insertMode: 'insert',
        primaryKeyFields: ['of_topic', 'of_partition', 'of_offset'],
      });
      await put(other, [people().insert({ id: 1, name: 'a' })]);
      expect(await target.query('SELECT of_topic, of_partition, id FROM people')).toEqual([
        { of_topic: topic.topic, of_partition: 0, id: 1 },
      ]);
    });

    test('an update that leaves values out has no row to take them from (S4)', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, places);
      const topic = people();
      await put(sink, [topic.insert({ id: 1, note: 'long' })]);
      await put(sink, [topic.update({ id: 1 }, null, ['note']), topic.insert({ id: 2 })]);
      expect(sink.status().parked).toMatchObject([{ offset: 1, code: 'SINK_RECORD' }]);
      expect(await target.query('SELECT id, note FROM people')).toEqual([{ id: 1, note: 'long' }]);
    });

    test('a topic whose name is as long as Kafka allows is a key', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, places);
      const topic = people();
      const name249 = 't'.repeat(249);
      await put(sink, [{ ...topic.insert({ id: 1 }), topic: name249 }]);
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT __connect_topic FROM people')).toEqual([
        { __connect_topic: name249 },
      ]);
    });
  });

  describe('replace.null.with.default', () => {
    const initial = [
      id,
      column('name', 'character varying(20)', { type: 'string', default: 'nobody' }),
      column('n', 'integer', { type: 'int32', default: 7 }),
    ];

    test.each([
      [true, 'nobody', 7],
      [false, null, null],
    ])('%s', async (nullsAsDefaults, text, number) => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, { nullsAsDefaults });
      const topic = new SinkTopic({ table: 'people', columns: initial, key: ['id'] });
      const keyless = new SinkTopic({ table: 'log', columns: initial, key: [] });
      await put(sink, [
        topic.insert({ id: 1, name: null, n: null }),
        topic.insert({ id: 2, name: 'a', n: 0 }),
        topic.insert({ id: 3, name: 'a', n: 1 }),
      ]);
      await put(sink, [
        keyless.insert({ id: 1, name: null, n: null }),
        keyless.insert({ id: 2, name: null, n: 1 }),
      ]);
      await put(sink, [
        topic.update({ id: 3, name: null, n: 1 }),
        // A value that was not sent is none, and no null either.
        topic.update({ id: 2, name: null, n: 0 }, null, ['name']),
      ]);
      await put(sink, [keyless.delete({ id: 1, name: null, n: null })]);
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT id, name, n FROM people ORDER BY id')).toEqual([
        { id: 1, name: text, n: number },
        { id: 2, name: 'a', n: 0 },
        { id: 3, name: text, n: 1 },
      ]);
      expect(await target.query('SELECT id, name, n FROM log')).toEqual([
        { id: 2, name: text, n: 1 },
      ]);
    });
  });

  describe('schema.evolution=none-validated', () => {
    const strict = {
      schemaEvolution: { create: false, evolve: false },
      tableNameFormat: '${topic}',
    };

    test('a sink without a table of its topics does not start, and leaves nothing', async () => {
      await using target = await fresh();
      const topic = people();
      const options = target.options({ ...strict, requiredTopics: [topic.topic] });
      const early = createSqlSink(options);
      await expect(early.start(never)).rejects.toMatchObject({
        code: 'SINK_SCHEMA',
        message: expect.stringContaining('shop_public_people') as string,
      });
      await early[Symbol.asyncDispose]();
      // With the table it starts, and makes its own tables only now.
      await target.query(
        'CREATE TABLE shop_public_people (id integer PRIMARY KEY, name varchar(20), note text)',
      );
      await expect(target.query('SELECT * FROM tidemark_offsets')).rejects.toThrow();
      await using sink = createSqlSink(options);
      await sink.start(never);
      await put(sink, [topic.insert({ id: 1, name: 'a' })]);
      expect(sink.status().parked).toEqual([]);
    });

    test('a table that only a record names parks its topic', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, strict);
      const topic = people();
      await put(sink, [topic.insert({ id: 1 })]);
      expect(sink.status().parked).toMatchObject([
        {
          offset: 0,
          code: 'SINK_SCHEMA',
          message: expect.stringContaining('does not exist') as string,
        },
      ]);
    });
  });

  describe('timestamp.fields.list and db.timezone', () => {
    test('counts are timestamps by the clocks of the zone, in before images too', async () => {
      await using target = await fresh();
      const times = timeZone('Europe/Berlin');
      await using sink = await startTargetSink(target, {
        timestampFields: { names: ['made', 'seen'], unit: 'microseconds' },
        zones: { times, dates: null, zoned: null },
      });
      const columns = [
        id,
        column('made', null, { type: 'int64' }),
        column('seen', null, { type: 'string' }),
        column('told', null, {
          type: 'int64',
          name: 'org.apache.kafka.connect.data.Timestamp',
          version: 1,
        }),
      ];
      const topic = new SinkTopic({ table: 'people', columns, key: ['id'] });
      const keyless = new SinkTopic({ table: 'log', columns, key: [] });
      const made = BigInt(Date.parse('2024-07-01T22:00:00Z')) * 1000n + 123_456n;
      const row = { made, seen: String(made), told: made / 1000n };
      await put(sink, [topic.insert({ id: 1, ...row }), topic.insert({ id: 2 })]);
      await put(sink, [keyless.insert({ id: 1, ...row }), keyless.insert({ id: 2, ...row })]);
      await put(sink, [keyless.delete({ id: 1, ...row })]);
      expect(sink.status().parked).toEqual([]);
      const shown = ['made', 'seen', 'told'].map(
        (field) => `TRIM(CAST(${field} AS CHAR(26))) AS ${field}`,
      );
      const written = {
        made: '2024-07-02 00:00:00.123456',
        seen: '2024-07-02 00:00:00.123456',
        told: '2024-07-02 00:00:00.123',
      };
      expect(await target.query(`SELECT id, ${shown.join(', ')} FROM people ORDER BY id`)).toEqual([
        { id: 1, ...written },
        { id: 2, made: null, seen: null, told: null },
      ]);
      expect(await target.query(`SELECT id, ${shown.join(', ')} FROM log`)).toEqual([
        { id: 2, ...written },
      ]);
    });
  });
});
