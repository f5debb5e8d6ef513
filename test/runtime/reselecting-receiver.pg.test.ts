import { describe, expect, test } from 'vitest';
import { freshDatabase, startOwnServer, type TestDatabase } from '../support/postgres.ts';
import { runningPipeline } from '../support/running-pipeline.ts';

const TYPE = 'io.debezium.processors.reselect.ReselectColumnsPostProcessor';
const SOURCE = {
  'value.converter': 'json',
  'key.converter': 'json',
  'post.processors': 'reselector',
  'reselector.type': TYPE,
};
const LARGE = 'x'.repeat(20_000);

/** A table whose large values are neither compressed nor sent when they do not change. */
async function withTable(
  rows: string,
  database: TestDatabase | null = null,
): Promise<TestDatabase> {
  database ??= await freshDatabase();
  await database.query(`
    CREATE TABLE item (id char(4), part int, note text, big text, mail text,
      PRIMARY KEY (id, part));
    ALTER TABLE item ALTER big SET STORAGE EXTERNAL, ALTER mail SET STORAGE EXTERNAL;
    ${rows}`);
  return database;
}

const afterOf = (value: unknown): Record<string, unknown> =>
  (value as { after: Record<string, unknown> }).after;

describe('unchanged large values', () => {
  test('are filled in, also where the key changes; order and masks stay', async () => {
    await using database = await withTable(
      `INSERT INTO item SELECT 'a', i, 'n', repeat('x', 20000), repeat('y', 20000)
         FROM generate_series(1, 50) i`,
    );
    await using running = await runningPipeline(database, {
      source: { ...SOURCE, 'column.mask.with.4.chars': 'public\\.item\\.mail' },
    });
    await database.query(`UPDATE item SET note = 'm'`);
    await running.records('shop.public.item', 100);
    await database.query(`BEGIN;
      UPDATE item SET part = part + 100 WHERE part <= 3;
      INSERT INTO item VALUES ('new', 1, 'last', 'small', 'z'); COMMIT`);
    // 50 of the snapshot, 50 updates, 3 times delete, tombstone, create, and the insert.
    const records = (await running.records('shop.public.item', 110)).slice(50);
    const values = records.filter(({ value }) => value !== null);
    const kept = values.filter(({ value }) => (value as { op: string }).op !== 'd');
    expect(kept).toHaveLength(54);
    for (const { value, headers } of kept.slice(0, -1)) {
      expect({ ...afterOf(value), big: afterOf(value)['big'] === LARGE }).toMatchObject({
        big: true,
        mail: '****',
        note: 'm',
      });
      expect(headers).not.toHaveProperty('__tidemark.absent');
    }
    const moved = kept.filter(({ headers }) => '__debezium.oldkey' in headers);
    expect(moved.map(({ key }) => key)).toEqual(
      [101, 102, 103].map((part) => ({ id: 'a   ', part })),
    );
    expect(afterOf(kept.at(-1)?.value)).toMatchObject({ note: 'last' });
  });

  test('of a row that is gone stay as they were', async () => {
    await using database = await withTable(
      `INSERT INTO item VALUES ('a', 1, 'n', repeat('x', 20000), NULL)`,
    );
    await using running = await runningPipeline(database, { source: SOURCE });
    await database.query(`BEGIN; UPDATE item SET note = 'm', mail = 'x'; DELETE FROM item; COMMIT`);
    const [, update, remove] = await running.records('shop.public.item', 4);
    expect(afterOf(update?.value)).toMatchObject({ big: '__debezium_unavailable_value' });
    expect(update?.headers['__tidemark.absent']).toBe('["big"]');
    expect(remove?.value).toMatchObject({ op: 'd' });
    expect(running.lines.filter((line) => line.startsWith('40'))).toEqual([]);
  });
});

test('a null becomes what the table has now; lists decide which', async () => {
  await using database = await withTable('');
  await using running = await runningPipeline(database, {
    source: { ...SOURCE, 'reselector.reselect.columns.include.list': 'public.item:note' },
  });
  // One transaction: when the insert comes, the table has the update already.
  await database.query(`BEGIN; INSERT INTO item VALUES ('a', 1, NULL, NULL, NULL);
    UPDATE item SET note = 'now', mail = 'now'; COMMIT`);
  const [insert] = await running.records('shop.public.item', 2);
  expect(afterOf(insert?.value)).toMatchObject({ note: 'now', mail: null });
});

