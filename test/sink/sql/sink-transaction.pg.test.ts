import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import type { SinkRecord, SinkTask } from '../../../src/model/sink-record.ts';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase, startOwnServer } from '../../support/postgres.ts';
import { never, put, sinkOptions, startSink } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import { postgresSinkTarget } from '../../support/sink-target.ts';
import { contractOfOffsets } from './sink-contract-of-offsets.ts';
import { contractOfWholePuts } from './sink-contract-of-whole-puts.ts';
import { contractOfServers } from './sink-contract-of-servers.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const n = column('n', 'integer', { type: 'int32' });

function counters(table = 'counters'): SinkTopic {
  return new SinkTopic({ table, columns: [id, n], key: ['id'] });
}

function rows(database: TestDatabase, table = 'counters'): Promise<Record<string, unknown>[]> {
  return database.query(`SELECT id, n FROM ${table} ORDER BY id`);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return error instanceof TidemarkError ? error.code : String(error);
  }
}

contractOfOffsets(postgresSinkTarget);
contractOfWholePuts(postgresSinkTarget);
contractOfServers(postgresSinkTarget);

describe('offsets in the target (ruling 10, S7)', () => {
  test('positions without records are stored for a table that was written', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = counters();
    await put(sink, [topic.insert({ id: 1, n: 1 })]);
    await sink.put([], [{ topic: topic.topic, partition: 0, generation: 1, offset: 9 }], never);
    expect(await database.query('SELECT next_offset FROM tidemark_offsets')).toEqual([
      { next_offset: '9' },
    ]);
  });
});

describe('generations (ruling 3)', () => {
  test('several partitions of a topic empty it once', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = counters();
    await put(sink, [topic.read({ id: 1, n: 1 })]);
    topic.generation = 2;
    await put(sink, [topic.read({ id: 2, n: 2 })]);
    topic.partition = 1;
    await put(sink, [topic.read({ id: 3, n: 3 })]);
    expect(await rows(database)).toEqual([
      { id: 2, n: 2 },
      { id: 3, n: 3 },
    ]);
  });

  test('a table that other topics write to is not emptied but parked', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database, { tableNameFormat: 'everything' });
    const one = counters('one');
    const two = new SinkTopic({ table: 'two', columns: [id, n], key: ['id'] }, one.log);
    await put(sink, [one.read({ id: 1, n: 1 }), two.read({ id: 2, n: 2 })]);
    one.generation = 2;
    await put(sink, [one.read({ id: 3, n: 3 })]);
    expect(await rows(database, 'everything')).toHaveLength(2);
    expect(sink.status().parked).toMatchObject([{ topic: one.topic, code: 'SINK_RECORD' }]);
  });

  test('a new generation frees a parked topic', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = counters();
    await put(sink, [topic.read({ id: 1, n: 1 }), topic.update({ id: 2, n: 0 }, null, ['n'])]);
    expect(sink.status().parked).toHaveLength(1);
    topic.generation = 2;
    await put(sink, [topic.read({ id: 2, n: 2 })]);
    expect(sink.status().parked).toEqual([]);
    expect(await rows(database)).toEqual([{ id: 2, n: 2 }]);
  });
});

describe('errors (S10)', () => {
  test('a character that the target cannot store parks only its table', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = new SinkTopic({
      table: 'texts',
      columns: [id, column('t', 'text', { type: 'string' })],
      key: ['id'],
    });
    await put(sink, [topic.insert({ id: 1, t: 'fine' }), topic.insert({ id: 2, t: 'nul\0' })]);
    expect(await database.query('SELECT id FROM texts')).toEqual([{ id: 1 }]);
    expect(sink.status().parked).toMatchObject([{ offset: 1 }]);
  });

  test('a connection cut inside the transaction: nothing is applied, then all is', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = counters();
    await put(sink, [topic.insert({ id: 1, n: 1 })]);
    await database.query(`
      CREATE SEQUENCE tries;
      CREATE FUNCTION die_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('public.tries') = 1 THEN
          PERFORM pg_terminate_backend(pg_backend_pid());
        END IF; RETURN NULL; END $$;
      CREATE TRIGGER die AFTER UPDATE ON tidemark_offsets EXECUTE FUNCTION die_once()`);
    const records = [topic.insert({ id: 2, n: 2 }), topic.update({ id: 1, n: 10 })];
    const code = await codeOf(put(sink, records));
    expect(['SINK_SERVER', 'SINK_CONNECT']).toContain(code);
    expect(sink.status().connected).toBe(false);
    expect(await rows(database)).toEqual([{ id: 1, n: 1 }]);
    await put(sink, records);
    expect(await rows(database)).toEqual([
      { id: 1, n: 10 },
      { id: 2, n: 2 },
    ]);
  });

  test('serialization failures and deadlocks are for the caller to try again', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = counters();
    await put(sink, [topic.insert({ id: 1, n: 1 })]);
    await database.query(`
      CREATE SEQUENCE tries;
      CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('public.tries') = 1 THEN
          RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01';
        END IF; RETURN NEW; END $$;
      CREATE TRIGGER fail BEFORE UPDATE ON counters FOR EACH ROW EXECUTE FUNCTION fail_once()`);
    const records = [topic.update({ id: 1, n: 2 })];
    expect(await codeOf(put(sink, records))).toBe('SINK_SERVER');
    expect(await rows(database)).toEqual([{ id: 1, n: 1 }]);
    await put(sink, records);
    expect(await rows(database)).toEqual([{ id: 1, n: 2 }]);
  });

  test('connect, password, database: each has its code', async () => {
    await using database = await freshDatabase();
    const start = async (change: Parameters<typeof sinkOptions>[1]): Promise<string> => {
      await using sink = createSqlSink(sinkOptions(database, change));
      return await codeOf(sink.start(never));
    };
    expect(await start({ connectionUrl: 'postgres://x@127.0.0.1:1/x' })).toBe('SINK_CONNECT');
    expect(await start({ connectionUrl: database.url.replace(/\/\w+$/, '/nowhere') })).toBe(
      'SINK_SCHEMA',
    );
    await using server = await startOwnServer();
    await using own = await server.freshDatabase();
    await using sink = createSqlSink(sinkOptions(own, { password: 'wrong' }));
    expect(await codeOf(sink.start(never))).toBe('SINK_AUTH');
  });

  test('a killed server: the put fails, and after its restart it is done', async () => {
    await using server = await startOwnServer();
    await using database = await server.freshDatabase();
    const jdbc = `jdbc:postgresql://${server.host}:${server.port}/${database.name}`;
    await using sink = await startSink(database, {
      connectionUrl: jdbc,
      user: server.user,
      password: server.password,
    });
    const topic = counters();
    await put(sink, [topic.insert({ id: 1, n: 1 })]);
    await server.kill();
    const records = [topic.insert({ id: 2, n: 2 })];
    expect(['SINK_CONNECT', 'SINK_SERVER']).toContain(await codeOf(put(sink, records)));
    await server.start();
    await using again = await startSink(database);
    await putUntilApplied(again, records);
    expect(await rows(database)).toEqual([
      { id: 1, n: 1 },
      { id: 2, n: 2 },
    ]);
  });
});

/** As the runtime does it: the same records again while the error is one that passes. */
async function putUntilApplied(sink: SinkTask, records: readonly SinkRecord[]): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await put(sink, records);
      return;
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.retry !== 'backoff' || attempt > 5)
        throw error;
    }
  }
}
