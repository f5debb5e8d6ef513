import { Backoff } from '../../../foundation/backoff.ts';
import { toTidemarkError } from '../../../foundation/errors.ts';
import type { SnapshotProgress } from '../../../model/change-event.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { parseLsn } from '../../../model/lsn.ts';
import type { SourceSignal } from '../../../model/source-signal.ts';
import { tableName } from '../../../model/table-schema.ts';
import { addedTables } from './added-tables.ts';
import { FinishedReads } from './finished-reads.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { StreamSnapshots } from '../stream/postgres-stream.ts';
import type { StorageFingerprints } from '../snapshot/snapshot-reader.ts';
import { storageFingerprints } from '../snapshot/snapshot-reader.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import { isTaskOf, mustFinish } from '../../incremental/snapshot-state.ts';
import { isRepairOf } from '../../incremental/repaired-rows.ts';
import { SnapshotTasks } from '../../incremental/snapshot-tasks.ts';
import { RecentTransactions } from './snapshot-visibility.ts';
import { POSTGRES_SIGNALS } from './postgres-signals.ts';
import { SnapshotWindow } from '../../incremental/snapshot-window.ts';
import { SnapshotWatches } from './snapshot-watches.ts';
import type { OpenWindow, TableReading } from './window-handover.ts';
import { handOver, tableReading } from './window-handover.ts';
import { WindowMarks } from '../../incremental/window-marks.ts';
import type { PostgresWire } from '../wire/postgres-wire.ts';
import type { IncrementalParts } from './incremental-parts.ts';
import { OlderTransactions } from './older-transactions.ts';
import { PostgresMarkTable } from './postgres-mark-table.ts';
import { StreamPassing } from './stream-passing.ts';
import { WindowPlanner } from './window-planner.ts';
import type { ReadWindow } from './window-reader.ts';
import { isStatementError, WindowReader } from './window-reader.ts';
import { type DescribedTables, WholeRead } from './whole-read.ts';

/** Memory for the rows of one window. */
const WINDOW_BYTES = 16 * 1024 * 1024;

/**
 * Reads tables while the stream runs: what a crash left of a first snapshot, and what signals ask
 * for. One window after the other; a chunk's rows and the state behind it enter one append.
 */
export class IncrementalSnapshots implements StreamSnapshots {
  /** Of what `readAgain` was asked for. */
  readonly finished: FinishedReads;
  readonly #parts: IncrementalParts;
  readonly #tasks: SnapshotTasks<CapturedTable>;
  readonly #recent = new RecentTransactions();
  readonly #reader: WindowReader;
  /** Of its own: it works while the other may wait for a window. */
  readonly #wholeReader: WindowReader;
  readonly #planner: WindowPlanner;
  readonly #whole: WholeRead;
  readonly #older: OlderTransactions;
  readonly #watches: SnapshotWatches;
  readonly #passing: StreamPassing;
  readonly #marks: WindowMarks<PostgresWire>;
  #captured: readonly CapturedTable[];
  /** Storage and shape that the tables had before they were described. */
  #described: StorageFingerprints | null = null;
  #open: OpenWindow | null = null;
  #wake: (() => void) | null = null;
  #stopped = false;
  #initialLeft: boolean;
  #signal: AbortSignal = new AbortController().signal;

