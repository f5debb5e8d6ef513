import { expect, test } from 'vitest';
import { postgresTarget } from '../../../dialects/postgres/postgres-target-dialect.ts';
import { openPostgresSession } from '../../../src/sink/sql/postgres-session.ts';
import { SinkState } from '../../../src/sink/sql/sink-state.ts';
import { inTransaction, prepareSinkTables } from '../../../src/sink/sql/sink-tables.ts';
import type { TargetSession } from '../../../src/sink/sql/target-session.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { never, put, sinkOptions, startSink } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

function open(database: TestDatabase): Promise<TargetSession> {
  return openPostgresSession(sinkOptions(database), never);
}

function prepare(session: TargetSession, sink: string, schema = 'public'): Promise<void> {
  return prepareSinkTables(session, postgresTarget, schema, sink);
}

test('a role that may not create works where the tables are made', async () => {
  await using database = await freshDatabase();
  const session = await open(database);
  await prepare(session, 's');
  const role = `writer_of_${database.name}`;
  await session.query(`CREATE ROLE ${role}`);
  try {
    await session.query(
      `GRANT SELECT, INSERT, UPDATE
       ON public.tidemark_sinks, public.tidemark_offsets, public.tidemark_topics TO ${role}`,
    );
    await session.query(`SET ROLE ${role}`);
    await prepare(session, 'other');
    const state = new SinkState(postgresTarget, 'other', 'public');
    const claims = await state.claim(session, [{ topic: 't', partition: 0 }]);
    await inTransaction(session, () => state.hold(session, claims, ['t'], true));
    await expect(prepare(session, 'other', 'nowhere')).rejects.toMatchObject({
      code: 'SINK_SCHEMA',
    });
  } finally {
    await session.query(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await session.close();
  }
});

test('a layout of a newer version is refused', async () => {
  await using database = await freshDatabase();
  const session = await open(database);
  await prepare(session, 's');
  await session.query('UPDATE public.tidemark_sinks SET layout = 99');
  await expect(prepare(session, 's')).rejects.toThrow(/newer version/);
  await session.close();
});

/** As version 1 made them, with a sink that has written generation 3 of one topic. */
const LAYOUT_1 = `
  CREATE TABLE tidemark_sinks (sink text PRIMARY KEY, epoch bigint NOT NULL,
    layout integer NOT NULL, started_at timestamptz, updated_at timestamptz);
  CREATE TABLE tidemark_offsets (sink text NOT NULL, topic text NOT NULL,
    partition integer NOT NULL, generation bigint NOT NULL, next_offset bigint NOT NULL,
    target_schema text NOT NULL, target_table text NOT NULL,
    PRIMARY KEY (sink, topic, partition));
  INSERT INTO tidemark_sinks VALUES ('warehouse', 4, 1), ('other', 2, 1);
  INSERT INTO tidemark_offsets VALUES
    ('warehouse', 'shop.public.t', 0, 3, 10, 'public', 't'),
    ('warehouse', 'shop.public.t', 1, 2, 20, 'public', 't'),
    ('other', 'shop.public.t', 0, 2, 5, 'public', 'u');
  CREATE TABLE t (id integer PRIMARY KEY);
  INSERT INTO t VALUES (1), (2)`;

test('layout 1 is carried over; its tasks are fenced, other sinks are left', async () => {
  await using database = await freshDatabase();
  await database.query(LAYOUT_1);
  const topic = new SinkTopic({
    table: 't',
    columns: [column('id', 'integer', { type: 'int32', optional: false })],
    key: ['id'],
  });
  await using sink = await startSink(database);
  const place = { topic: topic.topic, partition: 0 };
  expect(await sink.assign([place], never)).toMatchObject([
    { ...place, generation: 3, offset: 10 },
  ]);
  // The generation goes on: the table is not emptied.
  topic.generation = 3;
  await put(sink, [{ ...topic.insert({ id: 3 }), offset: 10 }]);
  expect(await database.query('SELECT id FROM t ORDER BY id')).toEqual([
    { id: 1 },
    { id: 2 },
    { id: 3 },
  ]);
  expect(await database.query('SELECT sink, epoch, layout FROM tidemark_sinks ORDER BY 1')).toEqual(
    [
      { sink: 'other', epoch: '2', layout: 1 },
      { sink: 'warehouse', epoch: '5', layout: 2 },
    ],
  );
  expect(await database.query('SELECT sink, generation FROM tidemark_topics')).toEqual([
    { sink: 'warehouse', generation: '3' },
  ]);
  // The next generation empties what the old version wrote.
  topic.generation = 4;
  await put(sink, [{ ...topic.insert({ id: 9 }), offset: 11 }]);
  expect(await database.query('SELECT id FROM t')).toEqual([{ id: 9 }]);
});
