import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import {
  quoteSqliteName,
  quoteSqliteTable,
  sqliteLiteral,
} from '../../../dialects/sqlite/sqlite-identifiers.ts';

const NAMES = ['a', 'select', 'a"b', "it's", 'Ä x', '[b]', '`c`', ';--', '/*'];

test('SQLite reads names and texts back as they were (S14)', () => {
  using database = new DatabaseSync(':memory:');
  for (const name of NAMES) {
    database.exec(`CREATE TABLE ${quoteSqliteTable('main', name)} (${quoteSqliteName(name)} TEXT)`);
    const row = database
      .prepare(`SELECT name, ${sqliteLiteral(name)} AS text FROM pragma_table_info(?)`)
      .get(name);
    expect(row).toMatchObject({ name, text: name });
  }
});

test('a NUL does not end a text', () => {
  using database = new DatabaseSync(':memory:');
  const text = "a\0'b";
  const row = database.prepare(`SELECT hex(${sqliteLiteral(text)}) AS bytes`).get();
  expect(row?.['bytes']).toBe(Buffer.from(text).toString('hex').toUpperCase());
});
