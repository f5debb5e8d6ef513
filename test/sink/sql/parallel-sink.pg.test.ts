import { expect, test } from 'vitest';
import type { SinkRecord, SinkTask } from '../../../src/model/sink-record.ts';
import { ParallelSink } from '../../../src/sink/sql/parallel-sink.ts';
import { createSqlSink } from '../../../src/sink/sql/sql-sink.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { never, put, sinkOptions } from '../../support/sink-harness.ts';
import { column, SinkLog, SinkTopic } from '../../support/sink-records.ts';

const COLUMNS = [
  column('id', 'integer', { type: 'int32', optional: false }),
  column('t', 'text', { type: 'string' }),
];

async function startParallel(database: TestDatabase, tasks: number): Promise<SinkTask> {
  const options = sinkOptions(database);
  const sink = new ParallelSink(Array.from({ length: tasks }, () => createSqlSink(options)));
  await sink.start(never);
  return sink;
}

function topicsOf(count: number): readonly SinkTopic[] {
  const log = new SinkLog();
  return Array.from(
    { length: count },
    (_, i) => new SinkTopic({ columns: COLUMNS, key: ['id'], table: `t${i}` }, log),
  );
}

function rows(topics: readonly SinkTopic[], from: number, to: number, t: string): SinkRecord[] {
  return topics.flatMap((topic) =>
    Array.from({ length: to - from + 1 }, (_, i) => topic.insert({ id: from + i, t })),
  );
}

async function counts(database: TestDatabase, tables: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < tables; i++) {
    const [row] = await database.query<{ n: number }>(`SELECT count(*)::int AS n FROM t${i}`);
    found.push(row?.n ?? -1);
  }
  return found;
}

test('a table that waits holds up no other task; the put waits for all of them', async () => {
  await using database = await freshDatabase();
  await using sink = await startParallel(database, 2);
  const topics = topicsOf(2);
  await put(sink, rows(topics, 1, 3, 'first'));
  const other = await database.connect();
  await other.query('BEGIN; LOCK TABLE t0 IN EXCLUSIVE MODE');
  let done = false;
  const putting = put(sink, rows(topics, 4, 6, 'second')).then(() => {
    done = true;
  });
  await database.until('SELECT count(*) = 6 FROM t1');
  expect(done).toBe(false);
  await other.query('COMMIT');
  await putting;
  expect(await counts(database, 2)).toEqual([6, 6]);
  expect(sink.status()).toMatchObject({ applied: 12, parked: [], connected: true });
});

test('a part that fails is put again, and what the others did is not done twice', async () => {
  await using database = await freshDatabase();
  await using sink = await startParallel(database, 3);
  const topics = topicsOf(5);
  await put(sink, rows(topics, 1, 2, 'first'));
  // A row that was written again would have another transaction.
  const written = () => database.query('SELECT id, xmin::text FROM t1 ORDER BY id');
  await database.query(`CREATE TABLE trouble (); INSERT INTO trouble DEFAULT VALUES;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF EXISTS (SELECT FROM public.trouble) THEN RAISE SQLSTATE '40001'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON t0 FOR EACH ROW EXECUTE FUNCTION refuse()`);
  const records = rows(topics, 2, 4, 'second');
  await expect(put(sink, records)).rejects.toMatchObject({ code: 'SINK_SERVER', retry: 'backoff' });
  const before = await written();
  expect(before).toHaveLength(4);
  await database.query('DELETE FROM trouble');
  await put(sink, records);
  expect(await written()).toEqual(before);
  expect(await counts(database, 5)).toEqual([4, 4, 4, 4, 4]);
});

test('a record that cannot be applied parks its table, the other tasks go on', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE t1 (id int PRIMARY KEY, t text CHECK (t <> $$bad$$))');
  await using sink = await startParallel(database, 2);
  const topics = topicsOf(2);
  await put(sink, rows(topics, 1, 3, 'bad'));
  expect(await counts(database, 2)).toEqual([3, 0]);
  expect(sink.status().parked).toMatchObject([{ table: 'public.t1', code: 'SINK_RECORD' }]);
});

test('partitions that another daemon takes over are fenced, whichever task has them', async () => {
  await using database = await freshDatabase();
  await using sink = await startParallel(database, 2);
  const topics = topicsOf(3);
  await put(sink, rows(topics, 1, 1, 'ours'));
  await using other = await startParallel(database, 3);
  const taken = [topics[1], topics[2]].map((one) => ({ topic: one?.topic ?? '', partition: 0 }));
  const positions = await other.assign(taken, never);
  expect(positions.map(({ topic, offset }) => [topic, offset])).toEqual(
    taken.map(({ topic }) => [topic, 1]),
  );
  const left = await put(sink, rows(topics, 2, 2, 'late'));
  expect(left.toSorted((a, b) => a.topic.localeCompare(b.topic))).toEqual(taken);
  expect(await counts(database, 3)).toEqual([2, 1, 1]);
  sink.release(taken);
  other.release(taken);
});

test('what cannot connect says so, and nothing of it stays open', async () => {
  await using database = await freshDatabase();
  const url = database.url.replace(/\/[^/]+$/, '/missing');
  const options = sinkOptions({ url });
  await using sink = new ParallelSink([createSqlSink(options), createSqlSink(options)]);
  await expect(sink.start(never)).rejects.toMatchObject({ code: 'SINK_SCHEMA' });
});
