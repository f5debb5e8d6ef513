import { describe, expect, test } from 'vitest';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import type { RecordedEvent } from '../../../support/recording-receiver.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';
import { rejection, startSnapshot } from '../../../support/snapshot-run.ts';

async function slotExists(database: TestDatabase): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM pg_replication_slots WHERE slot_name = '${database.name}'`,
  );
  return rows.length === 1;
}

const idsOf = (events: readonly RecordedEvent[], table: string): number[] =>
  events
    .filter((event) => event.table === table)
    .map((event) => Number(event.after?.['id']))
    .sort((a, b) => a - b);

describe('rows', () => {
  test('every row of every table, once, over several connections and many chunks', async () => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE big (id int PRIMARY KEY, filler text);
      INSERT INTO big SELECT g, repeat('x', 200) FROM generate_series(1, 5000) g;
      CREATE TABLE small (id int); INSERT INTO small VALUES (7), (8);
      CREATE TABLE empty (id int PRIMARY KEY);`);
    const options = sourceOptionsFor(database, { snapshotMaxThreads: 3 });
    const run = startSnapshot(options, { chunkPages: 8 });
    const result = await run.result;
    const { events } = run.receiver;
    expect(idsOf(events, 'big')).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));
    expect(idsOf(events, 'small')).toEqual([7, 8]);
    expect(events).toHaveLength(5002);
    expect(new Set(events.map(({ op }) => op))).toEqual(new Set(['r']));
    expect(new Set(events.map(({ lsn }) => lsn))).toEqual(new Set([result.consistentPoint]));
    const count = (marker: string): number =>
      events.filter(({ snapshot }) => snapshot === marker).length;
    expect(events[0]?.snapshot).toBe('first');
    expect(events.at(-1)?.snapshot).toBe('last');
    expect([count('first_in_data_collection'), count('last_in_data_collection')]).toEqual([1, 1]);
    expect(count('true')).toBe(4998);
    expect(run.progress.map((p) => [p.table.table, p.rowsDone, p.completed])).toEqual([
      ['big', 5000, true],
      ['empty', 0, true],
      ['small', 2, true],
    ]);
  });

  test('one connection marks rows as Debezium does, table after table', async () => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE a (id int); INSERT INTO a VALUES (1), (2), (3);
      CREATE TABLE b (id int); INSERT INTO b VALUES (1);
      CREATE TABLE c (id int); INSERT INTO c VALUES (1), (2);
      CREATE TABLE d (id int);`);
    const run = startSnapshot(sourceOptionsFor(database));
    await run.result;
    expect(run.receiver.events.map((e) => [e.table, e.snapshot])).toEqual([
      ['a', 'first'],
      ['a', 'true'],
      ['a', 'last_in_data_collection'],
      ['b', 'last_in_data_collection'],
      ['c', 'first_in_data_collection'],
      ['c', 'last'],
    ]);
    expect(run.receiver.events.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('a database of empty tables has a snapshot without rows', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE a (id int PRIMARY KEY)');
    const run = startSnapshot(sourceOptionsFor(database));
    await run.result;
    expect(run.receiver.events).toEqual([]);
    expect(run.completed).toHaveLength(1);
    expect(await slotExists(database)).toBe(true);
  });

  test('names that need quotes, dropped columns, tables without key or columns', async () => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE SCHEMA "Odd.Schema";
      CREATE TABLE "Odd.Schema"."Ta""b.le" ("I d" int, gone int, "sel""ect" text);
      ALTER TABLE "Odd.Schema"."Ta""b.le" DROP COLUMN gone;
      INSERT INTO "Odd.Schema"."Ta""b.le" VALUES (1, E'tab\\tnew\\nline\\\\N'), (2, NULL);
      CREATE TABLE nothing ();
      INSERT INTO nothing DEFAULT VALUES;
      INSERT INTO nothing DEFAULT VALUES;`);
    const run = startSnapshot(sourceOptionsFor(database));
    await run.result;
    expect(run.receiver.events.map(({ table, after }) => [table, after])).toEqual([
      ['Ta"b.le', { 'I d': '1', 'sel"ect': 'tab\tnew\nline\\N' }],
      ['Ta"b.le', { 'I d': '2', 'sel"ect': null }],
      ['nothing', {}],
      ['nothing', {}],
    ]);
  });

  test('generated columns are left out, as in the stream (P26)', async () => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE a (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, b int);
      INSERT INTO a (id, b) VALUES (1, 10);`);
    const run = startSnapshot(sourceOptionsFor(database));
    await run.result;
    expect(run.receiver.events.map(({ after }) => after)).toEqual([{ id: '1', b: '10' }]);
  });

  test('excluded columns never leave the server, and column lists tell the stream so', async () => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE a (id int PRIMARY KEY, secret text, b int);
      CREATE TABLE f (id int PRIMARY KEY, secret text, b int);
      ALTER TABLE f REPLICA IDENTITY FULL;
      INSERT INTO a VALUES (1, 's', 10); INSERT INTO f VALUES (1, 's', 10);`);
    const options = sourceOptionsFor(database, {
      columnExclude: [/^.*\.secret$/],
      publicationAutocreateMode: 'filtered',
    });
    const run = startSnapshot(options);
    await run.result;
    const rows = run.receiver.events.map(({ after }) => after);
    expect(rows).toEqual([
      { id: '1', b: '10' },
      { id: '1', b: '10' },
    ]);
    const published = await database.query(
      `SELECT tablename, to_jsonb(p) -> 'attnames' AS columns
         FROM pg_publication_tables p ORDER BY 1`,
    );
    // Before PostgreSQL 15 there are no lists: the columns are left out as they arrive.
    const listed = database.major >= 15;
    expect(published).toEqual([
      { tablename: 'a', columns: listed ? ['id', 'b'] : null },
      { tablename: 'f', columns: listed ? ['id', 'secret', 'b'] : null },
    ]);
    await database.query(`UPDATE a SET b = 11; UPDATE f SET b = 11; DELETE FROM a; DELETE FROM f`);
  });

  test('the row filter of a publication holds for the snapshot too (P27)', async () => {
    await using database = await freshDatabase();
    // Row filters are from PostgreSQL 15 on.
    const filter = database.major >= 15 ? 'WHERE (id > 7)' : '';
    await database.query(`
      CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 10);
      CREATE PUBLICATION mine FOR TABLE a ${filter};`);
    const options = sourceOptionsFor(database, {
      publicationName: 'mine',
      publicationAutocreateMode: 'disabled',
    });
    const run = startSnapshot(options);
    await run.result;
    const wanted = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].filter((id) => filter === '' || id > 7);
    expect(idsOf(run.receiver.events, 'a')).toEqual(wanted);
  });
});

