import { type AlertNotice, SEVERITY_RANK, type SuppressedCount } from './alert-notice.ts';

/** Notices that may wait for a channel: memory is bounded. */
export const QUEUE_MAX = 1000;

/**
 * Who gets in: so many within a window, and no more than the queue takes. The others are counted,
 * and the count is told when the window is over. All of them stay in the history.
 */
export class ChannelIntake {
  readonly #limit: number;
  readonly #windowMs: number;
  #taken: number[] = [];
  #left: SuppressedCount | null;
  #total = 0;

  constructor(limit: number, windowMs: number, left: SuppressedCount | null) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#left = left;
  }

  get left(): SuppressedCount | null {
    return this.#left;
  }

  /** Left out by this process. */
  get total(): number {
    return this.#total;
  }

  /** True: it goes into the queue, which has so many now. */
  take(notice: AlertNotice, queued: number, nowMs: number): boolean {
    // What lies ahead was told before the clock was put back.
    this.#taken = this.#taken.filter((atMs) => atMs > nowMs - this.#windowMs && atMs <= nowMs);
    const isFull = this.#limit > 0 && this.#taken.length >= this.#limit;
    if (!isFull && queued < QUEUE_MAX) {
      if (this.#limit > 0) this.#taken.push(nowMs);
      return true;
    }
    this.#leaveOut(notice, nowMs);
    return false;
  }

  /** What is to be told now of those that were left out; `told` takes it off. */
  due(queued: number, nowMs: number): SuppressedCount | null {
    if (this.#left === null || queued >= QUEUE_MAX) return null;
    return Math.abs(nowMs - this.#left.sinceMs) >= this.#windowMs ? this.#left : null;
  }

  told(): void {
    this.#left = null;
  }

  #leaveOut(notice: AlertNotice, nowMs: number): void {
    const { class: name, severity } = notice;
    const {
      count = 0,
      sinceMs = nowMs,
      classes = {},
      severity: worst = severity,
    } = this.#left ?? {};
    this.#total++;
    this.#left = {
      count: count + 1,
      sinceMs,
      severity: SEVERITY_RANK[severity] > SEVERITY_RANK[worst] ? severity : worst,
      classes: { ...classes, [name]: (classes[name] ?? 0) + 1 },
    };
  }
}
