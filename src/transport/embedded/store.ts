import { existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { TidemarkError } from '../../foundation/errors.ts';
import { SegmentCatalog, SegmentGone } from './segment-catalog.ts';
import { SegmentFiles, type SegmentWrite } from './segment-files.ts';
import { commitError, openError, readError } from './store-errors.ts';
import { COUNTERS_KEY, FORMAT_KEY } from './store-keys.ts';
import { StoreLock } from './store-lock.ts';
import type { StoreOperation } from './store-operation.ts';
import { type FileUse, StoreSpace } from './store-space.ts';

/** Version of what stands under the keys and in segments. */
export const STORE_FORMAT = 3;

/** Small ones: a commit changes few and small values. */
const PAGE_BYTES = 4096;

/** Address space for the tree; grows by itself beyond this, which costs a remapping. */
const MAP_BYTES = 1024 ** 3;

/** How often a process that only reads looks again, when segments go while it looks. */
export const ATTEMPTS = 20;

/** Commits that a reader may lag behind. */
const PINNED_TRANSACTIONS = 100;

/** A transaction to be: what it writes, and what follows in memory once that is durable. */
export interface PlannedWrite {
  /** Bytes of a segment, durable before the operations: only those make them part of the log. */
  readonly data?: SegmentWrite | null;
  readonly operations: readonly StoreOperation[];
  readonly durable?: () => void;
}

/**
 * `state` writes plan on counters, partition states and segments: a round has at most one of them;
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
  /** Size at which a segment is full; by default what suits the quota. */
  readonly segmentBytes?: number;
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
 * What stands behind the embedded transport: the records in the files of segments, all else in an
 * LMDB environment, one tree with binary keys and values, which says what of the segments counts.
 *
 * Invariant: what a reader sees is durable. The bytes of records are synced before the commit that
 * tells of them. `overlappingSync` is off, so a commit writes the pages,
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
  readonly log: SegmentCatalog;
  readonly files: SegmentFiles;
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
    this.files = new SegmentFiles(options.path);
    this.log = new SegmentCatalog(
      this,
      this.files,
      options.segmentBytes ?? this.space.segmentBytes,
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
      store.#loadLog();
      if (!readOnly) await store.files.deleteAllBut(store.log.numbers());
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
      // Begun anew, the store would delete them: nothing says what of them counts.
      if (this.files.present().length > 0) {
        throw new TidemarkError(
          'STORE_OPEN',
          `${this.#folder} has segments of a log, but its data.mdb is empty or was missing`,
          { cure: 'Put data.mdb back, or delete the folder: the pipeline begins with a snapshot.' },
        );
      }
      const value = Buffer.from(JSON.stringify({ version: STORE_FORMAT }));
      await this.write('state', () => ({ operations: [{ key: FORMAT_KEY, value }] }));
      return;
    }
    const { version } = JSON.parse(written.toString()) as { version: number };
    if (version !== STORE_FORMAT) {
      throw new TidemarkError(
        'STORE_VERSION',
        `the store ${this.#folder} has format ${version}, this program's is ${STORE_FORMAT}`,
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
      await this.#commit(planned.map(({ write }) => write));
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

  async #commit(writes: readonly PlannedWrite[]): Promise<void> {
    const operations = writes.flatMap((write) => write.operations);
    if (operations.length === 0) return;
    const data = writes.find((write) => write.data)?.data ?? null;
    const dataBytes = data?.bytes.length ?? 0;
    this.space.checkDisk(
      operations.reduce((sum, { value }) => sum + (value?.length ?? 0), dataBytes),
    );
    if (data !== null) await this.files.write(data);
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
    this.#loadLog();
  }

  /** Segments may be closed and deleted by another process while this one looks. */
  #loadLog(): void {
    for (let attempt = 1; ; attempt++) {
      this.#database.resetReadTxn();
      try {
        this.log.reload();
        return;
      } catch (thrown) {
        const again = thrown instanceof SegmentGone && this.readOnly && attempt < ATTEMPTS;
        if (!again) throw thrown;
      }
    }
  }

  /** A copy of the value. */
  get(key: Buffer): Buffer | undefined {
    return this.#read(() => this.#database.getBinary(key));
  }

  /** Entries from `start` up to, not including, `end`; the values are copies. */
  entries(start: Buffer, end: Buffer): StoreOperation[] {
    return this.#read(() =>
      [...this.#database.getRange({ start, end })].map(({ key, value }) => ({
        key: Buffer.from(key),
        value,
      })),
    );
  }

  #read<T>(body: () => T): T {
    if (this.#closed !== null) throw closedError();
    try {
      return body();
    } catch (thrown) {
      throw readError(thrown, this.#folder);
    }
  }

  /** Size of the files and what of the tree's is free, from the counts that the tree keeps. */
  use(): FileUse {
    const { pageSize, lastPageNumber, root, free } =
      this.#database.getStats() as unknown as LmdbStatistics;
    const metaPages = 2;
    const used = metaPages + pagesOf(root) + pagesOf(free);
    return {
      fileBytes: (lastPageNumber + 1) * pageSize + this.log.bytes,
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
      await this.files.close();
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

function openDatabase({ path: folder, readOnly }: StoreOptions) {
  const options = {
    path: folder,
    readOnly,
    encoding: 'binary' as const,
    keyEncoding: 'binary' as const,
    mapSize: MAP_BYTES,
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
