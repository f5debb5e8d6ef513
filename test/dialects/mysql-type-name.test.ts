import { expect, test } from 'vitest';
import { mysqlSourceType, parseMysqlType, printMysqlType } from '../../dialects/mysql-type-name.ts';

test.each([
  ['int unsigned', 'int unsigned'],
  ['int(10) unsigned zerofill', 'int(10) unsigned'],
  ['decimal(65,30)', 'decimal(65,30)'],
  ['datetime(6)', 'datetime(6)'],
  ["enum('a','it''s','x,y')", "enum('a','it''s','x,y')"],
  [String.raw`set('a\b')`, String.raw`set('a\\b')`],
])('%s is printed anew', (text, printed) => {
  const type = parseMysqlType(text);
  expect(type === null ? null : printMysqlType(type)).toBe(printed);
});

test.each([
  'int); DROP TABLE x; --',
  'int unsigned, b int',
  "enum('a'); --')",
  "enum('a',b)",
  'date(3)',
  'citext',
  'double precision',
  '',
])('%s is no type', (text) => {
  expect(parseMysqlType(text)).toBeNull();
});

test('what Debezium propagates is taken where it means one thing', () => {
  const type = (parameters: Record<string, string>) =>
    mysqlSourceType({ type: 'string', optional: true, parameters });
  const column = '__debezium.source.column.';
  expect(type({ [`${column}type`]: 'VARCHAR', [`${column}length`]: '20' })).toMatchObject({
    base: 'varchar',
    length: 20,
  });
  expect(type({ [`${column}type`]: 'BIGINT UNSIGNED', [`${column}length`]: '20' })).toMatchObject({
    base: 'bigint',
    unsigned: true,
  });
  // A TEXT of PostgreSQL has no end, one of MySQL has 64 KB.
  expect(type({ [`${column}type`]: 'TEXT' })).toBeNull();
  expect(type({ [`${column}type`]: 'CHAR', '__tidemark.source.type': '"char"' })).toBeNull();
});
