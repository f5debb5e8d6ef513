import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import type { SinkPartition, SinkRecord, SinkTask } from '../../../src/model/sink-record.ts';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase, startOwnServer } from '../../support/postgres.ts';
import { assignNew, never, put, sinkOptions, startSink } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const n = column('n', 'integer', { type: 'int32' });

function counters(table = 'counters'): SinkTopic {
  return new SinkTopic({ table, columns: [id, n], key: ['id'] });
}

function rows(database: TestDatabase, table = 'counters'): Promise<Record<string, unknown>[]> {
  return database.query(`SELECT id, n FROM ${table} ORDER BY id`);
}

function first({ topic }: SinkTopic): SinkPartition {
  return { topic, partition: 0 };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return error instanceof TidemarkError ? error.code : String(error);
  }
}

const OF_SINKS = "WHERE datname = current_database() AND application_name LIKE 'tidemark sink%'";

/** Ends every connection of sinks to this database. */
async function cutSinks(database: TestDatabase): Promise<void> {
  await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity ${OF_SINKS}`);
}

describe('offsets in the target (ruling 10, S7)', () => {
  test('a restart goes on at the stored offset, and a replay is skipped', async () => {
    await using database = await freshDatabase();
    const topic = new SinkTopic({ table: 'log', columns: [n], key: [] });
    const records = [1, 2, 3].map((value) => topic.insert({ n: value }));
    {
      await using sink = await startSink(database);
      await put(sink, records.slice(0, 2));
    }
    await using sink = await startSink(database);
    expect(await sink.assign([first(topic)], never)).toMatchObject([
      { topic: topic.topic, partition: 0, generation: 1, offset: 2 },
    ]);
    await put(sink, records);
    await put(sink, records);
    expect(await database.query('SELECT n FROM log ORDER BY n')).toEqual([
      { n: 1 },
      { n: 2 },
      { n: 3 },
    ]);
    expect(sink.status().applied).toBe(1);
  });

  test('sinks of other names have offsets of their own', async () => {
    await using database = await freshDatabase();
    await using one = await startSink(database, { name: 'one' });
    const topic = counters();
    await put(one, [topic.insert({ id: 1, n: 1 })]);
    await using two = await startSink(database, { name: 'two' });
    expect(await two.assign([first(topic)], never)).toEqual([]);
  });

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

  test('of two tasks with one partition the older is fenced and writes nothing', async () => {
    await using database = await freshDatabase();
    await using older = await startSink(database);
    const topic = counters();
    await put(older, [topic.insert({ id: 1, n: 1 })]);
    await using newer = await startSink(database);
    await assignNew(newer, [first(topic)]);
    expect(await put(older, [topic.insert({ id: 2, n: 2 })])).toEqual([first(topic)]);
    expect(await rows(database)).toEqual([{ id: 1, n: 1 }]);
    await put(newer, [topic.insert({ id: 3, n: 3 })]);
    expect(await rows(database)).toEqual([
      { id: 1, n: 1 },
      { id: 3, n: 3 },
    ]);
  });

  test('a newer task waits for the transaction of the older, then knows its offset', async () => {
    await using database = await freshDatabase();
    await using older = await startSink(database);
    const topic = counters();
    await put(older, [topic.insert({ id: 1, n: 1 })]);
    await database.query(`
      CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        WHILE NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'
            AND query LIKE '%epoch + 1%') LOOP
          PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
        END LOOP; RETURN NEW; END $$;
      CREATE TRIGGER slow BEFORE UPDATE ON counters FOR EACH ROW EXECUTE FUNCTION slow()`);
    const applying = put(older, [topic.update({ id: 1, n: 2 })]);
    await database.until(
      `SELECT count(*) > 0 FROM pg_stat_activity ${OF_SINKS} AND wait_event = 'PgSleep'`,
    );
    await using newer = await startSink(database);
    expect(await newer.assign([first(topic)], never)).toMatchObject([{ offset: 2 }]);
    await applying;
    expect(await rows(database)).toEqual([{ id: 1, n: 2 }]);
  });
});

describe('generations (ruling 3)', () => {
  test('a new generation empties the table first, rows deleted in between included', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = counters();
    await put(sink, [topic.read({ id: 1, n: 1 }), topic.read({ id: 2, n: 2 })]);
    const stale = topic.read({ id: 9, n: 9 });
    topic.generation = 2;
    await put(sink, [stale, topic.read({ id: 2, n: 20 })]);
    expect(await rows(database)).toEqual([{ id: 2, n: 20 }]);
    // What the old generation still has under way is not for this table.
    await put(sink, [{ ...stale, offset: 100 }]);
    expect(await rows(database)).toEqual([{ id: 2, n: 20 }]);
  });

  test('also without any record, and after a restart of the sink', async () => {
    await using database = await freshDatabase();
    const topic = counters();
    {
      await using sink = await startSink(database);
      await put(sink, [topic.read({ id: 1, n: 1 })]);
    }
    await using sink = await startSink(database);
    const position = { topic: topic.topic, partition: 0, generation: 2, offset: 1 };
    await assignNew(sink, [position]);
    await sink.put([], [position], never);
    expect(await rows(database)).toEqual([]);
    // Told again, nothing happens again.
    topic.generation = 2;
    await put(sink, [topic.read({ id: 5, n: 5 })]);
    await sink.put([], [position], never);
    expect(await rows(database)).toEqual([{ id: 5, n: 5 }]);
  });

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
  test('a poison record parks its topic there; others go on; a restart tries again', async () => {
    await using database = await freshDatabase();
    const topic = counters();
    const other = new SinkTopic({ table: 'other', columns: [id, n], key: ['id'] }, topic.log);
    const records = Array.from({ length: 20 }, (_, i) => [
      topic.insert({ id: i, n: i }),
      other.insert({ id: i, n: i }),
    ]).flat();
    {
      await using sink = await startSink(database);
      await put(sink, records.slice(0, 10));
      await database.query('ALTER TABLE counters ADD CONSTRAINT small CHECK (n <> 13)');
      await put(sink, records.slice(10));
      expect(sink.status().parked).toMatchObject([
        { topic: topic.topic, table: 'public.counters', offset: 13, code: 'SINK_RECORD' },
      ]);
      expect(sink.status().parked[0]?.message).toContain('constraint small');
      expect(await rows(database)).toHaveLength(13);
      expect(await rows(database, 'other')).toHaveLength(20);
      // Records behind it wait.
      await put(sink, [topic.insert({ id: 50, n: 50 }), other.insert({ id: 50, n: 50 })]);
      expect(await rows(database)).toHaveLength(13);
      expect(await rows(database, 'other')).toHaveLength(21);
    }
    await using sink = await startSink(database);
    expect(await sink.assign([first(topic)], never)).toMatchObject([{ offset: 13 }]);
    await put(sink, records);
    expect(sink.status().parked).toMatchObject([{ offset: 13 }]);
    await database.query('ALTER TABLE counters DROP CONSTRAINT small');
    await using cured = await startSink(database);
    await put(cured, records);
    expect(cured.status().parked).toEqual([]);
    expect(await rows(database)).toHaveLength(20);
  });

  test('messages of parked tables hold no values of rows', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    await database.query('CREATE TABLE counters (id integer PRIMARY KEY, secret integer)');
    const topic = new SinkTopic({
      table: 'counters',
      columns: [id, column('secret', null, { type: 'string' })],
      key: ['id'],
    });
    await put(sink, [topic.insert({ id: 1, secret: 'XYZZY' })]);
    const [parked] = sink.status().parked;
    expect(parked?.message).toContain('22P02');
    expect(JSON.stringify(parked)).not.toContain('XYZZY');
  });

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

  test('after a reconnect the target says where we are, not our memory', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = new SinkTopic({ table: 'log', columns: [n], key: [] });
    const records = [1, 2].map((value) => topic.insert({ n: value }));
    await put(sink, records.slice(0, 1));
    // As if the answer to the COMMIT of the second record had been lost.
    await database.query('INSERT INTO log VALUES (2)');
    await database.query('UPDATE tidemark_offsets SET next_offset = 2');
    await cutSinks(database);
    await database.until(`SELECT count(*) = 0 FROM pg_stat_activity ${OF_SINKS}`);
    await putUntilApplied(sink, records);
    expect(await database.query('SELECT n FROM log ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
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
