import { Backoff } from '../foundation/backoff.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { AlertChannel, AlertLogger, ChannelFeed } from './alert-channel.ts';
import type { QueuedNotice } from './alert-store.ts';

/** What a queue works with. */
export interface ChannelQueueParts {
  readonly channel: AlertChannel;
  readonly feed: ChannelFeed;
  /** Takes a notice out of the store. */
  readonly delivered: (sequence: number) => Promise<void>;
  readonly clock: Clock;
  readonly logger: AlertLogger;
  readonly fault: FaultHook;
}

/** A channel as `/alerts` shows it. */
export interface ChannelView {
  readonly name: string;
  readonly type: string;
  readonly target: string;
  readonly queued: number;
  readonly delivered: number;
  readonly failures: number;
  readonly givenUp: number;
  /** Left out for the limit. */
  readonly suppressed: number;
  readonly lastError: string | null;
  /** Since when nothing gets through; null: all does. */
  readonly failingSince: string | null;
}

interface WaitingNotice extends QueuedNotice {
  readonly isStored: Promise<boolean>;
}

const INITIAL_DELAY_MS = 1000;

/**
 * Delivers the notices of one channel, in order, each until the channel has it.
 *
 * Invariant: delivered → taken out of the store. Why: a notice is told at least once. What breaks
 * otherwise: a crash between the two loses one.
 */
export class ChannelQueue {
  readonly #parts: ChannelQueueParts;
  readonly #backoff: Backoff;
  readonly #waiting: WaitingNotice[];
  #wake: () => void = () => undefined;
  #takenOut: Promise<void> = Promise.resolve();
  /** The channel has them, and the store does not know yet: after a crash they are told again. */
  #leaving = 0;
  #delivered = 0;
  #failures = 0;
  #givenUp = 0;
  #lastError: string | null = null;
  #failingSinceMs: number | null = null;

  constructor(parts: ChannelQueueParts, stored: readonly QueuedNotice[]) {
    this.#parts = parts;
    this.#waiting = stored.map((entry) => ({ ...entry, isStored: Promise.resolve(true) }));
    const maxMs = parts.feed.retryDelayMaxMs;
    this.#backoff = new Backoff({ initialMs: Math.min(INITIAL_DELAY_MS, maxMs), maxMs });
  }

  get name(): string {
    return this.#parts.channel.name;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get failingSinceMs(): number | null {
    return this.#failingSinceMs;
  }

  view(suppressed: number): ChannelView {
    const { name, type, target } = this.#parts.channel;
    const since = this.#failingSinceMs;
    return {
      name,
      type,
      target,
      queued: this.length + this.#leaving,
      delivered: this.#delivered,
      failures: this.#failures,
      givenUp: this.#givenUp,
      suppressed,
      lastError: this.#lastError,
      failingSince: since === null ? null : new Date(since).toISOString(),
    };
  }

  /** `isStored` is false of what the store refused to take: it is told all the same. */
  push(entry: QueuedNotice, isStored: Promise<boolean>): void {
    this.#waiting.push({ ...entry, isStored });
    this.#wake();
  }

  /** Until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [head] = this.#waiting;
      if (head === undefined) await this.#untilPushed(signal);
      else await this.#tell(head, signal);
    }
  }

  /**
   * When nothing waits any more, or what waits fails, and the store knows. Whoever calls sets a
   * limit of time.
   */
  async settled(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted && this.length > 0 && this.#failingSinceMs === null) {
      await clock.sleep(20, signal);
    }
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
    await Promise.race([this.#takenOut, aborted]);
  }

  async #untilPushed(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
  }

  async #tell(head: WaitingNotice, signal: AbortSignal): Promise<void> {
    const { channel, clock, fault } = this.#parts;
    try {
      await this.#attempt(head, signal);
    } catch (thrown) {
      if (signal.aborted) return;
      const delayMs = this.#failed(head, toTidemarkError(thrown, 'ALERT_CHANNEL'));
      if (delayMs === null) this.#takeOut(head);
      else await clock.sleep(delayMs, signal);
      return;
    }
    fault('alert.delivered');
    this.#delivered++;
    if (this.#failingSinceMs !== null) {
      this.#parts.logger.info({ channel: channel.name }, 'alerts get through again');
    }
    this.#failingSinceMs = null;
    this.#lastError = null;
    this.#backoff.reset();
    this.#takeOut(head);
  }

  async #attempt({ notice }: QueuedNotice, signal: AbortSignal): Promise<void> {
    const { channel, feed, clock } = this.#parts;
    const limit = new AbortController();
    const cancel = clock.after(feed.timeoutMs, () => {
      limit.abort(new TidemarkError('ALERT_CHANNEL', `no answer within ${feed.timeoutMs} ms`));
    });
    try {
      await channel.deliver(notice, AbortSignal.any([signal, limit.signal]));
    } finally {
      cancel();
    }
  }

  /** How long to wait; null: it was tried for long enough. */
  #failed({ notice }: QueuedNotice, error: TidemarkError): number | null {
    const { channel, feed, clock, logger } = this.#parts;
    const nowMs = clock.nowMs();
    this.#failures++;
    this.#lastError = error.message;
    const fields = { channel: channel.name, alert: notice.id };
    if (nowMs - Date.parse(notice.toldAt) >= feed.retryForMs) {
      this.#givenUp++;
      const text = `an alert was given up, this channel never got it: ${notice.title}`;
      logger.error({ ...fields, code: error.code }, `${text}: ${error.message}`);
      return null;
    }
    const delayMs = this.#backoff.nextDelayMs();
    // Once: how it goes on is in the status, and a condition for the other channels.
    if (this.#failingSinceMs === null) {
      const text = `an alert did not get through and is tried again: ${error.message}`;
      logger.warn({ ...fields, code: error.code, delayMs }, text);
    }
    this.#failingSinceMs ??= nowMs;
    return delayMs;
  }

  /** The next one does not wait until the store, which may be what is down, knows of this one. */
  #takeOut(entry: WaitingNotice): void {
    this.#waiting.shift();
    this.#leaving++;
    this.#takenOut = this.#takenOut.then(async () => {
      await this.#forget(entry);
      this.#leaving--;
    });
  }

  async #forget({ sequence, isStored }: WaitingNotice): Promise<void> {
    const { channel, delivered, logger } = this.#parts;
    if (!(await isStored)) return;
    try {
      await delivered(sequence);
    } catch (error) {
      const { code, message } = toTidemarkError(error, 'STORE_IO');
      const text = `an alert is told again after the next start: ${message}`;
      logger.warn({ channel: channel.name, code }, text);
    }
  }
}
