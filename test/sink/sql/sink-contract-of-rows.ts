import { describe, expect, test } from 'vitest';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { put } from '../../support/sink-harness.ts';
import { column, SinkTopic, VARIABLE_AMOUNT } from '../../support/sink-records.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const name = column('name', 'character varying(20)', { type: 'string' });
const note = column('note', 'text', { type: 'string' });

function people(): SinkTopic {
  return new SinkTopic({ table: 'people', columns: [id, name, note], key: ['id'] });
}

/** What a sink makes of records, whatever the product. */
export const contractOfRows = describeTarget((fresh) => {
  describe('keyed tables', () => {
    test('inserts, updates, deletes and key changes of a batch end in the right rows', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = people();
      await put(sink, [
        topic.read({ id: 1, name: 'a' }),
        topic.insert({ id: 2, name: 'b' }),
        topic.update({ id: 1, name: 'a2' }),
        topic.insert({ id: 3, name: 'c' }),
        topic.delete({ id: 3 }),
        topic.tombstone({ id: 3 }),
        // The key changes from 2 to 4.
        topic.delete({ id: 2 }),
        topic.tombstone({ id: 2 }),
        topic.insert({ id: 4, name: 'b' }),
        // Deleted and made anew.
        topic.delete({ id: 1 }),
        topic.insert({ id: 1, name: 'again' }),
      ]);
      expect(await target.query('SELECT id, name FROM people ORDER BY id')).toEqual([
        { id: 1, name: 'again' },
        { id: 4, name: 'b' },
      ]);
      expect(sink.status()).toEqual({ applied: 11, parked: [], connected: true });
    });

    test('composite keys, quotes and backslashes in names and values', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = new SinkTopic({
        schema: 'My "Shop"',
        table: 'Order.Lines',
        columns: [
          column('a"b', 'text', { type: 'string', optional: false }),
          column('select', 'integer', { type: 'int32', optional: false }),
          note,
        ],
        key: ['a"b', 'select'],
      });
      const value = String.raw`{"x": "\\y", 'z', NULL}`;
      await put(sink, [
        topic.insert({ 'a"b': String.raw`k\"1,`, select: 1, note: value }),
        topic.insert({ 'a"b': '', select: 1, note: '' }),
        topic.insert({ 'a"b': 'NULL', select: 2, note: 'NULL' }),
        topic.insert({ 'a"b': 'gone', select: 2 }),
      ]);
      await put(sink, [topic.delete({ 'a"b': 'gone', select: 2 })]);
      expect(
        await target.query(`SELECT * FROM ${target.dialect.quote('Order.Lines')} ORDER BY 2, 1`),
      ).toEqual([
        { 'a"b': '', select: 1, note: '' },
        { 'a"b': String.raw`k\"1,`, select: 1, note: value },
        { 'a"b': 'NULL', select: 2, note: 'NULL' },
      ]);
    });

    test('a flat record upserts, and a tombstone deletes', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, { tableNameFormat: '${topic}' });
      const topic = people();
      await put(sink, [topic.flat({ id: 1, name: 'a' }), topic.flat({ id: 2, name: 'b' })]);
      await put(sink, [topic.tombstone({ id: 1 })]);
      expect(await target.query('SELECT id FROM shop_public_people')).toEqual([{ id: 2 }]);
    });

    test('deletes and truncates are ignored when they are switched off', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, {
        deleteEnabled: false,
        truncateEnabled: false,
      });
      const topic = people();
      await put(sink, [topic.insert({ id: 1 }), topic.delete({ id: 1 }), topic.truncate()]);
      await put(sink, [topic.delete({ id: 1 }), topic.truncate()]);
      expect(await target.query('SELECT id FROM people')).toEqual([{ id: 1 }]);
    });

    test('a truncate is a barrier (S21): rows before it go, rows after it stay', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = people();
      await put(sink, [topic.insert({ id: 1 }), topic.insert({ id: 2 })]);
      await put(sink, [
        topic.insert({ id: 3 }),
        topic.truncate(),
        topic.insert({ id: 2, name: 'after' }),
      ]);
      expect(await target.query('SELECT id, name FROM people')).toEqual([{ id: 2, name: 'after' }]);
      await put(sink, [topic.truncate()]);
      expect(await target.query('SELECT id FROM people')).toEqual([]);
    });

    test('values that rows exchange pass a unique index of the target', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = people();
      await put(sink, [topic.insert({ id: 1, name: 'a' }), topic.insert({ id: 2, name: 'b' })]);
      await target.query('CREATE UNIQUE INDEX one_name ON people (name)');
      await put(sink, [
        topic.update({ id: 1, name: 'tmp' }),
        topic.update({ id: 2, name: 'a' }),
        topic.update({ id: 1, name: 'b' }),
      ]);
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT id, name FROM people ORDER BY id')).toEqual([
        { id: 1, name: 'b' },
        { id: 2, name: 'a' },
      ]);
    });

    test('a key that the target holds equal and the text does not is written once', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = new SinkTopic({
        table: 'prices',
        columns: [VARIABLE_AMOUNT, name],
        key: ['amount'],
      });
      const decimal = (scale: number, byte: number) => ({
        schema: VARIABLE_AMOUNT.schema,
        values: [scale, Buffer.from([byte])],
      });
      await put(sink, [
        topic.insert({ amount: decimal(0, 1), name: 'one' }),
        topic.update({ amount: decimal(1, 10), name: 'one point nought' }),
      ]);
      expect(await target.query('SELECT name FROM prices')).toEqual([{ name: 'one point nought' }]);
    });
  });

  describe('absent values (ruling 2, S4)', () => {
    test('they are left as the target has them, or as earlier in the batch', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = people();
      await put(sink, [topic.insert({ id: 1, name: 'a', note: 'long' })]);
      await put(sink, [
        topic.update({ id: 1, name: 'b', note: 'stand-in' }, null, ['note']),
        topic.insert({ id: 2, name: 'x', note: 'long too' }),
        topic.update({ id: 2, name: 'y', note: 'stand-in' }, null, ['note']),
        // Without the header, Debezium's own placeholder says it.
        topic.insert({ id: 3, name: 'p', note: 'kept' }),
        topic.update({ id: 3, name: 'q', note: '__debezium_unavailable_value' }),
      ]);
      expect(await target.query('SELECT * FROM people ORDER BY id')).toEqual([
        { id: 1, name: 'b', note: 'long' },
        { id: 2, name: 'y', note: 'long too' },
        { id: 3, name: 'q', note: 'kept' },
      ]);
    });

    /**
     * The shop renamed a product whose long description lies out of line. The record of the new key
     * came without it, the old row was deleted, and the table was parked for want of a value that
     * had stood in the target a moment before.
     */
    test('a key change takes along what was left out, also cut between batches', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = people();
      const rows = [1, 2].map((id) => topic.insert({ id, name: 'a', note: `long ${id}` }));
      const moves = [1, 2].map((id) =>
        topic.move({ id }, { id: id + 10, name: 'b', note: 'stand-in' }, ['note']),
      );
      const again = topic.move({ id: 12 }, { id: 22, name: 'c', note: 'stand-in' }, ['note']);
      const [first, second] = moves as [SinkRecord[], SinkRecord[]];
      await put(sink, [...rows, ...first, ...second.slice(0, 1)]);
      await put(sink, second.slice(1, 2));
      await put(sink, [...second.slice(2), ...again]);
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT * FROM people ORDER BY id')).toEqual([
        { id: 11, name: 'b', note: 'long 1' },
        { id: 22, name: 'c', note: 'long 2' },
      ]);
    });

    test('a key change that comes again, its old key used anew, leaves the new row', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = people();
      const tail = (): SinkRecord[] => [
        ...topic.move({ id: 1 }, { id: 2, name: 'b', note: 'stand-in' }, ['note']),
        topic.insert({ id: 1, name: 'new', note: null }),
      ];
      await put(sink, [topic.insert({ id: 1, name: 'a', note: 'long' }), ...tail()]);
      // What was appended behind the last stored offset of the source stands in the log once more.
      await put(sink, tail());
      expect(sink.status().parked).toEqual([]);
      expect(await target.query('SELECT * FROM people ORDER BY id')).toEqual([
        { id: 1, name: 'new', note: null },
        { id: 2, name: 'b', note: 'long' },
      ]);
    });

    test('an update without all values, of a row the target lacks, parks the table', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = people();
      const other = new SinkTopic({ table: 'pets', columns: [id, name], key: ['id'] }, topic.log);
      await put(sink, [
        topic.insert({ id: 1, name: 'a' }),
        topic.update({ id: 7, name: 'b', note: 'stand-in' }, null, ['note']),
        topic.insert({ id: 2 }),
        other.insert({ id: 1 }),
      ]);
      expect(await target.query('SELECT id FROM people')).toEqual([{ id: 1 }]);
      expect(await target.query('SELECT id FROM pets')).toEqual([{ id: 1 }]);
      const [parked] = sink.status().parked;
      expect(parked).toMatchObject({ topic: topic.topic, offset: 1, code: 'SINK_RECORD' });
      expect(parked?.message).toContain('REPLICA IDENTITY FULL');
    });

    test('the same, after a delete in the batch', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = people();
      await put(sink, [topic.insert({ id: 1, name: 'a', note: 'n' })]);
      await put(sink, [
        topic.delete({ id: 1 }),
        topic.update({ id: 1, name: 'b', note: 'stand-in' }, null, ['note']),
      ]);
      expect(sink.status().parked).toHaveLength(1);
      expect(await target.query('SELECT id FROM people')).toEqual([]);
    });
  });

  describe('tables without key (ruling 14, S31)', () => {
    const log = (): SinkTopic =>
      new SinkTopic({
        table: 'log',
        columns: [
          name,
          column('doc', 'text', { type: 'string' }),
          column('x', 'double precision', { type: 'float64' }),
        ],
        key: [],
      });

    test('each delete and update takes exactly one equal row, nulls included', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = log();
      const twin = { name: 'a', doc: 'k ', x: null };
      await put(sink, [
        ...[1, 2, 3].map(() => topic.read(twin)),
        topic.read({ name: null, doc: null, x: 0.1 }),
        topic.read({ name: 'A', doc: 'k', x: null }),
      ]);
      await put(sink, [
        topic.delete(twin),
        topic.update({ ...twin, name: 'b' }, twin),
        topic.delete({ name: null, doc: null, x: 0.1 }),
        // Made and unmade within the batch.
        topic.insert({ name: 'c', doc: null, x: 1 }),
        topic.update({ name: 'd', doc: null, x: 1 }, { name: 'c', doc: null, x: 1 }),
      ]);
      expect(sink.status().parked).toEqual([]);
      const rows = await target.query('SELECT name, doc, x FROM log');
      expect(rows.map((row) => Object.values(row).join('|')).toSorted()).toEqual([
        'A|k|',
        'a|k |',
        'b|k |',
        'd||1',
      ]);
    });

    test('absent values of an update come from its before image', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = log();
      await put(sink, [topic.insert({ name: 'a', doc: '[1]' })]);
      await put(sink, [topic.update({ name: 'b', doc: 'x' }, { name: 'a', doc: '[1]' }, ['doc'])]);
      expect(await target.query('SELECT name, doc FROM log')).toEqual([{ name: 'b', doc: '[1]' }]);
    });

    test('without a before image the table is parked, and the cure named', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = log();
      await put(sink, [topic.insert({ name: 'a' }), topic.deleteBlind()]);
      expect(await target.query('SELECT name FROM log')).toEqual([{ name: 'a' }]);
      const [parked] = sink.status().parked;
      expect(parked?.code).toBe('SINK_RECORD');
      expect(parked?.message).toContain('REPLICA IDENTITY FULL');
    });

    test('a before image that nothing equals parks the table', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target);
      const topic = log();
      await put(sink, [topic.insert({ name: 'a' }), topic.delete({ name: 'other' })]);
      expect(sink.status().parked).toMatchObject([{ offset: 1, code: 'SINK_RECORD' }]);
    });
  });

  test('records of a MySQL source come into any product (S19)', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target);
    const own = (name: string, type: string, schema: Parameters<typeof column>[2]) =>
      column(name, null, { ...schema, parameters: { '__tidemark.source.mysql.type': type } });
    const instant = { type: 'string', name: 'io.debezium.time.ZonedTimestamp' } as const;
    const columns = [
      id,
      own('small', 'tinyint unsigned', { type: 'int16' }),
      own('span', 'time(6)', { type: 'int64', name: 'io.debezium.time.MicroTime' }),
      own('word', 'varchar(5)', { type: 'string' }),
      own('seen', 'timestamp(6)', instant),
      own('mood', "enum('a','b')", { type: 'string', name: 'io.debezium.data.Enum' }),
    ];
    const topic = new SinkTopic({ table: 'of_mysql', columns, key: ['id'] });
    const seen = '2026-11-22T06:30:00.000001Z';
    const row = { small: 255, span: -3_020_399_000_000n, word: 'w', seen, mood: 'b' };
    await put(sink, [topic.insert({ id: 1, ...row })]);
    expect(sink.status().parked).toEqual([]);
    const isPostgres = target.dialect.name === 'postgres';
    const text = (name: string): string =>
      `CAST(${name} AS ${isPostgres ? 'text' : 'CHAR'}) AS ${name}`;
    const names = ['small', 'span', 'word', 'seen', 'mood'].map(text).join(', ');
    const [found] = await target.query(`SELECT ${names} FROM of_mysql`);
    expect(found).toMatchObject({ small: '255', word: 'w', mood: 'b' });
    expect(String(found?.['span'])).toMatch(/^-838:59:59/);
    expect(String(found?.['seen'])).toMatch(/^2026-11-22 06:30:00.000001/);
  });
});
