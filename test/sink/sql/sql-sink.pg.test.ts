import { expect, test } from 'vitest';
import { freshDatabase } from '../../support/postgres.ts';
import { put, startSink } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import { postgresSinkTarget } from '../../support/sink-target.ts';
import { contractOfRows } from './sink-contract-of-rows.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const name = column('name', 'character varying(20)', { type: 'string' });
const note = column('note', 'text', { type: 'string' });

function people(): SinkTopic {
  return new SinkTopic({ table: 'people', columns: [id, name, note], key: ['id'] });
}

contractOfRows(postgresSinkTarget);

test('a table that others reference is emptied all the same', async () => {
  await using database = await freshDatabase();
  await using sink = await startSink(database);
  const topic = people();
  await put(sink, [topic.insert({ id: 1 })]);
  await database.query('CREATE TABLE pets (owner integer REFERENCES people)');
  // The sink learns of the reference when the target refuses.
  await put(sink, [topic.truncate(), topic.insert({ id: 2 })]);
  expect(sink.status().parked).toEqual([]);
  expect(await database.query('SELECT id FROM people')).toEqual([{ id: 2 }]);
});

test('several tables are written in one transaction', async () => {
  await using database = await freshDatabase();
  await using sink = await startSink(database);
  const topic = people();
  const pets = new SinkTopic({ table: 'pets', columns: [id, name], key: ['id'] }, topic.log);
  await put(sink, [topic.insert({ id: 1 }), pets.insert({ id: 1 }), topic.insert({ id: 2 })]);
  const [row] = await database.query(
    `SELECT count(DISTINCT xmin::text)::int AS n FROM (SELECT xmin FROM people
       UNION ALL SELECT xmin FROM pets UNION ALL SELECT xmin FROM tidemark_offsets) t`,
  );
  expect(row).toEqual({ n: 1 });
});

test('rows without key are equal by their text: NaN, -0, json (ruling 14, S31)', async () => {
  await using database = await freshDatabase();
  await using sink = await startSink(database);
  const topic = new SinkTopic({
    table: 'log',
    columns: [
      name,
      column('doc', 'json', { type: 'string', name: 'io.debezium.data.Json' }),
      column('x', 'double precision', { type: 'float64' }),
    ],
    key: [],
  });
  const twin = { name: 'a', doc: '{"k": 1}', x: null };
  await put(sink, [
    topic.read(twin),
    topic.read(twin),
    topic.read(twin),
    topic.read({ name: null, doc: null, x: Number.NaN }),
    topic.read({ name: 'z', doc: null, x: -0 }),
  ]);
  await put(sink, [
    topic.delete(twin),
    topic.update({ ...twin, name: 'b' }, twin),
    topic.delete({ name: null, doc: null, x: Number.NaN }),
    // Made and unmade within the batch.
    topic.insert({ name: 'c', doc: null, x: 1 }),
    topic.update({ name: 'd', doc: null, x: 1 }, { name: 'c', doc: null, x: 1 }),
  ]);
  expect(sink.status().parked).toEqual([]);
  expect(
    await database.query('SELECT name, doc::text AS doc, x::text AS x FROM log ORDER BY name'),
  ).toEqual([
    { name: 'a', doc: '{"k": 1}', x: null },
    { name: 'b', doc: '{"k": 1}', x: null },
    { name: 'd', doc: null, x: '1' },
    { name: 'z', doc: null, x: '-0' },
  ]);
});
