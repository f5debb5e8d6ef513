import { Backoff } from '../../../foundation/backoff.ts';
import { toTidemarkError } from '../../../foundation/errors.ts';
import type { SnapshotProgress } from '../../../model/change-event.ts';
import type { SourceNotification } from '../../../model/source-notification.ts';
import type { SourceSignal } from '../../../model/source-signal.ts';
import type { TableId, TableSchema } from '../../../model/table-schema.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import { mustFinish } from '../../incremental/snapshot-state.ts';
import { isRepairOf } from '../../incremental/repaired-rows.ts';
import { SnapshotTasks } from '../../incremental/snapshot-tasks.ts';
import { WindowMarks } from '../../incremental/window-marks.ts';
import type { StatementEffect } from '../stream/statement-changes.ts';
import type { ChangeWatch, LogSpot, StreamWatches } from '../stream/stream-watches.ts';
import type { BoundaryWork, WatchedStream } from '../stream/watched-stream.ts';
import type { ResultWire } from '../wire/result-wire.ts';
import { addedTables } from './mysql-added-tables.ts';
import type { MysqlIncrementalParts } from './incremental-parts.ts';
import { MysqlMarkTable } from './mysql-mark-table.ts';
import { ChunkPlanner } from './chunk-planner.ts';
import type { ReadChunk } from './chunk-reader.ts';
import { ChunkReader, isStatementError, isTableChanged } from './chunk-reader.ts';
import { isBefore } from './group-visibility.ts';
import { MYSQL_SIGNALS } from './mysql-signals.ts';
import { StreamWindow } from './stream-window.ts';
import { capturedTables, forgetSeen, knownTable } from './stream-tables.ts';
import type { KnownTable } from './table-reading.ts';
import { tableReading } from './table-reading.ts';
import { RewrittenTables } from './rewritten-tables.ts';
import { TableWatches } from './table-watches.ts';
import { WholeRead } from './whole-read.ts';

/** Memory for the rows of one window. */
const WINDOW_BYTES = 16 * 1024 * 1024;
/** How often a stream that may be idle is looked at. */
const NUDGE_MS = 20;
const NOT_COVERED_WAIT_MS = 20;

/**
 * Reads tables while the stream runs: what is left of a first snapshot, and what signals ask for.
 * One window after the other; a chunk's rows and the state behind it enter one append.
 *
 * It is made before the stream, whose `watches` it is, and `attach` gives it the stream.
 */
export class MysqlIncrementalSnapshots implements StreamWatches, BoundaryWork {
  readonly #parts: MysqlIncrementalParts;
  readonly #tasks: SnapshotTasks<KnownTable>;
  readonly #reader: ChunkReader;
  /** Of its own: it works while the other may wait for a window. */
  readonly #wholeReader: ChunkReader;
  readonly #locker: ChunkReader;
  readonly #planner: ChunkPlanner;
  readonly #whole: WholeRead;
  readonly #watches: TableWatches;
  readonly #marks: WindowMarks<ResultWire>;
  /** Sees what statements did to stored rows. */
  readonly rewritten: RewrittenTables;
  #stream: WatchedStream | null = null;
  readonly #window: StreamWindow;
  #wake: (() => void) | null = null;
  #stopped = false;
  #initialLeft: boolean;
  /** A transaction was prepared: on MariaDB its outcome is visible at a time of its own. */
  #hasOutcomes = false;
  #signal: AbortSignal = new AbortController().signal;

