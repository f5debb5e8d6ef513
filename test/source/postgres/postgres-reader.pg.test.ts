import { expect, test } from 'vitest';
import { formatLsn } from '../../../src/model/lsn.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { sourceOptionsFor, startStreaming, storedEndLsn } from '../../support/postgres-source.ts';
import type { RecordedEvent } from '../../support/recording-receiver.ts';

const brief = (event: RecordedEvent): readonly unknown[] => [
  event.op,
  event.table,
  event.before,
  event.after,
];

test('a snapshot row, then every kind of change in commit order', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, name text);
    CREATE TABLE b (id int PRIMARY KEY, note text);
    INSERT INTO a VALUES (1, 'one');`);
  const source = await startStreaming(sourceOptionsFor(database));
  await database.query(`
    BEGIN; INSERT INTO a VALUES (2, 'two'); INSERT INTO b VALUES (1, NULL);
    UPDATE a SET name = 'TWO' WHERE id = 2; COMMIT;`);
  await database.query(`UPDATE a SET id = 3 WHERE id = 2`);
  await database.query(`DELETE FROM b`);
  await database.query(`TRUNCATE a, b`);
  await source.receiver.until((events) => events.filter(({ op }) => op === 't').length === 2);
  await source.stop();
  expect(source.receiver.events.map(brief)).toEqual([
    ['r', 'a', null, { id: '1', name: 'one' }],
    ['c', 'a', null, { id: '2', name: 'two' }],
    ['c', 'b', null, { id: '1', note: null }],
    ['u', 'a', null, { id: '2', name: 'TWO' }],
    ['u', 'a', { id: '2' }, { id: '3', name: 'TWO' }],
    ['d', 'b', { id: '1' }, null],
    ['t', 'a', null, null],
    ['t', 'b', null, null],
  ]);
  const [, first, second, third] = source.receiver.events;
  expect([first?.ordinal, second?.ordinal, third?.ordinal]).toEqual([0, 1, 2]);
  expect(new Set([first?.commitLsn, second?.commitLsn, third?.commitLsn]).size).toBe(1);
  expect(source.receiver.events[7]?.ordinal).toBe(1);
});

test('replica identities and unchanged TOAST (P3, P5, P6)', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE d (id int PRIMARY KEY, n int, big text);
    ALTER TABLE d ALTER big SET STORAGE EXTERNAL;
    CREATE TABLE f (id int PRIMARY KEY, n int, big text);
    ALTER TABLE f ALTER big SET STORAGE EXTERNAL; ALTER TABLE f REPLICA IDENTITY FULL;
    CREATE TABLE i (id int, code text NOT NULL, n int);
    CREATE UNIQUE INDEX i_code ON i (code); ALTER TABLE i REPLICA IDENTITY USING INDEX i_code;
    CREATE TABLE n (id int PRIMARY KEY, n int); ALTER TABLE n REPLICA IDENTITY NOTHING;`);
  const source = await startStreaming(sourceOptionsFor(database));
  const big = 'z'.repeat(3000);
  await database.query(`
    INSERT INTO d VALUES (1, 1, '${big}'); INSERT INTO f VALUES (1, 1, '${big}');
    INSERT INTO i VALUES (1, 'x', 1); INSERT INTO n VALUES (1, 1);`);
  await database.query(`UPDATE d SET n = 2; UPDATE f SET n = 2; UPDATE i SET code = 'y'`);
  await database.query(`DELETE FROM d; DELETE FROM f; DELETE FROM i`);
  await source.receiver.until((events) => events.length === 10);
  await source.stop();
  expect(source.receiver.events.slice(4).map(brief)).toEqual([
    ['u', 'd', null, { id: '1', n: '2', big: undefined }],
    ['u', 'f', { id: '1', n: '1', big }, { id: '1', n: '2', big }],
    ['u', 'i', { code: 'x' }, { id: '1', code: 'y', n: '1' }],
    ['d', 'd', { id: '1' }, null],
    ['d', 'f', { id: '1', n: '2', big }, null],
    ['d', 'i', { code: 'y' }, null],
  ]);
  const keys = new Map(
    source.receiver.schemas.map(({ table }) => [
      table.id.table,
      table.keyColumns.map((index) => table.columns[index]?.name),
    ]),
  );
  expect(Object.fromEntries(keys)).toEqual({ d: ['id'], f: ['id'], i: ['code'], n: ['id'] });
});

