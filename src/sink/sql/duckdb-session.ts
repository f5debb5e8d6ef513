import type { DuckDBConnection } from '@duckdb/node-api';
import type { CatalogRow, SqlText } from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { AddingPace } from './adding-pace.ts';
import type { DuckdbDatabase } from './duckdb-database.ts';
import { joinDatabase } from './duckdb-database.ts';
import { duckdbSinkError, isFatal } from './duckdb-sink-errors.ts';
import { DuckdbStagedRows } from './duckdb-staged-rows.ts';
import type { DuckdbAddress } from './duckdb-url.ts';
import { parseDuckdbUrl } from './duckdb-url.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { StatementResult, TargetSession } from './target-session.ts';

const NOTHING: StatementResult = { rows: [], rowCount: 0 };
const SAVEPOINT = /^(SAVEPOINT|ROLLBACK TO SAVEPOINT|RELEASE SAVEPOINT) (\w+)$/;
const READS = /^\s*(?:SELECT|WITH)\b/i;
const ALTERS = /^ALTER TABLE\b/;
const DDL = /^(?:ALTER|CREATE|DROP)\b/;

/** A place in a transaction, and how many statements had changed something before it. */
interface Savepoint {
  readonly name: string;
  readonly statements: number;
}

/**
 * A session with a DuckDB file. DuckDB works on threads of its own, so that neither the disk nor a
 * long statement stops the daemon.
 *
 * DuckDB has no savepoints, and an error ends the transaction: to go back to one the transaction is
 * rolled back, begun again, and what had changed something before it is run anew. Nobody else
 * writes meanwhile, so it does the same. The statements of a transaction are kept for it, which are
 * those of one batch.
 */
class DuckdbSession implements TargetSession {
  /** A text may have gigabytes. */
  readonly statementBytesMax = Infinity;
  readonly foldsNames = true;
  readonly #file: string;
  readonly #lockTimeoutMs: number;
  #database: DuckdbDatabase | null = null;
  #connection: DuckDBConnection | null = null;
  #staged: DuckdbStagedRows | null = null;
  /** The end of what runs; it never rejects. */
  #tail: Promise<unknown> = Promise.resolve();
  #letGo: (() => void) | null = null;
  #changes: (SqlText | string)[] = [];
  #savepoints: Savepoint[] = [];
  readonly #adding = new AddingPace();
  #ended: Promise<void> | null = null;
  #broken = false;

  constructor(file: string, lockTimeoutMs: number) {
    this.#file = file;
    this.#lockTimeoutMs = lockTimeoutMs;
  }

  get broken(): boolean {
    return this.#broken;
  }

