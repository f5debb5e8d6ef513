import { expect, test } from 'vitest';
import { duckdbSinkError, isFatal } from '../../../src/sink/sql/duckdb-sink-errors.ts';
import { TidemarkError } from '../../../src/foundation/errors.ts';

const told = (message: string) => duckdbSinkError(new Error(message), '/data/a.db');

test.each([
  [
    "Conversion Error: Could not convert string 'secret' to INT32",
    'SINK_RECORD',
    /not valid for the type/,
  ],
  [
    'Constraint Error: Duplicate key "id: secret" violates primary key constraint.',
    'SINK_RECORD',
    /\(id\)$/,
  ],
  [
    'Constraint Error: PRIMARY KEY or UNIQUE constraint violation: duplicate key "secret"',
    'SINK_RECORD',
    /has the value already$/,
  ],
  ['Constraint Error: NOT NULL constraint failed: t.a', 'SINK_RECORD', /no null \(t\.a\)/],
  [
    'Constraint Error: CHECK constraint failed on table t with expression CHECK((c > 1))',
    'SINK_RECORD',
    /CHECK/,
  ],
  [
    'Constraint Error: Violates foreign key constraint because key "id: secret" does not exist',
    'SINK_RECORD',
    /foreign key/,
  ],
  ['Out of Range Error: secret is out of range', 'SINK_RECORD', /out of the range/],
  [
    'Binder Error: Referenced column "x" not found\n\nLINE 1: secret',
    'SINK_SCHEMA',
    /"x" not found \(DuckDB/,
  ],
  [
    'Dependency Error: Cannot alter entry "t" because there are entries that depend on it.',
    'SINK_SCHEMA',
    /has an index/,
  ],
  [
    'IO Error: Could not write file "/data/a.db.wal": No space left on device',
    'SINK_SERVER',
    /disk of .* is full/,
  ],
  ['Out of Memory Error: failed to allocate data of size 16.0 MiB', 'SINK_SERVER', /memory_limit/],
  [
    'IO Error: The file "/data/a.db" exists, but it is not a valid DuckDB database file!',
    'SINK_SCHEMA',
    /no DuckDB file/,
  ],
  [
    'IO Error: Cannot open file "/data/a.db": Permission denied',
    'SINK_CONNECT',
    /cannot be written to/,
  ],
  [
    'IO Error: Could not set lock on file "/data/a.db": Conflicting lock is held in node (PID 17).',
    'SINK_CONNECT',
    /another process \(PID 17\) has \/data\/a\.db open/,
  ],
  ['FATAL Error: Failed: database has been invalidated', 'SINK_SERVER', /invalidated/],
  ['TransactionContext Error: Conflict on update!', 'SINK_SERVER', /Conflict on update/],
])('%s is %s', (message, code, shown) => {
  const error = told(message);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(shown);
  expect(`${error.message} ${error.cure}`).not.toContain('secret');
});

test('what ends the database, and what is ours already', () => {
  expect(isFatal(new Error('FATAL Error: x'))).toBe(true);
  expect(isFatal(new Error('Constraint Error: x'))).toBe(false);
  const own = new TidemarkError('SINK_AUTH', 'x');
  expect(duckdbSinkError(own, 'f')).toBe(own);
  expect(duckdbSinkError('no error', 'f').code).toBe('SINK_SERVER');
});
