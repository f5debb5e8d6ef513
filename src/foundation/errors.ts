/**
 * Every failure that an operator can meet has a code in this one table. The code decides what the
 * daemon does (retry), what a command exits with, what HTTP answers, and what the message advises.
 */

/** What the runtime does after an error: `backoff` tries again, `stop` waits for a person. */
export type RetryDirective = 'backoff' | 'stop';

/** 1 failed while running, 2 bad configuration, 3 environment not ready (DESIGN section 10). */
export type ExitCode = 1 | 2 | 3;

interface ErrorPolicy {
  readonly retry: RetryDirective;
  readonly exitCode: ExitCode;
  readonly httpStatus: number;
  /** What is wrong in general, one sentence. */
  readonly meaning: string;
  /** What the operator does about it. */
  readonly cure: string;
}

function policy(
  retry: RetryDirective,
  exitCode: ExitCode,
  httpStatus: number,
  meaning: string,
  cure: string,
): ErrorPolicy {
  return { retry, exitCode, httpStatus, meaning, cure };
}

export const ERROR_TABLE = {
  // --- configuration
  CONFIG_FILE: policy(
    'stop',
    2,
    400,
    'The pipeline file cannot be read.',
    'Check the path and the permissions of the file.',
  ),
  CONFIG_SYNTAX: policy(
    'stop',
    2,
    400,
    'The pipeline file is not valid YAML.',
    'Mend the line that the message names; `tidemark init <url>` writes a file that works.',
  ),
  CONFIG_INVALID: policy(
    'stop',
    2,
    400,
    'One or more properties have a value that is not allowed, are missing, or contradict each ' +
      'other.',
    'Each line of the message names the property and the rule; the README has the table.',
  ),
  CONFIG_UNSUPPORTED: policy(
    'stop',
    2,
    400,
    'A known property or value is not supported.',
    'Remove the property, or use the alternative that the message names.',
  ),
  CONVERTER_INVALID: policy(
    'stop',
    2,
    400,
    'A custom converter does not keep to its contract.',
    'The message names the file and the reason; the README has one that works.',
  ),
  // --- PostgreSQL source
  PG_CONNECT: policy(
    'backoff',
    3,
    503,
    'The PostgreSQL server cannot be reached.',
    'Check database.hostname and database.port, that the server runs, and the firewall.',
  ),
  PG_AUTH: policy(
    'stop',
    3,
    401,
    'PostgreSQL refused the user or the password.',
    'Check database.user and database.password, and the line of pg_hba.conf for this client.',
  ),
  PG_DATABASE_MISSING: policy(
    'stop',
    3,
    404,
    'The database does not exist.',
    'Check database.dbname.',
  ),
  PG_PERMISSION: policy(
    'stop',
    3,
    403,
    'The role lacks a right.',
    'Run the GRANT or ALTER ROLE that the message names, as an administrator.',
  ),
  PG_WAL_LEVEL: policy(
    'stop',
    3,
    409,
    'The server writes no logical WAL.',
    "ALTER SYSTEM SET wal_level = 'logical'; then restart the server.",
  ),
  PG_NO_REPLICATION_RIGHT: policy(
    'stop',
    3,
    403,
    'The role may not replicate.',
    'ALTER ROLE <user> REPLICATION; (on RDS: GRANT rds_replication TO <user>;)',
  ),
  PG_SLOTS_EXHAUSTED: policy(
    'backoff',
    3,
    503,
    'No free replication slot or WAL sender is left.',
    'Drop unused slots, or raise max_replication_slots / max_wal_senders and restart the server.',
  ),
  PG_SLOT_IN_USE: policy(
    'backoff',
    3,
    409,
    'Another process is reading from the replication slot.',
    'Stop the other reader (the message has its pid), or choose another slot.name.',
  ),
  PG_SLOT_SYNCED: policy(
    'backoff',
    3,
    503,
    'The replication slot of this standby is a copy of the one of its primary.',
    'Connect to the primary (database.target.session.attrs: primary), or promote this server: ' +
      'the daemon tries again.',
  ),
  PG_RECOVERY_CONFLICT: policy(
    'backoff',
    1,
    503,
    'The standby cancelled what we were doing, because its recovery needed to go on.',
    'The daemon tries again. On the standby: ALTER SYSTEM SET hot_standby_feedback = on; ' +
      "ALTER SYSTEM SET max_standby_streaming_delay = '10min'; SELECT pg_reload_conf();",
  ),
  PG_SLOT_BLOCKED: policy(
    'backoff',
    3,
    503,
    'Open transactions hold up the creation of the replication slot.',
    'End the transactions that the message names; the daemon tries again.',
  ),
  PG_LOCK_TIMEOUT: policy(
    'backoff',
    3,
    503,
    'Another session holds a lock that stands in the way.',
    'End the transaction that holds it: SELECT pid, query FROM pg_stat_activity WHERE pid = ANY ' +
      "(SELECT pid FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted);",
  ),
  PG_QUERY_TIMEOUT: policy(
    'backoff',
    3,
    503,
    'A query on the source took longer than it may.',
    'Raise database.query.timeout.ms (0: no limit), or end what slows the server down: SELECT ' +
      "pid, state, wait_event, query FROM pg_stat_activity WHERE state = 'active';",
  ),
  PG_SNAPSHOT_RACE: policy(
    'backoff',
    1,
    503,
    'Captured tables were altered or truncated whenever the snapshot was about to begin.',
    'Hold back DDL and TRUNCATE on the tables that the message names until the snapshot has begun.',
  ),
  PG_SELECT_OVERRIDE: policy(
    'stop',
    2,
    422,
    'A SELECT of snapshot.select.statement.overrides does not give the rows of its table.',
    'Correct the SELECT that the message names: every captured column under its own name.',
  ),
  PG_SLOT_MISMATCH: policy(
    'stop',
    3,
    409,
    'The slot does not belong to the stored source offset.',
    'Changes may be missing. The message names the two ways on: restore the slot, or snapshot ' +
      'anew.',
  ),
  PG_SLOT_LOST: policy(
    'stop',
    3,
    409,
    'The server removed WAL that the slot still needed.',
    'The changes in between are gone: drop the slot and snapshot anew.',
  ),
  PG_DECODING: policy(
    'backoff',
    1,
    502,
    'The server failed to decode its own WAL.',
    'The daemon tries again, and leaves large transactions to the server until its next start ' +
      '(large.transaction.mode: server does so always).',
  ),
  SPOOL_FAILED: policy(
    'backoff',
    1,
    507,
    'A transaction that is not committed yet could not be kept on disk.',
    'Free space in the folder that the message names, or set large.transaction.mode: server, ' +
      'so that the server keeps large transactions until they commit.',
  ),
  PG_PUBLICATION: policy(
    'stop',
    3,
    409,
    'The publication is missing or does not cover the captured tables.',
    'Run the CREATE or ALTER PUBLICATION that the message names.',
  ),
  PG_SIGNAL_TABLE: policy(
    'stop',
    3,
    409,
    'Signals do not come by the signal table, or windows cannot be marked in it.',
    'The message names what is missing; `tidemark signal` and `tidemark snapshot` do without it.',
  ),
  PG_NO_TABLES: policy(
    'stop',
    3,
    404,
    'No table matches the include and exclude lists.',
    'Check table.include.list: regular expressions over schema.table, anchored at both ends.',
  ),
  PG_TABLE_LIMIT: policy(
    'stop',
    3,
    409,
    'More tables are captured than guardrail.collections.max allows.',
    'Narrow table.include.list, or raise guardrail.collections.max.',
  ),
  PG_UNSUPPORTED_TYPE: policy(
    'stop',
    3,
    422,
    'A captured column has a type that is not supported yet.',
    'Leave the column out with column.exclude.list, or the table with table.exclude.list.',
  ),
  PG_REPLICA_IDENTITY: policy(
    'stop',
    3,
    409,
    'A captured table has no replica identity, so its updates and deletes would fail on the ' +
      'source.',
    'Add a primary key, or ALTER TABLE … REPLICA IDENTITY FULL.',
  ),
  PG_ENCODING: policy(
    'stop',
    3,
    422,
    'The database is not encoded in UTF-8.',
    'Only UTF8 databases can be captured.',
  ),
  PG_UNSUPPORTED_SERVER: policy(
    'stop',
    3,
    422,
    'This server cannot be captured from.',
    'Use a primary of PostgreSQL 14 or newer, or a standby of 16 or newer.',
  ),
  PG_CONNECTION_LOST: policy(
    'backoff',
    1,
    503,
    'The connection to PostgreSQL broke.',
    'Nothing to do if it comes back: the daemon reconnects and resumes at the confirmed position.',
  ),
  PG_SERVER: policy(
    'stop',
    1,
    502,
    'PostgreSQL answered with an error.',
    'Read the SQLSTATE and the message of the server.',
  ),
  DECODE: policy(
    'stop',
    1,
    500,
    'Bytes from the source do not follow the protocol.',
    'This is a defect or a damaged connection: report it with the bytes that the message shows.',
  ),
  RESELECT_FAILED: policy(
    'backoff',
    1,
    503,
    'Values of a changed row could not be read again from the source.',
    'Mend what the message names, or set reselect.error.handling.mode to warn: such changes then ' +
      'go out without the values.',
  ),
  VALUE_CONVERSION: policy(
    'stop',
    1,
    422,
    'A value of the source cannot be represented in the record.',
    'Change the handling mode that the message names, or leave the column out.',
  ),
  TRANSFORM: policy(
    'stop',
    1,
    422,
    'A transform cannot work on a record that it was given.',
    'Correct the properties of the transform that the message names.',
  ),
  // --- embedded transport
  STORE_OPEN: policy(
    'stop',
    3,
    503,
    'The embedded store cannot be opened.',
    'Check transport.path: it must be a folder on a local disk that this user may write.',
  ),
  STORE_LOCKED: policy(
    'stop',
    3,
    409,
    'Another daemon uses this embedded store.',
    'Stop the other daemon (the message has its pid), or give this pipeline its own ' +
      'transport.path.',
  ),
  STORE_VERSION: policy(
    'stop',
    3,
    409,
    'The embedded store was written by another version.',
    'Use that version, or give a new folder, which begins with a snapshot; nothing was changed.',
  ),
  STORE_FULL: policy(
    'backoff',
    1,
    507,
    'The embedded store is full.',
    'Free disk space, raise transport.max.bytes or lower transport.retention.ms; the source ' +
      'waits and nothing is lost.',
  ),
  STORE_IO: policy(
    'stop',
    1,
    500,
    'The embedded store failed to read or write.',
    'Check the disk; the stored data up to the last flush is intact.',
  ),
  TOPIC_UNKNOWN: policy(
    'stop',
    1,
    404,
    'The topic does not exist.',
    'Check the name: `tidemark tail --list`.',
  ),
  OFFSET_OUT_OF_RANGE: policy(
    'stop',
    1,
    409,
    'The offset is older than what the log retains, or beyond its end.',
    'Choose an offset inside the range that the message names.',
  ),
  RECORD_TOO_LARGE: policy(
    'stop',
    1,
    413,
    'A record is larger than the transport takes.',
    'Leave the large column out, or raise the limit that the message names.',
  ),
  // --- schemas
  SCHEMA_INCOMPATIBLE: policy(
    'stop',
    1,
    409,
    'The registry refuses the new schema of a table.',
    'Change the compatibility level of the subject, or undo the change that the message names.',
  ),
  SCHEMA_INVALID: policy(
    'stop',
    1,
    422,
    'A schema cannot be expressed or is not valid.',
    'Read the message: it names the schema, the field and the rule.',
  ),
  RECORD_FORMAT: policy(
    'stop',
    1,
    422,
    'A record cannot be read with the configured converter.',
    'Use the converter (and schemas.enable) with which the topic was written.',
  ),
  TOPIC_COLLISION: policy(
    'stop',
    2,
    409,
    'Two tables would share one topic.',
    'Leave one of the tables out with table.exclude.list, or rename it.',
  ),
  SCHEMA_UNKNOWN: policy(
    'stop',
    1,
    404,
    'A record names a schema id that the registry does not know.',
    'Check that the record was written with this registry.',
  ),
  // --- sinks
  SINK_CONNECT: policy(
    'backoff',
    3,
    503,
    'The target database cannot be reached.',
    'Check connection.url and that the server runs; rows wait in the log.',
  ),
  SINK_AUTH: policy(
    'stop',
    3,
    401,
    'The target database refused the user or the password.',
    'Check connection.user and connection.password.',
  ),
  SINK_RECORD: policy(
    'stop',
    1,
    422,
    'A record cannot be applied to the target.',
    'The message names table, key and reason; correct the target or the row, then resume.',
  ),
  SINK_SCHEMA: policy(
    'stop',
    1,
    409,
    'The target table does not fit the records.',
    'Run the DDL that the message names, or switch auto.create / auto.evolve on.',
  ),
  SINK_FENCED: policy(
    'stop',
    1,
    409,
    'Another task took over this sink.',
    'Only one daemon may run a sink of this name against this target; stop one of them.',
  ),
  SINK_SERVER: policy(
    'backoff',
    1,
    502,
    'The target database answered with an error.',
    'Read the SQLSTATE and the message of the server.',
  ),
  // --- demo and its own PostgreSQL
  DEMO_SERVER: policy(
    'stop',
    3,
    503,
    'The PostgreSQL that the demo brings along cannot be started.',
    'Read the lines of the server that the message shows; deleting the demo folder starts afresh.',
  ),
  DEMO_IN_USE: policy(
    'stop',
    3,
    409,
    'Another demo is running in this folder.',
    'Stop it (the message has its pid), or give this one its own folder with --path.',
  ),
  DEMO_LAGGING: policy(
    'stop',
    1,
    504,
    'The demo ended before its warehouse had everything.',
    'Give it more time with --for, or less to do with --rate.',
  ),
  // --- runtime and command line
  SHUTDOWN_TIMEOUT: policy(
    'stop',
    1,
    500,
    'The shutdown did not finish in time.',
    'State is safe: the next start resumes at the last durable offset.',
  ),
  HTTP_LISTEN: policy(
    'stop',
    3,
    500,
    'The HTTP port cannot be opened.',
    'Choose another http.listen address.',
  ),
  NOT_RUNNING: policy(
    'stop',
    3,
    404,
    'No daemon answers for this pipeline.',
    'Start it with `tidemark run <file>`, or name the store with --path.',
  ),
  USAGE: policy(
    'stop',
    2,
    400,
    'The command line is not right.',
    'See `tidemark <command> --help`.',
  ),
  INTERNAL: policy(
    'stop',
    1,
    500,
    'An invariant does not hold.',
    'This is a defect: report it with the log. State on disk is as of the last durable batch.',
  ),
} as const satisfies Record<string, ErrorPolicy>;

