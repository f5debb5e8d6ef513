import { expect, test } from 'vitest';
import { postgresTarget } from '../../../dialects/postgres/postgres-target-dialect.ts';
import { openPostgresSession } from '../../../src/sink/sql/postgres-session.ts';
import { inTransaction, SinkState } from '../../../src/sink/sql/sink-state.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { never, sinkOptions } from '../../support/sink-harness.ts';

const target = { schema: 'public', table: 't' };

test('positions are stored per sink, and only by the task that holds the epoch', async () => {
  await using database = await freshDatabase();
  const session = await openPostgresSession(sinkOptions(database), never);
  const older = new SinkState(postgresTarget, `o'name"`, 'My State');
  const newer = new SinkState(postgresTarget, `o'name"`, 'My State');
  await older.takeOver(session);
  const position = { topic: 'a,"b', partition: 3, generation: 2, offset: 2 ** 40, target };
  await inTransaction(session, async () => {
    await older.hold(session);
    await session.query(older.save([position]));
  });
  expect(await older.load(session)).toEqual([position]);
  await newer.takeOver(session);
  await expect(older.hold(session)).rejects.toMatchObject({ code: 'SINK_FENCED' });
  await newer.hold(session);
  expect(await newer.load(session)).toEqual([position]);
  const other = new SinkState(postgresTarget, 'other', 'My State');
  await other.takeOver(session);
  expect(await other.load(session)).toEqual([]);
  await session.close();
});

test('a role that may not create works where the tables are made', async () => {
  await using database = await freshDatabase();
  const session = await openPostgresSession(sinkOptions(database), never);
  await new SinkState(postgresTarget, 's', 'public').takeOver(session);
  const role = `writer_of_${database.name}`;
  await session.query(`CREATE ROLE ${role}`);
  try {
    await session.query(
      `GRANT SELECT, INSERT, UPDATE ON public.tidemark_sinks, public.tidemark_offsets TO ${role}`,
    );
    await session.query(`SET ROLE ${role}`);
    await new SinkState(postgresTarget, 'other', 'public').takeOver(session);
    const missing = new SinkState(postgresTarget, 'other', 'nowhere');
    await expect(missing.takeOver(session)).rejects.toMatchObject({ code: 'SINK_SCHEMA' });
  } finally {
    await session.query(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await session.close();
  }
});

test('a layout of a newer version is refused', async () => {
  await using database = await freshDatabase();
  const session = await openPostgresSession(sinkOptions(database), never);
  const state = new SinkState(postgresTarget, 's', 'public');
  await state.takeOver(session);
  await session.query('UPDATE public.tidemark_sinks SET layout = 99');
  await expect(state.takeOver(session)).rejects.toThrow(/newer version/);
  await session.close();
});
