import { expect, test } from 'vitest';
import { SqlSinkOffsets } from '../../../src/sink/sql/sink-offsets.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { never, put, sinkOptions, startSink } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });

test('a target that was never written has none, and none are made', async () => {
  await using database = await freshDatabase();
  const offsets = await SqlSinkOffsets.open(sinkOptions(database), never);
  expect(await offsets.read()).toEqual([]);
  expect(await database.query("SELECT to_regclass('tidemark_offsets') AS t")).toEqual([
    { t: null },
  ]);
});

test('what is moved back is applied again; a task that still runs is fenced', async () => {
  await using database = await freshDatabase();
  await using zombie = await startSink(database);
  const topic = new SinkTopic({ table: 't', columns: [id], key: ['id'] });
  const place = { topic: topic.topic, partition: 0 };
  const records = [1, 2, 3].map((n) => topic.insert({ id: n }));
  await put(zombie, records);
  const offsets = await SqlSinkOffsets.open(sinkOptions(database), never);
  expect(await offsets.read()).toMatchObject([{ ...place, generation: 1, offset: 3 }]);
  await database.query('DELETE FROM t WHERE id > 1');
  const elsewhere = { topic: 'never.written', partition: 0, generation: 1, offset: 9 };
  await offsets.move([{ ...place, generation: 1, offset: 1 }, elsewhere]);
  expect(await offsets.read()).toMatchObject([{ ...place, offset: 1 }]);
  expect(await put(zombie, [topic.insert({ id: 4 })])).toEqual([place]);
  await using sink = await startSink(database);
  await put(sink, records);
  expect(await database.query('SELECT id FROM t ORDER BY id')).toEqual([
    { id: 1 },
    { id: 2 },
    { id: 3 },
  ]);
});
