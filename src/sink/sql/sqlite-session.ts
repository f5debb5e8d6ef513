import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SqlText } from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { SqliteFile } from './sqlite-connection.ts';
import { sqliteSinkError } from './sqlite-sink-errors.ts';
import { sqliteFileOf } from './sqlite-url.ts';
import type { SqliteAnswer, SqliteRequest } from './sqlite-worker.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { StatementResult, TargetSession } from './target-session.ts';

/** TypeScript in a clone, JavaScript in an installed package: as this file. */
const WORKER = new URL(`./sqlite-worker${path.extname(import.meta.url)}`, import.meta.url);

type Waiting = PromiseWithResolvers<StatementResult>;

/** A session with a SQLite file, which a thread of its own has open. */
class SqliteSession implements TargetSession {
  /** A statement is one of a row; SQLite takes a gigabyte. */
  readonly statementBytesMax = Infinity;
  readonly foldsNames = true;
  readonly #worker: Worker;
  readonly #file: string;
  /** Of the requests that are on their way, in order. */
  readonly #waiting: Waiting[] = [];
  readonly #ended: Promise<unknown>;
  #broken = false;

  constructor(file: SqliteFile) {
    this.#file = file.file;
    const worker = new Worker(WORKER, { workerData: file, name: 'sqlite' });
    this.#worker = worker;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#ended = promise;
    worker.on('message', (answer: SqliteAnswer) => {
      this.#settle(answer);
    });
    worker.on('error', (error) => {
      this.#fail(threadError(error));
    });
    worker.on('exit', () => {
      this.#fail(new TidemarkError('SINK_CONNECT', 'the session with the file has ended'));
      resolve(undefined);
    });
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** Resolves when the file is open. */
  opened(): Promise<StatementResult> {
    return this.#wait();
  }

  query(sql: SqlText | string): Promise<StatementResult> {
    return this.#ask({ kind: 'run', sql });
  }

  async begin(): Promise<void> {
    await this.#ask({ kind: 'begin' });
  }

  /** Whether a COMMIT that failed has happened only the file knows. */
  async commit(): Promise<void> {
    try {
      await this.#ask({ kind: 'commit' });
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  async rollback(): Promise<void> {
    await this.#ask({ kind: 'rollback' });
  }

  /** The thread ends at the next statement; SQLite rolls back as it closes the file. */
  destroy(): void {
    this.#fail(new TidemarkError('SINK_CONNECT', 'the session with the file was cut'));
    void this.#worker.terminate();
  }

  /** Until the thread is gone the file is not free: a COMMIT may still be under way. */
  async close(): Promise<void> {
    if (!this.#broken) await this.#ask({ kind: 'close' }).catch(() => undefined);
    this.#broken = true;
    await this.#ended;
  }

  #ask(request: SqliteRequest): Promise<StatementResult> {
    if (this.#broken) {
      return Promise.reject(new TidemarkError('SINK_CONNECT', 'the session with the file is over'));
    }
    this.#worker.postMessage(request, []);
    return this.#wait();
  }

  #wait(): Promise<StatementResult> {
    const waiting = Promise.withResolvers<StatementResult>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  #settle(answer: SqliteAnswer): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return;
    if ('result' in answer) {
      waiting.resolve(answer.result);
      return;
    }
    const { failure } = answer;
    waiting.reject(sqliteSinkError(failure, this.#file));
    // What would follow would no longer be in a transaction.
    if (failure.isRolledBack) this.destroy();
  }

  #fail(error: TidemarkError): void {
    this.#broken = true;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** An error that ended the thread: mostly that it could not begin. */
export function threadError(thrown: unknown): TidemarkError {
  const { code, message } = thrown as { readonly code?: unknown; readonly message?: unknown };
  if (code === 'ERR_UNKNOWN_BUILTIN_MODULE') {
    return new TidemarkError('CONFIG_INVALID', 'this Node was built without SQLite (node:sqlite)', {
      cause: thrown,
      cure: 'Run Tidemark on a Node 24 that has it, such as the one that npm brings.',
    });
  }
  return new TidemarkError('SINK_CONNECT', `the session with the file: ${String(message)}`, {
    cause: thrown,
  });
}

async function checkFolder(file: string): Promise<void> {
  const folder = path.dirname(file);
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() === true) return;
  throw new TidemarkError('SINK_CONNECT', `the folder ${folder} does not exist`, {
    cure: `mkdir -p ${folder}; or correct connection.url.`,
  });
}

/**
 * Opens a session with everything set that the sink relies on; a missing file is made. One that is
 * to be looked at only is an empty database while it is missing, and is not made.
 */
export async function openSqliteSession(
  options: SqlSinkOptions,
  signal: AbortSignal,
  readOnly = false,
): Promise<TargetSession> {
  const named = sqliteFileOf(options.connectionUrl);
  await checkFolder(named);
  const isMissing = readOnly && (await stat(named).catch(() => null)) === null;
  signal.throwIfAborted();
  const file = isMissing ? ':memory:' : named;
  const session = new SqliteSession({ file, readOnly, lockTimeoutMs: options.lockTimeoutMs });
  const cut = (): void => {
    session.destroy();
  };
  signal.addEventListener('abort', cut, { once: true });
  try {
    await session.opened();
    return session;
  } catch (error) {
    session.destroy();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cut);
  }
}
