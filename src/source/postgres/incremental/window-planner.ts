import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import { overrideOf } from '../snapshot/select-override.ts';
import type { PageRanges, TableTask } from '../../incremental/snapshot-state.ts';
import { nextRange, withRange } from '../../incremental/snapshot-state.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import { pagesOf } from '../snapshot/snapshot-chunks.ts';
import { repairAfter } from '../../incremental/repaired-rows.ts';
import { SnapshotThrottle } from '../../snapshot/snapshot-throttle.ts';
import type { SnapshotTasks } from '../../incremental/snapshot-tasks.ts';
import type { ChunkTable, WindowChunk } from './window-chunk.ts';
import { lastKeyQuery, windowQuery } from './window-chunk.ts';
import type { HandedRows, OpenWindow, TableReading } from './window-handover.ts';
import type { ReadWindow, WindowReader } from './window-reader.ts';

/** Rows to be read again are gathered up to here while there is other work. */
const REREAD_AT = 200;
const REREAD_MOST = 500;

/**
 * Which chunk of a table comes next, and what a closed window means for its task.
 *
 * Pages of a first snapshot stay what they were cut into, also under later snapshots: a row that
 * the stream has not changed since the consistent point lies where it lay, as long as the table has
 * the same file; one that was changed came with the stream, wherever it lies now. A table that got
 * another file (VACUUM FULL, CLUSTER) is read by its key.
 */
export class WindowPlanner {
  readonly #options: PostgresSourceOptions;
  readonly #tasks: SnapshotTasks<CapturedTable>;
  readonly #reader: WindowReader;
  /** Of all that is read beside the stream. */
  readonly throttle: SnapshotThrottle;
  /** Halved when rows did not fit. */
  #scale = 1;

  constructor(
    options: PostgresSourceOptions,
    tasks: SnapshotTasks<CapturedTable>,
    reader: WindowReader,
    environment: { readonly clock: Clock; note(text: string): void },
  ) {
    this.#options = options;
    this.#tasks = tasks;
    this.#reader = reader;
    const { clock } = environment;
    this.throttle = new SnapshotThrottle(options.snapshots, clock, (text) =>
      environment.note(text),
    );
  }