  constructor(parts: IncrementalParts) {
    this.#parts = parts;
    this.#captured = parts.capture.selection.tables;
    const events = {
      ...parts,
      changed: () => this.#wake?.(),
      tablesChanged: () => this.#watches.renew(),
    };
    this.#tasks = new SnapshotTasks(parts.state, events, POSTGRES_SIGNALS);
    this.finished = new FinishedReads(this.#tasks);
    this.#initialLeft = this.#tasks.hasInitial();
    this.#reader = new WindowReader(parts.connect, WINDOW_BYTES);
    this.#planner = new WindowPlanner(parts.options, this.#tasks, this.#reader, parts);
    this.#wholeReader = new WindowReader(parts.connect, WINDOW_BYTES);
    const marks = PostgresMarkTable.of(parts.options, (text) => parts.warn(text));
    this.#marks = new WindowMarks(parts.options.snapshots, parts.clock, marks);
    this.#older = new OlderTransactions(this.#tasks, parts);
    this.#passing = new StreamPassing(parts, (signal) => this.#reader.wire(signal));
    const shared = [this.#wholeReader, this.#recent, this.#older, this.#planner.throttle] as const;
    const describe = async (signal: AbortSignal): Promise<DescribedTables> => {
      const fingerprints = await this.#describe(this.#wholeReader, signal);
      return { tables: this.#readable(), fingerprints };
    };
    const whole = { ...parts, describe };
    this.#whole = new WholeRead(whole, this.#tasks, ...shared, () => this.#signal);
    this.#watches = new SnapshotWatches({
      options: parts.options.snapshots,
      receiver: parts.receiver,
      relations: parts.relations,
      tasks: this.#tasks,
      captured: () => this.#captured,
      window: (id) => {
        const open = this.#open;
        return open !== null && isTaskOf(open.task, id) ? open.window : null;
      },
      signal: (signal) => this.signal(signal),
    });
  }

  /** For the offset; null: nothing is under way. */
  get stateText(): string | null {
    return this.#tasks.text;
  }

  progress(): readonly SnapshotProgress[] {
    return this.#tasks.state.tasks.map((task) => ({
      table: { catalog: this.#parts.options.connection.database, ...task },
      rowsDone: task.rows,
      rowsEstimated: this.#capturedOf(task)?.info.estimatedRows ?? 0,
      bytesDone: 0,
      completed: false,
    }));
  }

  /** A signal of another channel than the signal table. */
  signal(signal: SourceSignal): void {
    this.#tasks.apply(signal, this.#readable());
  }

  /** As they are described now. */
  get captured(): readonly CapturedTable[] {
    return this.#captured;
  }

  /** DDL changed rows of these tables. */
  readAgain(tasks: readonly TableTask[]): void {
    this.#described = null;
    this.#tasks.readAgain(tasks);
  }

  isOpen(snapshotId: string): boolean {
    return this.#tasks.state.tasks.some((task) => task.snapshotId === snapshotId);
  }

  transaction(id: number): void {
    this.#recent.add(id);
  }

  boundary(at: Lsn): Promise<void> | undefined {
    this.#passing.boundary(at);
    const open = this.#open;
    if (open !== null && open.read !== null && at >= open.read.until) this.#close(open, at);
    if (this.#tasks.state.seen.length > 0) this.#forgetSeen(at);
    return this.#whole.isDue ? this.#readWhole(at) : undefined;
  }

  /** Works until the signal aborts; throws what a first snapshot cannot go on with. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
    this.#signal = signal;
    const backoff = new Backoff({ initialMs: 200, maxMs: 10_000 });
    try {
      await this.#addTables(signal);
      this.#tasks.begin(this.#parts.resumed);
      while (!signal.aborted) {
        if (this.#older.mayBeOpen && !(await this.#olderHaveEnded(signal))) continue;
        const task = this.#tasks.current();
        if (task === null || this.#whole.isWanted) {
          if (this.#whole.isLate) await this.#whole.untilHours(signal);
          else await this.#sleepUntilWoken(signal);
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
      this.#open?.done.resolve();
      await this.#reader.close();
      await this.#wholeReader.close();
    }
  }

  async #addTables(signal: AbortSignal): Promise<void> {
    const { any, tasks } = addedTables(this.#parts, this.#captured);
    if (any) await this.#older.mustEnd(await this.#reader.wire(signal));
    this.#tasks.add(tasks);
    this.#initialLeft ||= tasks.length > 0;
    for (const { schema, table } of tasks) {
      this.#parts.note(`${schema}.${table} was not captured before: it is read now`);
    }
  }

  async #olderHaveEnded(signal: AbortSignal): Promise<boolean> {
    const ended = await this.#older.haveEnded(() => this.#reader.wire(signal), signal);
    // For a blocking snapshot that waits.
    this.#parts.ask();
    await this.#rememberTables();
    return ended;
  }

  /** Only when all of them are read: until then the next start has to find the new ones again. */
  async #rememberTables(): Promise<void> {
    if (this.#initialLeft || this.#older.mayBeOpen) return;
    await this.#parts.knownTables?.store(this.#captured.map(({ schema }) => tableName(schema.id)));
  }

  async #sleepUntilWoken(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const woken = Promise.withResolvers<void>();
    this.#wake = () => woken.resolve();
    await woken.promise;
    this.#wake = null;
  }

  async #failed(
    task: TableTask,
    thrown: unknown,
    backoff: Backoff,
    signal: AbortSignal,
  ): Promise<void> {
    const error = toTidemarkError(thrown);
    this.#open = null;
    this.#described = null;
    const table = `${task.schema}.${task.table}`;
    if (isStatementError(thrown) && !mustFinish(this.#tasks.latest(task) ?? task)) {
      this.#parts.warn(`the incremental snapshot of ${table} is given up: ${error.message}`);
      this.#tasks.finish(task, 'SQL_EXCEPTION');
      return;
    }
    if (error.retry === 'stop' && !isStatementError(thrown)) throw error;
    if (isStatementError(thrown) && backoff.attempt > 5) throw error;
    this.#parts.note(`the snapshot of ${table} waits: ${error.message}`);
    await this.#parts.clock.sleep(backoff.nextDelayMs(), signal);
  }

  /** One window, or the end of the table. */
  async #step(task: TableTask, signal: AbortSignal): Promise<void> {
    const described = (this.#described ??= await this.#describe(this.#reader, signal));
    if (this.#older.mayBeOpen) return;
    const captured = this.#capturedOf(task);
    if (captured === undefined) {
      this.#tasks.finish(task, 'UNKNOWN_SCHEMA');
      return;
    }
    if (!(await this.#passing.hasCome(captured, described, signal))) {
      this.#described = null;
      return;
    }
    const { relations, position, receiver } = this.#parts;
    const schema = await relations.adopted(captured, () => position.endLsn, receiver);
    const reading = tableReading(task, captured, schema);
    if (reading === null || task.method === 'whole') {
      this.#whole.want(task);
      this.#parts.ask();
      return;
    }
    if (task.repair !== undefined && !isRepairOf(task.repair, reading.keyColumns)) {
      this.#tasks.finish(task, 'UNKNOWN_SCHEMA');
      return;
    }
    const chunk = await this.#planner.next(task, reading, signal);
    if (chunk === null) {
      // Asked for while the plan was made: a change that came meanwhile may have left work.
      if ((this.#tasks.latest(task)?.reread.length ?? 0) > 0) return;
      this.#tasks.finish(task, 'SUCCEEDED');
      await this.#completeInitial();
      return;
    }
    const open = this.#openWindow(task, reading, chunk);
    const query = this.#planner.query(chunk, reading, task);
    const read = await this.#read(query, open, signal);
    if (!this.#isUsable(open, read, described)) {
      this.#open = null;
      return;
    }
    open.read = read;
    await this.#untilClosed(open, signal);
    if (task.purpose === 'initial' && !this.#tasks.has(task)) await this.#completeInitial();
  }

  /** First snapshots have no marks, as in the original. */
  async #read(
    query: string,
    { task, reading }: OpenWindow,
    signal: AbortSignal,
  ): Promise<ReadWindow> {
    const marked = task.purpose === 'incremental';
    if (marked) await this.#marks.open(await this.#reader.wire(signal), signal);
    const read = await this.#reader.read(query, reading.captured, signal);
    if (marked) await this.#marks.close(await this.#reader.wire(signal), signal);
    return read;
  }

  #openWindow(task: TableTask, reading: TableReading, chunk: OpenWindow['chunk']): OpenWindow {
    const open: OpenWindow = {
      task,
      reading,
      chunk,
      window: new SnapshotWindow(),
      mark: this.#recent.count,
      read: null,
      done: Promise.withResolvers<void>(),
    };
    this.#open = open;
    return open;
  }

  #isUsable(open: OpenWindow, read: ReadWindow, described: StorageFingerprints): boolean {
    const { captured } = open.reading;
    const changed = [captured.info, ...captured.storage].some(
      ({ oid }) => described.get(oid) !== read.fingerprints.get(oid),
    );
    if (changed) {
      this.#described = null;
      return false;
    }
    if (!this.#recent.allSeen(read.visibility, open.mark)) return false;
    return this.#planner.isUsable(open, read);
  }

  /** Until the stream has passed what the read saw. */
  async #untilClosed(open: OpenWindow, signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => this.#stopped || this.#open !== open;
    const inRecovery = open.read?.inRecovery === true;
    await this.#passing.asking({ done: open.done.promise, isOver, inRecovery }, signal);
  }

  #close(open: OpenWindow, at: Lsn): void {
    this.#open = null;
    const task = this.#tasks.latest(open.task);
    const { relations } = this.#parts;
    const isCurrent = relations.known(open.reading.captured.info.oid) === open.reading.schema;
    if (task !== undefined && isCurrent) {
      const rows = handOver(open, task, this.#parts, at);
      if (rows !== null) this.#planner.handedOver(open, task, rows);
    } else {
      this.#described = null;
    }
    open.done.resolve();
  }

  async #readWhole(at: Lsn): Promise<void> {
    await this.#whole.run(at);
    this.#wake?.();
    await this.#completeInitial();
  }

  #forgetSeen(at: Lsn): void {
    const { seen } = this.#tasks.state;
    const left = seen.filter(({ until }) => parseLsn(until) > at);
    if (left.length < seen.length) this.#tasks.setSeen(left);
  }

  async #completeInitial(): Promise<void> {
    if (!this.#initialLeft || this.#tasks.hasInitial()) return;
    this.#initialLeft = false;
    await this.#parts.initialCompleted();
    await this.#rememberTables();
  }

  async #describe(reader: WindowReader, signal: AbortSignal): Promise<StorageFingerprints> {
    const wire = await reader.wire(signal);
    const fingerprints = await storageFingerprints(wire, this.#captured, signal);
    const capture = await this.#parts.refresh();
    if (capture.joined.length > 0) await this.#older.mustEnd(wire);
    this.#captured = capture.selection.tables;
    this.#watches.renew();
    return fingerprints;
  }

  /** A signal table that is captured for its signals only has no rows for anybody. */
  #readable(): readonly CapturedTable[] {
    const { signalTable, signalTableSilent: silent } = this.#parts.options.snapshots;
    return this.#captured.filter(({ schema }) => !silent || tableName(schema.id) !== signalTable);
  }

  #capturedOf(task: Pick<TableTask, 'schema' | 'table'>): CapturedTable | undefined {
    return this.#captured.find(({ schema }) => isTaskOf(task, schema.id));
  }
}
