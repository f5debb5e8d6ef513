import { describe, expect, test } from 'vitest';
import type { SinkTask } from '../../../src/model/sink-record.ts';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import type { SqlSinkOptions } from '../../../src/sink/sql/sql-sink-options.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { never, put, sinkOptions } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const int = (name: string) => column(name, 'integer', { type: 'int32' });
const bigint = (name: string) => column(name, 'bigint', { type: 'int64' });
const varchar = (name: string, length: number) =>
  column(name, `character varying(${length})`, { type: 'string' });
const text = (name: string) => column(name, 'text', { type: 'string' });

type Told = readonly [statement: string, effect: string];

/** A started sink, and what it told of its statements. */
async function tellingSink(
  database: TestDatabase,
  change: Partial<SqlSinkOptions> = {},
): Promise<{ readonly sink: SinkTask; readonly told: Told[] } & AsyncDisposable> {
  const told: Told[] = [];
  const options = sinkOptions(database, change);
  const sink = createSqlSink(options, (statement, effect) => told.push([statement, effect]));
  await sink.start(never);
  return { sink, told, [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose]() };
}

function topicOf(...columns: Parameters<SinkTopic['alter']>[0]['columns'] & object): SinkTopic {
  return new SinkTopic({ table: 't', columns, key: ['id'] });
}

const definitionOf = `SELECT format_type(atttypid, atttypmod) AS type, attnotnull AS required,
    pg_get_expr(d.adbin, d.adrelid) AS initial, attcollation::regcollation::text AS collation
  FROM pg_attribute LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
  WHERE attrelid = 't'::regclass AND attname = 'v'`;

describe('what a widening leaves as it was', () => {
  test('default, NOT NULL, collation, index, key; several columns are one statement', async () => {
    await using database = await freshDatabase();
    await database.query(
      `CREATE TABLE t (id integer PRIMARY KEY, n integer,
         v varchar(5) COLLATE "C" NOT NULL DEFAULT 'x');
       CREATE UNIQUE INDEX v_index ON t (v); INSERT INTO t VALUES (1, 7, 'b'), (2, 8, 'A')`,
    );
    await using target = await tellingSink(database);
    const required = column('v', 'text', { type: 'string', optional: false });
    const key = column('id', 'bigint', { type: 'int64', optional: false });
    const topic = topicOf(key, bigint('n'), required);
    await put(target.sink, [topic.insert({ id: 2n ** 40n, n: 2n ** 50n, v: 'longer than five' })]);
    expect(target.sink.status().parked).toEqual([]);
    const altered = target.told.filter(([statement]) => statement.startsWith('ALTER'));
    expect(altered).toHaveLength(1);
    const [[statement, effect]] = altered as [Told];
    expect(statement).toBe(
      'ALTER TABLE "public"."t" ALTER COLUMN "id" TYPE bigint, ALTER COLUMN "n" TYPE bigint, ' +
        'ALTER COLUMN "v" TYPE text COLLATE pg_catalog."C"',
    );
    expect(effect).toBe(
      'the table "public"."t" is widened: id from integer to bigint, n from integer to bigint, ' +
        'v from character varying(5) to text; every row is written anew, and others wait for the ' +
        'table meanwhile',
    );
    expect(await database.query(definitionOf)).toEqual([
      { type: 'text', required: true, initial: "'x'::character varying", collation: '"C"' },
    ]);
    expect(await database.query('SELECT * FROM t ORDER BY id')).toEqual([
      { id: '1', n: '7', v: 'b' },
      { id: '2', n: '8', v: 'A' },
      { id: String(2n ** 40n), n: String(2n ** 50n), v: 'longer than five' },
    ]);
    const [valid] = await database.query(
      "SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'v_index'::regclass",
    );
    expect(valid).toEqual({ valid: true });
  });

  test('NOT NULL goes in the same statement where the source relaxed it too', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE t (id integer PRIMARY KEY, v integer NOT NULL)');
    await using target = await tellingSink(database);
    const topic = topicOf(id, bigint('v'));
    await put(target.sink, [
      topic.insert({ id: 1, v: null }),
      topic.insert({ id: 2, v: 2n ** 40n }),
    ]);
    expect(target.sink.status().parked).toEqual([]);
    expect(target.told).toHaveLength(1);
    expect(await database.query(definitionOf)).toMatchObject([{ type: 'bigint', required: false }]);
  });

  test('a key that was read before and behind an ALTER of the source is one key', async () => {
    await using database = await freshDatabase();
    await using target = await tellingSink(database);
    const key = (type: string) => column('id', type, { type: 'string', optional: false });
    const topic = topicOf(key('character(5)'), int('n'));
    await put(target.sink, [
      topic.insert({ id: 'ab   ', n: 1 }),
      topic.insert({ id: 'c    ', n: 1 }),
    ]);
    const before = [topic.update({ id: 'ab   ', n: 2 }), topic.insert({ id: 'd    ', n: 2 })];
    topic.alter({ columns: [key('text'), int('n')] });
    const records = [...before, topic.update({ id: 'ab', n: 3 }), topic.delete({ id: 'd' })];
    await put(target.sink, [...records, topic.delete({ id: 'c' })]);
    expect(target.sink.status().parked).toEqual([]);
    expect(await database.query('SELECT * FROM t')).toEqual([{ id: 'ab', n: 3 }]);
  });

  test('numbers of a key, whose texts are others behind the ALTER, end in one row', async () => {
    await using database = await freshDatabase();
    await using target = await tellingSink(database);
    const key = (type: string) => column('id', type, { type: 'string', optional: false });
    const topic = topicOf(key('numeric(6,2)'), int('n'));
    const before = [topic.insert({ id: '1.10', n: 1 }), topic.insert({ id: '2.00', n: 1 })];
    topic.alter({ columns: [key('numeric(10,4)'), int('n')] });
    const behind = [topic.delete({ id: '1.1000' }), topic.update({ id: '2.0000', n: 2 })];
    await put(target.sink, [...before, ...behind]);
    expect(target.sink.status().parked).toEqual([]);
    expect(await database.query('SELECT * FROM t')).toEqual([{ id: '2.0000', n: 2 }]);
  });
});