test('a table changes its shape in the middle of the stream (P19, P22, P23)', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (id int PRIMARY KEY, a text, m mood)`);
  const source = await startStreaming(sourceOptionsFor(database));
  await database.query(`INSERT INTO t VALUES (1, 'x', 'sad')`);
  await database.query(`ANALYZE t`);
  await database.query(`INSERT INTO t VALUES (2, 'y', NULL)`);
  await database.query(`ALTER TABLE t ADD b numeric(5,2) NOT NULL DEFAULT 1.5`);
  await database.query(`INSERT INTO t VALUES (3, 'z', NULL, 2)`);
  // The labels of an enum are those of now: only from here on may they be seen.
  await source.receiver.until((events) => events.length === 3);
  await database.query(`ALTER TABLE t DROP a; ALTER TYPE mood ADD VALUE 'ok'`);
  await database.query(`UPDATE t SET m = 'ok' WHERE id = 1`);
  await database.query(`ALTER TABLE t RENAME TO u`);
  await database.query(`DELETE FROM u WHERE id = 1`);
  await source.receiver.until((events) => events.length === 5);
  await source.stop();
  const { events, schemas } = source.receiver;
  expect(events.map(brief)).toEqual([
    ['c', 't', null, { id: '1', a: 'x', m: 'sad' }],
    ['c', 't', null, { id: '2', a: 'y', m: null }],
    ['c', 't', null, { id: '3', a: 'z', m: null, b: '2.00' }],
    ['u', 't', null, { id: '1', m: 'ok', b: '1.50' }],
    ['d', 'u', { id: '1' }, null],
  ]);
  expect(events.map(({ version }) => version)).toEqual([1, 1, 2, 3, 4]);
  expect(schemas.map(({ table, previous }) => [table.version, previous?.version])).toEqual([
    [1, undefined],
    [2, 1],
    [3, 2],
    [4, 3],
  ]);
  const added = schemas[1]?.table.columns.find((column) => column.name === 'b');
  expect(added?.sourceType).toBe('numeric(5,2)');
  expect(added?.schema).toMatchObject({ optional: false, default: { unscaled: 150n, scale: 2 } });
});

test('a label that is added while streaming makes a new shape before its row (P85)', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (id int PRIMARY KEY, m mood, l mood[])`);
  const source = await startStreaming(sourceOptionsFor(database));
  await database.query(`INSERT INTO t VALUES (1, 'sad', '{sad}')`);
  await source.receiver.until((events) => events.length === 1);
  await database.query(`ALTER TYPE mood ADD VALUE 'bad' BEFORE 'sad'`);
  await database.query(`INSERT INTO t VALUES (2, 'bad', '{bad}'), (3, 'sad', NULL)`);
  await source.receiver.until((events) => events.length === 3);
  await database.query(`ALTER TYPE mood ADD VALUE 'ok'`);
  await database.query(`INSERT INTO t VALUES (4, NULL, '{sad,NULL,ok}')`);
  await source.receiver.until((events) => events.length === 4);
  await source.stop();
  const { events, schemas } = source.receiver;
  expect(events.map(({ version, after }) => [version, after?.['id']])).toEqual([
    [1, '1'],
    [2, '2'],
    [2, '3'],
    [3, '4'],
  ]);
  expect(schemas.map(({ table }) => table.columns[1]?.schema.parameters?.['allowed'])).toEqual([
    'sad',
    'bad,sad',
    'bad,sad,ok',
  ]);
});

test('old WAL is read with the shape of its time (P21)', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL, gone int)');
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  await first.stop();
  await database.query(`INSERT INTO t VALUES (1, 'x', 7)`);
  await database.query(`ALTER TABLE t DROP gone; ALTER TABLE t ADD fresh text`);
  await database.query(`INSERT INTO t VALUES (2, 'y', 'new')`);
  await database.query(`CREATE TABLE dropped (id int PRIMARY KEY); INSERT INTO dropped VALUES (5)`);
  await database.query(`DROP TABLE dropped`);
  const second = await startStreaming(options, first.receiver);
  await second.receiver.until((events) => events.length === 3);
  await second.stop();
  expect(second.receiver.events.map(brief)).toEqual([
    ['c', 't', null, { id: '1', a: 'x', gone: '7' }],
    ['c', 't', null, { id: '2', a: 'y', fresh: 'new' }],
    ['c', 'dropped', null, { id: '5' }],
  ]);
});