describe('partitions', () => {
  const PARTITIONED = `
    CREATE TABLE root (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE leaf1 PARTITION OF root FOR VALUES FROM (0) TO (10);
    CREATE TABLE leaf2 (at int NOT NULL, id int NOT NULL);
    ALTER TABLE root ATTACH PARTITION leaf2 FOR VALUES FROM (10) TO (20);
    INSERT INTO root VALUES (1, 1), (2, 2), (3, 13);`;

  test('come once, as leaves', async () => {
    await using database = await freshDatabase();
    await database.query(PARTITIONED);
    const run = startSnapshot(sourceOptionsFor(database));
    await run.result;
    expect(run.receiver.events.map(({ table, after }) => [table, after?.['id']])).toEqual([
      ['leaf1', '1'],
      ['leaf1', '2'],
      ['leaf2', '3'],
    ]);
  });

  test('come once, as the root, with publish.via.partition.root', async () => {
    await using database = await freshDatabase();
    await database.query(PARTITIONED);
    const run = startSnapshot(
      sourceOptionsFor(database, {
        publishViaPartitionRoot: true,
        publicationAutocreateMode: 'filtered',
        tableInclude: [/^public\.root$/],
      }),
    );
    await run.result;
    expect(run.receiver.events.map(({ table, after }) => [table, after])).toEqual([
      ['root', { id: '1', at: '1' }],
      ['root', { id: '2', at: '2' }],
      ['root', { id: '3', at: '13' }],
    ]);
    expect(run.receiver.events.map(({ snapshot }) => snapshot)).toEqual(['first', 'true', 'last']);
  });
});

