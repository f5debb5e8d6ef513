import type { Clock } from '../../../foundation/clock.ts';
import type { BinlogStatus } from '../../../model/change-event.ts';

/** What is counted of a source of binlogs since the start of the process, over all its readers. */
export class BinlogCounters {
  #disconnects = 0;
  #recovered = 0;
  #applied = 0;
  #recoveryBeganAtMs: number | null = null;
  #recoveredAtMs: number | null = null;
  #appliedAtMs: number | null = null;

  /** A connection that streamed has ended, and nobody had asked for it. */
  disconnected(): void {
    this.#disconnects++;
  }

  /** So many statements of the schema history were read for a start. */
  recovered(statements: number, beganAtMs: number, clock: Clock): void {
    this.#recoveryBeganAtMs = beganAtMs;
    if (statements === 0) return;
    this.#recovered += statements;
    this.#recoveredAtMs = clock.nowMs();
  }

  /** A statement of the stream went into the schema history. */
  applied(clock: Clock): void {
    this.#applied++;
    this.#appliedAtMs = clock.nowMs();
  }

  counts(clock: Clock): Omit<BinlogStatus, 'gtids' | 'gtidMode'> {
    const since = (atMs: number | null): number | null =>
      atMs === null ? null : Math.max(0, clock.nowMs() - atMs);
    return {
      disconnects: this.#disconnects,
      recoveredStatements: this.#recovered,
      appliedStatements: this.#applied,
      recoveryBeganAtMs: this.#recoveryBeganAtMs,
      sinceRecoveredMs: since(this.#recoveredAtMs),
      sinceAppliedMs: since(this.#appliedAtMs),
    };
  }
}