test('a null from before NOT NULL was set has a shape that allows it (P21)', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE t (id int PRIMARY KEY, a text, b text); ALTER TABLE t REPLICA IDENTITY FULL`);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  await first.stop();
  await database.query(`INSERT INTO t VALUES (1, 'x', 'y'), (2, NULL, 'z'), (3, 'w', NULL)`);
  await database.query(`UPDATE t SET a = coalesce(a, ''), b = coalesce(b, '') WHERE id > 1`);
  await database.query('ALTER TABLE t ALTER a SET NOT NULL, ALTER b SET NOT NULL');
  await database.query(`INSERT INTO t VALUES (4, 'v', 'u')`);
  const second = await startStreaming(options, first.receiver);
  await second.receiver.until((events) => events.length === 6);
  await second.stop();
  const { events, schemas } = second.receiver;
  const optional = schemas
    .slice(-4)
    .map(({ table }) => table.columns.map(({ schema }) => schema.optional));
  expect(optional).toEqual([
    [false, false, false],
    [false, true, false],
    [false, true, true],
    [false, false, false],
  ]);
  const shapes = events.map(({ after, version }) => [after?.['a'], after?.['b'], version]);
  const [at = 0] = shapes[0]?.slice(2).map(Number) ?? [];
  expect(shapes).toEqual([
    ['x', 'y', at],
    [null, 'z', at + 1],
    ['w', null, at + 2],
    ['', 'z', at + 2],
    ['w', '', at + 2],
    ['v', 'u', at + 3],
  ]);
});

test('tables and columns that are not captured do not come', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, secret text, c int); CREATE TABLE b (id int PRIMARY KEY);
    CREATE PUBLICATION tidemark FOR ALL TABLES`);
  const options = sourceOptionsFor(database, {
    tableInclude: [/^public\.a$/],
    columnExclude: [/^public\.a\.secret$/],
    skippedOperations: ['d', 't'],
    publicationAutocreateMode: 'disabled',
  });
  const source = await startStreaming(options);
  await database.query(`
    BEGIN; INSERT INTO b VALUES (1); INSERT INTO a VALUES (1, 's', 2); DELETE FROM a;
    INSERT INTO a VALUES (2, 's', 3); COMMIT`);
  await database.query(`TRUNCATE a, b`);
  await database.query(`INSERT INTO a VALUES (3, 's', 4)`);
  await source.receiver.until((events) => events.length === 3);
  await source.stop();
  expect(source.receiver.events.map((event) => [...brief(event), event.ordinal])).toEqual([
    ['c', 'a', null, { id: '1', c: '2' }, 1],
    ['c', 'a', null, { id: '2', c: '3' }, 3],
    ['c', 'a', null, { id: '3', c: '4' }, 0],
  ]);
});

test('what is durable is confirmed, and nothing else (P41)', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY)');
  const source = await startStreaming(sourceOptionsFor(database));
  const { receiver } = source;
  await database.query('INSERT INTO a VALUES (1)');
  await receiver.until((events) => events.length === 1);
  const confirmed = formatLsn(storedEndLsn(receiver));
  await database.until(
    `SELECT confirmed_flush_lsn >= '${confirmed}' FROM pg_replication_slots WHERE slot_name = $1`,
    [database.name],
  );
  receiver.autoFlush = false;
  const before = storedEndLsn(receiver);
  const handedOver = Promise.withResolvers<void>();
  receiver.onRow = () => {
    handedOver.resolve();
  };
  await database.query('INSERT INTO a VALUES (2)');
  await handedOver.promise;
  await source.stop();
  const [slot] = await database.query<{ at: string; active: boolean }>(
    'SELECT confirmed_flush_lsn::text AS at, active FROM pg_replication_slots WHERE slot_name = $1',
    [database.name],
  );
  // The final status went out and the slot was let go at once (P56).
  expect(slot).toEqual({ at: formatLsn(before), active: false });
});

