import { existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { TidemarkError } from '../../foundation/errors.ts';
import { commitError, openError, readError } from './store-errors.ts';
import { COUNTERS_KEY, FORMAT_KEY } from './store-keys.ts';
import { StoreLock } from './store-lock.ts';
import { type FileUse, StoreSpace } from './store-space.ts';

/** Version of what stands under the keys; raised when an older program could not read it. */
export const STORE_FORMAT = 1;

/**
 * Pages of a new store. The library keeps free pages in one sorted array: with 4 KiB a log under
 * retention spent 30 µs a record in it after a few hundred MB; see src/ARCHITECTURE.md.
 */
const PAGE_BYTES = 16 * 1024;

/** Address space for the file; grows by itself beyond this, which costs a remapping. */
const MAP_BYTES_MIN = 1024 ** 3;

/** Commits that a reader may lag behind. */
const PINNED_TRANSACTIONS = 100;

/** A key with its new value; null deletes. */
export interface StoreOperation {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

/** A transaction to be: what it writes, and what follows in memory once that is durable. */
export interface PlannedWrite {
  readonly operations: readonly StoreOperation[];
  readonly durable?: () => void;
}

/**
 * `state` writes plan on counters and partition states, so a round has at most one of them;
 * `independent` writes join any round.
 */
export type WriteKind = 'state' | 'independent';

interface WriteRequest {
  readonly kind: WriteKind;
  readonly plan: () => PlannedWrite;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Where and how a store is opened. */
export interface StoreOptions {
  readonly path: string;
  readonly readOnly: boolean;
  readonly maxBytes: number;
}

interface LmdbStatistics {
  readonly pageSize: number;
  readonly lastPageNumber: number;
  readonly lastTxnId: number;
  readonly root: LmdbTree;
  readonly free: LmdbTree;
}

interface LmdbTree {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/**
 * The LMDB environment behind the embedded transport: one tree, binary keys and values.
 *
 * Invariant: what a reader sees is durable. `overlappingSync` is off, so a commit writes the pages,
 * syncs them, and then writes the meta page through a descriptor that syncs by itself; only with
 * that page do readers see the commit. With lmdb-js' default they would see records that a power
 * cut takes back.
 *
 * All writes go through `write`, one transaction at a time, on the library's own thread: the event
 * loop does not wait for the disk. Tempting and wrong: `transactionSync` beside it, which would
 * commit a transaction that is half written; and a callback that throws to abort, which commits.
 */
export class Store implements AsyncDisposable {
  readonly space: StoreSpace;
  readonly readOnly: boolean;
  readonly #folder: string;
  readonly #database: RootDatabase<Buffer, Buffer>;
  readonly #lock: StoreLock | null;
  readonly #queue: WriteRequest[] = [];
  #draining: Promise<void> | null = null;
  #failure: TidemarkError | null = null;
  #closed: Promise<void> | null = null;

  private constructor(
    options: StoreOptions,
    database: RootDatabase<Buffer, Buffer>,
    lock: StoreLock | null,
  ) {
    this.#folder = options.path;
    this.readOnly = options.readOnly;
    this.#database = database;
    this.#lock = lock;
    this.space = new StoreSpace(
      options.path,
      options.maxBytes,
      () => this.use(),
      () => this.#isPinned(),
    );
  }

  /** Throws STORE_OPEN, STORE_LOCKED, STORE_VERSION. */
  static async open(options: StoreOptions): Promise<Store> {
    const { path: folder, readOnly } = options;
    let lock: StoreLock | null = null;
    let store: Store | null = null;
    try {
      if (readOnly && !existsSync(path.join(folder, 'data.mdb'))) {
        throw new TidemarkError('STORE_OPEN', `there is no store in ${folder}`);
      }
      if (!readOnly) {
        makeFolder(folder);
        lock = StoreLock.acquire(folder);
      }
      store = new Store(options, openDatabase(options), lock);
      await store.#checkFormat();
      return store;
    } catch (thrown) {
      await store?.[Symbol.asyncDispose]();
      lock?.release();
      throw openError(thrown, folder);
    }
  }

  async #checkFormat(): Promise<void> {
    const written = this.get(FORMAT_KEY);
    if (written === undefined) {
      if (this.readOnly) {
        throw new TidemarkError('STORE_OPEN', `the store in ${this.#folder} is not made yet`);
      }
      if (this.get(COUNTERS_KEY) !== undefined) {
        throw new TidemarkError('STORE_OPEN', `${this.#folder} holds no store of this program`);
      }
      const value = Buffer.from(JSON.stringify({ version: STORE_FORMAT }));
      await this.write('state', () => ({ operations: [{ key: FORMAT_KEY, value }] }));
      return;
    }
    const { version } = JSON.parse(written.toString()) as { version: number };
    if (version > STORE_FORMAT) {
      throw new TidemarkError(
        'STORE_VERSION',
        `the store ${this.#folder} has format ${version}, this program knows up to ${STORE_FORMAT}`,
      );
    }
  }

  /** Resolves when what `plan` returned is durable; a throw in `plan` writes nothing of it. */
  write(kind: WriteKind, plan: () => PlannedWrite): Promise<void> {
    if (this.#closed !== null) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#queue.push({ kind, plan, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) await this.#writeRound(this.#nextRound());
    this.#draining = null;
  }

  #nextRound(): WriteRequest[] {
    const secondState = this.#queue.findIndex(
      (request, at) =>
        request.kind === 'state' &&
        this.#queue.slice(0, at).some((earlier) => earlier.kind === 'state'),
    );
    return this.#queue.splice(0, secondState < 0 ? this.#queue.length : secondState);
  }

  async #writeRound(round: readonly WriteRequest[]): Promise<void> {
    const planned: { readonly request: WriteRequest; readonly write: PlannedWrite }[] = [];
    for (const request of round) {
      try {
        if (this.#failure !== null) throw this.#failure;
        planned.push({ request, write: request.plan() });
      } catch (error) {
        request.reject(error);
      }
    }
    try {
      await this.#commit(planned.flatMap(({ write }) => write.operations));
    } catch (thrown) {
      this.space.forget();
      const error = commitError(thrown, this.#folder);
      // After a failed sync nobody knows what the disk holds: no write is tried in this process.
      if (error.code === 'STORE_IO') this.#failure = error;
      for (const { request } of planned) request.reject(error);
      return;
    }
    for (const { request, write } of planned) {
      write.durable?.();
      request.resolve();
    }
  }

  async #commit(operations: readonly StoreOperation[]): Promise<void> {
    if (operations.length === 0) return;
    this.space.checkDisk(operations.reduce((sum, { value }) => sum + (value?.length ?? 0), 0));
    try {
      await this.#database.batch(() => {
        for (const { key, value } of operations) {
          // The promise of the whole batch speaks for each.
          if (value === null) void this.#database.remove(key);
          else void this.#database.put(key, value);
        }
      });
    } catch (thrown) {
      const cause = (thrown as { commitError?: Promise<never> }).commitError;
      if (cause === undefined) throw thrown;
      await cause;
    }
  }

  /** The next reads see what other processes have committed meanwhile. */
  refresh(): void {
    this.#database.resetReadTxn();
  }

  /** A copy of the value. */
  get(key: Buffer): Buffer | undefined {
    return this.#read(() => this.#database.getBinary(key));
  }

  /** Entries from `start` up to, not including, `end`; the values are copies. */
  entries(start: Buffer, end: Buffer, limit?: number): StoreOperation[] {
    return this.#read(() =>
      [...this.#database.getRange({ start, end, ...(limit === undefined ? {} : { limit }) })].map(
        ({ key, value }) => ({ key: Buffer.from(key), value }),
      ),
    );
  }

  /** Entries from `start` up to, not including, `end`, until `each` says false. */
  visit(start: Buffer, end: Buffer, each: (key: Buffer, value: Buffer) => boolean): void {
    this.#read(() => {
      for (const { key, value } of this.#database.getRange({ start, end })) {
        if (!each(Buffer.from(key), value)) return;
      }
    });
  }

  keys(start: Buffer, end: Buffer, limit: number): Buffer[] {
    return this.#read(() =>
      [...this.#database.getKeys({ start, end, limit })].map((key) => Buffer.from(key)),
    );
  }

  /** The value with the greatest key from `start` to `end`, both included. */
  last(start: Buffer, end: Buffer): Buffer | undefined {
    return this.#read(() => {
      const range = { start: end, end: start, reverse: true, inclusiveEnd: true, limit: 1 };
      return [...this.#database.getRange(range)][0]?.value;
    });
  }

  #read<T>(body: () => T): T {
    if (this.#closed !== null) throw closedError();
    try {
      return body();
    } catch (thrown) {
      throw readError(thrown, this.#folder);
    }
  }

  /** Size of the file and what of it is free, from the counts that the tree keeps. */
  use(): FileUse {
    const { pageSize, lastPageNumber, root, free } =
      this.#database.getStats() as unknown as LmdbStatistics;
    const metaPages = 2;
    const used = metaPages + pagesOf(root) + pagesOf(free);
    return {
      fileBytes: (lastPageNumber + 1) * pageSize,
      reusableBytes: Math.max(0, lastPageNumber + 1 - used) * pageSize,
    };
  }

  /** Clears the slots of readers that died; returns those that hold a snapshot now. */
  activeReaders(): string[] {
    this.#database.readerCheck();
    // "pid thread transaction", the last a dash when the reader holds nothing.
    return this.#database
      .readerList()
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => /^\d+ \S+ \d+$/.test(line));
  }

  /** A reader that lags so far behind is not about to go on by itself. */
  #isPinned(): boolean {
    const { lastTxnId } = this.#database.getStats() as unknown as LmdbStatistics;
    return this.activeReaders().some((reader) => {
      return lastTxnId - Number(reader.split(' ').at(-1)) > PINNED_TRANSACTIONS;
    });
  }

  /** Ends with all writes done. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.#draining;
      await this.#database.close();
    } finally {
      this.#lock?.release();
    }
  }
}

function closedError(): TidemarkError {
  return new TidemarkError('INTERNAL', 'the store is closed');
}

function pagesOf(tree: LmdbTree): number {
  return tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages;
}

function openDatabase({ path: folder, readOnly, maxBytes }: StoreOptions) {
  const options = {
    path: folder,
    readOnly,
    encoding: 'binary' as const,
    keyEncoding: 'binary' as const,
    mapSize: Math.max(MAP_BYTES_MIN, Math.ceil((maxBytes * 1.25) / 65536) * 65536),
    overlappingSync: false,
    // Every write is one explicit batch; waiting for the end of the event turn adds only latency.
    eventTurnBatching: false,
    noSubdir: false,
    pageSize: PAGE_BYTES,
  };
  return open<Buffer, Buffer>(options);
}

/**
 * Makes a folder with its parents. Not by Node's `recursive`: where a file system has a folder but
 * refuses children with ENOENT (as /proc does), it tries for ever.
 */
function makeFolder(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  const parent = path.dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder);
}
