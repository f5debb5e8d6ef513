import { describe, expect, test } from 'vitest';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { never, put, sinkOptions, startSink } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const id = column('id', 'integer', { type: 'int32', optional: false });
const text = (name: string) => column(name, 'text', { type: 'string' });

function table(columns: Parameters<SinkTopic['alter']>[0]['columns'] & object): SinkTopic {
  return new SinkTopic({ table: 't', columns, key: ['id'] });
}

/** Columns as `name type [not null] [default …]`. */
async function describeTable(database: TestDatabase, name = 't'): Promise<string[]> {
  const rows = await database.query(
    `SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod),
        CASE WHEN attnotnull THEN 'not null' END,
        'default ' || pg_get_expr(d.adbin, d.adrelid)) AS text
     FROM pg_attribute LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [name],
  );
  return rows.map((row) => String(row['text']));
}

const mood = (labels: string, optional = true) =>
  column('mood', 'mood', {
    type: 'string',
    optional,
    name: 'io.debezium.data.Enum',
    parameters: { allowed: labels },
  });

describe('creating', () => {
  test("columns get the source's own types, defaults and NOT NULL", async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = new SinkTopic({
      schema: 'shop',
      table: 't',
      key: ['b', 'id'],
      columns: [
        id,
        column('b', 'character varying(12)', { type: 'string', optional: false }),
        column('amount', 'numeric(10,2)', {
          type: 'bytes',
          name: 'org.apache.kafka.connect.data.Decimal',
          parameters: { scale: '2' },
          optional: false,
          default: { unscaled: -1250n, scale: 2 },
        }),
        column('tags', 'character varying(20)[]', {
          type: 'array',
          valueSchema: { type: 'string', optional: true },
        }),
        column('at', 'timestamp(3) without time zone', {
          type: 'int64',
          name: 'io.debezium.time.Timestamp',
          default: 0n,
        }),
        column('word', 'text', { type: 'string', default: 'it\'s \\ "q"' }),
      ],
    });
    await put(sink, [topic.insert({ id: 1, b: 'x', amount: { unscaled: 1n, scale: 2 } })]);
    expect(sink.status().parked).toEqual([]);
    expect(await describeTable(database, 'shop.t')).toEqual([
      'id integer not null',
      'b character varying(12) not null',
      "amount numeric(10,2) not null default '-12.50'::numeric(10,2)",
      'tags character varying(20)[]',
      'at timestamp(3) without time zone ' +
        "default '1970-01-01 00:00:00'::timestamp(3) without time zone",
      String.raw`word text default 'it''s \ "q"'::text`,
    ]);
    const [key] = await database.query(
      `SELECT pg_get_constraintdef(oid) AS def FROM pg_constraint
       WHERE conrelid = 'shop.t'::regclass AND contype = 'p'`,
    );
    expect(key?.['def']).toMatch(/^PRIMARY KEY \((?:b, id|id, b)\)$/);
  });

  test('enum types are made, get new labels in their place, and serve arrays', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const moods = (labels: string) =>
      column('moods', 'mood[]', {
        type: 'array',
        valueSchema: {
          type: 'string',
          optional: false,
          name: 'io.debezium.data.Enum',
          parameters: { allowed: labels },
        },
      });
    const topic = table([id, mood("sad,it's ok"), moods("sad,it's ok")]);
    await put(sink, [topic.insert({ id: 1, mood: "it's ok", moods: ['sad', "it's ok"] })]);
    const labels = "grim,sad,so so,it's ok,happy";
    topic.alter({ columns: [id, mood(labels), moods(labels)] });
    await put(sink, [
      topic.insert({ id: 2, mood: 'happy', moods: ['grim', 'so so'] }),
      topic.insert({ id: 3, mood: null, moods: null }),
    ]);
    expect(sink.status().parked).toEqual([]);
    const [row] = await database.query('SELECT enum_range(NULL::mood)::text AS labels');
    expect(row?.['labels']).toBe(`{grim,sad,"so so","it's ok",happy}`);
    expect(await database.query('SELECT id, mood::text, moods::text FROM t ORDER BY id')).toEqual([
      { id: 1, mood: "it's ok", moods: `{sad,"it's ok"}` },
      { id: 2, mood: 'happy', moods: '{grim,"so so"}' },
      { id: 3, mood: null, moods: null },
    ]);
  });

  test('a type name from the wire that is no type is never put into DDL', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    await database.query('CREATE TABLE victim (x int)');
    const topic = table([
      id,
      column('a', 'text); DROP TABLE victim; --', { type: 'string' }),
      column('b', 'integer DEFAULT pg_sleep(1)', { type: 'int32' }),
    ]);
    await put(sink, [topic.insert({ id: 1, a: 'x', b: 2 })]);
    expect(await describeTable(database)).toEqual(['id integer not null', 'a text', 'b integer']);
    expect(await database.query('SELECT * FROM victim')).toEqual([]);
  });

  test('two tasks that make the same tables and types at once do no harm', async () => {
    await using database = await freshDatabase();
    const topics = [0, 1, 2, 3].map((i) => {
      const topic = table([id, mood('a,b'), text('x')]);
      topic.partition = i;
      return topic;
    });
    const sinks = topics.map((_, i) => createSqlSink(sinkOptions(database, { name: `s${i}` })));
    await Promise.all(sinks.map((sink) => sink.start(never)));
    await Promise.all(
      topics.map((topic, i) => put(sinks[i]!, [topic.insert({ id: i, mood: 'a' })])),
    );
    for (const topic of topics) topic.alter({ columns: [id, mood('a,b,c'), text('x'), text('y')] });
    await Promise.all(
      topics.map((topic, i) => put(sinks[i]!, [topic.update({ id: i, mood: 'c', y: 'y' })])),
    );
    expect(sinks.flatMap((sink) => sink.status().parked)).toEqual([]);
    expect(await database.query('SELECT id, mood::text, y FROM t ORDER BY id')).toEqual(
      [0, 1, 2, 3].map((i) => ({ id: i, mood: 'c', y: 'y' })),
    );
    for (const sink of sinks) await sink[Symbol.asyncDispose]();
  });
});

describe('evolving (S20)', () => {
  test('an added column gives its constant default to rows that are there (ruling 5)', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = table([id, text('a')]);
    await put(sink, [topic.insert({ id: 1, a: 'x' })]);
    const before = topic.insert({ id: 2, a: 'y' });
    const status = column('status', 'character varying(10)', {
      type: 'string',
      optional: false,
      default: 'new',
    });
    topic.alter({ columns: [id, text('a'), status, text('free')] });
    // Rows of the old shape and of the new one in one batch.
    await put(sink, [before, topic.insert({ id: 3, a: 'z', status: 'done', free: 'f' })]);
    expect(await database.query('SELECT * FROM t ORDER BY id')).toEqual([
      { id: 1, a: 'x', status: 'new', free: null },
      { id: 2, a: 'y', status: 'new', free: null },
      { id: 3, a: 'z', status: 'done', free: 'f' },
    ]);
    expect((await describeTable(database))[2]).toContain('not null');
  });

  test('a required column without default is added as nullable to a filled table', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = table([id]);
    await put(sink, [topic.insert({ id: 1 })]);
    topic.alter({ columns: [id, column('n', 'integer', { type: 'int32', optional: false })] });
    await put(sink, [topic.insert({ id: 2, n: 2 })]);
    expect(await database.query('SELECT id, n FROM t ORDER BY id')).toEqual([
      { id: 1, n: null },
      { id: 2, n: 2 },
    ]);
  });

  test('NOT NULL is dropped where the source became nullable or dropped the column', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const required = (name: string) => column(name, 'text', { type: 'string', optional: false });
    const topic = table([id, required('a'), required('gone')]);
    await put(sink, [topic.insert({ id: 1, a: 'x', gone: 'g' })]);
    topic.alter({ columns: [id, text('a')] });
    await put(sink, [topic.insert({ id: 2, a: null }), topic.update({ id: 1, a: 'y' })]);
    expect(sink.status().parked).toEqual([]);
    expect(await database.query('SELECT * FROM t ORDER BY id')).toEqual([
      { id: 1, a: 'y', gone: 'g' },
      { id: 2, a: null, gone: null },
    ]);
  });

  test.each([
    ['text', 'integer', 'x'],
    ['numeric(10,4)', 'numeric(10,2)', 'x'],
  ])('a type (%s) that is no wider one parks, and the cure works', async (type, had, value) => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const schema = { type: 'string' } as const;
    const topic = table([id, column('v', had, had === 'integer' ? { type: 'int32' } : schema)]);
    await put(sink, [topic.insert({ id: 1 })]);
    topic.alter({ columns: [id, column('v', type, schema)] });
    const records = [topic.insert({ id: 2, v: type === 'text' ? value : '1.2345' })];
    await put(sink, records);
    const [parked] = sink.status().parked;
    expect(parked?.code).toBe('SINK_SCHEMA');
    const ddl = /ALTER TABLE .*;/.exec(parked?.message ?? '')?.[0] ?? '';
    expect(ddl).toContain(`TYPE ${type}`);
    await database.query(ddl);
    await using cured = await startSink(database);
    await put(cured, records);
    expect(cured.status().parked).toEqual([]);
    expect(await database.query('SELECT count(*)::int AS n FROM t')).toEqual([{ n: 2 }]);
  });

  test('a wider column of the target is fine', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE t (id bigint PRIMARY KEY, a text, extra int DEFAULT 7)');
    await using sink = await startSink(database);
    const topic = table([id, column('a', 'character varying(3)', { type: 'string' })]);
    await put(sink, [topic.insert({ id: 1, a: 'abc' })]);
    expect(await database.query('SELECT * FROM t')).toEqual([{ id: '1', a: 'abc', extra: 7 }]);
  });

  test('a changed primary key parks, with the statement', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const other = column('other', 'integer', { type: 'int32', optional: false });
    const topic = table([id, other]);
    await put(sink, [topic.insert({ id: 1, other: 1 })]);
    topic.alter({ key: ['other'] });
    const records = [topic.insert({ id: 2, other: 2 })];
    await put(sink, records);
    const [parked] = sink.status().parked;
    expect(parked).toMatchObject({ code: 'SINK_SCHEMA', offset: 1 });
    await database.query(/ALTER TABLE .*;/.exec(parked?.message ?? '')?.[0] ?? '');
    await using cured = await startSink(database);
    await put(cured, records);
    expect(await database.query('SELECT * FROM t ORDER BY id')).toEqual([
      { id: 1, other: 1 },
      { id: 2, other: 2 },
    ]);
  });

  test('without auto.create and auto.evolve the statements are told, not run', async () => {
    await using database = await freshDatabase();
    const schemaEvolution = { create: false, evolve: false };
    const topic = table([id, text('a')]);
    const records = [topic.insert({ id: 1, a: 'x' })];
    {
      await using sink = await startSink(database, { schemaEvolution });
      await put(sink, records);
      const message = sink.status().parked[0]?.message ?? '';
      await database.query(message.slice(message.indexOf('CREATE')));
    }
    await using sink = await startSink(database, { schemaEvolution });
    await put(sink, records);
    expect(await database.query('SELECT * FROM t')).toEqual([{ id: 1, a: 'x' }]);
    topic.alter({ columns: [id, text('a'), text('b')] });
    await put(sink, [topic.insert({ id: 2, b: 'y' })]);
    expect(sink.status().parked[0]?.message).toContain('ADD COLUMN IF NOT EXISTS "b" text');
    expect(await describeTable(database)).toHaveLength(2);
  });

  test('a column that vanished from the target is made again (S20)', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = table([id, text('a')]);
    await put(sink, [topic.insert({ id: 1, a: 'x' })]);
    await database.query('ALTER TABLE t DROP COLUMN a');
    await put(sink, [topic.insert({ id: 2, a: 'y' })]);
    expect(await database.query('SELECT * FROM t ORDER BY id')).toEqual([
      { id: 1, a: null },
      { id: 2, a: 'y' },
    ]);
  });

  test('names that the server would cut are refused (S14)', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = table([id, text('é'.repeat(32))]);
    await put(sink, [topic.insert({ id: 1 })]);
    expect(sink.status().parked).toMatchObject([{ code: 'SINK_SCHEMA' }]);
  });

  test('a generated column and an identity of the target are left to it', async () => {
    await using database = await freshDatabase();
    await database.query(
      `CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text,
         b text GENERATED ALWAYS AS (upper(a)) STORED)`,
    );
    await using sink = await startSink(database);
    const topic = table([id, text('a'), text('b')]);
    await put(sink, [topic.insert({ id: 7, a: 'x', b: 'stale' })]);
    await put(sink, [topic.update({ id: 7, a: 'y', b: 'stale' })]);
    expect(await database.query('SELECT * FROM t')).toEqual([{ id: 7, a: 'y', b: 'Y' }]);
  });
});
