import { expect, test } from 'vitest';
import { put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import type { SinkTarget } from '../../support/sink-target.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const name = column('name', 'character varying(20)', { type: 'string' });

function people(key: readonly string[] = ['id']): SinkTopic {
  return new SinkTopic({ table: 'people', columns: [id, name], key });
}

/** Keys with a mark when they are deleted: `1`, `2 gone`. */
async function marks(target: SinkTarget): Promise<readonly string[]> {
  const rows = await target.query(`SELECT id, name,
    CASE WHEN _deleted THEN 'gone' ELSE 'here' END AS state,
    CASE WHEN _deleted_at IS NULL THEN 'never' ELSE 'timed' END AS timed
    FROM people ORDER BY id`);
  return rows.map((row) => Object.values(row).map(String).join(' '));
}

/** Rows that stay when the source has deleted them, and what is told of the change of a row. */
export const contractOfChanges = describeTarget((fresh) => {
  test('a deleted row stays, marked, and is whole', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target, { deleteMode: 'soft' });
    const topic = people();
    await put(sink, [
      topic.insert({ id: 1, name: 'a' }),
      topic.insert({ id: 2, name: 'b' }),
      // Within one batch it was never in the target before.
      topic.insert({ id: 3, name: 'c' }),
      topic.delete({ id: 3 }),
      topic.tombstone({ id: 3 }),
    ]);
    expect(await marks(target)).toEqual(['1 a here never', '2 b here never', '3 c gone timed']);
    await put(sink, [topic.delete({ id: 1 }), topic.tombstone({ id: 1 })]);
    await put(sink, [topic.update({ id: 2, name: 'b2' }), topic.delete({ id: 2 })]);
    // A row that the target never had cannot be marked.
    await put(sink, [topic.delete({ id: 9 })]);
    expect(await marks(target)).toEqual(['1 a gone timed', '2 b2 gone timed', '3 c gone timed']);
    expect(sink.status().parked).toEqual([]);
  });

  test('a row that comes again is there again, also within a batch', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target, { deleteMode: 'soft' });
    const topic = people();
    await put(sink, [topic.insert({ id: 1, name: 'a' }), topic.delete({ id: 1 })]);
    await put(sink, [topic.insert({ id: 1, name: 'again' })]);
    expect(await marks(target)).toEqual(['1 again here never']);
    await put(sink, [topic.delete({ id: 1 }), topic.insert({ id: 1, name: 'third' })]);
    expect(await marks(target)).toEqual(['1 third here never']);
    // The key changes from 1 to 2: the old one is gone, the new one is there.
    await put(sink, topic.move({ id: 1, name: 'third' }, { id: 2, name: 'third' }));
    expect(await marks(target)).toEqual(['1 third gone timed', '2 third here never']);
  });

  /**
   * The create of such a key change lacks a value that only the row under the old key has. Once the
   * row was moved, so that nothing was marked; and where a row of the new key had been deleted
   * before, that one came to life again, with a value that the source has nowhere.
   */
  test('a key change that leaves values out marks the old row, and copies its values', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target, { deleteMode: 'soft' });
    const topic = people();
    await put(sink, [
      topic.insert({ id: 1, name: 'kept' }),
      topic.insert({ id: 2, name: 'stale' }),
    ]);
    await put(sink, [topic.delete({ id: 2 })]);
    const move = topic.move({ id: 1, name: 'kept' }, { id: 2, name: 'kept' }, ['name']);
    await put(sink, move);
    const wanted = ['1 kept gone timed', '2 kept here never'];
    expect(await marks(target)).toEqual(wanted);
    // Nothing is there under the next one; a row that lives under its new key stays as it is.
    await put(sink, topic.move({ id: 2, name: 'kept' }, { id: 3, name: 'kept' }, ['name']));
    await put(sink, [topic.insert({ id: 4, name: 'newer' })]);
    await put(sink, topic.move({ id: 3, name: 'kept' }, { id: 4, name: 'kept' }, ['name']));
    expect(await marks(target)).toEqual([
      '1 kept gone timed',
      '2 kept gone timed',
      '3 kept gone timed',
      '4 newer here never',
    ]);
    expect(sink.status().parked).toEqual([]);
  });

  test('a truncate marks all rows, also those of its own batch', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target, { deleteMode: 'soft' });
    const topic = people();
    await put(sink, [topic.insert({ id: 1, name: 'a' })]);
    await put(sink, [
      topic.insert({ id: 2, name: 'b' }),
      topic.truncate(),
      topic.insert({ id: 3, name: 'c' }),
    ]);
    expect(await marks(target)).toEqual(['1 a gone timed', '2 b gone timed', '3 c here never']);
  });

  test('a table of before gets the columns by whatever comes first', async () => {
    for (const first of ['delete', 'tombstone', 'truncate', 'insert'] as const) {
      await using target = await fresh();
      const topic = people();
      {
        await using sink = await startTargetSink(target);
        await put(sink, [topic.insert({ id: 1, name: 'a' }), topic.insert({ id: 2, name: 'b' })]);
      }
      await using sink = await startTargetSink(target, { deleteMode: 'soft' });
      const change = {
        delete: () => topic.delete({ id: 1 }),
        tombstone: () => topic.tombstone({ id: 1 }),
        truncate: () => topic.truncate(),
        insert: () => topic.insert({ id: 3, name: 'c' }),
      };
      await put(sink, [change[first]()]);
      expect(sink.status().parked).toEqual([]);
      expect({ first, rows: await marks(target) }).toEqual({
        first,
        rows: {
          delete: ['1 a gone timed', '2 b here never'],
          // It has no time of the source.
          tombstone: ['1 a gone never', '2 b here never'],
          truncate: ['1 a gone timed', '2 b gone timed'],
          insert: ['1 a here never', '2 b here never', '3 c here never'],
        }[first],
      });
    }
  });

  test('rows without a key cannot be marked: the topic stops, and says what helps', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target, { deleteMode: 'soft' });
    await put(sink, [people([]).insert({ id: 1 })]);
    expect(sink.status().parked).toMatchObject([
      { code: 'SINK_SCHEMA', message: expect.stringContaining('delete.mode soft') as string },
    ]);
  });

  test('the last change of a row is told beside it, and rows without a key are found', async () => {
    await using target = await fresh();
    const metadataColumns = ['op', 'source_ts', 'tx_id', 'position', 'offset'] as const;
    await using sink = await startTargetSink(target, { metadataColumns });
    const topic = people();
    await put(sink, [topic.read({ id: 1, name: 'a' }), topic.insert({ id: 2, name: 'b' })]);
    await put(sink, [topic.update({ id: 1, name: 'a2' }), topic.delete({ id: 2 })]);
    const told = 'id, name, _cdc_op AS op, _cdc_tx_id AS tx, _cdc_position AS at, _cdc_offset AS o';
    const rows = await target.query(`SELECT ${told} FROM people`);
    expect(rows.map((row) => Object.values(row).map(String).join(' '))).toEqual([
      '1 a2 u 702 1/2 2',
    ]);
    const keyless = new SinkTopic({ table: 'bag', columns: [id, name], key: [] });
    await put(sink, [keyless.insert({ id: 1, name: 'x' }), keyless.insert({ id: 1, name: 'x' })]);
    await put(sink, [keyless.delete({ id: 1, name: 'x' })]);
    expect(await target.query('SELECT id, name FROM bag')).toEqual([{ id: 1, name: 'x' }]);
    expect(sink.status().parked).toEqual([]);
  });

  test('a column of the source with such a name is refused', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target, { metadataColumns: ['op'] });
    const taken = column('_cdc_op', 'text', { type: 'string' });
    const topic = new SinkTopic({ table: 'people', columns: [id, taken], key: ['id'] });
    await put(sink, [topic.insert({ id: 1 })]);
    expect(sink.status().parked).toMatchObject([
      { code: 'SINK_SCHEMA', message: expect.stringContaining('_cdc_op') as string },
    ]);
  });
});
