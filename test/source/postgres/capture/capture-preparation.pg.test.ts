import { describe, expect, test } from 'vitest';
import { TidemarkErrors } from '../../../../src/foundation/errors.ts';
import type { PreparedCapture } from '../../../../src/source/postgres/capture/capture-preparation.ts';
import {
  prepareCapture,
  readCatalog,
} from '../../../../src/source/postgres/capture/capture-preparation.ts';
import { PostgresWire } from '../../../../src/source/postgres/wire/postgres-wire.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';

type Overrides = NonNullable<Parameters<typeof sourceOptionsFor>[1]>;

async function prepare(
  database: TestDatabase,
  overrides: Overrides = {},
): Promise<PreparedCapture> {
  const options = sourceOptionsFor(database, {
    publicationAutocreateMode: 'filtered',
    ...overrides,
  });
  const { signal } = new AbortController();
  const session = { replication: false, applicationName: 'test' };
  await using wire = await PostgresWire.connect(options.connection, session, signal);
  return await prepareCapture(wire, options);
}

async function published(database: TestDatabase): Promise<unknown[]> {
  const rows = await database.query(
    `SELECT tablename || coalesce(translate(to_jsonb(p) ->> 'attnames', '["] ', '{'), '') AS t
       FROM pg_publication_tables p ORDER BY 1`,
  );
  return rows.map((row) => (row['t'] as string).replace(/(?<=\{.*)$/, '}'));
}

/** Column lists are from PostgreSQL 15 on. */
function listed(database: TestDatabase, ...tables: readonly string[]): readonly string[] {
  return database.major >= 15 ? tables : tables.map((table) => table.replace(/\{.*/, ''));
}

describe('a filtered publication', () => {
  test('follows the lists from start to start, also into columns and partitions', async () => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE a (id int PRIMARY KEY, b int, c int);
      CREATE TABLE "B c" (id int PRIMARY KEY);
      CREATE TABLE root (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE leaf PARTITION OF root FOR VALUES FROM (0) TO (10);
      CREATE TABLE child () INHERITS (a);`);
    const only = (...names: string[]): Overrides => ({
      tableInclude: names.map((name) => new RegExp(`^public\\.${name}$`)),
    });
    await prepare(database, only('a'));
    expect(await published(database)).toEqual(listed(database, 'a{id,b,c}'));
    await prepare(database, only('a', 'B c', 'root', 'leaf'));
    expect(await published(database)).toEqual(listed(database, 'B c{id}', 'a{id,b,c}', 'leaf{id}'));
    const viaRoot = { publishViaPartitionRoot: true };
    await prepare(database, { ...only('a', 'root'), ...viaRoot, columnExclude: [/^.*\.c$/] });
    expect(await published(database)).toEqual(listed(database, 'a{id,b}', 'root{id}'));
    await prepare(database, only('leaf'));
    expect(await published(database)).toEqual(listed(database, 'leaf{id}'));
  });

  test('nothing is altered when it fits: no lock, no invalidation', async () => {
    await using database = await freshDatabase();
    await database.query(
      'CREATE TABLE a (id int PRIMARY KEY, g int GENERATED ALWAYS AS (1) STORED)',
    );
    await prepare(database);
    const version = `SELECT string_agg(p.xmin::text || r.xmin::text, ' ') AS v
      FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid`;
    const before = await database.query(version);
    await prepare(database);
    expect(await database.query(version)).toEqual(before);
  });
});

test('problems are thrown together, and nothing has been made', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE EXTENSION cube;
    CREATE TABLE a (id int PRIMARY KEY, p cube)`);
  const failure = await prepare(database, {
    columnExclude: [/^.*\.id$/],
  }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TidemarkErrors);
  expect((failure as TidemarkErrors).errors.map(({ code }) => code).sort()).toEqual([
    'CONFIG_INVALID',
    'PG_UNSUPPORTED_TYPE',
  ]);
  expect(await database.query('SELECT FROM pg_publication')).toEqual([]);
});

test('replica.identity.autoset.values: set before they are published, once', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int, v int); CREATE TABLE b (id int NOT NULL);
    CREATE UNIQUE INDEX b_id ON b (id); CREATE TABLE other (id int);
    CREATE TABLE root (id int) PARTITION BY RANGE (id);
    CREATE TABLE leaf PARTITION OF root FOR VALUES FROM (0) TO (10)`);
  const overrides: Overrides = {
    tableInclude: [/^public\.(a|b|root)$/],
    publishViaPartitionRoot: true,
    replicaIdentities: [
      { table: /^public\.b$/, identity: 'index', index: 'b_id' },
      { table: /^public\..*$/, identity: 'full', index: null },
    ],
  };
  const { selection } = await prepare(database, overrides);
  const chosen = selection.tables.map(({ schema }) => [schema.id.table, schema.replicaIdentity]);
  expect(Object.fromEntries(chosen)).toEqual({ a: 'full', b: 'index', root: 'full' });
  const identities = async (): Promise<unknown> =>
    await database.query(
      `SELECT relname, relreplident::text, xmin FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname`,
    );
  const set = await identities();
  expect(set).toMatchObject([
    { relname: 'a', relreplident: 'f' },
    { relname: 'b', relreplident: 'i' },
    { relname: 'leaf', relreplident: 'f' },
    { relname: 'other', relreplident: 'd' },
    { relname: 'root', relreplident: 'f' },
  ]);
  await prepare(database, overrides);
  expect(await identities()).toEqual(set);
});

test('no_tables makes an empty publication and captures nothing', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY)');
  const { selection } = await prepare(database, { publicationAutocreateMode: 'no_tables' });
  expect(selection.tables).toEqual([]);
  expect(await database.query('SELECT pubname FROM pg_publication')).toEqual([
    { pubname: 'tidemark' },
  ]);
});

test('the catalog is read with the rights of any role', async () => {
  await using database = await freshDatabase();
  const role = `${database.name}_r`;
  await database.query(`
    CREATE ROLE ${role} LOGIN PASSWORD 'p';
    CREATE SCHEMA hidden; CREATE TABLE hidden.a (id int PRIMARY KEY)`);
  const { connection } = sourceOptionsFor(database);
  const session = { replication: false, applicationName: 'test' };
  await using wire = await PostgresWire.connect(
    { ...connection, user: role, password: 'p' },
    session,
    new AbortController().signal,
  );
  const { tables, server } = await readCatalog(wire, 'none');
  expect(tables.map(({ name, canSelect, owned }) => [name, canSelect, owned])).toEqual([
    ['a', false, false],
  ]);
  expect(server).toMatchObject({ user: role, replication: false, superuser: false });
});