describe('what a widening cannot do', () => {
  test('a view in the way parks the table, says which, and the cure works', async () => {
    await using database = await freshDatabase();
    await database.query(
      'CREATE TABLE t (id integer PRIMARY KEY, v integer); CREATE VIEW seen AS SELECT v FROM t',
    );
    const topic = topicOf(id, bigint('v'));
    const records = [topic.insert({ id: 1, v: 2n ** 40n })];
    {
      await using target = await tellingSink(database);
      await put(target.sink, records);
      const [parked] = target.sink.status().parked;
      expect(parked).toMatchObject({ code: 'SINK_SCHEMA' });
      expect(parked?.message).toMatch(/cannot be widened \(v\): .*used by a view/);
      const cure = /run (ALTER TABLE .*;) and/.exec(parked?.message ?? '')?.[1] ?? '';
      await database.query(`DROP VIEW seen; ${cure}`);
    }
    await using target = await tellingSink(database);
    await put(target.sink, records);
    expect(await database.query('SELECT * FROM t')).toEqual([{ id: 1, v: String(2n ** 40n) }]);
    expect(target.told).toEqual([]);
  });

  test('without auto.evolve the statement is told, and run by a person', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE t (id integer PRIMARY KEY, v integer NOT NULL)');
    const schemaEvolution = { create: true, evolve: false };
    const topic = topicOf(id, bigint('v'));
    const records = [topic.insert({ id: 1, v: 2n ** 40n })];
    {
      await using target = await tellingSink(database, { schemaEvolution });
      await put(target.sink, records);
      const message = target.sink.status().parked[0]?.message ?? '';
      expect(target.told).toEqual([]);
      await database.query(message.slice(message.indexOf('ALTER')));
    }
    await using target = await tellingSink(database, { schemaEvolution });
    await put(target.sink, records);
    expect(await database.query('SELECT * FROM t')).toEqual([{ id: 1, v: String(2n ** 40n) }]);
  });

  test("a column of a source that is told only by its values is somebody's own", async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE t (id integer PRIMARY KEY, v varchar(3), w varchar(3))');
    await using target = await tellingSink(database);
    const ofMysql = { '__tidemark.source.mysql.type': 'mediumtext' };
    const topic = topicOf(
      id,
      column('v', null, { type: 'string' }),
      column('w', null, { type: 'string', parameters: ofMysql }),
    );
    await put(target.sink, [topic.insert({ id: 1, v: 'abc', w: 'longer' })]);
    expect(target.sink.status().parked).toEqual([]);
    expect(target.told.map(([statement]) => statement)).toEqual([
      'ALTER TABLE "public"."t" ALTER COLUMN "w" TYPE text',
    ]);
  });

  test('a value that quotes our own error is an error of its row', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE bag (v integer)');
    await using target = await tellingSink(database);
    const v = column('v', null, { type: 'string' });
    const topic = new SinkTopic({ table: 'bag', columns: [v], key: [] });
    await put(target.sink, [topic.insert({ v: 'tidemark: the table has changed' })]);
    expect(target.sink.status().parked).toMatchObject([{ code: 'SINK_RECORD' }]);
  });

  test('labels in a column with a length stay there', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE t (id integer PRIMARY KEY, v varchar(9))');
    await using target = await tellingSink(database);
    const parameters = { '__tidemark.source.mysql.type': "enum('sad')" };
    const label = { type: 'string', name: 'io.debezium.data.Enum', parameters } as const;
    await put(target.sink, [topicOf(id, column('v', null, label)).insert({ id: 1, v: 'sad' })]);
    expect(target.told).toEqual([]);
  });

  test('one that may be left out does not park the table when it fails', async () => {
    await using database = await freshDatabase();
    await database.query(
      `CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL, w varchar(6));
       CREATE VIEW seen AS SELECT w FROM t`,
    );
    await using target = await tellingSink(database);
    const parameters = { '__tidemark.source.mysql.type': 'text' };
    const topic = topicOf(
      id,
      int('n'),
      column('w', null, { type: 'string', parameters }),
      text('x'),
    );
    await put(target.sink, [topic.insert({ id: 1, w: 'fits', x: 'new' })]);
    expect(target.sink.status().parked).toEqual([]);
    expect(await database.query('SELECT * FROM t')).toEqual([
      { id: 1, n: null, w: 'fits', x: 'new' },
    ]);
    expect(target.told.at(-1)?.[1]).toMatch(/used by a view.*judged one by one$/);
    await put(target.sink, [topic.insert({ id: 2, w: 'does not' })]);
    expect(target.sink.status().parked).toMatchObject([{ code: 'SINK_RECORD' }]);
  });
});

