import { expect, test } from 'vitest';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { freshDatabase, type TestDatabase } from '../../support/postgres.ts';
import { put, startSink } from '../../support/sink-harness.ts';
import { column, SinkTopic, VARIABLE_AMOUNT } from '../../support/sink-records.ts';

// New rows are copied into their table. What the target refuses of them is judged by the statement
// that names the conflict, as if nothing had been tried.

const COLUMNS = [
  column('id', 'integer', { type: 'int32', optional: false }),
  column('t', 'text', { type: 'string' }),
];

function shop(): SinkTopic {
  return new SinkTopic({ columns: COLUMNS, key: ['id'], table: 'shop' });
}

function rows(topic: SinkTopic, from: number, count: number, text = 'text'): SinkRecord[] {
  return Array.from({ length: count }, (_, i) =>
    topic.insert({ id: from + i, t: `${text} ${from + i}` }),
  );
}

/** Rows in all, and how they were written: COPY leaves no table of the session behind. */
async function found(database: TestDatabase): Promise<unknown> {
  const [first] = await database.query(
    `SELECT (SELECT count(*)::int FROM shop) AS rows, (SELECT count(*)::int FROM shop
       WHERE t LIKE 'again%') AS again, (SELECT count(*)::int FROM pg_class
       WHERE relname LIKE 'tidemark_rows_%') AS staged`,
  );
  return first;
}

test('new rows go in by themselves; those that are there are changed', async () => {
  await using database = await freshDatabase();
  await using sink = await startSink(database);
  const topic = shop();
  await put(sink, rows(topic, 0, 500));
  expect(await found(database)).toEqual({ rows: 500, again: 0, staged: 0 });
  // As behind a snapshot that starts over: half of them are there.
  await put(sink, rows(topic, 250, 500, 'again'));
  expect(await found(database)).toEqual({ rows: 750, again: 500, staged: 1 });
  for (let from = 750; from < 750 + 20 * 250; from += 250) await put(sink, rows(topic, from, 250));
  expect(await found(database)).toEqual({ rows: 5750, again: 500, staged: 1 });
});

test('rows that are written first may free a unique value for a new one', async () => {
  await using database = await freshDatabase();
  await using sink = await startSink(database);
  const topic = shop();
  await put(sink, [topic.insert({ id: 1, t: 'text 300' }), topic.insert({ id: 2, t: 'a' })]);
  await database.query('CREATE UNIQUE INDEX ON shop (t)');
  await put(sink, [
    topic.update({ id: 1, t: 'other' }),
    ...rows(topic, 100, 400),
    topic.delete({ id: 2, t: 'a' }),
    topic.insert({ id: 3, t: 'a' }),
  ]);
  expect(await found(database)).toEqual({ rows: 402, again: 0, staged: 0 });
});

test('a value that another row has parks the table behind what comes before', async () => {
  await using database = await freshDatabase();
  await using sink = await startSink(database, { uniqueWaitMs: 0 });
  const topic = shop();
  await put(sink, [topic.insert({ id: 1, t: 'text 300' })]);
  await database.query('CREATE UNIQUE INDEX taken ON shop (t)');
  await put(sink, rows(topic, 100, 400));
  expect(sink.status().parked).toMatchObject([{ table: 'public.shop', code: 'SINK_RECORD' }]);
  // The rows up to it: 100 to 299.
  expect(await found(database)).toMatchObject({ rows: 201 });
});

test('a policy of rows, which COPY refuses, and an identity that is always made', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE shop (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text);
    ALTER TABLE shop ENABLE ROW LEVEL SECURITY; ALTER TABLE shop FORCE ROW LEVEL SECURITY;
    CREATE POLICY all_rows ON shop USING (true)`);
  const role = `plain_${database.name}`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'plain'`);
  await database.query(`GRANT ALL ON SCHEMA public TO ${role}; ALTER TABLE shop OWNER TO ${role}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'plain';
  const topic = shop();
  {
    await using sink = await startSink({ url: url.href });
    await put(sink, rows(topic, 0, 300));
    expect(await found(database)).toEqual({ rows: 300, again: 0, staged: 1 });
    await database.query('ALTER TABLE shop NO FORCE ROW LEVEL SECURITY');
  }
  {
    await using sink = await startSink({ url: url.href });
    await put(sink, rows(topic, 300, 300));
    const [ids] = await database.query('SELECT min(id), max(id), count(*)::int AS n FROM shop');
    expect(ids).toEqual({ min: 0, max: 599, n: 600 });
  }
  await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

test('of two keys that the target holds equal, the later change wins', async () => {
  await using database = await freshDatabase();
  await using sink = await startSink(database);
  const t = column('t', 'text', { type: 'string' });
  const topic = new SinkTopic({ table: 'prices', columns: [VARIABLE_AMOUNT, t], key: ['amount'] });
  const decimal = (scale: number, value: number) => ({
    schema: VARIABLE_AMOUNT.schema,
    values: [scale, Buffer.from([value >> 8, value & 255])],
  });
  const others = Array.from({ length: 300 }, (_, i) =>
    topic.insert({ amount: decimal(0, i + 10), t: 'x' }),
  );
  await put(sink, [
    topic.insert({ amount: decimal(0, 1), t: 'one' }),
    ...others,
    topic.update({ amount: decimal(1, 10), t: 'one point nought' }),
  ]);
  expect(await database.query('SELECT t FROM prices WHERE amount = 1')).toEqual([
    { t: 'one point nought' },
  ]);
  expect(await database.query('SELECT count(*)::int AS n FROM prices')).toEqual([{ n: 301 }]);
});
