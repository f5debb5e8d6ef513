import { describe, expect, test } from 'vitest';
import type { CatalogRow, TableInfo } from '../../../dialects/postgres/postgres-catalog.ts';
import {
  parsePublishedTables,
  parseTables,
  parseTypes,
  publishedTablesQuery,
  TABLES_QUERY,
  tablesByOidQuery,
  TYPES_QUERY,
} from '../../../dialects/postgres/postgres-catalog.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase } from '../../support/postgres.ts';

/** Rows with every value as text, as the simple protocol gives them. */
async function rowsOf(database: TestDatabase, sql: string): Promise<CatalogRow[]> {
  const [names] = await database.query(`SELECT * FROM (${sql}) q LIMIT 0`).then(() => [null]);
  expect(names).toBeNull();
  const rows = await database.query<{ j: Record<string, unknown> }>(
    `SELECT to_jsonb(q) AS j FROM (${sql}) q`,
  );
  return rows.map(({ j }) =>
    Object.fromEntries(Object.entries(j).map(([name, value]) => [name, textOf(value)])),
  );
}

function textOf(value: unknown): string | null {
  if (value === null) return null;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function table(database: TestDatabase, name: string): Promise<TableInfo> {
  const tables = parseTables(await rowsOf(database, TABLES_QUERY));
  const found = tables.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no table ${name}`);
  return found;
}

describe('tables', () => {
  test('columns with types, nullability, defaults, identity and comments', async () => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE a (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gone int,
        amount numeric(10,2) NOT NULL DEFAULT 1.5,
        tags varchar(20)[] DEFAULT '{}', twice int GENERATED ALWAYS AS (2) STORED);
      ALTER TABLE a DROP COLUMN gone;
      COMMENT ON COLUMN a.amount IS 'in euro';`);
    const { columns } = await table(database, 'a');
    expect(
      columns.map((c) => [c.number, c.name, c.typeText, c.notNull, c.defaultExpression]),
    ).toEqual([
      [1, 'id', 'bigint', true, null],
      [3, 'amount', 'numeric(10,2)', true, '1.5'],
      [4, 'tags', 'character varying(20)[]', false, `'{}'::character varying[]`],
      [5, 'twice', 'integer', false, null],
    ]);
    expect(columns.map((c) => [c.generated, c.identity, c.comment])).toEqual([
      [null, 'always', null],
      [null, null, 'in euro'],
      [null, null, null],
      ['stored', null, null],
    ]);
  });

  test('unique indexes in key order, without partial, expression and invalid ones', async () => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE a (x int NOT NULL, y int NOT NULL, z int, PRIMARY KEY (y, x));
      CREATE UNIQUE INDEX plain ON a (x) INCLUDE (z);
      CREATE UNIQUE INDEX partial ON a (x) WHERE x > 5;
      CREATE UNIQUE INDEX expression ON a ((x + 1));
      ALTER TABLE a ADD CONSTRAINT late UNIQUE (y) DEFERRABLE;
      ALTER TABLE a REPLICA IDENTITY USING INDEX plain;`);
    const info = await table(database, 'a');
    expect(info.replicaIdentity).toBe('index');
    expect(info.uniqueIndexes).toEqual([
      { name: 'a_pkey', columns: [2, 1], primary: true, replicaIdentity: false, immediate: true },
      { name: 'late', columns: [2], primary: false, replicaIdentity: false, immediate: false },
      { name: 'plain', columns: [1], primary: false, replicaIdentity: true, immediate: true },
    ]);
  });

  test('partitions know their parent and root; kinds and persistence are told', async () => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE root (id int) PARTITION BY RANGE (id);
      CREATE TABLE mid PARTITION OF root FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
      CREATE TABLE leaf PARTITION OF mid FOR VALUES FROM (0) TO (5);
      CREATE UNLOGGED TABLE u (id int); CREATE VIEW v AS SELECT 1 AS one;`);
    const tables = parseTables(await rowsOf(database, TABLES_QUERY));
    const by = (name: string): TableInfo | undefined => tables.find((t) => t.name === name);
    expect(tables.map(({ name, kind, persistence }) => [name, kind, persistence])).toEqual([
      ['leaf', 'table', 'permanent'],
      ['mid', 'partitioned', 'permanent'],
      ['root', 'partitioned', 'permanent'],
      ['u', 'table', 'unlogged'],
      ['v', 'view', 'permanent'],
    ]);
    expect(by('leaf')?.parentOid).toBe(by('mid')?.oid);
    expect(by('leaf')?.rootOid).toBe(by('root')?.oid);
    expect(by('root')?.parentOid).toBe(0);
    expect(by('root')?.rootOid).toBe(by('root')?.oid);
  });

  test('some by oid, also system tables; none for no oid', async () => {
    await using database = await freshDatabase();
    const rows = await rowsOf(database, tablesByOidQuery([1259]));
    expect(parseTables(rows).map(({ name }) => name)).toEqual(['pg_class']);
    expect(await rowsOf(database, tablesByOidQuery([]))).toEqual([]);
  });
});

test('types: domains, enums in order, arrays with delimiter, extensions', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE EXTENSION citext;
    CREATE TYPE mood AS ENUM ('sad', 'happy'); ALTER TYPE mood ADD VALUE 'ok' BEFORE 'happy';
    CREATE DOMAIN price AS numeric(8,2); CREATE TYPE pair AS (a int, b int);
    CREATE TABLE t (id int);`);
  const types = parseTypes(await rowsOf(database, TYPES_QUERY));
  const by = (name: string): (typeof types)[number] | undefined =>
    types.find((type) => type.name === name);
  expect(by('mood')).toMatchObject({ kind: 'enum', labels: ['sad', 'ok', 'happy'] });
  expect(by('price')).toMatchObject({ kind: 'domain', baseOid: 1700, baseTypmod: 524_294 });
  expect(by('_mood')).toMatchObject({ elementOid: by('mood')?.oid, delimiter: ',' });
  expect(by('_box')).toMatchObject({ elementOid: 603, delimiter: ';' });
  expect(by('point')).toMatchObject({ elementOid: 0 });
  expect(by('int2vector')).toMatchObject({ elementOid: 0 });
  expect(by('citext')).toMatchObject({ extension: 'citext', category: 'S' });
  expect(by('_citext')).toMatchObject({ extension: 'citext' });
  expect(by('pair')).toMatchObject({ kind: 'composite' });
  expect(by('t')).toBeUndefined();
});

test('what a publication sends', async () => {
  await using database = await freshDatabase();
  // PostgreSQL 15 brought column lists and row filters; before, the view has no columns for them.
  const listed = database.major >= 15;
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE "C d" (id int PRIMARY KEY);
    CREATE PUBLICATION "it's" FOR TABLE a ${listed ? '(id) WHERE (id > 3)' : ''}, "C d";`);
  const rows = await rowsOf(database, publishedTablesQuery(`it's`));
  expect(parsePublishedTables(rows)).toEqual([
    { schema: 'public', table: 'C d', columns: listed ? ['id'] : null, rowFilter: null },
    {
      schema: 'public',
      table: 'a',
      columns: listed ? ['id'] : null,
      rowFilter: listed ? '(id > 3)' : null,
    },
  ]);
});
