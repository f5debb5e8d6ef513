import type { Clock } from '../../foundation/clock.ts';
import { SnapshotHours } from './snapshot-hours.ts';
import type { SnapshotOptions } from './snapshot-options.ts';
import type { SnapshotPace } from './snapshot-pace.ts';
import { paceOf } from './snapshot-pace.ts';

/**
 * Holds reads beside the stream back: to hours of the day, and to rows per second. Between two
 * windows it is asked to wait, where no transaction is open on the source; a table that is read
 * whole begins within the hours, and pauses inside of its transaction.
 */
export class SnapshotThrottle {
  readonly #hours: SnapshotHours | null;
  readonly #pace: SnapshotPace | null;
  readonly #rowsPerSecond: number;
  readonly #note: (text: string) => void;

  constructor(
    { window, rowsPerSecond }: Pick<SnapshotOptions, 'window' | 'rowsPerSecond'>,
    clock: Clock,
    note: (text: string) => void,
  ) {
    this.#hours = window === null ? null : new SnapshotHours(window.hours, window.timeZone, clock);
    this.#pace = paceOf(rowsPerSecond, clock);
    this.#rowsPerSecond = rowsPerSecond;
    this.#note = note;
  }

  /** What is read at once: no more than a second may take. */
  atOnce(rows: number): number {
    return this.#pace === null ? rows : Math.max(1, Math.min(rows, this.#rowsPerSecond));
  }

  get isOpen(): boolean {
    return this.#hours?.isOpen ?? true;
  }

  /** Undefined: no need to wait before more rows are read. */
  pause(signal: AbortSignal): Promise<void> | undefined {
    return this.#pace?.wait(signal);
  }

  count(rows: number): void {
    this.#pace?.count(rows);
  }

  /** True: it waited, and what was to be read may be another table now. */
  async waited(signal: AbortSignal): Promise<boolean> {
    if (this.#hours !== null && !this.isOpen) {
      this.#note('tables are read on when snapshot.window begins');
      await this.#hours.untilOpen(signal);
      return true;
    }
    const pause = this.pause(signal);
    if (pause === undefined) return false;
    await pause;
    return true;
  }
}