export type ErrorCode = keyof typeof ERROR_TABLE;

/** What is known in this case beyond the code and the message. */
export interface ErrorDetails {
  /** Overrides the table's cure where the exact statement or value is known. */
  readonly cure?: string;
  readonly cause?: unknown;
}

/** The one error class. `message` says what happened here; policy and cure are the table's. */
export class TidemarkError extends Error {
  readonly code: ErrorCode;
  readonly cure: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TidemarkError';
    this.code = code;
    this.cure = details.cure ?? ERROR_TABLE[code].cure;
  }

  get retry(): RetryDirective {
    return ERROR_TABLE[this.code].retry;
  }

  get exitCode(): ExitCode {
    return ERROR_TABLE[this.code].exitCode;
  }

  get httpStatus(): number {
    return ERROR_TABLE[this.code].httpStatus;
  }

  /** Shape for `--json` and HTTP: `{code, message, cure}`. */
  toJSON(): { code: ErrorCode; message: string; cure: string } {
    return { code: this.code, message: this.message, cure: this.cure };
  }
}

/** Several errors found at once (`check`, configuration): all of them are shown. */
export class TidemarkErrors extends Error {
  readonly errors: readonly TidemarkError[];

  constructor(errors: readonly TidemarkError[]) {
    super(errors.map((error) => error.message).join('\n'));
    this.name = 'TidemarkErrors';
    this.errors = errors;
  }
}

/** Wraps whatever was thrown; a `TidemarkError` passes through unchanged. */
export function toTidemarkError(thrown: unknown, code: ErrorCode = 'INTERNAL'): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new TidemarkError(code, message, { cause: thrown });
}
