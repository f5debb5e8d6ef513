import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { TargetColumn, TargetTable, WantedType } from '../../../dialects/dialect.ts';
import {
  affinityOf,
  sqliteColumnType,
  sqliteTypeHolds,
  sqliteWidening,
  takenBy,
} from '../../../dialects/sqlite/sqlite-column-types.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';

const column = (type: string, isStrict: boolean): TargetColumn =>
  ({ name: 'c', type, castType: takenBy(type, isStrict) }) as TargetColumn;
const wanted = (ddl: string): WantedType => ({ ddl, enumType: null, exact: true });
const int64: ConnectSchema = { type: 'int64', optional: true };
const decimal: ConnectSchema = {
  type: 'bytes',
  optional: true,
  name: 'org.apache.kafka.connect.data.Decimal',
};

test('the affinity of a declared type is that which SQLite gives it', () => {
  using database = new DatabaseSync(':memory:');
  // What SQLite makes of a text of digits, and of one of a fraction, says which it is.
  const kinds: Readonly<Record<string, string>> = {
    'integer,real': 'INTEGER',
    'real,real': 'REAL',
    'text,text': 'TEXT',
  };
  const declared = [
    'INT',
    'bigint unsigned',
    'POINT',
    'VARCHAR(10)',
    'CLOB',
    'tinytext',
    'BLOB',
    '',
  ];
  for (const type of [
    ...declared,
    'REAL',
    'double precision',
    'FLOATING',
    'DECIMAL(10,2)',
    'date',
    'ANY',
  ]) {
    database.exec('DROP TABLE IF EXISTS t');
    database.exec(`CREATE TABLE t (c ${type})`);
    const kindOf = (value: string): string => {
      database.prepare('INSERT INTO t VALUES (?)').run(value);
      const row = database.prepare('SELECT typeof(c) AS kind FROM t').get();
      database.exec('DELETE FROM t');
      return String(row?.['kind']);
    };
    const found = kinds[`${kindOf('12')},${kindOf('1.5')}`];
    const affinity = affinityOf(type);
    const alike = affinity === 'BLOB' ? 'TEXT' : affinity === 'NUMERIC' ? 'INTEGER' : affinity;
    expect(found, `of ${type}`).toBe(alike);
  }
});

test('in a STRICT table a type takes its own storage class, ANY every one', () => {
  expect(takenBy('INT', true)).toBe('STRICT INTEGER');
  expect(takenBy('ANY', true)).toBe('STRICT ANY');
  expect(takenBy('ANY', false)).toBe('NUMERIC');
});

test.each([
  ['INTEGER', true, 'INTEGER', true],
  ['INTEGER', true, 'TEXT', false],
  ['INTEGER', true, 'REAL', false],
  ['TEXT', true, 'INTEGER', true],
  ['TEXT', true, 'BLOB', false],
  ['REAL', true, 'INTEGER', false],
  ['ANY', true, 'BLOB', true],
  ['ANY', true, 'TEXT', true],
  ['BLOB', true, 'INTEGER', false],
  ['BLOB', true, 'BLOB', true],
  ['', false, 'TEXT', true],
  ['DECIMAL(10,2)', false, 'TEXT', true],
  ['DATETIME', false, 'TEXT', true],
  ['INTEGER', false, 'REAL', true],
  ['VARCHAR(10)', false, 'REAL', false],
  ['VARCHAR(10)', false, 'BLOB', true],
  ['DOUBLE', false, 'INTEGER', false],
])('%s (STRICT: %s) holds %s: %s', (type, isStrict, ddl, holds) => {
  expect(sqliteTypeHolds(column(type, isStrict), wanted(ddl), int64)).toBe(holds);
});

test('a double holds the smaller whole numbers', () => {
  const int32: ConnectSchema = { type: 'int32', optional: true };
  expect(sqliteTypeHolds(column('REAL', true), wanted('INTEGER'), int32)).toBe(true);
});

test('only whole numbers become decimals by themselves, and not in a key', () => {
  const own = column('INTEGER', true);
  const text: ConnectSchema = { type: 'string', optional: true };
  const widening = (from: TargetColumn, to: ConnectSchema, primaryKey: string[] = []) =>
    sqliteWidening({ primaryKey } as unknown as TargetTable, from, sqliteColumnType(to), to);
  expect(widening(own, decimal)).toEqual({ kind: 'rewrite' });
  expect(widening(own, decimal, ['c'])).toMatchObject({ kind: 'refused' });
  expect(widening(own, text)).toBeNull();
  expect(widening(column('REAL', true), decimal)).toBeNull();
});
