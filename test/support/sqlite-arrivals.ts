import { DatabaseSync } from 'node:sqlite';
import type { FamilyTarget } from './family-pipeline.ts';

/** A SQLite file as the target of a pipeline, and what a test asks it. */
export interface SqliteFamily extends FamilyTarget {
  readonly family: 'sqlite';
  /** Values as text; of numbers what a double prints. */
  readonly rows: (sql: string) => readonly (readonly (string | null)[])[];
  /** The types of a table's columns, by their names. */
  types(table: string): ReadonlyMap<string, string>;
}

/** The file need not be there. */
export function sqliteFamily(file: string): SqliteFamily {
  const rows: SqliteFamily['rows'] = (sql) => {
    using database = new DatabaseSync(file, { timeout: 10_000, readOnly: true });
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    return statement
      .all()
      .map((row) => Object.values(row).map((value) => (value === null ? null : String(value))));
  };
  return {
    family: 'sqlite',
    rows,
    types: (table) =>
      new Map(rows(`SELECT name, type FROM pragma_table_info('${table}')`) as never),
    sink: {
      'connector.class': 'sqlite',
      'connection.url': `jdbc:sqlite:${file}`,
      'errors.retry.delay.initial.ms': 100,
      'errors.retry.delay.max.ms': 1000,
    },
  };
}

const INTEGERS = new RegExp(
  '^(?:(?:tiny|small|medium|big)?int(?:eger)?(?:\\(\\d+\\))?(?: unsigned| zerofill)*|oid|boolean|' +
    'bit\\(1\\)|year)$',
);
const BYTES = /^(?:bytea|(?:tiny|medium|long)?blob|(?:var)?binary\(\d+\))$/;
const GEOMETRIES = /^(?:multi)?(?:point|polygon|linestring)$|^geometry/;

/** What becomes of a type of PostgreSQL (`isArray`), MySQL or MariaDB. */
export function sqliteArrival(family: string, type: string, isArray: boolean): string {
  if (isArray) return 'TEXT';
  // Past 64 bits with a sign.
  if (type === 'bigint unsigned') return 'TEXT';
  if (INTEGERS.test(type)) return 'INTEGER';
  if (/^(?:real|float|double)\b/.test(type)) return 'REAL';
  // PostgreSQL's own shapes are texts.
  const isGeometry = family !== 'postgres' && GEOMETRIES.test(type);
  return isGeometry || BYTES.test(type) ? 'BLOB' : 'TEXT';
}

/**
 * Values that MySQL refuses, by `type literal` as `type-tables` names them, and how they stand in a
 * SQLite file; null: there is none for it there, either.
 */
export const UNUSUAL_VALUES: Readonly<Record<string, string | null>> = {
  'numeric 1e40': `1${'0'.repeat(40)}`,
  'numeric -1e-31': `-0.${'0'.repeat(30)}1`,
  "real 'NaN'": null,
  "real 'Infinity'": 'Infinity',
  "real '-Infinity'": '-Infinity',
  "double precision 'NaN'": null,
  "double precision 'Infinity'": 'Infinity',
  "double precision '-Infinity'": '-Infinity',
  "double precision[] '{1,NaN}'": '[1, "NaN"]',
  "date 'infinity'": 'infinity',
  "date '-infinity'": '-infinity',
  "date '4713-01-01 BC'": '-4712-01-01',
  "date '5874897-12-31'": '+5874897-12-31',
  "date '0001-01-01 BC'": '0000-01-01',
  "timestamp without time zone 'infinity'": 'infinity',
  "timestamp without time zone '-infinity'": '-infinity',
  "timestamp without time zone '4713-01-01 00:00:00 BC'": '-4712-01-01 00:00:00',
  "timestamp without time zone '292277-01-01 23:59:59.999999'": '+292277-01-01 23:59:59.999999',
  "timestamp(3) without time zone 'infinity'": 'infinity',
  "timestamp with time zone 'infinity'": 'infinity',
  "timestamp with time zone '-infinity'": '-infinity',
  "timestamp with time zone '0044-03-15 12:00:00 BC'": '-0043-03-15 12:00:00.000000Z',
  "timestamp with time zone '99999-01-01'": '+99999-01-01 00:00:00.000000Z',
  [`jsonb '{"b": [null, 1e400]}'`]: `{"b": [null, 1${'0'.repeat(400)}]}`,
  // PostgreSQL has no such text: the oracle's other values come as their bytes are.
  [String.raw`text 'a\0b'`]: 'a\0b',
};
