import type { SQLOutputValue } from 'node:sqlite';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { integerText } from '../../../dialects/connect-values.ts';
import type { TargetColumn } from '../../../dialects/dialect.ts';
import { sqliteEncoder } from '../../../dialects/sqlite/sqlite-cell-encoder.ts';
import { valueOfCell } from '../../../dialects/sqlite/sqlite-cells.ts';
import {
  sqliteColumnType,
  sqliteTypeHolds,
  takenBy,
} from '../../../dialects/sqlite/sqlite-column-types.ts';
import { scalarOf } from '../../../dialects/sqlite/sqlite-scalars.ts';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';

const decimal: ConnectSchema = {
  type: 'bytes',
  optional: true,
  name: 'org.apache.kafka.connect.data.Decimal',
};
const date: ConnectSchema = { type: 'int32', optional: true, name: 'io.debezium.time.Date' };
const schemaOf = (type: ConnectSchema['type']): ConnectSchema => ({ type, optional: true });

const TEXTS = [
  '',
  'abc',
  '007',
  '12',
  '-0',
  '1e3',
  ' 5 ',
  '1.50',
  '0.1',
  '.5',
  '1.',
  '0x10',
  'NaN',
];
const LONG = ['9223372036854775807', '9223372036854775808', '0.1234567890123456'];
const VALUES: readonly (readonly [ConnectSchema, Exclude<ConnectValue, null>])[] = [
  ...[...TEXTS, ...LONG].map((text) => [schemaOf('string'), text] as const),
  ...[0n, -1n, 9007199254740993n, -(2n ** 63n)].map((whole) => [schemaOf('int64'), whole] as const),
  ...[0, 0.1, 1e300, -5e-324, 3, Infinity].map((real) => [schemaOf('float64'), real] as const),
  [schemaOf('boolean'), true],
  [schemaOf('bytes'), Buffer.from('12')],
  ...[
    { unscaled: 150n, scale: 2 },
    { unscaled: 10n ** 19n, scale: 0 },
    { unscaled: 123456789012345678n, scale: 9 },
    { unscaled: 7n, scale: 30 },
  ].map((number) => [decimal, number] as const),
  [date, 18_321],
];
const TYPES = [
  ...['INTEGER', 'REAL', 'TEXT', 'BLOB', 'ANY'].map((type) => [type, true] as const),
  ...['bigint', 'DOUBLE', 'varchar(3)', '', 'DECIMAL(10,2)', 'DATE', 'BOOLEAN'].map(
    (type) => [type, false] as const,
  ),
];

/** Equal as what it is: digits of a decimal as a number, everything else as its text. */
function isEqual(
  schema: ConnectSchema,
  found: SQLOutputValue | undefined,
  value: Exclude<ConnectValue, null>,
): boolean {
  const wanted = scalarOf(schema).text(value);
  const text = found instanceof Uint8Array ? Buffer.from(found).toString('hex') : String(found);
  if (text === wanted) return true;
  if (schema === date) return text === integerText(value);
  if (schema === decimal) return typeof found !== 'string' && Number(wanted) === found;
  return schema.type === 'float64' && Number(text) === value;
}

/** Whatever a column is for: a value comes back as it was, or its row is refused (S16, S19). */
test.each(TYPES)('a column of %j (STRICT: %s) changes no value', (type, isStrict) => {
  using database = new DatabaseSync(':memory:');
  database.exec(`CREATE TABLE t (c ${type}) ${isStrict ? 'STRICT' : ''}`);
  const column = { name: 'c', type, castType: takenBy(type, isStrict) } as TargetColumn;
  let taken = 0;
  for (const [schema, value] of VALUES) {
    if (!sqliteTypeHolds(column, sqliteColumnType(schema), schema)) continue;
    let cell: string | null;
    try {
      cell = sqliteEncoder(schema, column).encode(value);
    } catch (error) {
      expect(String(error)).toContain('would change a value');
      continue;
    }
    database.prepare('INSERT INTO t VALUES (?)').run(valueOfCell(cell));
    const statement = database.prepare('SELECT c FROM t');
    statement.setReadBigInts(true);
    const found = statement.get()?.['c'];
    const shown = `${schema.name ?? schema.type} ${scalarOf(schema).text(value)}`;
    expect(isEqual(schema, found, value), `is ${shown}`).toBe(true);
    // A key is found again by the value that it was written with.
    const where = database.prepare('SELECT 1 FROM t WHERE c = ? COLLATE BINARY');
    expect(where.get(valueOfCell(cell)), `finds ${shown}`).toBeDefined();
    database.exec('DELETE FROM t');
    taken++;
  }
  expect(taken).toBeGreaterThan(0);
});

test('what a column of its own would be takes all, and null stays null', () => {
  for (const [schema, value] of VALUES) {
    const type = sqliteColumnType(schema).ddl;
    const column = { name: 'c', type, castType: takenBy(type, true) } as TargetColumn;
    expect(sqliteTypeHolds(column, sqliteColumnType(schema), schema)).toBe(true);
    expect(() => sqliteEncoder(schema, column).encode(value)).not.toThrow();
    expect(sqliteEncoder(schema, column).encode(null)).toBeNull();
  }
});

test('times stay numbers in a column that somebody made for these', () => {
  const column = { name: 'c', type: 'bigint', castType: 'INTEGER' } as TargetColumn;
  expect(sqliteEncoder(date, column).encode(18_321)).toBe('18321');
  const text = { name: 'c', type: 'DATE', castType: 'NUMERIC' } as TargetColumn;
  expect(sqliteEncoder(date, text).encode(18_321)).toBe("'2020-02-29");
});
