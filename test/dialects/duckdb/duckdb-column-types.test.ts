import { expect, test } from 'vitest';
import {
  duckdbColumnType,
  duckdbTypeHolds,
  duckdbWidening,
  grownType,
  grownValue,
  isDecimalSchema,
} from '../../../dialects/duckdb/duckdb-column-types.ts';
import type { TargetColumn, TargetTable } from '../../../dialects/dialect.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';

const column = (type: string): TargetColumn => ({
  name: 'v',
  type,
  castType: type,
  isArray: false,
  notNull: false,
  hasDefault: false,
  generated: false,
  identityAlways: false,
});
const table = (type: string, change: Partial<TargetTable> = {}): TargetTable => ({
  name: { schema: 'main', table: 't' },
  columns: [column(type)],
  primaryKey: [],
  primaryKeyName: null,
  uniqueKeys: [],
  referenced: false,
  ...change,
});
const wanted = (ddl: string) => ({ ddl, enumType: null, exact: true });
const text: ConnectSchema = { type: 'string', optional: true };
const decimal: ConnectSchema = { ...text, name: 'org.apache.kafka.connect.data.Decimal' };

test('an enum of a key is a text: a label more would have its whole table made anew', () => {
  const parameters = { '__tidemark.source.mysql.type': "enum('a')" };
  const schema = { ...text, name: 'io.debezium.data.Enum', parameters };
  expect(duckdbColumnType(schema, 0).ddl).toBe("ENUM('a', '')");
  expect(duckdbColumnType(schema, 1).ddl).toBe('VARCHAR');
});

test.each([
  ['BIGINT', 'INTEGER', true],
  ['INTEGER', 'BIGINT', false],
  ['VARCHAR', 'INTEGER', true],
  ['VARCHAR', 'INTEGER[]', true],
  ['VARCHAR', 'BLOB', false],
  ['JSON', 'VARCHAR', false],
  ['TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', false],
  ['DECIMAL(12,4)', 'DECIMAL(6,2)', true],
])('a %s column takes %s: %s', (have, want, expected) => {
  expect(duckdbTypeHolds(column(have), wanted(want))).toBe(expected);
});

test.each([
  ['INTEGER', 'BIGINT', text, 'rewrite'],
  ['INTEGER', 'VARCHAR', text, 'rewrite'],
  ['DECIMAL(6,2)', 'VARCHAR', decimal, 'rewrite'],
  ["ENUM('a')", "ENUM('a', 'b')", text, 'rewrite'],
  ["ENUM('a')", 'VARCHAR', text, 'rewrite'],
  ['INTEGER[]', 'BIGINT[]', text, 'rewrite'],
  // The text that the source makes of it is another.
  ['BOOLEAN', 'VARCHAR', text, undefined],
  ['INTEGER', 'VARCHAR', { ...text, name: 'io.debezium.data.Json' }, undefined],
  ['VARCHAR', 'INTEGER', text, undefined],
  ['BIGINT', 'INTEGER', text, undefined],
] as const)('%s into %s', (have, want, schema, kind) => {
  expect(duckdbWidening(table(have), column(have), wanted(want), schema)?.kind).toBe(kind);
});

test('what stands in the way is named', () => {
  const refusal = (change: Partial<TargetTable>) =>
    duckdbWidening(table('INTEGER', change), column('INTEGER'), wanted('BIGINT'), text);
  expect(refusal({ boundBy: ['the index i'] })).toMatchObject({
    kind: 'refused',
    cure: expect.stringContaining('Drop the index i') as string,
  });
  const key = { primaryKey: ['v'], uniqueKeys: [['v']] };
  expect(refusal(key)).toEqual({ kind: 'rewrite' });
  expect(refusal({ ...key, cannotBeRemade: 'CHECK((v > 1))' })).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('CHECK((v > 1))') as string,
  });
});

test('no label goes, and a number that becomes a text has no zeros at its end', () => {
  expect(grownType(column("ENUM('old', 'a')"), wanted("ENUM('a', 'b')"))).toBe(
    "ENUM('a', 'b', 'old')",
  );
  expect(grownType(column('INTEGER'), wanted('BIGINT'))).toBe('BIGINT');
  expect(grownValue('"v"', column('DECIMAL(6,2)'), 'VARCHAR')).toContain('regexp_replace');
  expect(grownValue('"v"', column('DECIMAL(6,0)'), 'VARCHAR')).toBe('CAST("v" AS VARCHAR)');
  expect([isDecimalSchema(decimal), isDecimalSchema(text)]).toEqual([true, false]);
});
