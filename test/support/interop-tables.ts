import type { FamilyDatabase } from './family-pipeline.ts';
import type { SqliteFamily } from './sqlite-arrivals.ts';
import type { ValueKind } from './value-texts.ts';
import { comparable, selected } from './value-texts.ts';

/*
 * Tables of common types and what happens to them, for sources whose records another program makes
 * or reads: every kind of change, in an order in which each can be told from its absence.
 */

export type Columns = readonly (readonly [name: string, type: string, kind: ValueKind])[];

/** Of PostgreSQL. Values are such as every target has. */
export const POSTGRES_COLUMNS: Columns = [
  ['small', 'smallint', 'number'],
  ['whole', 'int', 'number'],
  ['big', 'bigint', 'number'],
  ['price', 'numeric(12,2)', 'number'],
  ['score', 'real', 'float'],
  ['ratio', 'double precision', 'double'],
  ['truth', 'boolean', 'boolean'],
  ['word', 'varchar(20)', 'text'],
  ['note', 'text', 'text'],
  ['raw', 'bytea', 'bytes'],
  ['day', 'date', 'text'],
  ['clock', 'time', 'clock'],
  ['moment', 'timestamp', 'time'],
  ['exact', 'timestamp(3)', 'time'],
  ['instant', 'timestamptz', 'time'],
  ['number', 'uuid', 'text'],
  ['document', 'jsonb', 'json'],
];

/** Of MySQL and MariaDB. */
export const MYSQL_COLUMNS: Columns = [
  ['small', 'smallint', 'number'],
  ['whole', 'int unsigned', 'number'],
  ['big', 'bigint', 'number'],
  ['price', 'decimal(12,2)', 'number'],
  ['score', 'float', 'float'],
  ['ratio', 'double', 'double'],
  ['truth', 'tinyint(1)', 'number'],
  ['word', 'varchar(20)', 'text'],
  ['note', 'text', 'text'],
  ['raw', 'varbinary(40)', 'bytes'],
  ['day', 'date', 'text'],
  ['clock', 'time(6)', 'clock'],
  ['moment', 'datetime(6)', 'time'],
  ['exact', 'datetime(3)', 'time'],
  ['instant', 'timestamp(6)', 'time'],
  ['mood', "enum('sad','so so','ok')", 'text'],
];

const OF_POSTGRES = [
  `1, -32768, 2147483647, 9007199254740993, -9999999999.99, 1.5, -1e300, true, 'né 😀', 'a "b" \\c',
    '\\x00ff27', '2024-02-29', '23:59:59.999999', '1999-12-31 23:59:59.999999',
    '2024-02-29 12:00:00.123', '2024-02-29 12:00:00.123456+02',
    '6f0e4b0a-4d3c-4a53-9d1f-0a1b2c3d4e5f', '{"a": [1, null, "é"]}'`,
  `2, 0, -1, 0, 0.01, 0.25, 0.1, false, '', '', '', '1970-01-01', '00:00:00', '1970-01-01 00:00:00',
    '1970-01-01 00:00:00.001', '1970-01-02 00:00:00+00', '00000000-0000-0000-0000-000000000000',
    '"x"'`,
] as const;

const OF_MYSQL = [
  `1, -32768, 4294967295, 9007199254740993, -9999999999.99, 1.5, -1e300, 1, 'né 😀', 'a "b" \\\\c',
    x'00ff27', '2024-02-29', '23:59:59.999999', '1999-12-31 23:59:59.999999',
    '2024-02-29 12:00:00.123', '2024-02-29 12:00:00.123456', 'so so'`,
  `2, 0, 1, 0, 0.01, 0.25, 0.1, 0, '', '', '', '1970-01-01', '00:00:00', '1970-01-01 00:00:00',
    '1970-01-01 00:00:00.001', '1970-01-02 00:00:00', 'ok'`,
] as const;

/** What a source has, before it is captured and while it is. */
export interface InteropSource {
  readonly columns: Columns;
  readonly before: string;
  /** A key change, a delete, updates, rows with NULLs, an added column, a truncate. */
  readonly during: string;
}

export function interopSource(isPostgres: boolean): InteropSource {
  const columns = isPostgres ? POSTGRES_COLUMNS : MYSQL_COLUMNS;
  const [rich, poor] = isPostgres ? OF_POSTGRES : OF_MYSQL;
  const nulls = columns.map(() => 'NULL').join();
  const as = (values: string, id: number): string => values.replace(/^\d+/, String(id));
  const definitions = columns.map(([name, type]) => `${name} ${type} NULL`);
  const insert = (rows: readonly string[], more = ''): string =>
    `INSERT INTO every VALUES ${rows.map((row) => `(${row}${more})`).join()}`;
  return {
    columns: [['id', 'int', 'number'], ...columns, ['added', 'varchar(10)', 'text']],
    before: `CREATE TABLE every (id int PRIMARY KEY, ${definitions.join()});
      CREATE TABLE emptied (id int PRIMARY KEY, n int);
      CREATE TABLE finished (id int PRIMARY KEY);
      ${insert([rich, poor, `3,${nulls}`, as(rich, 4), as(poor, 5), as(rich, 6)])};
      INSERT INTO emptied VALUES (1, 1), (2, 2)`,
    during: `${insert([as(rich, 11), as(poor, 12), `13,${nulls}`])};
      UPDATE every SET small = 7, word = NULL, price = 1.10 WHERE id = 1;
      UPDATE every SET id = 40 WHERE id = 4; DELETE FROM every WHERE id = 5;
      TRUNCATE TABLE emptied; INSERT INTO emptied VALUES (3, 3);
      ALTER TABLE every ADD COLUMN added varchar(10);
      ${insert([as(rich, 21), as(poor, 22), `23,${nulls}`], ", 'new'")};
      UPDATE every SET added = 'late' WHERE id = 6; DELETE FROM every WHERE id = 12;
      UPDATE every SET id = 120 WHERE id = 11;
      INSERT INTO finished VALUES (1)`,
  };
}

/** Every row of `every`, under its name there: one text for a value, whoever printed it. */
export async function interopRows(
  database: FamilyDatabase | SqliteFamily,
  columns: Columns,
  table = 'every',
): Promise<readonly string[]> {
  const types = await database.types(table);
  const expressions = columns.map(([name, , kind]) =>
    selected(database.family, kind, name, types.get(name) ?? ''),
  );
  const rows = await database.rows(
    `SELECT ${expressions.join()} FROM ${table} ORDER BY ${table}.id`,
  );
  return rows.map((row) =>
    columns
      .map(([name, , kind], i) => `${name}=${comparable(kind, row[i] ?? null) ?? 'NULL'}`)
      .join('|'),
  );
}
