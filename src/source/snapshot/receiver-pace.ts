import type { Clock } from '../../foundation/clock.ts';
import type { ChangeReceiver, SnapshotProgress } from '../../model/change-event.ts';
import type { SnapshotPace } from './snapshot-pace.ts';
import { paceOf } from './snapshot-pace.ts';
import type { SnapshotRows } from './snapshot-rows.ts';

const PROGRESS_INTERVAL_MS = 100;

/** Who is told of rows, and by which time. */
export interface PaceParts {
  readonly receiver: Pick<ChangeReceiver, 'settle'>;
  readonly clock: Clock;
  readonly onProgress: (progress: readonly SnapshotProgress[]) => void;
}

/**
 * Keeps several connections of a snapshot at the receiver's pace and at the rate of the options,
 * and tells of progress now and then.
 */
export class ReceiverPace {
  readonly #parts: PaceParts;
  readonly #rows: Pick<SnapshotRows, 'tick' | 'progress'>;
  readonly #pace: SnapshotPace | null;
  /** Open while the receiver has no room: all connections wait for the one promise. */
  #room: Promise<void> | undefined;
  #progressAtMs = 0;

  /** `rowsPerSecond` 0: as fast as the receiver takes them. */
  constructor(
    parts: PaceParts,
    rows: Pick<SnapshotRows, 'tick' | 'progress'>,
    rowsPerSecond: number,
  ) {
    this.#parts = parts;
    this.#rows = rows;
    this.#pace = paceOf(rowsPerSecond, parts.clock);
  }

  /** That many rows have been read. */
  count(rows: number): void {
    this.#pace?.count(rows);
  }

  /** What has been read is handed over. Undefined: the next may be read at once. */
  settle(signal: AbortSignal): Promise<void> | undefined {
    this.#rows.tick();
    const now = this.#parts.clock.monotonicMs();
    if (now - this.#progressAtMs >= PROGRESS_INTERVAL_MS) this.tell();
    const room = this.#untilRoom();
    const pause = this.#pace?.wait(signal);
    if (pause === undefined) return room;
    return room === undefined ? pause : Promise.all([room, pause]).then(() => undefined);
  }

  /** Tells of progress, however short ago it was told. */
  tell(): void {
    this.#progressAtMs = this.#parts.clock.monotonicMs();
    this.#parts.onProgress(this.#rows.progress());
  }

  #untilRoom(): Promise<void> | undefined {
    if (this.#room !== undefined) return this.#room;
    const room = this.#parts.receiver.settle(true);
    if (room === undefined) return undefined;
    this.#room = room.finally(() => {
      this.#room = undefined;
    });
    return this.#room;
  }
}
