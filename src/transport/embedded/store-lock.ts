import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TidemarkError } from '../../foundation/errors.ts';

const SQLITE_BUSY = 5;

/**
 * The right to write to a store, held by one process. It is a lock of the operating system on
 * `writer.lock`, so it ends with the process however that dies: nothing stale is ever left. Node
 * has no call for such a lock; SQLite's exclusive transaction on an empty database is one. Tempting
 * and wrong: a file with a pid, which a crash leaves behind and two starters can both take over.
 */
export class StoreLock {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Throws STORE_LOCKED with the pid of the holder. */
  static acquire(folder: string): StoreLock {
    const database = new DatabaseSync(lockFile(folder), { timeout: 0 });
    try {
      // Nothing is written inside the transaction, so there is never a journal to recover.
      database.exec('BEGIN EXCLUSIVE');
    } catch (thrown) {
      database.close();
      if (!isBusy(thrown)) throw thrown;
      throw new TidemarkError(
        'STORE_LOCKED',
        `the store ${folder} is in use by process ${readOwner(folder)}`,
        { cause: thrown },
      );
    }
    writeFileSync(ownerFile(folder), `${process.pid}\n`);
    return new StoreLock(database);
  }

  /** The process that has the right, as it wrote itself down; null: nobody has it. */
  static holder(folder: string): string | null {
    if (!existsSync(lockFile(folder))) return null;
    const database = new DatabaseSync(lockFile(folder), { timeout: 0, readOnly: true });
    try {
      // Reading needs a shared lock, which the writer's excludes.
      database.exec('SELECT count(*) FROM sqlite_schema');
      return null;
    } catch (thrown) {
      if (!isBusy(thrown)) throw thrown;
      return readOwner(folder);
    } finally {
      database.close();
    }
  }

  release(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

function isBusy(thrown: unknown): boolean {
  return (thrown as { errcode?: unknown }).errcode === SQLITE_BUSY;
}

function lockFile(folder: string): string {
  return path.join(folder, 'writer.lock');
}

function ownerFile(folder: string): string {
  return path.join(folder, 'writer.pid');
}

function readOwner(folder: string): string {
  try {
    return readFileSync(ownerFile(folder), 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