describe('beginning and starting over', () => {
  test('the intent is durable before the slot exists', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE a (id int PRIMARY KEY)');
    const receiver = new RecordingReceiver();
    const seen: boolean[] = [];
    const original = receiver.snapshotStarted.bind(receiver);
    receiver.snapshotStarted = async (tables, offset) => {
      seen.push(await slotExists(database));
      await original(tables, offset);
    };
    const run = startSnapshot(sourceOptionsFor(database), { receiver });
    const result = await run.result;
    expect(seen).toEqual([false]);
    expect(run.attempts).toEqual([
      {
        slotName: database.name,
        systemIdentifier: expect.stringMatching(/^\d+$/) as string,
        timeline: 1,
      },
    ]);
    const [slot] = await database.query(
      `SELECT confirmed_flush_lsn - '0/0'::pg_lsn AS lsn FROM pg_replication_slots
        WHERE slot_name = '${database.name}'`,
    );
    expect(String(slot?.['lsn'])).toBe(result.consistentPoint.toString());
  });

  test('a slot that no intent names is refused and left alone', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE a (id int PRIMARY KEY)');
    await database.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [
      database.name,
    ]);
    const run = startSnapshot(sourceOptionsFor(database));
    const error = await rejection(run.result);
    expect(error.code).toBe('PG_SLOT_MISMATCH');
    expect(error.cure).toContain(`SELECT pg_drop_replication_slot('${database.name}');`);
    expect(run.receiver.snapshots).toBe(0);
    expect(await slotExists(database)).toBe(true);
  });

  test('the slot of our unfinished attempt is made anew; deleted rows leave no ghost', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1), (2)');
    const first = startSnapshot(sourceOptionsFor(database));
    const { consistentPoint } = await first.result;
    await database.query('DELETE FROM a WHERE id = 1');
    const unfinished = first.attempts[0] ?? null;
    const second = startSnapshot(sourceOptionsFor(database), { unfinished });
    const result = await second.result;
    expect(result.consistentPoint).toBeGreaterThan(consistentPoint);
    expect(idsOf(second.receiver.events, 'a')).toEqual([2]);
  });

  test('an attempt on another server does not make a slot here ours', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE a (id int PRIMARY KEY)');
    const first = startSnapshot(sourceOptionsFor(database));
    await first.result;
    const unfinished = { slotName: database.name, systemIdentifier: '1', timeline: 1 };
    const second = startSnapshot(sourceOptionsFor(database), { unfinished });
    expect((await rejection(second.result)).code).toBe('PG_SLOT_MISMATCH');
  });

  test('no_data makes the slot and reads nothing', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)');
    const run = startSnapshot(sourceOptionsFor(database, { snapshotMode: 'no_data' }));
    await run.result;
    expect(run.receiver.events).toEqual([]);
    expect(run.receiver.schemas.map(({ table }) => table.id.table)).toEqual(['a']);
    expect(await slotExists(database)).toBe(true);
  });

  test('initial_only reads the rows and leaves no slot behind', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)');
    const run = startSnapshot(sourceOptionsFor(database, { snapshotMode: 'initial_only' }));
    await run.result;
    expect(idsOf(run.receiver.events, 'a')).toEqual([1]);
    expect(await slotExists(database)).toBe(false);
  });
});

