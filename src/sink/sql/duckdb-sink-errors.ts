import type { ErrorCode } from '../../foundation/error-table.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { UniqueViolation } from './unique-violation.ts';

/** An error of DuckDB says in front what kind it is: `Constraint Error: …`. */
const KIND = /^([A-Za-z ]+?) Error: /;

/** What kinds mean for the sink (PITFALLS S10); others pass by themselves. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  Constraint: 'SINK_RECORD',
  Conversion: 'SINK_RECORD',
  'Out of Range': 'SINK_RECORD',
  'Invalid Input': 'SINK_RECORD',
  'Invalid Type': 'SINK_RECORD',
  Binder: 'SINK_SCHEMA',
  Catalog: 'SINK_SCHEMA',
  Parser: 'SINK_SCHEMA',
  Dependency: 'SINK_SCHEMA',
  'Not implemented': 'SINK_SCHEMA',
  Permission: 'SINK_SCHEMA',
};

/** Kinds whose messages quote values of rows, and what is said in their place. */
const WORDS: Readonly<Record<string, string>> = {
  Conversion: 'a value is not valid for the type of its column',
  'Out of Range': 'a value is out of the range of its column',
  'Invalid Input': 'a value is not valid for its column',
  'Invalid Type': 'a value is not valid for its column',
};

interface Known {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly words: (match: RegExpExecArray, file: string) => string;
  readonly cure: (file: string) => string;
}

const DUPLICATE = /^Constraint Error: .*[Dd]uplicate key.*$/s;

/** Errors that have a cure of their own. */
const KNOWN: readonly Known[] = [
  {
    pattern: /Could not set lock on file.*?(?:\(PID (\d+)\)|$)/s,
    code: 'SINK_CONNECT',
    words: ([, pid], file) =>
      `another process${pid === undefined ? '' : ` (PID ${pid})`} has ${file} open: ` +
      'a DuckDB file belongs to one process at a time',
    cure: () =>
      'End what has the file open, readers too; let others read a copy, or give each daemon a ' +
      'file of its own.',
  },
  {
    pattern: /is not a valid DuckDB database file|encrypted/,
    code: 'SINK_SCHEMA',
    words: (_match, file) => `${file} is no DuckDB file that can be read`,
    cure: () => 'Name a DuckDB file in connection.url, or one that is not there: it is made.',
  },
  {
    pattern: /[Cc]orrupt|checksum|Failed to load metadata pointer|[Dd]eserializ/,
    code: 'SINK_SCHEMA',
    words: (_match, file) => `${file} is damaged`,
    cure: (file) => `Restore ${file} and ${file}.wal from a backup; or snapshot into a new file.`,
  },
  {
    pattern: /newer version|trying to read a database file with version number/,
    code: 'SINK_SCHEMA',
    words: (_match, file) => `${file} was written by another version of DuckDB`,
    cure: () => 'EXPORT DATABASE with that version, IMPORT DATABASE with this one.',
  },
  {
    pattern: /No space left on device|disk is full|not enough disk space|ENOSPC/i,
    code: 'SINK_SERVER',
    words: (_match, file) => `the disk of ${file} is full`,
    cure: () => 'Make room on the disk of the file; rows wait in the log.',
  },
  {
    pattern: /^Out of Memory Error/,
    code: 'SINK_SERVER',
    words: () => 'DuckDB has reached its memory_limit',
    cure: () => 'Raise memory_limit in connection.url, or lower batch.size; rows wait in the log.',
  },
  {
    pattern: /Read-only file system|Permission denied|read-only mode/i,
    code: 'SINK_CONNECT',
    words: (_match, file) => `${file} cannot be written to`,
    cure: (file) => `Let the account of the daemon write to ${file} and its folder.`,
  },
  {
    pattern: /NOT NULL constraint failed: (\S+)/,
    code: 'SINK_RECORD',
    words: ([, column]) => `a column takes no null (${column})`,
    cure: () => 'ALTER TABLE … ALTER COLUMN … DROP NOT NULL in the target.',
  },
  {
    // The key's values stand behind the names.
    pattern: DUPLICATE,
    code: 'SINK_RECORD',
    words: ([text]) => `a unique index has the value already${columnsOf(text)}`,
    cure: () => 'Drop the index in the target, or correct what else writes there.',
  },
  {
    pattern: /^Dependency Error/,
    code: 'SINK_SCHEMA',
    words: () => 'DuckDB alters no table that has an index, or that others refer to',
    cure: () => 'Drop the indexes of the table; make them again when it has changed.',
  },
];

/** `"id: 5, k: a"` → ` (id)`: of several columns the first, since a value may hold any sign. */
function columnsOf(message: string): string {
  const first = /[Dd]uplicate key "([^":]+): /.exec(message)?.[1];
  return first === undefined ? '' : ` (${first})`;
}

/** The database answers nothing any more until it is opened anew. */
export function isFatal(thrown: unknown): boolean {
  const message = thrown instanceof Error ? thrown.message : '';
  return /^(?:FATAL|INTERNAL) Error|database has been invalidated/.test(message);
}

/** DuckDB's error as ours, without values of rows. */
export function duckdbSinkError(thrown: unknown, file: string): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  for (const { pattern, code, words, cure } of KNOWN) {
    const match = pattern.exec(message);
    if (match === null) continue;
    const isUnique = pattern === DUPLICATE && !/violates primary key/.test(message);
    const Kind = isUnique ? UniqueViolation : TidemarkError;
    return new Kind(code, words(match, file), { cure: cure(file) });
  }
  const kind = KIND.exec(message)?.[1] ?? '';
  const code = isFatal(thrown) ? 'SINK_SERVER' : (CODES[kind] ?? 'SINK_SERVER');
  // What follows the first line shows the statement, and values in it.
  const [line = ''] = message.split('\n');
  const said = kind === 'Constraint' ? constraintWords(line) : (WORDS[kind] ?? line);
  return new TidemarkError(code, `${said} (DuckDB${kind === '' ? '' : `, ${kind} Error`})`);
}

/** A CHECK names its expression; of a foreign key the values are shown. */
function constraintWords(line: string): string {
  const check = /CHECK constraint failed on table (\S+)/.exec(line)?.[1];
  if (check !== undefined) return `a row does not meet a CHECK of its table (${check})`;
  return /foreign key/i.test(line)
    ? 'a foreign key of the target refuses the row'
    : 'a constraint of the target refuses the row';
}
