import { realpath, stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';
import { isDeepStrictEqual } from 'node:util';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { systemClock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { DuckdbLibrary } from './duckdb-plain-values.ts';
import { duckdbSinkError } from './duckdb-sink-errors.ts';
import type { DuckdbAddress } from './duckdb-url.ts';

/*
 * Invariant: of a file there is one open database in the process, and of its sessions one writes at
 * a time, from its BEGIN to its COMMIT. Why: DuckDB has no locks of rows. Two transactions that
 * change one row do not wait for each other, the second one fails; one that reads what another
 * changes goes on with what was. The fences and generations of the sink rely on locks, and one
 * writer is what stands for them: no other process can have the file open meanwhile. A statement
 * uses several threads by itself. What breaks otherwise: a task that empties a table for a new
 * generation leaves rows of the old one, which another task was writing. And a file that is opened
 * twice in a process loses its lock when the first of the two is closed (POSIX), so a second daemon
 * would get in.
 */

const MEMORY_SHARE = 4;
const MEMORY_MIN_MB = 256;
/**
 * Statements of a sink are too small to be shared out: with a second thread whoever waits for it
 * looks for work all the time, 12 instead of 8 µs of CPU for each row.
 */
const THREADS = '1';

/**
 * DuckDB's own limit is four fifths of the machine; ours is a quarter of it, or of the container.
 */
function memoryLimit(): string {
  const constrained = process.constrainedMemory();
  const all = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return `${Math.max(MEMORY_MIN_MB, Math.floor(all / MEMORY_SHARE / 1024 ** 2))}MiB`;
}

/**
 * What is in the file's log when it is taken over into the file. With DuckDB's own 16 MB the part
 * of a table that grows was packed anew so often that it was an eighth of what DuckDB does, with 32
 * half of that; the more is in it, the more memory is taken and the longer is the next start.
 */
const CHECKPOINT = '64MiB';

function settingsOf({ settings }: DuckdbAddress): Readonly<Record<string, string>> {
  return {
    threads: THREADS,
    memory_limit: memoryLimit(),
    checkpoint_threshold: CHECKPOINT,
    ...settings,
    // All that is needed is built in: nothing is fetched behind anybody's back.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  };
}

/**
 * Puts of thousands of records outlive young objects' space: with as little room for old ones as
 * other daemons need (`launcher/memory-flags.mjs`) looking for dead ones was a sixth of all the CPU
 * of such a sink, to save 40 MB. As much as V8 likes would be 75 MB more, for a twentieth.
 */
function letHeapGrow(): void {
  v8.setFlagsFromString('--heap-growing-percent=100');
}

/** Loaded with the first file: 70 MB that others do not pay for. */
async function loadLibrary(): Promise<DuckdbLibrary> {
  try {
    const library = await import('@duckdb/node-api');
    letHeapGrow();
    return library;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new TidemarkError('CONFIG_INVALID', `DuckDB's library cannot be loaded: ${reason}`, {
      cause,
      cure: 'npm install @duckdb/node-api; it has binaries for Linux, macOS and Windows.',
    });
  }
}

/** Sessions that a database was closed under are told by this. */
interface Member {
  destroy(): void;
}

/** A file that this process has open; made by `joinDatabase`. */
export class DuckdbDatabase {
  readonly #instance: DuckDBInstance;
  readonly #members = new Set<Member>();
  readonly #waiting: (() => void)[] = [];
  readonly #closed = Promise.withResolvers<void>();
  #isWritten = false;
  #isOver = false;
  readonly library: DuckdbLibrary;
  readonly settings: Readonly<Record<string, string>>;
  readonly readOnly: boolean;

  constructor(
    library: DuckdbLibrary,
    instance: DuckDBInstance,
    settings: Readonly<Record<string, string>>,
    readOnly: boolean,
  ) {
    this.library = library;
    this.#instance = instance;
    this.settings = settings;
    this.readOnly = readOnly;
  }

  /** It takes no more sessions: `closed` resolves when the file is free. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** To be asked for in the turn in which `isOver` was false, or the last one may leave before. */
  join(member: Member): void {
    this.#members.add(member);
  }

  async connect(): Promise<DuckDBConnection> {
    const connection = await this.#instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return connection;
  }

  /** Waits until no other session writes; at most so long. The answer lets the next one in. */
  async write(timeoutMs: number): Promise<() => void> {
    if (this.#isWritten) await this.#turn(timeoutMs);
    this.#isWritten = true;
    let isLetGo = false;
    return () => {
      if (isLetGo) return;
      isLetGo = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#isWritten = false;
      else next();
    };
  }

  #turn(timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = systemClock.after(timeoutMs, () => {
      this.#waiting.splice(this.#waiting.indexOf(turn), 1);
      reject(new TidemarkError('SINK_SERVER', 'another task writes to the file for too long'));
    });
    const turn = (): void => {
      stop();
      resolve();
    };
    this.#waiting.push(turn);
    return promise;
  }

  /** After an error that only opening the file anew ends. */
  invalidate(): void {
    this.#isOver = true;
    for (const member of this.#members) member.destroy();
  }

  /** The last session that leaves closes the file. */
  async leave(member: Member): Promise<void> {
    if (!this.#members.delete(member) || this.#members.size > 0) return;
    const isSound = !this.#isOver && !this.readOnly;
    this.#isOver = true;
    try {
      // Else closing does it, on the main thread.
      if (isSound) await this.#checkpoint();
    } finally {
      this.#instance.closeSync();
      this.#closed.resolve();
    }
  }

  async #checkpoint(): Promise<void> {
    const connection = await this.#instance.connect();
    try {
      await connection.run('CHECKPOINT');
    } catch {
      // What is committed stands in the file's log, and is read from there.
    } finally {
      connection.disconnectSync();
    }
  }
}

const open = new Map<string, Promise<DuckdbDatabase>>();

/** By one name for a file, whichever way leads to it. */
async function nameOf(file: string): Promise<string> {
  const folder = path.dirname(file);
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() !== true) {
    throw new TidemarkError('SINK_CONNECT', `the folder ${folder} does not exist`, {
      cure: `mkdir -p ${folder}; or correct connection.url.`,
    });
  }
  return realpath(file).catch(async () => path.join(await realpath(folder), path.basename(file)));
}

/**
 * Joins the database of a file; it is opened, and made, where this process has it not open. One
 * that is to be looked at only is an empty database while it is missing, and is not made.
 */
export async function joinDatabase(
  address: DuckdbAddress,
  readOnly: boolean,
  member: Member,
): Promise<DuckdbDatabase> {
  const name = await nameOf(address.file);
  const settings = settingsOf(address);
  if (readOnly && (await stat(name).catch(() => null)) === null) {
    const empty = await create(':memory:', settings, false);
    empty.join(member);
    return empty;
  }
  for (;;) {
    const database = await (open.get(name) ?? opening(name, settings, readOnly));
    if (database.isOver || (database.readOnly && !readOnly)) {
      await database.closed;
      continue;
    }
    if (isDeepStrictEqual(database.settings, settings)) {
      database.join(member);
      return database;
    }
    throw new TidemarkError('CONFIG_INVALID', `another sink has ${name} open otherwise`, {
      cure: 'Give both the same settings in connection.url.',
    });
  }
}

async function create(
  name: string,
  settings: Readonly<Record<string, string>>,
  readOnly: boolean,
): Promise<DuckdbDatabase> {
  const library = await loadLibrary();
  try {
    const access = readOnly ? 'READ_ONLY' : 'READ_WRITE';
    const instance = await library.DuckDBInstance.create(name, {
      ...settings,
      access_mode: access,
    });
    return new DuckdbDatabase(library, instance, settings, readOnly);
  } catch (thrown) {
    throw duckdbSinkError(thrown, name);
  }
}

function opening(
  name: string,
  settings: Readonly<Record<string, string>>,
  readOnly: boolean,
): Promise<DuckdbDatabase> {
  const opened = create(name, settings, readOnly);
  open.set(name, opened);
  const forget = (): void => {
    open.delete(name);
  };
  // A file that cannot be opened is tried anew by the next.
  opened.then((database) => database.closed.then(forget), forget);
  return opened;
}