test('a chunk is asked for at once: one query for many rows', async () => {
  await using database = await withTable(
    `INSERT INTO item SELECT 'a', i, 'n', repeat('x', 9000), 'y' FROM generate_series(1, 300) i;`,
  );
  await using running = await runningPipeline(database, { source: SOURCE });
  await database.query(`SELECT pg_stat_clear_snapshot()`);
  await database.query(`UPDATE item SET note = 'm'`);
  const records = await running.records('shop.public.item', 600);
  expect(records.slice(300).every(({ value }) => afterOf(value)['big'] === 'x'.repeat(9000))).toBe(
    true,
  );
  const [last] = await database.query<{ query: string }>(
    `SELECT query FROM pg_stat_activity WHERE application_name LIKE 'tidemark reselect%'`,
  );
  // Rows without their large value are small: hundreds of them come in one chunk.
  expect(last?.query.split(`('a   ', '`).length).toBeGreaterThan(50);
});

describe('what cannot be read', () => {
  const schema = `
    CREATE TABLE item (id int PRIMARY KEY, note text, big text);
    ALTER TABLE item ALTER big SET STORAGE EXTERNAL;
    INSERT INTO item VALUES (1, 'n', repeat('x', 20000));`;

  test('goes out as it was, with a warning; later rows are read again', async () => {
    await using database = await freshDatabase();
    await database.query(schema);
    await using running = await runningPipeline(database, { source: SOURCE });
    await database.query(`BEGIN; UPDATE item SET note = 'm';
      ALTER TABLE item RENAME big TO huge; COMMIT`);
    const [, update] = await running.records('shop.public.item', 2);
    expect(afterOf(update?.value)['big']).toBe('__debezium_unavailable_value');
    expect(running.lines).toContainEqual(
      expect.stringMatching(/^40 reselector: values of public\.item could not be read again/),
    );
    await database.query(`UPDATE item SET note = 'o'`);
    const records = await running.records('shop.public.item', 3);
    expect(afterOf(records[2]?.value)['huge']).toBe(LARGE);
  });

  test('stops the task, if so set, and nothing of the chunk is stored', async () => {
    await using database = await freshDatabase();
    await database.query(schema);
    await using running = await runningPipeline(database, {
      source: { ...SOURCE, 'reselector.reselect.error.handling.mode': 'FAIL' },
    });
    await database.query(`BEGIN; UPDATE item SET note = 'm';
      ALTER TABLE item RENAME big TO huge; COMMIT`);
    await running.caughtUp();
    await expect.poll(() => running.pipeline.sourceFailure()?.code).toBe('RESELECT_FAILED');
    const description = await running.pipeline.transport.describeTopic('shop.public.item');
    expect(description?.partitions[0]?.endOffset).toBe(1);
  });
});

test('a connection that was cut is made anew', async () => {
  await using database = await withTable(
    `INSERT INTO item VALUES ('a', 1, 'n', repeat('x', 20000), NULL)`,
  );
  await using running = await runningPipeline(database, {
    source: { ...SOURCE, 'reselector.reselect.null.values': 'false' },
  });
  for (const count of [2, 3]) {
    await database.query(`UPDATE item SET note = note || '+'`);
    const records = await running.records('shop.public.item', count);
    expect(afterOf(records.at(-1)?.value)['big']).toBe(LARGE);
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name LIKE 'tidemark reselect%' AND datname = current_database()`;
    expect(await database.query(cut)).toHaveLength(1);
    await database.until(`SELECT count(*) = 0 FROM pg_stat_activity
      WHERE application_name LIKE 'tidemark reselect%' AND datname = current_database()`);
  }
});

test('a commit that nobody sees yet is waited for: the new key would find no row', async () => {
  await using server = await startOwnServer({ settings: { synchronous_commit: 'local' } });
  await using database = await withTable(
    `INSERT INTO item VALUES ('a', 1, 'n', repeat('x', 20000), NULL)`,
    await server.freshDatabase(),
  );
  await using running = await runningPipeline(database, { source: SOURCE });
  // It waits for a standby that does not exist; the stream has it as soon as it is in the WAL.
  await database.query(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`);
  await database.query('SELECT pg_reload_conf()');
  await database.until(`SELECT current_setting('synchronous_standby_names') = 'nobody'`);
  const writer = await database.connect();
  await writer.query('SET synchronous_commit = on');
  const committed = writer.query('UPDATE item SET part = 2');
  await database.until(`SELECT count(*) > 0 FROM pg_stat_activity
    WHERE application_name LIKE 'tidemark reselect%' AND query LIKE '%pg_current_snapshot%'`);
  await database.query(`ALTER SYSTEM SET synchronous_standby_names = ''`);
  await database.query('SELECT pg_reload_conf()');
  await committed;
  const created = (await running.records('shop.public.item', 4)).at(-1);
  expect(created?.key).toEqual({ id: 'a   ', part: 2 });
  expect(afterOf(created?.value)['big']).toBe(LARGE);
});
