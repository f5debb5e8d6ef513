import { expect, test } from 'vitest';
import { postgresTarget } from '../../../dialects/postgres/postgres-target-dialect.ts';
import { openPostgresSession } from '../../../src/sink/sql/postgres-session.ts';
import { SinkState } from '../../../src/sink/sql/sink-state.ts';
import { inTransaction, prepareSinkTables } from '../../../src/sink/sql/sink-tables.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { never, sinkOptions } from '../../support/sink-harness.ts';

const target = { schema: 'public', table: 't' };
const NAME = `o'name"`;
const SCHEMA = 'My State';

test('positions are stored per sink; a claim shuts out the older one', async () => {
  await using database = await freshDatabase();
  const session = await openPostgresSession(sinkOptions(database), never);
  await prepareSinkTables(session, postgresTarget, SCHEMA, NAME);
  const state = new SinkState(postgresTarget, NAME, SCHEMA);
  const place = { topic: 'a,"b\'', partition: 3 };
  const other = { topic: 'c', partition: 0 };
  const older = await state.claim(session, [other, place]);
  const position = { ...place, generation: 2, offset: 2 ** 40, target };
  await inTransaction(session, async () => {
    expect((await state.hold(session, older, [], false)).fenced).toEqual([]);
    await state.save(session, [position]);
  });
  const [newer] = await state.claim(session, [place]);
  expect((await state.hold(session, older, [], false)).fenced).toMatchObject([place]);
  expect((await state.hold(session, [newer!], [], false)).fenced).toEqual([]);
  // A claim alone is no position.
  expect((await state.load(session)).positions).toEqual([position]);
  const second = new SinkState(postgresTarget, 'second', SCHEMA);
  await prepareSinkTables(session, postgresTarget, SCHEMA, 'second');
  expect(await second.load(session)).toEqual({ positions: [], topics: [] });
  await session.close();
});

test('the generation of a topic stands once for all tasks', async () => {
  await using database = await freshDatabase();
  const session = await openPostgresSession(sinkOptions(database), never);
  await prepareSinkTables(session, postgresTarget, SCHEMA, NAME);
  const state = new SinkState(postgresTarget, NAME, SCHEMA);
  expect((await state.hold(session, [], ["t'"], false)).topics).toEqual([]);
  const empty = { topic: "t'", generation: 0, target: null };
  expect((await state.hold(session, [], ["t'"], true)).topics).toEqual([empty]);
  await session.query(state.enter({ topic: "t'", generation: 7, target }));
  const entered = { topic: "t'", generation: 7, target };
  expect((await state.hold(session, [], ["t'"], false)).topics).toEqual([entered]);
  expect((await state.load(session)).topics).toEqual([entered]);
  await session.close();
});
