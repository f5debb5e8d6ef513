import type { SQLOutputValue, StatementSync } from 'node:sqlite';
import { DatabaseSync } from 'node:sqlite';
import type { CatalogRow, SqlText } from '../../../dialects/dialect.ts';
import type { SqliteValue } from '../../../dialects/sqlite/sqlite-cells.ts';
import { valueOfCell } from '../../../dialects/sqlite/sqlite-cells.ts';
import type { SqliteFailure } from './sqlite-sink-errors.ts';
import { SQLITE_BUSY } from './sqlite-sink-errors.ts';
import type { StatementResult } from './target-session.ts';

/*
 * Why node:sqlite: it comes with the Node that runs the daemon, whose store relies on it already
 * (transport/embedded/store-lock.ts), it prints no warning there (24.21), and nothing has to be
 * compiled or fetched. better-sqlite3, the other one with a synchronous interface, fetches a binary
 * from GitHub or compiles at its installation; those of WebAssembly have no locks or no WAL.
 */

/** How a file is opened. */
export interface SqliteFile {
  readonly file: string;
  readonly readOnly: boolean;
  /** How long a lock of another connection is waited for. */
  readonly lockTimeoutMs: number;
}

/**
 * A wait for a lock cannot be interrupted within SQLite: it is cut into pieces, so that a thread
 * that is to end does so soon.
 */
const WAIT_MS = 200;
/** Statements of bulk operations; there are a few for each table. */
const PREPARED_MAX = 200;

/**
 * A connection to a SQLite file, whose calls last as long as the disk does: for a thread of its
 * own. WAL lets readers of the file go on beside the sink; what is committed is flushed (FULL). The
 * references of foreign keys are not looked at, as is SQLite's own default: topics come one by one.
 */
export class SqliteConnection {
  readonly #database: DatabaseSync;
  readonly #attempts: number;
  readonly #prepared = new Map<string, StatementSync>();
  #isOwnTransaction = false;

  constructor({ file, readOnly, lockTimeoutMs }: SqliteFile) {
    this.#attempts = Math.max(1, Math.ceil(lockTimeoutMs / WAIT_MS));
    this.#database = new DatabaseSync(file, {
      readOnly,
      timeout: Math.min(WAIT_MS, lockTimeoutMs),
      enableForeignKeyConstraints: false,
    });
    try {
      // Reads the head of the file, which opening alone does not.
      this.run('PRAGMA schema_version');
      if (!readOnly) this.run('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** The rows of the last statement, and the touched rows of all. */
  run(sql: SqlText | string): StatementResult {
    if (typeof sql === 'string') return this.#runText(sql);
    const { text, values, times, next } = sql;
    const result =
      times === undefined ? this.#runText(text, values) : this.#runTimes(text, values, times);
    if (next === undefined) return result;
    const { rows, rowCount } = this.run(next);
    return { rows, rowCount: result.rowCount + rowCount };
  }

  /** The whole file is this connection's from here on; it waits for who has it. */
  begin(): void {
    this.run('BEGIN IMMEDIATE');
    this.#isOwnTransaction = true;
  }

  commit(): void {
    this.run('COMMIT');
    this.#isOwnTransaction = false;
  }

  rollback(): void {
    this.#isOwnTransaction = false;
    if (this.#database.isTransaction) this.run('ROLLBACK');
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  /** What is told of an error; SQLite ends some transactions by itself (FULL, IOERR, triggers). */
  failureOf(thrown: unknown): SqliteFailure {
    const isRolledBack = this.#isOwnTransaction && !this.#database.isTransaction;
    return { ...failureOf(thrown), isRolledBack };
  }

  /** The driver prepares the first statement of a text, and says how far it goes. */
  #runText(text: string, values: SqlText['values'] = []): StatementResult {
    let rows: readonly CatalogRow[] = [];
    let rowCount = 0;
    for (let rest = text; !/^[\s;]*$/.test(rest);) {
      const statement = this.#database.prepare(rest);
      statement.setReadBigInts(true);
      rest = rest.slice(statement.sourceSQL.length);
      const bound = values.map(valueOfCell);
      if (statement.columns().length > 0) {
        rows = this.#whenFree(() => statement.all(...bound)).map(catalogRow);
        rowCount += rows.length;
      } else {
        rows = [];
        rowCount += Number(this.#whenFree(() => statement.run(...bound)).changes);
      }
    }
    return { rows, rowCount };
  }

  #runTimes(text: string, values: SqlText['values'], times: number): StatementResult {
    const statement = this.#prepare(text);
    const width = values.length / times;
    const bound = Array.from<SqliteValue>({ length: width });
    let rowCount = 0;
    for (let row = 0, at = 0; row < times; row++) {
      for (let i = 0; i < width; i++, at++) bound[i] = valueOfCell(values[at] ?? null);
      rowCount += Number(this.#whenFree(() => statement.run(...bound)).changes);
    }
    return { rows: [], rowCount };
  }

  #prepare(text: string): StatementSync {
    let statement = this.#prepared.get(text);
    if (statement === undefined) {
      if (this.#prepared.size >= PREPARED_MAX) this.#prepared.clear();
      statement = this.#database.prepare(text);
      this.#prepared.set(text, statement);
    }
    return statement;
  }

  /** A statement that meets a lock has done nothing, and may be run again. */
  #whenFree<T>(work: () => T): T {
    for (let attempt = 1; ; attempt++) {
      try {
        return work();
      } catch (thrown) {
        const isBusy = (failureOf(thrown).code & 0xff) === SQLITE_BUSY;
        if (!isBusy || attempt >= this.#attempts) throw thrown;
      }
    }
  }
}

function catalogRow(row: Record<string, SQLOutputValue>): CatalogRow {
  const entries = Object.entries(row).map(([name, value]) => {
    const isSmall = typeof value === 'bigint' && BigInt.asIntN(53, value) === value;
    return [name, isSmall ? Number(value) : value] as const;
  });
  return Object.fromEntries(entries);
}

/** What SQLite, or whatever else, says of an error. */
export function failureOf(thrown: unknown): Omit<SqliteFailure, 'isRolledBack'> {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code = (thrown as { readonly errcode?: unknown } | null)?.errcode;
  return { code: typeof code === 'number' ? code : 0, message };
}
