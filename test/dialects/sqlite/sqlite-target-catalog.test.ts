import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { TargetTable } from '../../../dialects/dialect.ts';
import {
  readSqliteTable,
  sqliteSchemaQuery,
  sqliteTableQuery,
} from '../../../dialects/sqlite/sqlite-target-catalog.ts';

function read(sql: string, table = 't'): TargetTable | null {
  using database = new DatabaseSync(':memory:');
  database.exec(sql);
  const name = { schema: 'main', table };
  return readSqliteTable(name, database.prepare(sqliteTableQuery(name).text).all());
}

test('columns with their types, defaults and what computes them', () => {
  const table = read(
    `CREATE TABLE "o'T" (id INTEGER PRIMARY KEY, "Größe" decimal(10,2) NOT NULL
    DEFAULT 1.5, bare, n TEXT DEFAULT NULL, v AS (id + 1), s AS (id + 2) STORED)`,
    "O't",
  );
  expect(table).toMatchObject({
    primaryKey: ['id'],
    uniqueKeys: [['id']],
    columns: [
      { name: 'id', type: 'INTEGER', castType: 'INTEGER', hasDefault: false, generated: false },
      {
        name: 'Größe',
        type: 'decimal(10,2)',
        castType: 'NUMERIC',
        notNull: true,
        definition: '1.5',
      },
      { name: 'bare', type: 'ANY', castType: 'BLOB' },
      { name: 'n', notNull: false, hasDefault: false },
      { name: 'v', generated: true },
      { name: 's', generated: true },
    ],
  });
  expect(read('CREATE TABLE t (a ANY, b INT) STRICT')?.columns).toMatchObject([
    { castType: 'STRICT ANY' },
    { castType: 'STRICT INTEGER' },
  ]);
});

test('only unique indexes on whole columns of all rows are keys', () => {
  const table = read(`CREATE TABLE t (a TEXT, b TEXT, c TEXT COLLATE NOCASE, PRIMARY KEY (b, a));
    CREATE UNIQUE INDEX i1 ON t (a); CREATE UNIQUE INDEX i2 ON t (c);
    CREATE UNIQUE INDEX i3 ON t (c COLLATE BINARY, a); CREATE UNIQUE INDEX i4 ON t (b) WHERE a > 1;
    CREATE UNIQUE INDEX i5 ON t (lower(a), b); CREATE INDEX i6 ON t (b)`);
  expect(table?.primaryKey).toEqual(['b', 'a']);
  const keys = table?.uniqueKeys.map((columns) => columns.join(' ')).toSorted();
  expect(keys).toEqual(['a', 'b a', 'c a']);
  expect(read('CREATE TABLE t (k TEXT PRIMARY KEY, v) WITHOUT ROWID')?.uniqueKeys).toEqual([['k']]);
  expect(read('CREATE TABLE t (k INT PRIMARY KEY)')?.uniqueKeys).toEqual([['k']]);
});

test('a key that holds different texts equal is a problem', () => {
  expect(read('CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY)')?.problem?.message).toContain(
    'collation',
  );
  expect(read('CREATE TABLE t (k TEXT PRIMARY KEY)')?.problem).toBeUndefined();
});

test('a view is no table, nor is what is not there', () => {
  expect(read('CREATE VIEW t AS SELECT 1')).toBeNull();
  expect(read('')).toBeNull();
});

test('main is there', () => {
  using database = new DatabaseSync(':memory:');
  const ask = (schema: string) => database.prepare(sqliteSchemaQuery(schema).text).all();
  expect(ask('main')).toHaveLength(1);
  expect(ask('public')).toEqual([]);
});
