import { expect, test } from 'vitest';
import { duckdbSinkError } from '../../../src/sink/sql/duckdb-sink-errors.ts';
import { mysqlSinkError } from '../../../src/sink/sql/mysql-sink-errors.ts';
import { toSinkError } from '../../../src/sink/sql/sink-errors.ts';
import { sqliteSinkError } from '../../../src/sink/sql/sqlite-sink-errors.ts';
import { UniqueViolation } from '../../../src/sink/sql/unique-violation.ts';

const thrown = (fields: object, message = 'x') => Object.assign(new Error(message), fields);
const mysql = (key: string) =>
  mysqlSinkError(
    thrown({ errno: 1062, sqlState: '23000' }, `Duplicate entry 'a' for key '${key}'`),
  );
const sqlite = (code: number) => sqliteSinkError({ code, message: 'x', isRolledBack: false }, 'f');
const duckdb = 'Constraint Error: Duplicate key "mail: 7" violates unique constraint.';

test.each([
  ['PostgreSQL', toSinkError(thrown({ code: '23505', constraint: 'users_mail_key' })), true],
  ['its primary key', toSinkError(thrown({ code: '23505', constraint: 'users_pkey' })), false],
  ['another state', toSinkError(thrown({ code: '23514' })), false],
  ['MySQL', mysql('users.mail'), true],
  ['its primary key', mysql('users.PRIMARY'), false],
  ['SQLite', sqlite(2067), true],
  ['its primary key', sqlite(1555), false],
  ['DuckDB', duckdbSinkError(new Error(duckdb), 'f'), true],
])('%s', (_name, error, isUnique) => {
  expect(error instanceof UniqueViolation).toBe(isUnique);
  expect(error?.code).toBe('SINK_RECORD');
});