describe('what happens meanwhile', () => {
  test.each([
    ['TRUNCATE', 'TRUNCATE a', []],
    ['a rewrite', 'ALTER TABLE a ALTER COLUMN id TYPE bigint', [1, 2]],
    ['a new column', `ALTER TABLE a ADD COLUMN more int DEFAULT 5`, [1, 2]],
    [
      'a new table of the name',
      'DROP TABLE a; CREATE TABLE a (id int); INSERT INTO a VALUES (9)',
      [9],
    ],
  ])('%s between catalog and slot: the snapshot begins anew (P67)', async (_, sql, ids) => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1), (2)');
    const receiver = new RecordingReceiver();
    const original = receiver.snapshotStarted.bind(receiver);
    receiver.snapshotStarted = async (tables, offset) => {
      await original(tables, offset);
      if (receiver.snapshots === 1) await database.query(sql);
    };
    const run = startSnapshot(sourceOptionsFor(database), { receiver });
    await run.result;
    expect(receiver.snapshots).toBe(2);
    expect(run.notes.join()).toContain('begins anew');
    expect(idsOf(receiver.events, 'a')).toEqual(ids);
  });

  test('TRUNCATE while rows are read waits, and takes nothing from the snapshot', async () => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE a (id int PRIMARY KEY, filler text);
      INSERT INTO a SELECT g, repeat('x', 500) FROM generate_series(1, 3000) g`);
    const receiver = new RecordingReceiver();
    let truncated: Promise<unknown> | undefined;
    receiver.onRow = () => {
      truncated ??= database.query('TRUNCATE a');
    };
    const run = startSnapshot(sourceOptionsFor(database), { receiver, chunkPages: 16 });
    await run.result;
    await truncated;
    expect(receiver.events).toHaveLength(3000);
    expect(await database.query('SELECT FROM a')).toHaveLength(0);
  });

  test('a receiver without room stops the reading until it has room', async () => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE a (id int PRIMARY KEY, filler text);
      INSERT INTO a SELECT g, repeat('x', 1000) FROM generate_series(1, 20000) g`);
    const receiver = new RecordingReceiver();
    const gate = Promise.withResolvers<void>();
    const full = Promise.withResolvers<number>();
    let rows = 0;
    receiver.onRow = () => {
      rows++;
    };
    receiver.settle = () => {
      if (rows === 0) return undefined;
      full.resolve(rows);
      return gate.promise;
    };
    const options = sourceOptionsFor(database, { snapshotMaxThreads: 2 });
    const run = startSnapshot(options, { receiver, chunkPages: 256 });
    await full.promise;
    await database.query('SELECT pg_sleep(0.3)');
    // What one read of each connection can hold, and no more.
    expect(rows).toBeLessThan(6000);
    gate.resolve();
    await run.result;
    expect(receiver.events).toHaveLength(20_000);
  });

  test('abort ends it at once; the slot stays, for the rest of the rows', async () => {
    await using database = await freshDatabase();
    await database.query(`CREATE TABLE a AS SELECT generate_series(1, 1000) AS id`);
    const receiver = new RecordingReceiver();
    const run = startSnapshot(sourceOptionsFor(database), { receiver });
    receiver.onRow = () => {
      run.abort.abort(new Error('enough'));
    };
    await expect(run.result).rejects.toThrow('enough');
    expect(run.completed).toEqual([]);
    expect(await slotExists(database)).toBe(true);
  });

  test('a temporary slot of initial_only is gone when the reading fails', async () => {
    await using database = await freshDatabase();
    await database.query(`CREATE TABLE a AS SELECT generate_series(1, 10) AS id`);
    const receiver = new RecordingReceiver();
    receiver.onRow = () => {
      throw new Error('no more');
    };
    const options = sourceOptionsFor(database, { snapshotMode: 'initial_only' });
    const run = startSnapshot(options, { receiver });
    expect((await rejection(run.result)).message).toContain('no more');
    expect(run.notes).toEqual([]);
    await database.until(
      `SELECT count(*) = 0 FROM pg_replication_slots WHERE slot_name = '${database.name}'`,
    );
  });

  test('a receiver that fails ends it with its error, and the slot stays', async () => {
    await using database = await freshDatabase();
    await database.query(`CREATE TABLE a AS SELECT generate_series(1, 1000) AS id`);
    const receiver = new RecordingReceiver();
    receiver.onRow = () => {
      throw new Error('no more');
    };
    const options = sourceOptionsFor(database, { snapshotMaxThreads: 4 });
    const run = startSnapshot(options, { receiver, chunkPages: 1 });
    expect((await rejection(run.result)).message).toContain('no more');
    expect(await slotExists(database)).toBe(true);
  });
});
