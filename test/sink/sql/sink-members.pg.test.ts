import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import type { SinkTask } from '../../../src/model/sink-record.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { assignNew, never, put, startSink } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

/** Several tasks of one sink, each with partitions of one topic, as members of a group are. */

const id = column('id', 'integer', { type: 'int32', optional: false });
const n = column('n', 'integer', { type: 'int32' });

function counters(): SinkTopic {
  return new SinkTopic({ table: 'counters', columns: [id, n], key: ['id'] });
}

/** The same topic as another partition has it. */
function partitionOf(topic: SinkTopic, partition: number): SinkTopic {
  topic.partition = partition;
  return topic;
}

function ids(database: TestDatabase): Promise<Record<string, unknown>[]> {
  return database.query('SELECT array_agg(id ORDER BY id) AS ids FROM counters');
}

const OF_SINKS = "WHERE datname = current_database() AND application_name LIKE 'tidemark sink%'";

/** Tells of each TRUNCATE that was committed. */
const COUNT_TRUNCATES = `
  CREATE TABLE emptied (at timestamptz DEFAULT clock_timestamp());
  CREATE FUNCTION count_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO public.emptied DEFAULT VALUES; RETURN NULL; END $$;
  CREATE TRIGGER count_truncate AFTER TRUNCATE ON counters EXECUTE FUNCTION count_truncate()`;

async function twoMembers(
  database: TestDatabase,
): Promise<{ one: SinkTask; two: SinkTask; topic: SinkTopic } & AsyncDisposable> {
  const one = await startSink(database);
  const two = await startSink(database);
  const topic = counters();
  await put(one, [partitionOf(topic, 0).insert({ id: 1, n: 1 })]);
  await put(two, [partitionOf(topic, 1).insert({ id: 2, n: 2 })]);
  return {
    one,
    two,
    topic,
    async [Symbol.asyncDispose]() {
      await one[Symbol.asyncDispose]();
      await two[Symbol.asyncDispose]();
    },
  };
}

describe('partitions', () => {
  test('of a topic that somebody has deleted from the target are written on', async () => {
    await using database = await freshDatabase();
    await using sink = await startSink(database);
    const topic = counters();
    await put(sink, [topic.insert({ id: 1, n: 1 })]);
    await database.query('DELETE FROM tidemark_topics');
    await put(sink, [topic.insert({ id: 2, n: 2 })]);
    expect(await ids(database)).toEqual([{ ids: [1, 2] }]);
    const left = await database.query('SELECT generation::int FROM tidemark_topics');
    expect(left).toEqual([{ generation: 1 }]);
  });

  test('of one topic are written by two tasks at once', async () => {
    await using database = await freshDatabase();
    await using members = await twoMembers(database);
    const { one, two, topic } = members;
    const batches = [0, 1].map((partition) => {
      partitionOf(topic, partition);
      return [1, 2, 3].map((i) => topic.insert({ id: 10 * partition + 10 + i, n: i }));
    });
    expect(await Promise.all([put(one, batches[0]!), put(two, batches[1]!)])).toEqual([[], []]);
    expect(await ids(database)).toEqual([{ ids: [1, 2, 11, 12, 13, 21, 22, 23] }]);
  });

  test('that went to another task are left out; the task goes on with its others', async () => {
    await using database = await freshDatabase();
    await using members = await twoMembers(database);
    const { one, two, topic } = members;
    const gone = { topic: topic.topic, partition: 0 };
    const mine = partitionOf(topic, 2).insert({ id: 30, n: 1 });
    await assignNew(one, [{ topic: topic.topic, partition: 2 }]);
    // `one` is paused with this batch; `two` is given its partition meanwhile.
    const late = [partitionOf(topic, 0).insert({ id: 3, n: 3 })];
    expect(await two.assign([gone], never)).toMatchObject([{ ...gone, offset: 1 }]);
    expect(await put(one, [...late, mine])).toEqual([gone]);
    expect(await ids(database)).toEqual([{ ids: [1, 2, 30] }]);
    await put(two, late);
    expect(await put(one, late)).toEqual([gone]);
    expect(await ids(database)).toEqual([{ ids: [1, 2, 3, 30] }]);
    // It comes back: the target says how far the other was.
    expect(await one.assign([gone], never)).toMatchObject([{ ...gone, offset: 2 }]);
    expect(await put(one, [...late, partitionOf(topic, 0).insert({ id: 4, n: 4 })])).toEqual([]);
    expect(await ids(database)).toEqual([{ ids: [1, 2, 3, 4, 30] }]);
  });

  test('that were given up are not written', async () => {
    await using database = await freshDatabase();
    await using members = await twoMembers(database);
    const { one, topic } = members;
    const gone = { topic: topic.topic, partition: 0 };
    one.release([gone]);
    expect(await put(one, [partitionOf(topic, 0).insert({ id: 9, n: 9 })])).toEqual([gone]);
    expect(await ids(database)).toEqual([{ ids: [1, 2] }]);
  });

  test('of a parked topic are tried again when they are assigned again', async () => {
    await using database = await freshDatabase();
    await using members = await twoMembers(database);
    const { one, topic } = members;
    await database.query('ALTER TABLE counters ADD CONSTRAINT small CHECK (n <> 13)');
    const poison = [partitionOf(topic, 0).insert({ id: 13, n: 13 })];
    await put(one, poison);
    expect(one.status().parked).toHaveLength(1);
    const place = { topic: topic.topic, partition: 0 };
    await database.query('ALTER TABLE counters DROP CONSTRAINT small');
    await put(one, poison);
    expect(await ids(database)).toEqual([{ ids: [1, 2] }]);
    expect(await one.assign([place], never)).toMatchObject([{ offset: 1 }]);
    await put(one, poison);
    expect(await ids(database)).toEqual([{ ids: [1, 2, 13] }]);
    expect(one.status().parked).toEqual([]);
  });
});

