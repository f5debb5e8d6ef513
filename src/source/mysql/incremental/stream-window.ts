import type { Clock } from '../../../foundation/clock.ts';
import type { ChangeReceiver } from '../../../model/change-event.ts';
import type { TableId } from '../../../model/table-schema.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import { isTaskOf } from '../../incremental/snapshot-state.ts';
import { SnapshotWindow } from '../../incremental/snapshot-window.ts';
import type { StatementEffect } from '../stream/statement-changes.ts';
import type { LogSpot } from '../stream/stream-watches.ts';
import type { WatchedStream } from '../stream/watched-stream.ts';
import type { HandedRows, OpenWindow } from './chunk-handover.ts';
import { handOver } from './chunk-handover.ts';
import type { GroupPlace } from './group-visibility.ts';
import { isBefore } from './group-visibility.ts';
import type { KnownTable } from './table-reading.ts';

/** How often a stream that may be idle is looked at. */
const NUDGE_MS = 20;

/** What a window stands beside. */
export interface StreamWindowParts {
  readonly receiver: ChangeReceiver;
  readonly clock: Clock;
  stream(): Pick<WatchedStream, 'place' | 'nudge' | 'tell'> | null;
  /** What the stream has brought, as GTIDs; null: it has none. */
  done(): string | null;
  known(id: TableId): KnownTable | undefined;
  /** The task as it is now; undefined: it was stopped. */
  latest(task: TableTask): TableTask | undefined;
  /** In the turn in which the rows were handed over. */
  handedOver(open: OpenWindow, task: TableTask, rows: HandedRows): void;
}

/**
 * The one window that is open: a chunk between the place where its reading began and the place
 * where the stream has passed all that it saw. Both lie between two groups, because the rows of a
 * group that is half-way would be neither before the window nor in it.
 */
export class StreamWindow {
  readonly #parts: StreamWindowParts;
  /** To be opened at the next place between two groups. */
  #opening: Pick<OpenWindow, 'task' | 'reading' | 'chunk'> | null = null;
  #open: OpenWindow | null = null;
  #stopped = false;
  /** A window was opened or closed. */
  #moved = Promise.withResolvers<void>();

  constructor(parts: StreamWindowParts) {
    this.#parts = parts;
  }

  /** Something is to be done between two groups. */
  get isWaiting(): boolean {
    return this.#opening !== null || this.#open !== null;
  }

  /** Now, if the stream stands between two groups. */
  isDue(at: LogSpot): boolean {
    const read = this.#open?.read ?? null;
    return this.#opening !== null || (read !== null && !isBefore(at, read.until));
  }

  /** What is open for the table. */
  of(id: TableId): SnapshotWindow<GroupPlace> | null {
    const open = this.#open;
    return open !== null && isTaskOf(open.task, id) ? open.window : null;
  }

  /** Null: it was stopped meanwhile. */
  async begin(
    chunk: Pick<OpenWindow, 'task' | 'reading' | 'chunk'>,
    signal: AbortSignal,
  ): Promise<OpenWindow | null> {
    this.#opening = chunk;
    while (this.#open === null && !this.#stopped) {
      signal.throwIfAborted();
      await this.#nudged(() => this.#open === null, signal);
    }
    return this.#open;
  }

  /** Until the stream has passed what the read saw. */
  async untilClosed(open: OpenWindow, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#stopped && this.#open === open) {
      await this.#nudged(() => this.#open === open, signal);
    }
  }

  /** Looks at the stream, which may be idle; then waits a moment, or until it came by itself. */
  async #nudged(isWaiting: () => boolean, signal: AbortSignal): Promise<void> {
    await this.#parts.stream()?.nudge();
    if (!isWaiting()) return;
    const moved = (this.#moved = Promise.withResolvers<void>());
    const waiting = new AbortController();
    const until = AbortSignal.any([waiting.signal, signal]);
    const timer = this.#parts.clock.sleep(NUDGE_MS, until).catch(() => undefined);
    await Promise.race([moved.promise, timer]);
    waiting.abort();
  }

  /** The stream stands between two groups; a promise holds it up. */
  boundary(at: LogSpot): Promise<void> | undefined {
    if (this.#opening !== null) this.#openAt(this.#opening, at);
    const open = this.#open;
    if (open === null || open.read === null || isBefore(at, open.read.until)) return undefined;
    const wait = open.disturbed ? undefined : this.#parts.stream()?.tell(open.reading.schema);
    if (wait !== undefined) return wait.then(() => this.#handOver(open, at));
    this.#handOver(open, at);
    return undefined;
  }

  /** The stream has followed a statement: what was read of its tables is of no use. */
  statement({ statement, truncated }: Pick<StatementEffect, 'statement' | 'truncated'>): void {
    const open = this.#open;
    if (open === null) return;
    const { name } = open.reading.definition;
    const isNamed =
      statement.tables?.includes(name) === true || truncated.some((each) => each.name === name);
    if (isNamed || !this.#isCurrent(open)) open.disturbed = true;
  }

  abandon(): void {
    this.#open = null;
    this.#opening = null;
  }

  stop(): void {
    this.#stopped = true;
    this.abandon();
    this.#moved.resolve();
  }

  #openAt(chunk: Pick<OpenWindow, 'task' | 'reading' | 'chunk'>, at: LogSpot): void {
    this.#opening = null;
    this.#open = {
      ...chunk,
      window: new SnapshotWindow(),
      passed: at,
      done: this.#parts.done(),
      read: null,
      disturbed: !this.#isCurrent(chunk),
    };
    this.#moved.resolve();
  }

  /** The definition that the chunk is read by is still that of the stream. */
  #isCurrent({ reading }: Pick<OpenWindow, 'reading'>): boolean {
    return this.#parts.known(reading.schema.id)?.definition === reading.definition;
  }

  #handOver(open: OpenWindow, at: LogSpot): void {
    if (this.#open !== open) return;
    this.#open = null;
    const task = this.#parts.latest(open.task);
    if (task !== undefined && this.#isCurrent(open) && !open.disturbed) {
      const rows = handOver(open, task, { ...this.#parts, at });
      if (rows !== null) this.#parts.handedOver(open, task, rows);
    }
    this.#moved.resolve();
  }
}