  constructor(parts: MysqlIncrementalParts) {
    this.#parts = parts;
    const { options, server, clock } = parts;
    const { snapshots } = options;
    const events = {
      changed: () => this.#wake?.(),
      tablesChanged: () => this.#watches.renew(),
      notify: (notification: SourceNotification) => parts.notify(notification),
      note: (text: string) => parts.note(text),
      warn: (text: string) => parts.warn(text),
      offsetText: () => parts.offsetText(),
    };
    this.#tasks = new SnapshotTasks(parts.state, events, MYSQL_SIGNALS);
    this.rewritten = new RewrittenTables({
      ...parts,
      options: snapshots,
      tasks: this.#tasks,
      skipsTruncates: options.skippedOperations.includes('t'),
    });
    this.#initialLeft = this.#tasks.hasInitial();
    const reader = (): ChunkReader =>
      new ChunkReader(parts.connect, server, options.snapshotLockTimeoutMs, WINDOW_BYTES);
    this.#reader = reader();
    this.#wholeReader = reader();
    this.#locker = reader();
    this.#planner = new ChunkPlanner(snapshots, this.#tasks, this.#reader, parts);
    const marks = MysqlMarkTable.of(snapshots.signalTable, (text) => parts.warn(text));
    this.#marks = new WindowMarks(snapshots, clock, marks);
    const whole = {
      ...events,
      snapshots,
      receiver: parts.receiver,
      clock,
      tell: (schema: TableSchema) => this.#stream?.tell(schema),
      done: () => this.#done,
      overrideOf: (task: TableTask) => this.#planner.filter(task),
    };
    const readers = { reader: this.#wholeReader, locker: this.#locker };
    const { throttle } = this.#planner;
    this.#whole = new WholeRead(whole, this.#tasks, readers, throttle, () => this.#signal);
    this.#window = new StreamWindow({
      receiver: parts.receiver,
      clock,
      stream: () => this.#stream,
      done: () => this.#done,
      known: (id) => this.#known(id),
      latest: (task) => this.#tasks.latest(task),
      handedOver: (open, task, rows) => this.#planner.handedOver(open, task, rows),
    });
    this.#watches = new TableWatches({
      options: snapshots,
      skippedOperations: new Set(options.skippedOperations),
      receiver: parts.receiver,
      tasks: this.#tasks,
      known: (id) => this.#known(id),
      window: (id) => this.#window.of(id),
      signal: (signal) => this.signal(signal),
    });
  }

  /** The stream that it stands beside: before anything comes. */
  attach(stream: WatchedStream): void {
    this.#stream = stream;
  }

  /** For the offset; null: nothing is under way. */
  get stateText(): string | null {
    return this.#tasks.text;
  }

  progress(): readonly SnapshotProgress[] {
    return this.#tasks.state.tasks.map((task) => ({
      table: { catalog: 'def', schema: task.schema, table: task.table },
      rowsDone: task.rows,
      rowsEstimated: 0,
      bytesDone: 0,
      completed: false,
    }));
  }

  /** A signal of any channel. */
  signal(signal: SourceSignal): void {
    this.#tasks.apply(signal, this.#readable());
  }

  of(table: TableSchema): ChangeWatch | null {
    return this.#watches.of(table);
  }

  statement(effect: StatementEffect): void {
    this.#watches.renew();
    this.#window.statement(effect);
  }

  outcome(): void {
    this.#hasOutcomes = true;
    this.#watches.outcome();
  }

  boundary(): Promise<void> | undefined {
    const stream = this.#stream;
    if (stream === null || this.#stopped) return undefined;
    const { seen } = this.#tasks.state;
    const isBusy = this.#whole.isDue || seen.length > 0;
    if (!isBusy && !this.#window.isWaiting) return undefined;
    const at = stream.place;
    // The last is asked last: it costs something.
    if (at === null || (!isBusy && !this.#window.isDue(at))) return undefined;
    if (!stream.isBetweenGroups) return undefined;
    const left = forgetSeen(seen, at);
    if (left.length < seen.length) this.#tasks.setSeen(left);
    const wait = this.#window.boundary(at);
    if (wait !== undefined) return wait;
    return this.#whole.isDue ? this.#readWhole(at) : undefined;
  }

  /** Works until the signal aborts; throws what a first snapshot cannot go on with. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
    this.#signal = signal;
    const backoff = new Backoff({ initialMs: 200, maxMs: 10_000 });
    try {
      await this.#addTables();
      this.#tasks.begin(this.#parts.resumed);
      while (!signal.aborted) {
        const task = this.#tasks.current();
        if (task === null || this.#whole.isDue || this.#whole.isLate) {
          await this.#rest(signal);
          continue;
        }
        try {
          if (task.repair === undefined && (await this.#planner.throttle.waited(signal))) continue;
          await this.#step(task, signal);
          if (!this.#tasks.hasIncremental()) await this.#marks.last(this.#reader, signal);
          backoff.reset();
        } catch (error) {
          if (signal.aborted) return;
          await this.#failed(task, error, backoff, signal);
        }
      }
    } finally {
      this.#stopped = true;
      this.#window.stop();
      await Promise.all([this.#reader, this.#wholeReader, this.#locker].map((r) => r.close()));
    }
  }

  /** Nothing is to be read in windows now. */
  async #rest(signal: AbortSignal): Promise<void> {
    if (this.#whole.isLate) {
      await this.#planner.throttle.waited(signal);
      return;
    }
    if (this.#whole.isDue) {
      await this.#stream?.nudge();
      await this.#parts.clock.sleep(NUDGE_MS, signal);
      return;
    }
    if (signal.aborted) return;
    const woken = Promise.withResolvers<void>();
    this.#wake = () => woken.resolve();
    await woken.promise;
    this.#wake = null;
  }

  async #addTables(): Promise<void> {
    const { knownTables, options } = this.#parts;
    if (knownTables === undefined) return;
    const tasks = addedTables(knownTables, this.#captured(), options);
    this.#tasks.add(tasks);
    this.#initialLeft ||= tasks.length > 0;
    for (const { schema, table } of tasks) {
      this.#parts.note(`${schema}.${table} was not captured before: it is read now`);
    }
    if (!this.#initialLeft) await this.#rememberTables();
  }

  /** Only when all of them are read: until then the next start has to find the new ones again. */
  async #rememberTables(): Promise<void> {
    const names = this.#captured().map(({ schema }) => tableName(schema.id));
    await this.#parts.knownTables?.store(names);
  }

  async #failed(
    task: TableTask,
    thrown: unknown,
    backoff: Backoff,
    signal: AbortSignal,
  ): Promise<void> {
    const error = toTidemarkError(thrown);
    this.#window.abandon();
    const table = `${task.schema}.${task.table}`;
    // The server's table may be ahead of the one that the stream knows.
    if (isStatementError(thrown) && (await this.#hasChanged(task, signal))) return;
    if (isStatementError(thrown) && !mustFinish(this.#tasks.latest(task) ?? task)) {
      this.#parts.warn(`the incremental snapshot of ${table} is given up: ${error.message}`);
      this.#tasks.finish(task, 'SQL_EXCEPTION');
      return;
    }
    const isLasting = error.retry === 'stop' && !isTableChanged(thrown);
    if (isLasting && !isStatementError(thrown)) throw error;
    if (isStatementError(thrown) && backoff.attempt > 5) throw error;
    this.#parts.note(`the snapshot of ${table} waits: ${error.message}`);
    await this.#parts.clock.sleep(backoff.nextDelayMs(), signal);
  }

  /** Once the stream has passed all that there is now: the table is another one than before. */
  async #hasChanged(task: TableTask, signal: AbortSignal): Promise<boolean> {
    const before = this.#knownOf(task)?.definition;
    const wire = await this.#reader.wire(signal);
    const { file, position: pos } = await this.#reader.status(wire, signal);
    for (;;) {
      signal.throwIfAborted();
      const at = this.#stream?.place ?? null;
      if (at !== null && !isBefore(at, { file, pos })) break;
      await this.#parts.clock.sleep(NUDGE_MS, signal);
    }
    return this.#knownOf(task)?.definition !== before;
  }

  /** One window, or the end of the table. */
  async #step(task: TableTask, signal: AbortSignal): Promise<void> {
    const known = this.#knownOf(task);
    if (known === undefined) {
      this.#tasks.finish(task, 'UNKNOWN_SCHEMA');
      await this.#completeInitial();
      return;
    }
    const reading = tableReading(task, known);
    if (reading === null || task.method === 'whole') {
      this.#whole.want({ task, table: known });
      return;
    }
    const keyColumns = reading.key.map(({ name }) => name);
    if (task.repair !== undefined && !isRepairOf(task.repair, keyColumns)) {
      this.#tasks.finish(task, 'UNKNOWN_SCHEMA');
      return;
    }
    const chunk = await this.#planner.next(task, reading, signal);
    if (chunk === null) {
      // Asked for while the plan was made: a change that came meanwhile may have left work.
      if ((this.#tasks.latest(task)?.reread.length ?? 0) === 0) {
        this.#tasks.finish(task, 'SUCCEEDED');
        await this.#completeInitial();
      }
      return;
    }
    const open = await this.#window.begin({ task, reading, chunk }, signal);
    if (open === null) return;
    const sql = this.#planner.query(chunk, reading, task);
    const read = await this.#read(sql, task, signal);
    if (!read.visibility.covers(open.passed, open.done)) {
      this.#window.abandon();
      await this.#parts.clock.sleep(NOT_COVERED_WAIT_MS, signal);
      return;
    }
    open.read = read;
    if (this.#planner.isUsable(open)) await this.#window.untilClosed(open, signal);
    else this.#window.abandon();
    await this.#completeInitial();
  }

  /** First snapshots have no marks, as in the original. */
  async #read(sql: string, { purpose }: TableTask, signal: AbortSignal): Promise<ReadChunk> {
    const marked = purpose === 'incremental';
    if (marked) await this.#marks.open(await this.#reader.wire(signal), signal);
    const read = await this.#reader.read(sql, this.#needsLocks, signal);
    if (marked) await this.#marks.close(await this.#reader.wire(signal), signal);
    return read;
  }

  /** What was done is known by GTIDs only where the stream goes by them. */
  get #needsLocks(): boolean {
    return this.#parts.server.flavor === 'mariadb' ? this.#hasOutcomes : this.#done === null;
  }

  get #done(): string | null {
    return this.#parts.position.offset().done.gtids;
  }

  async #readWhole(at: LogSpot): Promise<void> {
    await this.#whole.run(at, this.#readable());
    this.#wake?.();
    await this.#completeInitial();
  }

  async #completeInitial(): Promise<void> {
    if (!this.#initialLeft || this.#tasks.hasInitial()) return;
    this.#initialLeft = false;
    await this.#parts.initialCompleted();
    await this.#rememberTables();
  }

  #knownOf({ schema, table }: Pick<TableTask, 'schema' | 'table'>): KnownTable | undefined {
    return this.#known({ catalog: 'def', schema, table });
  }

  #known(id: TableId): KnownTable | undefined {
    const { catalog, schemas } = this.#parts;
    return knownTable(catalog.table(id.schema, id.table), schemas);
  }

  #captured(): readonly KnownTable[] {
    return capturedTables(this.#parts.catalog, this.#parts.schemas);
  }

  /** A signal table that is captured for its signals only has no rows for anybody. */
  #readable(): readonly KnownTable[] {
    const { signalTable, signalTableSilent: silent } = this.#parts.options.snapshots;
    return this.#captured().filter(({ schema }) => !silent || tableName(schema.id) !== signalTable);
  }
}