describe('a new generation (ruling 3)', () => {
  test('empties the table once, however late the second task sees it', async () => {
    await using database = await freshDatabase();
    await using members = await twoMembers(database);
    const { one, two, topic } = members;
    await database.query(COUNT_TRUNCATES);
    const stale = partitionOf(topic, 1).insert({ id: 5, n: 5 });
    topic.generation = 2;
    await put(one, [partitionOf(topic, 0).read({ id: 10, n: 1 })]);
    // A batch of the dropped log is still on its way, then the generation is told.
    expect(await put(two, [stale])).toEqual([]);
    expect(await ids(database)).toEqual([{ ids: [10] }]);
    await put(two, [partitionOf(topic, 1).read({ id: 11, n: 1 })]);
    await put(one, [partitionOf(topic, 0).insert({ id: 12, n: 1 })]);
    expect(await ids(database)).toEqual([{ ids: [10, 11, 12] }]);
    expect(await database.query('SELECT count(*)::int AS n FROM emptied')).toEqual([{ n: 1 }]);
  });

  test('seen by both at once empties the table once', async () => {
    await using database = await freshDatabase();
    await using members = await twoMembers(database);
    const { one, two, topic } = members;
    await database.query(COUNT_TRUNCATES);
    for (topic.generation = 2; topic.generation < 8; topic.generation++) {
      const { generation } = topic;
      const rows = [0, 1].map((partition) =>
        partitionOf(topic, partition).read({ id: generation * 10 + partition, n: 1 }),
      );
      await Promise.all([put(one, [rows[0]!]), put(two, [rows[1]!])]);
      expect(await ids(database)).toEqual([{ ids: [generation * 10, generation * 10 + 1] }]);
    }
    expect(await database.query('SELECT count(*)::int AS n FROM emptied')).toEqual([{ n: 6 }]);
  });

  test('whose first task dies while it empties is entered by the one that waits', async () => {
    await using database = await freshDatabase();
    await using members = await twoMembers(database);
    const { one, two, topic } = members;
    await database.query(COUNT_TRUNCATES);
    // The first emptying waits inside its transaction until somebody cuts it off.
    await database.query(`
      CREATE SEQUENCE emptyings;
      CREATE FUNCTION wait_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('public.emptyings') = 1 THEN PERFORM pg_sleep(60); END IF; RETURN NULL; END $$;
      CREATE TRIGGER wait_first AFTER TRUNCATE ON counters EXECUTE FUNCTION wait_first()`);
    topic.generation = 2;
    const rows = [0, 1].map((partition) =>
      partitionOf(topic, partition).read({ id: 20 + partition, n: 1 }),
    );
    const dying = put(one, [rows[0]!]);
    dying.catch(() => undefined);
    await database.until(
      `SELECT count(*) = 1 FROM pg_stat_activity ${OF_SINKS} AND wait_event = 'PgSleep'`,
    );
    const waiting = put(two, [rows[1]!]);
    await database.until(
      `SELECT count(*) = 1 FROM pg_stat_activity ${OF_SINKS} AND wait_event_type = 'Lock'`,
    );
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       ${OF_SINKS} AND wait_event = 'PgSleep'`,
    );
    await expect(dying).rejects.toBeInstanceOf(TidemarkError);
    expect(await waiting).toEqual([]);
    expect(await ids(database)).toEqual([{ ids: [21] }]);
    // The dead one comes back and adds what is its own.
    await put(one, [rows[0]!]);
    expect(await ids(database)).toEqual([{ ids: [20, 21] }]);
    expect(await database.query('SELECT count(*)::int AS n FROM emptied')).toEqual([{ n: 1 }]);
  });

  test('told to a task that never saw the topic: it knows the table all the same', async () => {
    await using database = await freshDatabase();
    await using one = await startSink(database);
    await using two = await startSink(database);
    const topic = counters();
    const told = { topic: topic.topic, partition: 1, generation: 2, offset: 0 };
    await assignNew(two, [told]);
    await put(one, [partitionOf(topic, 0).insert({ id: 1, n: 1 })]);
    await two.put([], [told], never);
    expect(await ids(database)).toEqual([{ ids: null }]);
    // The other's late record of the old generation is no row any more.
    await put(one, [partitionOf(topic, 0).insert({ id: 2, n: 2 })]);
    expect(await ids(database)).toEqual([{ ids: null }]);
  });
});

test('two tasks that widen one table at once do no harm', async () => {
  await using database = await freshDatabase();
  await using members = await twoMembers(database);
  const { one, two, topic } = members;
  const columns = [id, n];
  for (let step = 0; step < 8; step++) {
    columns.push(column(`extra_${step}`, 'text', { type: 'string' }));
    topic.alter({ columns });
    const rows = [0, 1].map((partition) =>
      partitionOf(topic, partition).insert({
        id: 100 + step * 2 + partition,
        [`extra_${step}`]: 'x',
      }),
    );
    await Promise.all([put(one, [rows[0]!]), put(two, [rows[1]!])]);
  }
  expect([one, two].flatMap((sink) => sink.status().parked)).toEqual([]);
  expect(
    await database.query('SELECT count(*)::int AS n, count(extra_7)::int AS last FROM counters'),
  ).toEqual([{ n: 18, last: 2 }]);
});
