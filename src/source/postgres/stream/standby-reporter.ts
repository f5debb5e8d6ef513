import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import { Lifecycle } from '../../../foundation/lifecycle.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { standbyStatusFrame } from '../wire/replication-frame.ts';

/** The server keeps WAL for what it was not told: a quiet source shall not wait for the timer. */
const CONFIRM_EVERY_MS = 1000;

/** The connection, as far as reports need it. */
export interface StandbyLink {
  send(payload: Buffer): void;
  readonly lastReceivedMs: number;
  destroy(reason: TidemarkError): void;
}

/** How often reports go out, and how long silence may last. */
export interface StandbyTimes {
  /** Between unasked reports; must be well below wal_sender_timeout (P49). */
  readonly intervalMs: number;
  /** A server that is silent for so long although it was asked to answer is gone. */
  readonly livenessMs: number;
}

/**
 * Tells the server what it may discard. Driven by a timer that knows nothing of back-pressure: a
 * client that is silent for wal_sender_timeout is cut off even while the server cannot send (P50).
 * Invariant: `flush` is what `confirm` was called with, so it is durable; it never goes back (P41).
 */
export class StandbyReporter {
  readonly #link: StandbyLink;
  readonly #times: StandbyTimes;
  readonly #lifecycle: Lifecycle;
  readonly #received: () => bigint;
  #flush: Lsn;
  /** What the server has been told of `#flush`. */
  #reported: Lsn;
  /** Of the last report; null until the first, and after the end. */
  #reportedAtMs: number | null = null;
  #waitingUntilMs = 0;

  /** `received` is the highest position that came in; `durable` what an earlier run had stored. */
  constructor(
    link: StandbyLink,
    times: StandbyTimes,
    received: () => bigint,
    durable: Lsn,
    clock: Clock,
  ) {
    this.#link = link;
    this.#times = times;
    this.#received = received;
    this.#flush = durable;
    this.#reported = durable;
    this.#lifecycle = new Lifecycle(clock);
  }

  /** What the server knows that it may discard. */
  get reported(): Lsn {
    return this.#reported;
  }

  /** `isReading`: false while the receiver holds us up, when silence means nothing. */
  start(isReading: () => boolean): void {
    this.report(true);
    this.#waitingUntilMs = this.#lifecycle.clock.monotonicMs();
    this.#lifecycle.every(this.#times.intervalMs, () => {
      const now = this.#lifecycle.clock.monotonicMs();
      if (!isReading()) this.#waitingUntilMs = now;
      const silentMs = now - Math.max(this.#waitingUntilMs, this.#link.lastReceivedMs);
      if (silentMs > this.#times.livenessMs) {
        const message = `the server has been silent for ${Math.round(silentMs)} ms`;
        this.#link.destroy(new TidemarkError('PG_CONNECTION_LOST', message));
        return;
      }
      this.report(true);
    });
  }

  /** Told on at once, but not more often than `CONFIRM_EVERY_MS`; the rest by the timer. */
  confirm(lsn: Lsn): void {
    if (lsn <= this.#flush) return;
    this.#flush = lsn;
    if (this.#reportedAtMs === null) return;
    const sinceMs = this.#lifecycle.clock.monotonicMs() - this.#reportedAtMs;
    if (sinceMs >= CONFIRM_EVERY_MS) this.report(false);
  }

  /** A keepalive comes back when `replyRequested`: it carries the server's position. */
  report(replyRequested: boolean): void {
    const received = this.#received();
    this.#reported = this.#flush;
    this.#reportedAtMs = this.#lifecycle.clock.monotonicMs();
    this.#link.send(
      standbyStatusFrame({
        write: received > this.#flush ? received : this.#flush,
        flush: this.#flush,
        nowMicros: this.#lifecycle.clock.nowMicros(),
        replyRequested,
      }),
    );
  }

  async stop(): Promise<void> {
    this.#reportedAtMs = null;
    await this.#lifecycle.dispose();
  }
}