  query(chunk: WindowChunk, reading: TableReading, task: TableTask): string {
    const condition = chunk.kind === 'reread' ? null : task.condition;
    return windowQuery(chunk, chunkTable(reading, condition, this.#statement(task)));
  }

  /** Null: no rows are left to be read. */
  async next(
    task: TableTask,
    reading: TableReading,
    signal: AbortSignal,
  ): Promise<WindowChunk | null> {
    if (task.reread.length >= REREAD_AT) return this.#reread(task, reading);
    // The SELECT was not there when the pages were cut: they would give other rows.
    const isCut = task.method === 'pages' && this.#statement(task) !== null;
    const now = isCut ? this.#byKeys(task) : task;
    const chunk =
      now.method === 'pages' ? this.#pages(now, reading) : await this.#keys(now, reading, signal);
    if (chunk !== null) return chunk;
    return task.reread.length > 0 ? this.#reread(task, reading) : null;
  }

  /** False: the chunk has to be read in another way. */
  isUsable({ chunk, task, reading }: OpenWindow, read: ReadWindow): boolean {
    this.throttle.count(read.rows.count);
    if (chunk.kind === 'pages') {
      const { oid } = chunk.storage;
      const part = task.parts.find((other) => other.oid === oid);
      if (part === undefined || fileOf(part.file) !== fileOf(read.fingerprints.get(oid) ?? '')) {
        this.#byKeys(task);
        return false;
      }
    }
    if (!read.rows.cut || chunk.kind === 'keys') return true;
    this.#scale /= 2;
    // A single page of such rows is too much: by key they can be taken one by one.
    if (chunk.kind === 'pages' && chunk.endPage - chunk.firstPage === 1) this.#byKeys(task);
    return chunk.kind === 'reread' && chunk.keys.length === 1 && reading.keyColumns.length > 0;
  }

  /** Notes what a window has done, in the turn in which its rows were handed over. */
  handedOver(open: OpenWindow, task: TableTask, rows: HandedRows): void {
    this.#advance(open, task, rows);
    const now = this.#tasks.latest(task);
    if (now !== undefined && isDone(now)) this.#tasks.finish(now, 'SUCCEEDED');
  }

  #advance(open: OpenWindow, task: TableTask, rows: HandedRows): void {
    const { chunk, read } = open;
    const done = chunk.kind === 'reread' ? new Set(chunk.keys) : null;
    const left = done === null ? task.reread : task.reread.filter((key) => !done.has(key));
    const reread = [...new Set([...left, ...rows.incomplete, ...rows.gone])];
    const common = {
      rows: task.rows + rows.handed,
      reread,
      ...repairAfter(task, rows.gone),
    };
    switch (chunk.kind) {
      case 'reread':
        this.#tasks.update(task, common);
        return;
      case 'pages':
        this.#tasks.update(task, { ...common, parts: task.parts.map((p) => withPages(p, chunk)) });
        break;
      case 'keys': {
        const all = read !== null && !read.rows.cut && read.rows.count < chunk.limit;
        const lastKey = all ? task.maxKey : (rows.lastKey ?? task.maxKey);
        this.#tasks.update(task, { ...common, lastKey });
        break;
      }
    }
    this.#tasks.progressed(task, {
      last_processed_key: keyText(rows.lastKey ?? task.lastKey, open.reading),
      maximum_key: keyText(task.maxKey, open.reading),
    });
  }

  #pages(task: TableTask, { captured }: TableReading): WindowChunk | null {
    const { estimatedRows, pages } = captured.info;
    const rows = this.throttle.atOnce(this.#options.snapshots.chunkRows);
    const wanted = Math.max(1, rows * this.#scale);
    const count = pagesOf(wanted, pages, estimatedRows);
    for (const part of task.parts) {
      const range = nextRange(part, count);
      const storage = captured.storage.find(({ oid }) => oid === part.oid);
      // A partition that is gone has taken its rows along.
      if (range === null || storage === undefined) continue;
      return { kind: 'pages', storage, firstPage: range[0], endPage: range[1] };
    }
    return null;
  }

  async #keys(
    task: TableTask,
    reading: TableReading,
    signal: AbortSignal,
  ): Promise<WindowChunk | null> {
    let { maxKey } = task;
    if (task.surrogate !== null) checkSurrogate(task.surrogate, reading);
    if (maxKey === null) {
      const wire = await this.#reader.wire(signal);
      const table = chunkTable(reading, task.condition, this.#statement(task));
      const sql = lastKeyQuery(reading.order, table);
      const row = (await wire.query(sql, signal))[0]?.rows[0];
      maxKey = row?.map((value) => value ?? '') ?? [];
      this.#tasks.update(task, { maxKey });
    }
    const { lastKey } = this.#tasks.latest(task) ?? task;
    if (maxKey.length === 0 || isEqual(lastKey, maxKey)) return null;
    const { chunkRows, chunkSize } = this.#options.snapshots;
    const rows = this.throttle.atOnce(task.purpose === 'initial' ? chunkRows : chunkSize);
    const limit = Math.max(1, Math.floor(rows * this.#scale));
    return { kind: 'keys', order: reading.order, after: lastKey, upTo: maxKey, limit };
  }

  #reread(task: TableTask, { keyColumns }: TableReading): WindowChunk {
    const count = Math.max(1, Math.floor(REREAD_MOST * this.#scale));
    return { kind: 'reread', columns: keyColumns, keys: task.reread.slice(0, count) };
  }

  #byKeys(task: TableTask): TableTask {
    const anew = { method: 'keys', parts: [], lastKey: null, maxKey: null, rows: 0 } as const;
    this.#tasks.update(task, anew);
    return { ...task, ...anew };
  }

  /** An incremental snapshot has its conditions instead, as in the original. */
  #statement(task: TableTask): string | null {
    if (task.purpose !== 'initial') return null;
    return overrideOf(this.#options.snapshots.overrides, task);
  }
}

/** Rows without a value would be before and behind no other, and left out in silence. */
function checkSurrogate(name: string, { captured: { info } }: TableReading): void {
  const column = info.columns.find((other) => other.name === name);
  if (column?.notNull === true) return;
  const what = column === undefined ? 'is no column of' : 'may be NULL in';
  throw new TidemarkError('PG_SERVER', `the surrogate-key ${name} ${what} ${info.name}`, {
    cure: 'Name a column that is NOT NULL, best one with an index.',
  });
}

function chunkTable(
  reading: TableReading,
  condition: string | null,
  statement: string | null,
): ChunkTable {
  const keyColumns = [...new Set([...reading.keyColumns, ...reading.order])];
  return { captured: reading.captured, keyColumns, condition, statement };
}

function withPages(part: PageRanges, chunk: WindowChunk & { kind: 'pages' }): PageRanges {
  if (part.oid !== chunk.storage.oid) return part;
  return { ...part, done: withRange(part.done, chunk.firstPage, chunk.endPage) };
}

/** Of a key with columns that are masked or not captured, nothing. */
function keyText(key: readonly string[] | null, { order, schema }: TableReading): string {
  const shown = order.every((name) =>
    schema.columns.some((column) => column.name === name && column.mask === undefined),
  );
  if (key === null || key.length === 0) return '<null>';
  return shown ? key.join(',') : '<hidden>';
}

/** The relfilenode, which stands first in a fingerprint. */
function fileOf(fingerprint: string): string {
  return fingerprint.split(' ', 1)[0] ?? '';
}

/** No window is left to be opened. */
function isDone({ method, parts, lastKey, maxKey, reread }: TableTask): boolean {
  if (reread.length > 0) return false;
  if (method === 'pages') return parts.every((part) => nextRange(part, 1) === null);
  return maxKey !== null && (maxKey.length === 0 || isEqual(lastKey, maxKey));
}

function isEqual(a: readonly string[] | null, b: readonly string[]): boolean {
  return a !== null && a.length === b.length && a.every((value, i) => value === b[i]);
}