test('an idle source moves the slot on, past WAL that does not concern it (P51)', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY); CREATE UNLOGGED TABLE other (t text)');
  const options = sourceOptionsFor(database, {
    tableInclude: [/^public\.a$/],
    publicationAutocreateMode: 'filtered',
    heartbeatIntervalMs: 50,
  });
  const source = await startStreaming(options);
  await database.query(`CREATE TABLE noise AS SELECT g FROM generate_series(1, 10000) g`);
  const [row] = await database.query<{ at: string }>('SELECT pg_current_wal_lsn()::text AS at');
  await database.until(
    `SELECT confirmed_flush_lsn >= '${row?.at}' FROM pg_replication_slots WHERE slot_name = $1`,
    [database.name],
  );
  await source.stop();
  expect(source.receiver.events).toEqual([]);
});

test('a heartbeat runs its statement, and may fail without stopping the stream', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE beat (n int PRIMARY KEY)');
  const options = sourceOptionsFor(database, {
    heartbeatIntervalMs: 20,
    heartbeatActionQuery: 'INSERT INTO beat SELECT count(*) FROM beat WHERE n < 3',
  });
  const source = await startStreaming(options);
  // From the fifth on they violate the key.
  const failures = (): readonly string[] =>
    source.notes.filter((note) => note.startsWith('heartbeat failed'));
  const deadline = performance.now() + 20_000;
  while (failures().length === 0) {
    expect(performance.now()).toBeLessThan(deadline);
    await database.query('SELECT pg_sleep(0.02)');
  }
  await database.query('INSERT INTO beat VALUES (100)');
  await source.receiver.until((events) => events.some((event) => event.after?.['n'] === '100'));
  await source.stop();
  expect(failures()).toHaveLength(1);
});

test('xmin.fetch.interval.ms: transactions tell the oldest one that the slot holds', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY)');
  const source = await startStreaming(sourceOptionsFor(database, { xminFetchIntervalMs: 100 }));
  const { receiver } = source;
  const seen = (): bigint | null | undefined => receiver.commits.at(-1)?.xmin;
  for (let id = 1; typeof seen() !== 'bigint'; id++) {
    await database.query('INSERT INTO a VALUES ($1)', [id]);
    await receiver.until((events) => events.length === id);
  }
  const [row] = await database.query<{ xmin: string }>(
    'SELECT catalog_xmin AS xmin FROM pg_replication_slots WHERE slot_name = $1',
    [database.name],
  );
  await source.stop();
  expect(seen()).toBeGreaterThan(2n);
  expect(seen()).toBeLessThanOrEqual(BigInt(row?.xmin ?? 0));
});

test('lag is told in bytes and ms', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY, t text)');
  const source = await startStreaming(sourceOptionsFor(database));
  const gate = Promise.withResolvers<void>();
  source.receiver.gate = gate.promise;
  await database.query(`INSERT INTO a SELECT g, repeat('x', 500) FROM generate_series(1, 20000) g`);
  const deadline = performance.now() + 20_000;
  while ((source.reader.status().lagBytes ?? 0n) < 1_000_000n) {
    expect(performance.now()).toBeLessThan(deadline);
    await database.query('SELECT pg_sleep(0.02)');
  }
  source.receiver.gate = undefined;
  gate.resolve();
  await source.receiver.until((events) => events.length === 20_000);
  const status = source.reader.status();
  expect(status).toMatchObject({ phase: 'streaming', connected: true });
  expect(status.lagMs).toBeGreaterThanOrEqual(0);
  expect(source.reader.hasReceived(formatLsn(source.receiver.events[0]?.lsn ?? 0n))).toBe(true);
  expect(source.reader.hasReceived('FFFFFFFF/0')).toBe(false);
  // Others write to the same server: its end may just have moved on.
  const { reader } = source;
  await expect.poll(() => reader.hasReceived(reader.logEnd() ?? '')).toBe(true);
  expect(status.received).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
  await source.stop();
  expect(source.reader.status().phase).toBe('stopped');
});
