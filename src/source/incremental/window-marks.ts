import { randomUUID } from 'node:crypto';
import type { Clock } from '../../foundation/clock.ts';
import type { SnapshotOptions } from '../snapshot/snapshot-options.ts';

/** The signal table of a source; false: nothing could be written, and somebody was told. */
export interface MarkTable<C> {
  insert(
    connection: C,
    row: readonly [id: string, type: string, data: string],
    signal: AbortSignal,
  ): Promise<boolean>;
  remove(connection: C, id: string, signal: AbortSignal): Promise<boolean>;
}

interface OpenMark {
  readonly id: string;
  readonly openedAt: string;
}

/** Whether windows are marked in the signal table. */
export function writesMarks(options: SnapshotOptions): boolean {
  return options.signalTable !== null && !options.readOnly && options.watermarking !== 'none';
}

/**
 * Debezium's rows in the signal table at the beginning and end of each window of an incremental
 * snapshot, with a last pair when nothing is left, as the original writes them. They are for those
 * who read the table's topic: which rows are handed over is decided by what a read saw.
 * So a mark that cannot be written is told, and the snapshot goes on.
 */
export class WindowMarks<C> {
  readonly #deletes: boolean;
  readonly #clock: Clock;
  readonly #table: MarkTable<C> | null;
  #open: OpenMark | null = null;
  /** An incremental snapshot is under way, and its last pair is still to come. */
  #owed = false;

  constructor(options: SnapshotOptions, clock: Clock, table: MarkTable<C> | null) {
    this.#deletes = options.watermarking === 'insert_delete';
    this.#clock = clock;
    this.#table = writesMarks(options) ? table : null;
  }

  /** A window's rows are read next. */
  async open(connection: C, signal: AbortSignal): Promise<void> {
    this.#open = null;
    if (this.#table === null) return;
    this.#owed = true;
    const openedAt = instant(this.#clock.nowMicros());
    const id = randomUUID();
    const data = `{"openWindowTimestamp": "${openedAt}"}`;
    const row = [`${id}-open`, 'snapshot-window-open', data] as const;
    if (await this.#table.insert(connection, row, signal)) this.#open = { id, openedAt };
  }

  /** They are read. */
  async close(connection: C, signal: AbortSignal): Promise<void> {
    const mark = this.#open;
    if (mark === null || this.#table === null) return;
    this.#open = null;
    const { id, openedAt } = mark;
    if (this.#deletes) {
      await this.#table.remove(connection, `${id}-open`, signal);
      return;
    }
    const closedAt = instant(this.#clock.nowMicros());
    const data = `{"openWindowTimestamp": "${openedAt}", "closeWindowTimestamp": "${closedAt}"}`;
    await this.#table.insert(connection, [`${id}-close`, 'snapshot-window-close', data], signal);
  }

  /** Nothing is left to be read: the original sees that in a window without rows. */
  async last(
    reader: { wire(signal: AbortSignal): Promise<C> },
    signal: AbortSignal,
  ): Promise<void> {
    if (!this.#owed) return;
    const connection = await reader.wire(signal);
    await this.open(connection, signal);
    await this.close(connection, signal);
    this.#owed = false;
  }
}

/** As Java's Instant, to the microsecond. */
function instant(micros: bigint): string {
  const [seconds = ''] = new Date(Number(micros / 1000n)).toISOString().split('.');
  return `${seconds}.${String(micros % 1_000_000n).padStart(6, '0')}Z`;
}
