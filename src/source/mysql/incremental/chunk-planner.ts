import type { Clock } from '../../../foundation/clock.ts';
import { must } from '../../../foundation/assert.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import type { SnapshotTasks } from '../../incremental/snapshot-tasks.ts';
import type { SnapshotOptions } from '../../snapshot/snapshot-options.ts';
import { repairAfter } from '../../incremental/repaired-rows.ts';
import { SnapshotThrottle } from '../../snapshot/snapshot-throttle.ts';
import type { HandedRows, OpenWindow } from './chunk-handover.ts';
import type { ChunkFilter, WindowChunk } from './chunk-query.ts';
import { lastKeyQuery, windowQuery } from './chunk-query.ts';
import type { ChunkReader } from './chunk-reader.ts';
import type { KnownTable, TableReading } from './table-reading.ts';

/** Rows to be read again are gathered up to here while there is other work. */
const REREAD_AT = 200;
const REREAD_MOST = 500;

/** Which chunk of a table comes next, and what a closed window means for its task. */
export class ChunkPlanner {
  readonly #options: SnapshotOptions;
  readonly #tasks: SnapshotTasks<KnownTable>;
  readonly #reader: Pick<ChunkReader, 'wire'>;
  /** Of all that is read beside the stream. */
  readonly throttle: SnapshotThrottle;
  /** Halved when rows did not fit. */
  #scale = 1;

  constructor(
    options: SnapshotOptions,
    tasks: SnapshotTasks<KnownTable>,
    reader: Pick<ChunkReader, 'wire'>,
    environment: { readonly clock: Clock; note(text: string): void },
  ) {
    this.#options = options;
    this.#tasks = tasks;
    this.#reader = reader;
    const { clock } = environment;
    this.throttle = new SnapshotThrottle(options, clock, (text) => environment.note(text));
  }

  query(chunk: WindowChunk, reading: TableReading, task: TableTask): string {
    return windowQuery(chunk, reading, this.filter(task));
  }

  /** An incremental snapshot has its conditions, a first one the SELECT of the user. */
  filter({ purpose, condition, schema, table }: TableTask): ChunkFilter {
    if (purpose !== 'initial') return { condition, statement: null };
    const override = this.#options.overrides.find((each) => each.table === `${schema}.${table}`);
    return { condition, statement: override?.statement ?? null };
  }

  /** Null: no rows are left to be read. */
  async next(
    task: TableTask,
    reading: TableReading,
    signal: AbortSignal,
  ): Promise<WindowChunk | null> {
    if (task.reread.length >= REREAD_AT) return this.#reread(task);
    const chunk = await this.#keys(task, reading, signal);
    if (chunk !== null) return chunk;
    return task.reread.length > 0 ? this.#reread(task) : null;
  }

  /** False: the chunk has to be read in another way. */
  isUsable({ chunk, read }: OpenWindow): boolean {
    const { rows } = must(read, 'a window without rows');
    this.throttle.count(rows.count);
    if (!rows.cut || chunk.kind === 'keys') return true;
    this.#scale /= 2;
    return chunk.keys.length === 1;
  }

  /** Notes what a window has done, in the turn in which its rows were handed over. */
  handedOver(open: OpenWindow, task: TableTask, rows: HandedRows): void {
    this.#advance(open, task, rows);
    const now = this.#tasks.latest(task);
    if (now !== undefined && isDone(now)) this.#tasks.finish(now, 'SUCCEEDED');
  }

  #advance({ chunk, read, reading }: OpenWindow, task: TableTask, rows: HandedRows): void {
    const done = new Set(chunk.kind === 'reread' ? chunk.keys : []);
    const left = task.reread.filter((key) => !done.has(key));
    const reread = [...new Set([...left, ...rows.incomplete, ...rows.gone])];
    const common = {
      rows: task.rows + rows.handed,
      reread,
      ...repairAfter(task, rows.gone),
    };
    if (chunk.kind === 'reread') {
      this.#tasks.update(task, common);
      return;
    }
    const all = read !== null && !read.rows.cut && read.rows.count < chunk.limit;
    const lastKey = all ? task.maxKey : (rows.lastKey ?? task.maxKey);
    this.#tasks.update(task, { ...common, lastKey });
    this.#tasks.progressed(task, {
      last_processed_key: keyText(rows.lastKey ?? task.lastKey, reading),
      maximum_key: keyText(task.maxKey, reading),
    });
  }

  async #keys(
    found: TableTask,
    reading: TableReading,
    signal: AbortSignal,
  ): Promise<WindowChunk | null> {
    let task = found;
    const names = reading.order.map(({ name }) => name);
    // The table got another key meanwhile: what was read of it says nothing of the new order.
    const isOther = task.orderedBy !== undefined && !isEqual(names, task.orderedBy);
    if (task.maxKey === null || isOther) {
      const wire = await this.#reader.wire(signal);
      const result = await wire.query(lastKeyQuery(reading, this.filter(task)), signal);
      const maxKey = result.rows[0]?.map((value) => value ?? '') ?? [];
      const change = { maxKey, orderedBy: names, ...(isOther ? { lastKey: null } : {}) };
      this.#tasks.update(task, change);
      task = this.#tasks.latest(task) ?? { ...task, ...change };
    }
    const upTo = task.maxKey ?? [];
    if (upTo.length === 0 || isEqual(task.lastKey, upTo)) return null;
    const { chunkRows, chunkSize } = this.#options;
    const rows = this.throttle.atOnce(task.purpose === 'initial' ? chunkRows : chunkSize);
    const limit = Math.max(1, Math.floor(rows * this.#scale));
    return { kind: 'keys', after: task.lastKey, upTo, limit };
  }

  #reread({ reread }: TableTask): WindowChunk {
    const count = Math.max(1, Math.floor(REREAD_MOST * this.#scale));
    return { kind: 'reread', keys: reread.slice(0, count) };
  }
}

/** Of a key with columns that are masked or not captured, nothing. */
function keyText(key: readonly string[] | null, { order, schema }: TableReading): string {
  const shown = order.every(({ name }) =>
    schema.columns.some((column) => column.name === name && column.mask === undefined),
  );
  if (key === null || key.length === 0) return '<null>';
  return shown ? key.join(',') : '<hidden>';
}

/** No window is left to be opened. */
function isDone({ lastKey, maxKey, reread }: TableTask): boolean {
  if (reread.length > 0) return false;
  return maxKey !== null && (maxKey.length === 0 || isEqual(lastKey, maxKey));
}

function isEqual(a: readonly string[] | null, b: readonly string[]): boolean {
  return a !== null && a.length === b.length && a.every((value, i) => value === b[i]);
}
