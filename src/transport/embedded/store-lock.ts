import { readFileSync, writeFileSync } from 'node:fs';
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
    const owner = path.join(folder, 'writer.pid');
    const database = new DatabaseSync(path.join(folder, 'writer.lock'), { timeout: 0 });
    try {
      // Nothing is written inside the transaction, so there is never a journal to recover.
      database.exec('BEGIN EXCLUSIVE');
    } catch (thrown) {
      database.close();
      if ((thrown as { errcode?: unknown }).errcode !== SQLITE_BUSY) throw thrown;
      throw new TidemarkError(
        'STORE_LOCKED',
        `the store ${folder} is in use by process ${readOwner(owner)}`,
        { cause: thrown },
      );
    }
    writeFileSync(owner, `${process.pid}\n`);
    return new StoreLock(database);
  }

  release(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

function readOwner(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
