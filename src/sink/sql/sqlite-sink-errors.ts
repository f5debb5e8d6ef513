import path from 'node:path';
import type { ErrorCode } from '../../foundation/error-table.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { UniqueViolation } from './unique-violation.ts';

/** An error of SQLite, as it comes out of the thread that has the file. */
export interface SqliteFailure {
  /** SQLite's extended result code; 0: the error is none of SQLite's. */
  readonly code: number;
  readonly message: string;
  /** The transaction was rolled back with it. */
  readonly isRolledBack: boolean;
}

/** A file that is locked, by whomever. */
export const SQLITE_BUSY = 5;
const SQLITE_CANTOPEN = 14;
const SQLITE_CONSTRAINT = 19;
const SQLITE_UNIQUE = 2067;

/** What primary result codes mean for the sink (PITFALLS S10); others pass by themselves. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  // ERROR: names, syntax, features.
  1: 'SINK_SCHEMA',
  // CORRUPT, NOTADB: nothing that waiting would mend.
  11: 'SINK_SCHEMA',
  26: 'SINK_SCHEMA',
  [SQLITE_CANTOPEN]: 'SINK_CONNECT',
  // TOOBIG, CONSTRAINT, MISMATCH, RANGE.
  18: 'SINK_RECORD',
  [SQLITE_CONSTRAINT]: 'SINK_RECORD',
  20: 'SINK_RECORD',
  25: 'SINK_RECORD',
};

/** Names of the result codes that people meet. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  26: 'SQLITE_NOTADB',
};

/** Of a constraint: words in place of SQLite's, and whether its own may be shown. */
const CONSTRAINTS: Readonly<Record<number, string>> = {
  275: 'a row does not meet a CHECK of its table',
  1299: 'a column takes no null',
  1555: 'a unique index has the value already: the primary key',
  2067: 'a unique index has the value already',
  2579: 'a unique index has the value already: the rowid',
  3091: 'a value is not of the type of its column',
};

const CURES: Readonly<Record<number, (file: string) => string>> = {
  5: () =>
    'End what writes to the file, or wait: one process writes at a time, readers never wait.',
  8: (file) =>
    `Let the account of the daemon write to the file and its folder: chown it, or mount ` +
    `${path.dirname(file)} with write access.`,
  10: (file) => `Look at the disk of ${path.dirname(file)} (dmesg); rows wait in the log.`,
  11: (file) => `Restore the file; what is left of it tells: sqlite3 ${file} .recover`,
  13: () => 'Make room on the disk of the file, or raise its max_page_count; rows wait in the log.',
  14: (file) => `mkdir -p ${path.dirname(file)}; and let the account of the daemon write there.`,
  26: () => 'Name a SQLite file in connection.url; encrypted ones cannot be read.',
  1299: () => 'ALTER TABLE … ALTER COLUMN … DROP NOT NULL; or make the table anew without it.',
  2067: () => 'Drop the index in the target, or correct what else writes there.',
  3091: () => 'Give the column the type that the sink would have made it with, or leave it to it.',
};

const DUPLICATE_COLUMN = /^duplicate column name: (.*)$/;
/** Errors of statements that change a table: what SQLite cannot, or could not before. */
const CURES_OF_DDL: readonly (readonly [RegExp, string])[] = [
  [
    /near "(?:ALTER|DROP)": syntax error/,
    'Make the table anew with a column that takes null, or run Tidemark on a newer Node: SQLite ' +
      'alters NOT NULL from 3.53 on.',
  ],
  [
    /cannot drop (?:PRIMARY KEY|UNIQUE) column|after drop column/,
    'SQLite lets no column of a key, an index or a view go: drop what uses it, or drop the table ' +
      'and snapshot it anew.',
  ],
];

/** SQLite's error as ours. Its messages name objects; one of a trigger may show a row. */
export function sqliteSinkError(failure: SqliteFailure, file: string): TidemarkError {
  const { code, message } = failure;
  const primary = code & 0xff;
  if (code === 0) return new TidemarkError('SINK_CONNECT', `${file}: ${message}`);
  const duplicate = DUPLICATE_COLUMN.exec(message)?.[1];
  if (duplicate !== undefined) return duplicateColumn(duplicate);
  const ofDdl = CURES_OF_DDL.find(([pattern]) => primary === 1 && pattern.test(message))?.[1];
  const cure = ofDdl ?? (CURES[code] ?? CURES[primary])?.(file);
  const details = cure === undefined ? {} : { cure };
  const text = `${wordsOf(failure)} (${NAMES[primary] ?? 'SQLITE'} ${code})`;
  const Kind = code === SQLITE_UNIQUE ? UniqueViolation : TidemarkError;
  return new Kind(CODES[primary] ?? 'SINK_SERVER', text, details);
}

function wordsOf({ code, message }: SqliteFailure): string {
  if ((code & 0xff) === SQLITE_BUSY) return 'another process has locked the file';
  if ((code & 0xff) !== SQLITE_CONSTRAINT) return message;
  const words = CONSTRAINTS[code];
  // What a trigger says was written by somebody, and may be made of values.
  if (words === undefined) return 'a constraint or a trigger refused the row';
  const place = /constraint failed: (.*)$/.exec(message)?.[1];
  const column = /column (\S+)$/.exec(message)?.[1];
  const where = place ?? column;
  return where === undefined ? words : `${words} (${where})`;
}

function duplicateColumn(column: string): TidemarkError {
  const reason = 'by the case of its letters only, which SQLite does not tell apart';
  return new TidemarkError('SINK_SCHEMA', `another column differs from ${column} ${reason}`, {
    cure: `ALTER TABLE … RENAME COLUMN … TO "${column}"; if they are the same.`,
  });
}
