import { expect, test } from 'vitest';
import {
  duckdbSchemaQuery,
  duckdbTableQuery,
  readDuckdbTable,
} from '../../../dialects/duckdb/duckdb-target-catalog.ts';
import type { DuckdbMemory } from '../../support/duckdb-memory.ts';
import { duckdbMemory } from '../../support/duckdb-memory.ts';

const read = async (database: DuckdbMemory, table: string, schema = 'main') => {
  const name = { schema, table };
  return readDuckdbTable(name, await database.rows(duckdbTableQuery(name)));
};

test('a table is read with all that decides how it is written to', async () => {
  using database = await duckdbMemory();
  await database.rows(`CREATE TABLE t (a INTEGER NOT NULL, "B b" DECIMAL(6,2) DEFAULT 1.5,
    g INTEGER GENERATED ALWAYS AS (a + 1), "GENERATED ALWAYS AS(x)" VARCHAR DEFAULT 'n',
    m ENUM('x', 'it''s'), PRIMARY KEY (a), UNIQUE ("B b", m), CHECK (a > 0))`);
  await database.rows('CREATE INDEX i ON t (m)');
  const table = await read(database, 'T');
  const columns = table?.columns.map(({ name, type, notNull, hasDefault, generated }) =>
    [
      name,
      type,
      ...(notNull ? ['not null'] : []),
      ...(hasDefault ? ['default'] : []),
      ...(generated ? ['generated'] : []),
    ].join(' '),
  );
  expect(columns).toEqual([
    'a INTEGER not null',
    'B b DECIMAL(6,2) default',
    'g INTEGER generated',
    'GENERATED ALWAYS AS(x) VARCHAR default',
    "m ENUM('x', 'it''s')",
  ]);
  expect(table).toMatchObject({
    primaryKey: ['a'],
    uniqueKeys: [['a'], ['B b', 'm']],
    referenced: false,
    boundBy: ['the index i'],
    cannotBeRemade: 'CHECK((a > 0)), generated g',
  });
});

test('a table that others refer to says so', async () => {
  using database = await duckdbMemory();
  await database.rows('CREATE TABLE t (a INTEGER PRIMARY KEY)');
  await database.rows('CREATE TABLE u (a INTEGER REFERENCES t (a))');
  expect(await read(database, 't')).toMatchObject({
    referenced: true,
    boundBy: ['references of u'],
  });
});

test('schemas are apart; what is no table is none', async () => {
  using database = await duckdbMemory();
  await database.rows('CREATE SCHEMA "Shop"');
  await database.rows('CREATE TABLE "Shop".t (a INTEGER)');
  await database.rows('CREATE VIEW v AS SELECT 1 AS a');
  expect(await read(database, 't')).toBeNull();
  expect(await read(database, 'v')).toBeNull();
  expect(await read(database, 't', 'shop')).toMatchObject({ primaryKey: [], uniqueKeys: [] });
  expect(await database.rows(duckdbSchemaQuery('SHOP'))).toHaveLength(1);
  expect(await database.rows(duckdbSchemaQuery('other'))).toEqual([]);
});
