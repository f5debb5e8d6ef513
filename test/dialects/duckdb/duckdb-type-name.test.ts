import { expect, test } from 'vitest';
import { parseDuckdbType, printEnum } from '../../../dialects/duckdb/duckdb-type-name.ts';
import { duckdbMemory } from '../../support/duckdb-memory.ts';

const none = { digits: null, labels: null, depth: 0 };

test.each([
  ['INTEGER', { ...none, base: 'INTEGER' }],
  ['TIMESTAMP WITH TIME ZONE', { ...none, base: 'TIMESTAMP WITH TIME ZONE' }],
  ['DECIMAL(10,2)', { ...none, base: 'DECIMAL', digits: [10, 2] }],
  ['DECIMAL(10,2)[][]', { ...none, base: 'DECIMAL', digits: [10, 2], depth: 2 }],
  ['VARCHAR[]', { ...none, base: 'VARCHAR', depth: 1 }],
  ['STRUCT(x DOUBLE, y DOUBLE)', { ...none, base: 'STRUCT(x DOUBLE, y DOUBLE)' }],
  ["ENUM('a', 'it''s, (b)')", { ...none, base: 'ENUM', labels: ['a', "it's, (b)"] }],
])('%s', (text, type) => {
  expect(parseDuckdbType(text)).toEqual(type);
});

test('an ENUM comes back from the catalog with its labels', async () => {
  using database = await duckdbMemory();
  const labels = ['a', "it's, (b)", '', 'é[]', 'line\nbreak'];
  await database.rows(`CREATE TABLE t (v ${printEnum(labels)})`);
  const [row] = await database.rows('SELECT data_type AS type FROM duckdb_columns()');
  expect(parseDuckdbType(String(row?.['type'])).labels).toEqual(labels);
});
