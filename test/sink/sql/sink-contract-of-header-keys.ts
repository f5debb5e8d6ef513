import { expect, test } from 'vitest';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { HeaderKeys } from '../../../src/runtime/header-keys.ts';
import { SinkTransforms } from '../../../src/runtime/sink-transforms.ts';
import { put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

type Texts = Readonly<Record<string, string>>;
type Keyed = (record: SinkRecord, headers: Texts) => SinkRecord;

/** As a sink's reading does it with `pk.mode: record_header`. */
function keyedBy(...fields: string[]): Keyed {
  const transforms = new SinkTransforms((record) => record, false, {
    keys: new HeaderKeys(fields, true),
    plain: null,
  });
  return (record, headers) => {
    const bytes = Object.entries(headers).map(([name, text]) => ({
      name,
      value: Buffer.from(text),
    }));
    const made = transforms.transform(record, bytes);
    if (made === null) throw new Error('no transform drops it');
    return made;
  };
}

const name = column('name', 'character varying(20)', { type: 'string' });

/** Keys of the log are others than those of the rows. */
function people(): SinkTopic {
  const place = column('place', null, { type: 'int64', optional: false });
  return new SinkTopic({ table: 'people', columns: [place, name], key: ['place'] });
}

/** What keys in headers make of rows, whatever the product. */
export const contractOfHeaderKeys = describeTarget((fresh) => {
  test('rows are made, changed and deleted by them, in a table of their types', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target);
    const topic = people();
    const keyed = keyedBy('tenant', 'id');
    const of = (tenant: string, id: string) => ({ id, other: 'x', tenant });
    await put(sink, [
      keyed(topic.insert({ place: 1n, name: 'a' }), of('north', '1')),
      keyed(topic.insert({ place: 2n, name: 'b' }), of('north', '9007199254740993')),
      keyed(topic.insert({ place: 3n, name: 'c' }), of('south', '1')),
      keyed(topic.insert({ place: 4n, name: 'd' }), of('south', '-7')),
    ]);
    await put(sink, [
      keyed(topic.update({ place: 9n, name: 'a2' }), of('north', '1')),
      keyed(topic.delete({ place: 3n, name: 'c' }), of('south', '1')),
      keyed(topic.tombstone({ place: 4n }), of('south', '-7')),
    ]);
    expect(sink.status().parked).toEqual([]);
    const rows = await target.query(
      'SELECT tenant, CAST(id AS CHAR(20)) AS id, place, name FROM people ORDER BY 2 DESC',
    );
    expect(rows.map((row) => Object.values(row).map((text) => String(text).trim()))).toEqual([
      ['north', '9007199254740993', '2', 'b'],
      ['north', '1', '9', 'a2'],
    ]);
    // It has a key of these columns: the target itself refuses a second row.
    const twice = target.query(
      "INSERT INTO people (tenant, id, place, name) VALUES ('north', 1, 5, 'z')",
    );
    await expect(twice).rejects.toThrow();
  });

  test('texts that are one number are several rows, and numbers are texts among them', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target);
    const topic = people();
    const keyed = keyedBy();
    const texts = ['007', '7.0', ' 7', '7e0', '+7', 'seven', '7', '70000000000000000000', ''];
    await put(
      sink,
      texts.map((id) => keyed(topic.insert({ place: 1n, name: id }), { id })),
    );
    expect(sink.status().parked).toEqual([]);
    const rows = await target.query<{ id: string; name: string }>('SELECT id, name FROM people');
    expect(rows.map(({ id }) => id).toSorted()).toEqual(texts.toSorted());
    for (const row of rows) expect(row.id).toBe(row.name);
  });

  test('a history tells rows apart by them', async () => {
    await using target = await fresh();
    await using sink = await startTargetSink(target, { writeMode: 'history' });
    const topic = people();
    const keyed = keyedBy('id');
    await put(sink, [
      keyed(topic.insert({ place: 1n, name: 'a' }), { id: '5' }),
      keyed(topic.insert({ place: 1n, name: 'b' }), { id: '6' }),
      keyed(topic.update({ place: 1n, name: 'a2' }, { place: 1n, name: 'a' }), { id: '5' }),
      keyed(topic.insert({ place: 1n, name: 'c' }), { id: 'seven' }),
      keyed(topic.delete({ place: 1n, name: 'b' }), { id: '6' }),
    ]);
    expect(sink.status().parked).toEqual([]);
    // Where the column cannot become one of texts, another stands beside it.
    const all = await target.query("SELECT id, name FROM people__history WHERE name <> 'c'");
    expect(all.map(({ id, name: told }) => `${String(id)} ${String(told)}`).toSorted()).toEqual([
      '5 a',
      '5 a',
      '5 a2',
      '6 b',
      '6 b',
    ]);
    const now = await target.query('SELECT name FROM people__current ORDER BY name');
    expect(now.map(({ name: told }) => told)).toEqual(['a2', 'c']);
  });

  test('a table of somebody, whose key is a field of the rows too, takes what fits', async () => {
    await using target = await fresh();
    await target.query('CREATE TABLE people (id integer PRIMARY KEY, name varchar(20))');
    await using sink = await startTargetSink(target, {
      schemaEvolution: { create: false, evolve: false },
    });
    const id = column('id', 'integer', { type: 'int32', optional: false });
    const topic = new SinkTopic({ table: 'people', columns: [id, name], key: ['id'] });
    const keyed = keyedBy('id');
    await put(sink, [
      keyed(topic.insert({ id: 1, name: 'a' }), { id: '1' }),
      keyed(topic.insert({ id: 2, name: 'b' }), { id: '20' }),
      keyed(topic.delete({ id: 1, name: 'a' }), { id: '1' }),
    ]);
    expect(sink.status().parked).toEqual([]);
    expect(await target.query('SELECT id, name FROM people')).toEqual([{ id: 20, name: 'b' }]);
    await put(sink, [keyed(topic.insert({ id: 3, name: 'c' }), { id: 'three' })]);
    expect(sink.status().parked).toMatchObject([{ offset: 3 }]);
    expect(await target.query('SELECT id FROM people')).toEqual([{ id: 20 }]);
  });
});
