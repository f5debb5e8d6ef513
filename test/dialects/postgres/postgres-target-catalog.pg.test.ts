import { expect, test } from 'vitest';
import { readTable, tableQuery } from '../../../dialects/postgres/postgres-target-catalog.ts';
import { freshDatabase } from '../../support/postgres.ts';

test('reads columns, keys and references of a table', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TYPE mood AS ENUM ('a');
    CREATE TABLE t (a integer, b character(3) NOT NULL DEFAULT 'x', c numeric(10,2)[], m mood,
      bits bit(3), gone text, g integer GENERATED ALWAYS AS (1) STORED,
      i integer GENERATED ALWAYS AS IDENTITY, CONSTRAINT my_key PRIMARY KEY (b, a));
    ALTER TABLE t DROP COLUMN gone;
    CREATE UNIQUE INDEX ON t (i) INCLUDE (a);
    CREATE UNIQUE INDEX ON t (a) WHERE a > 0;
    CREATE UNIQUE INDEX ON t (lower(b));
    ALTER TABLE t ADD UNIQUE (c) DEFERRABLE;
    CREATE TABLE child (x integer, y character(3), FOREIGN KEY (y, x) REFERENCES t)`);
  const name = { schema: 'public', table: 't' };
  const { text, values } = tableQuery(name);
  const rows = await database.query(
    `SET search_path = pg_catalog; ${text
      .replace('$1', `'${values[0]}'`)
      .replace('$2', `'${values[1]}'`)}`,
  );
  await database.query('RESET search_path');
  const table = readTable(name, rows);
  expect(table?.columns.map((column) => [column.name, column.type, column.castType])).toEqual([
    ['a', 'integer', 'integer'],
    ['b', 'character(3)', 'bpchar'],
    ['c', 'numeric(10,2)[]', 'numeric[]'],
    ['m', 'public.mood', 'public.mood'],
    ['bits', 'bit(3)', '"bit"'],
    ['g', 'integer', 'integer'],
    ['i', 'integer', 'integer'],
  ]);
  expect(table?.columns.filter((column) => column.generated).map(({ name: n }) => n)).toEqual([
    'g',
  ]);
  expect(table?.columns.filter((column) => column.isArray).map(({ name: n }) => n)).toEqual(['c']);
  expect(table).toMatchObject({
    primaryKey: ['b', 'a'],
    primaryKeyName: 'my_key',
    referenced: true,
  });
  // Partial, expression and deferrable indexes cannot serve ON CONFLICT.
  expect(table?.uniqueKeys.toSorted()).toEqual([['b', 'a'], ['i']]);
  expect(readTable(name, [])).toBeNull();
});
