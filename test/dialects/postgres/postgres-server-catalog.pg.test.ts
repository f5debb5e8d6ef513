import { expect, test } from 'vitest';
import {
  parsePublication,
  parseServer,
  parseSlot,
  publicationQuery,
  SERVER_QUERY,
  SLOT_BLOCKERS_QUERY,
  slotQuery,
  storageQuery,
  storageSizeQuery,
} from '../../../dialects/postgres/postgres-server-catalog.ts';
import { catalogRows } from '../../../src/source/postgres/wire/catalog-session.ts';
import { PostgresWire } from '../../../src/source/postgres/wire/postgres-wire.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { connectionTo } from '../../support/postgres-source.ts';

async function connect(database: TestDatabase): Promise<PostgresWire> {
  const session = { replication: false, applicationName: 'test' };
  return await PostgresWire.connect(connectionTo(database), session, new AbortController().signal);
}

test('server settings and rights', async () => {
  await using database = await freshDatabase();
  await using wire = await connect(database);
  const [row] = await catalogRows(wire, SERVER_QUERY);
  const server = parseServer(row ?? {});
  expect(Math.floor(server.version / 10_000)).toBe(database.major);
  expect(server).toMatchObject({
    database: database.name,
    user: database.user,
    encoding: 'UTF8',
    walLevel: 'logical',
    inRecovery: false,
    superuser: true,
    cloudReplication: false,
    canCreateInDatabase: true,
    maxSlotWalKeepSizeMb: -1,
    idleSlotTimeoutSeconds: database.major >= 18 ? 0 : null,
  });
});

test('a slot as the server has it, and none', async () => {
  await using database = await freshDatabase();
  await using wire = await connect(database);
  expect(parseSlot(await catalogRows(wire, slotQuery(database.name)))).toBeNull();
  await database.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [
    database.name,
  ]);
  const slot = parseSlot(await catalogRows(wire, slotQuery(database.name)));
  expect(slot).toMatchObject({
    name: database.name,
    plugin: 'pgoutput',
    slotType: 'logical',
    database: database.name,
    temporary: false,
    activePid: null,
    walStatus: 'reserved',
    invalidationReason: null,
    twoPhase: false,
    failover: false,
  });
  expect(slot?.heldBytes).toBeGreaterThan(0n);
});

test('a publication, whatever its name', async () => {
  await using database = await freshDatabase();
  await using wire = await connect(database);
  const name = `it's "odd" \\`;
  expect(parsePublication(await catalogRows(wire, publicationQuery(name)))).toBeNull();
  await database.query(`CREATE PUBLICATION "it's ""odd"" \\" WITH (publish = 'insert')`);
  expect(parsePublication(await catalogRows(wire, publicationQuery(name)))).toEqual({
    name,
    owner: database.user,
    owned: true,
    allTables: false,
    viaRoot: false,
    inserts: true,
    updates: false,
    deletes: false,
    truncates: false,
    generatedColumns: false,
  });
});

test('storage changes with TRUNCATE, a rewrite and a new column, not with rows', async () => {
  await using database = await freshDatabase();
  await using wire = await connect(database);
  await database.query('CREATE TABLE a (id int PRIMARY KEY)');
  const [table] = await database.query(`SELECT 'a'::regclass::oid::int AS oid`);
  const fingerprint = async (): Promise<string> =>
    JSON.stringify(await catalogRows(wire, storageQuery([Number(table?.['oid'])])));
  const seen = [await fingerprint()];
  await database.query('INSERT INTO a VALUES (1); ANALYZE a');
  expect(await fingerprint()).toBe(seen[0]);
  for (const sql of [
    'TRUNCATE a',
    'ALTER TABLE a ALTER COLUMN id TYPE bigint',
    'ALTER TABLE a ADD COLUMN b int',
    'ALTER TABLE a REPLICA IDENTITY FULL',
    'ALTER TABLE a RENAME TO b',
  ]) {
    await database.query(sql);
    seen.push(await fingerprint());
  }
  expect(new Set(seen).size).toBe(seen.length);
});

test('the size in blocks, and whether ranges of them can be read', async () => {
  await using database = await freshDatabase();
  await using wire = await connect(database);
  await database.query(`CREATE TABLE a AS SELECT repeat('x', 1000) FROM generate_series(1, 70)`);
  const [table] = await database.query(`SELECT 'a'::regclass::oid::int AS oid`);
  const rows = await catalogRows(wire, storageSizeQuery([Number(table?.['oid'])]));
  expect(rows.map((row) => row['heap'])).toEqual(['t']);
  // Seven rows to a block; newer servers add some more blocks at once.
  expect(Number(rows[0]?.['pages'])).toBeGreaterThanOrEqual(10);
});

test('an open writer is named with what ends it', async () => {
  await using database = await freshDatabase();
  await using wire = await connect(database);
  await using writer = await connect(database);
  await writer.query('BEGIN; SELECT txid_current()');
  const [pid] = (await writer.query('SELECT pg_backend_pid()'))[0]?.rows[0] ?? [];
  const blockers = await catalogRows(wire, SLOT_BLOCKERS_QUERY);
  const found = blockers.find((row) => row['blocker']?.startsWith(`pid ${pid} `));
  expect(found?.['cure']).toBe(`SELECT pg_terminate_backend(${pid});`);
  await writer.query('ROLLBACK');
});