  async open(address: DuckdbAddress, readOnly: boolean): Promise<void> {
    await this.#next(async () => {
      this.#database = await joinDatabase(address, readOnly, this);
      this.#connection = await this.#database.connect();
      this.#staged = new DuckdbStagedRows(this.#connection, this.#database.library);
    });
  }

  query(sql: SqlText | string): Promise<StatementResult> {
    return this.#next(async () => {
      const [, word, name] = (typeof sql === 'string' ? SAVEPOINT.exec(sql) : null) ?? [];
      if (word !== undefined && name !== undefined) return this.#savepoint(word, name);
      const text = typeof sql === 'string' ? sql : sql.text;
      if (READS.test(text)) return this.#run(sql);
      if (this.#letGo === null) return this.#alone(() => this.#run(sql));
      const result = await this.#run(sql);
      this.#changes.push(sql);
      if (ALTERS.test(text)) await this.#commitDdl();
      return result;
    });
  }

  mayAdd(name: string): boolean {
    return this.#letGo !== null && this.#adding.mayTry(name);
  }

  /** A key that is there: what was done before is done again, and other statements judge. */
  addFresh(name: string, sql: SqlText): Promise<boolean> {
    return this.#next(async () => {
      try {
        await this.#run(sql);
      } catch (thrown) {
        const { code } = duckdbSinkError(thrown, this.#file);
        if (this.#broken || isFatal(thrown) || code !== 'SINK_RECORD') throw thrown;
        this.#adding.refused(name);
        await this.#redo();
        return false;
      }
      this.#changes.push(sql);
      this.#adding.done(name);
      return true;
    });
  }

  begin(): Promise<void> {
    return this.#next(async () => {
      this.#letGo = await this.#turn();
      try {
        await this.#run('BEGIN');
      } catch (error) {
        this.#leaveTransaction();
        throw error;
      }
    });
  }

  /** Whether a COMMIT that failed has happened only the file knows. */
  async commit(): Promise<void> {
    try {
      await this.#next(() => this.#run('COMMIT'));
    } catch (error) {
      this.destroy();
      throw error;
    }
    this.#leaveTransaction();
  }

  async rollback(): Promise<void> {
    try {
      await this.#next(() => this.#run('ROLLBACK'));
    } catch (error) {
      this.destroy();
      throw error;
    }
    this.#leaveTransaction();
  }

  /** What runs is interrupted, and rolled back. */
  destroy(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#connection?.interrupt();
    void this.#end();
  }

  /** Until it has resolved the file is not free. */
  async close(): Promise<void> {
    this.#broken = true;
    await this.#end();
  }

  #end(): Promise<void> {
    this.#ended ??= (async () => {
      await this.#tail;
      const connection = this.#connection;
      this.#connection = null;
      try {
        if (this.#letGo !== null) await connection?.run('ROLLBACK');
      } catch {
        // Of a database that has failed there is nothing to roll back.
      }
      connection?.disconnectSync();
      this.#leaveTransaction();
      await this.#database?.leave(this);
    })();
    return this.#ended;
  }

  #leaveTransaction(): void {
    this.#changes = [];
    this.#savepoints = [];
    this.#letGo?.();
    this.#letGo = null;
  }

  /** One after the other, in the order in which they were asked for. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(async () => {
      if (this.#broken) {
        throw new TidemarkError('SINK_CONNECT', 'the session with the file is over');
      }
      try {
        return await work();
      } catch (thrown) {
        throw this.#failure(thrown);
      }
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  #failure(thrown: unknown): TidemarkError {
    if (isFatal(thrown)) this.#database?.invalidate();
    else if (this.#broken) {
      return new TidemarkError('SINK_CONNECT', 'the session with the file was cut');
    }
    return duckdbSinkError(thrown, this.#file);
  }

  #turn(): Promise<() => void> {
    if (this.#database === null) throw new Error('the session has no database');
    return this.#database.write(this.#lockTimeoutMs);
  }

  /**
   * A column with a default changes rows, and DuckDB fails to commit another ALTER of the same
   * table behind that. So each is committed, as with products whose DDL does so by itself, unless
   * more than DDL has been done.
   */
  async #commitDdl(): Promise<void> {
    const isDdl = this.#changes.every((sql) => typeof sql === 'string' && DDL.test(sql));
    if (!isDdl || this.#savepoints.length > 0) return;
    await this.#run('COMMIT');
    this.#changes = [];
    await this.#run('BEGIN');
  }

  /** A statement that commits by itself. */
  async #alone(work: () => Promise<StatementResult>): Promise<StatementResult> {
    const letGo = await this.#turn();
    try {
      return await work();
    } finally {
      letGo();
    }
  }

  async #savepoint(word: string, name: string): Promise<StatementResult> {
    const at = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name);
    if (word === 'SAVEPOINT') {
      this.#savepoints.push({ name, statements: this.#changes.length });
      return NOTHING;
    }
    const savepoint = this.#savepoints[at];
    if (savepoint === undefined) throw new Error(`there is no savepoint ${name}`);
    if (word === 'RELEASE SAVEPOINT') {
      this.#savepoints.length = at;
      return NOTHING;
    }
    this.#savepoints.length = at + 1;
    this.#changes.length = savepoint.statements;
    await this.#redo();
    return NOTHING;
  }

  async #redo(): Promise<void> {
    await this.#run('ROLLBACK');
    await this.#run('BEGIN');
    for (const sql of this.#changes) await this.#run(sql);
  }

  /** The rows of the last statement, and the touched rows of all that `next` chains. */
  async #run(sql: SqlText | string): Promise<StatementResult> {
    const connection = this.#connection;
    if (connection === null) throw new Error('the session has no connection');
    if (typeof sql === 'string') return resultOf(sql, await connection.runAndReadAll(sql));
    if (sql.staged !== undefined) await this.#staged?.put(sql.staged);
    const values = [...sql.values];
    const answer = await (values.length === 0
      ? connection.runAndReadAll(sql.text)
      : connection.runAndReadAll(sql.text, values));
    const result = resultOf(sql.text, answer);
    if (sql.next === undefined) return result;
    const { rows, rowCount } = await this.#run(sql.next);
    return { rows, rowCount: result.rowCount + rowCount };
  }
}

interface Answer {
  readonly rowsChanged: number;
  getRowObjectsJson(): unknown;
}

/** Whole numbers of 64 bits and times come as texts; a statement that changes answers a count. */
function resultOf(text: string, answer: Answer): StatementResult {
  if (!READS.test(text)) return { rows: [], rowCount: answer.rowsChanged };
  const rows = answer.getRowObjectsJson() as readonly CatalogRow[];
  return { rows, rowCount: rows.length };
}

/** Opens a session with a DuckDB file; a missing one is made. */
export async function openDuckdbSession(
  options: SqlSinkOptions,
  signal: AbortSignal,
  readOnly = false,
): Promise<TargetSession> {
  const address = parseDuckdbUrl(options.connectionUrl);
  const session = new DuckdbSession(address.file, options.lockTimeoutMs);
  try {
    await session.open(address, readOnly);
    signal.throwIfAborted();
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}
