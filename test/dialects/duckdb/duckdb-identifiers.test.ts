import { expect, test } from 'vitest';
import {
  duckdbLiteral,
  quoteDuckdbName,
  quoteDuckdbTable,
} from '../../../dialects/duckdb/duckdb-identifiers.ts';
import { duckdbMemory } from '../../support/duckdb-memory.ts';

test.each(["it's", 'a"b', 'back\\slash', 'NUL \0 in it', '\0', '', '$1 ? é'])(
  '%j is what DuckDB reads in its literal',
  async (text) => {
    using database = await duckdbMemory();
    const [row] = await database.rows(`SELECT ${duckdbLiteral(text)} AS v`);
    expect(row?.['v']).toBe(text);
  },
);

test('names mean what they say, whatever is in them (S21)', async () => {
  using database = await duckdbMemory();
  const name = 'a"; DROP TABLE b; --.é';
  await database.rows(`CREATE SCHEMA ${quoteDuckdbName(name)}`);
  await database.rows(
    `CREATE TABLE ${quoteDuckdbTable(name, name)} (${quoteDuckdbName(name)} INT)`,
  );
  const found = await database.rows(
    'SELECT schema_name AS s, table_name AS t FROM duckdb_tables()',
  );
  expect(found).toEqual([{ s: name, t: name }]);
});