describe('a table that others use', () => {
  test('is waited for, without holding up for long who reads it; then it is done', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE t (id integer PRIMARY KEY, v varchar(5))');
    await using target = await tellingSink(database, { lockTimeoutMs: 600_000 });
    const reader = await database.connect();
    await reader.query('BEGIN; SELECT * FROM t');
    const topic = topicOf(id, varchar('v', 50));
    const records = [topic.insert({ id: 1, v: 'longer than five' })];
    const waiting = put(target.sink, records);
    waiting.catch(() => undefined);
    await database.until(
      "SELECT EXISTS (SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted)",
    );
    // Behind the ALTER that waits: it is done long before the reader ends.
    expect(await database.query('SELECT * FROM t')).toEqual([]);
    await expect(waiting).rejects.toMatchObject({
      code: 'SINK_SERVER',
      retry: 'backoff',
      message: expect.stringMatching(
        /waiting to change the table "public"."t": .*lock timeout/,
      ) as unknown,
    });
    await reader.query('COMMIT');
    await put(target.sink, records);
    expect(await database.query('SELECT * FROM t')).toEqual([{ id: 1, v: 'longer than five' }]);
    // The pace was that of the DDL alone.
    expect(target.told).toHaveLength(2);
  });

  test('has no time limit while its rows are written anew; later statements have', async () => {
    await using database = await freshDatabase();
    await database.query(
      `CREATE TABLE paces (at serial, pace text);
       CREATE FUNCTION remember(bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO public.paces (pace) VALUES
           (concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout')));
         RETURN true; END $$;
       CREATE TABLE t (id integer PRIMARY KEY, v integer CHECK (remember(v)));
       INSERT INTO t VALUES (1, 1); TRUNCATE paces`,
    );
    await using target = await tellingSink(database, { lockTimeoutMs: 1_000 });
    const topic = topicOf(id, bigint('v'));
    await put(target.sink, [topic.insert({ id: 2, v: 2n ** 40n })]);
    expect(await database.query('SELECT pace FROM paces ORDER BY at')).toEqual([
      { pace: '0 1s' },
      { pace: '5min 1s' },
    ]);
  });

  test('a task that read it before another widened it deletes the right rows', async () => {
    await using database = await freshDatabase();
    await using one = await tellingSink(database, { name: 'one' });
    await using two = await tellingSink(database, { name: 'two' });
    const amount = (type: string) => column('amount', type, { type: 'string' });
    const bag = () => new SinkTopic({ table: 'bag', columns: [amount('numeric(6,2)')], key: [] });
    const [ofOne, ofTwo] = [bag(), bag()];
    await put(two.sink, [ofTwo.insert({ amount: '1.10' }), ofTwo.insert({ amount: '1.10' })]);
    await put(one.sink, [ofOne.insert({ amount: '2.50' })]);
    ofOne.alter({ columns: [amount('numeric(10,4)')] });
    await put(one.sink, [ofOne.insert({ amount: '3.1234' })]);
    // `two` knows nothing of it, and nothing would equal what it compares.
    const gone = [ofTwo.delete({ amount: '1.10' })];
    await expect(put(two.sink, gone)).rejects.toMatchObject({ code: 'SINK_SERVER' });
    await put(two.sink, gone);
    expect(two.sink.status().parked).toEqual([]);
    expect(await database.query('SELECT amount FROM bag ORDER BY 1')).toEqual([
      { amount: '1.1000' },
      { amount: '2.5000' },
      { amount: '3.1234' },
    ]);
  });
});
