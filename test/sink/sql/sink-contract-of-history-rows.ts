import { describe, expect, test } from 'vitest';
import type { Struct } from '../../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import type { SinkTarget } from '../../support/sink-target.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const a = column('a', 'text', { type: 'string' });
const big = column('big', 'text', { type: 'string' });

function people(key: readonly string[] = ['id']): SinkTopic {
  return new SinkTopic({ table: 'people', columns: [id, a, big], key });
}

/** The record with the source block of another: as of the rows that one COPY wrote. */
function atPlaceOf(other: SinkRecord, record: SinkRecord): SinkRecord {
  const block = other.value!.values[2] as Struct;
  return { ...record, value: { ...record.value!, values: record.value!.values.with(2, block) } };
}

async function history(target: SinkTarget, columns: string): Promise<string[]> {
  const order = '_cdc_pos, _cdc_image DESC, id';
  const rows = await target.query(`SELECT ${columns} FROM people__history ORDER BY ${order}`);
  return rows.map((row) => Object.values(row).map(String).join(' '));
}

async function current(target: SinkTarget, columns: string): Promise<string[]> {
  const rows = await target.query(`SELECT ${columns} FROM people__current`);
  return rows.map((row) => Object.values(row).map(String).join(' ')).toSorted();
}

/** What stands in a history, change by change. */
export const contractOfHistoryRows = describeTarget((fresh) => {
  describe('rows of a history', () => {
    test('are the images of each change; null and absent are told apart', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, { writeMode: 'history' });
      const topic = people();
      await put(sink, [
        topic.read({ id: 1, a: 'x', big: 'X' }),
        topic.update({ id: 1, a: null, big: '-' }, { id: 1, a: 'x', big: 'X' }, ['big']),
        topic.delete({ id: 1, a: null, big: 'X' }),
        topic.tombstone({ id: 1 }),
        topic.truncate(),
      ]);
      expect(sink.status().parked).toEqual([]);
      expect(await history(target, '_cdc_op, _cdc_image, _cdc_absent, id, a, big')).toEqual([
        'r after null 1 x X',
        'u before null 1 x X',
        'u after ["big"] 1 null null',
        'd before null 1 null X',
        't none null null null null',
      ]);
      expect(await target.hasTable('people')).toBe(false);
      const [first] = await target.query(
        `SELECT _cdc_topic, _cdc_tx_id FROM people__history WHERE _cdc_op = 'r'`,
      );
      expect(first).toEqual({ _cdc_topic: 'shop.public.people', _cdc_tx_id: '700' });
    });

    test('are kept beside soft deletes, whatever the mirror leaves out (P1)', async () => {
      await using target = await fresh();
      const options = { writeMode: 'both', deleteMode: 'soft', truncateEnabled: false } as const;
      await using sink = await startTargetSink(target, options);
      const topic = people();
      await put(sink, [
        topic.insert({ id: 1, a: 'x' }),
        topic.insert({ id: 2, a: 'y' }),
        topic.delete({ id: 1 }),
        topic.truncate(),
      ]);
      expect(await current(target, 'id, a')).toEqual([]);
      const mirror = await target.query('SELECT id FROM people ORDER BY id');
      expect(mirror).toEqual([{ id: 1 }, { id: 2 }]);
    });

    test('of one COPY share a place, and none of them is lost', async () => {
      for (const key of [['id'], []]) {
        await using target = await fresh();
        const topic = people(key);
        const first = topic.insert({ id: 1, a: 'x' });
        const records = [
          first,
          atPlaceOf(first, topic.insert({ id: 2, a: 'x' })),
          ...(key.length > 0 ? [] : [atPlaceOf(first, topic.insert({ id: 2, a: 'x' }))]),
        ];
        await using sink = await startTargetSink(target, { writeMode: 'history' });
        await put(sink, records);
        expect(await current(target, 'id, a')).toEqual(
          key.length > 0 ? ['1 x', '2 x'] : ['1 x', '2 x', '2 x'],
        );
      }
    });

    test('of flat records stand where the log has them; their tombstones delete', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, {
        writeMode: 'history',
        tableNameFormat: 'people',
      });
      const topic = people();
      await put(sink, [
        topic.flat({ id: 1, a: 'x' }),
        topic.flat({ id: 2, a: 'y' }),
        topic.flat({ id: 1, a: 'z' }),
        topic.tombstone({ id: 2 }),
      ]);
      expect(await current(target, 'id, a')).toEqual(['1 z']);
      const versions = await target.query('SELECT id, a FROM people__versions ORDER BY id, a');
      expect(versions.map(({ id: key, a: text }) => `${String(key)} ${String(text)}`)).toEqual([
        '1 x',
        '1 z',
        '2 y',
      ]);
    });

    test('are seen by the views, whatever their columns are called', async () => {
      const names = ['v', 't', 'p', 'next_pos', 'gone_pos', 'era', 'nth'];
      const columns = [id, ...names.map((name) => column(name, 'text', { type: 'string' }))];
      for (const key of [['id'], []]) {
        await using target = await fresh();
        await using sink = await startTargetSink(target, { writeMode: 'history' });
        const topic = new SinkTopic({ table: 'people', columns, key });
        const row = (n: number, text: string) => ({
          id: n,
          ...Object.fromEntries(names.map((name) => [name, text])),
        });
        await put(sink, [
          topic.insert(row(1, 'a')),
          topic.insert(row(2, 'b')),
          topic.update(row(1, 'c'), row(1, 'a')),
          topic.delete(row(2, 'b')),
        ]);
        expect(sink.status().parked).toEqual([]);
        expect(await current(target, ['id', ...names].join(', '))).toEqual(['1 c c c c c c c']);
        const past = 'WHERE _valid_to_pos IS NOT NULL ORDER BY id';
        const versions = await target.query(
          `SELECT id, next_pos, nth FROM people__versions ${past}`,
        );
        expect(versions.map((found) => Object.values(found).map(String).join(' '))).toEqual([
          '1 a a',
          '2 b b',
        ]);
      }
    });

    test('and those of a mirror do not share a table, which is left as it is', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, { writeMode: 'both' });
      const mine = people();
      const other = new SinkTopic({ table: 'people__history', columns: [id, a], key: ['id'] });
      await put(sink, [mine.insert({ id: 1, a: 'x' })]);
      await put(sink, [other.insert({ id: 7, a: 'y' })]);
      const [parked] = sink.status().parked;
      expect(parked).toMatchObject({ code: 'SINK_SCHEMA', topic: other.topic });
      expect(parked?.message).toMatch(/people__history.* is a history, and rows would go there/);
      await put(sink, [mine.update({ id: 1, a: 'z' })]);
      expect(await current(target, 'id, a')).toEqual(['1 z']);
      // The other way round: rows were there first.
      await using there = await fresh();
      await using second = await startTargetSink(there, { writeMode: 'both' });
      await put(second, [other.insert({ id: 7, a: 'y' })]);
      await put(second, [mine.insert({ id: 1, a: 'x' })]);
      expect(second.status().parked[0]?.message).toMatch(/is no history, and changes would/);
      expect(await there.query('SELECT * FROM people__history')).toEqual([{ id: 7, a: 'y' }]);
    });

    test('of an older generation are past when a snapshot starts over (ruling 3)', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, { writeMode: 'history' });
      const topic = people();
      await put(sink, [topic.read({ id: 1, a: 'old' }), topic.read({ id: 2, a: 'ghost' })]);
      topic.generation = 2;
      await put(sink, [topic.read({ id: 1, a: 'new' })]);
      expect(await current(target, 'id, a')).toEqual(['1 new']);
      const versions = await target.query('SELECT id FROM people__versions');
      expect(versions).toHaveLength(3);
    });
  });

  describe('a history whose source changes', () => {
    test('gets columns, is widened, and keeps what was dropped', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, { writeMode: 'history' });
      const n = column('n', 'integer', { type: 'int32' });
      const topic = new SinkTopic({ table: 'people', columns: [id, n], key: ['id'] });
      await put(sink, [topic.insert({ id: 1, n: 1 })]);
      topic.alter({ columns: [id, column('n', 'bigint', { type: 'int64' })] });
      await put(sink, [topic.insert({ id: 2, n: 4_294_967_297n })]);
      topic.alter({ columns: [id, a] });
      await put(sink, [topic.insert({ id: 3, a: 'x' })]);
      expect(sink.status().parked).toEqual([]);
      expect(await current(target, 'id, n, a')).toEqual([
        '1 1 null',
        '2 4294967297 null',
        '3 null x',
      ]);
    });

    test('keeps a column whose type is another now, and puts the new one beside it', async () => {
      await using target = await fresh();
      const x = column('x', 'integer', { type: 'int32' });
      const topic = new SinkTopic({ table: 'people', columns: [id, x], key: ['id'] });
      await using sink = await startTargetSink(target, { writeMode: 'history' });
      await put(sink, [topic.insert({ id: 1, x: 10 })]);
      topic.alter({ columns: [id, column('x', 'bytea', { type: 'bytes' })] });
      await put(sink, [topic.insert({ id: 2, x: Buffer.from('A') })]);
      // It is found again by whoever comes later.
      await using later = await startTargetSink(target, { writeMode: 'history' });
      await put(later, [topic.insert({ id: 3, x: Buffer.from('B') })]);
      expect([...sink.status().parked, ...later.status().parked]).toEqual([]);
      expect(await current(target, 'id, x')).toEqual(['1 10', '2 null', '3 null']);
      const bytes = await target.query(
        'SELECT id FROM people__current WHERE x__2 IS NOT NULL ORDER BY id',
      );
      expect(bytes).toEqual([{ id: 2 }, { id: 3 }]);
    });
  });
});
