import type { Clock } from '../../foundation/clock.ts';
import { Wakeup } from '../wakeup.ts';
import type { KafkaFetch } from './kafka-client.ts';

/** How a consumer waits for records: it looks, and again whenever something has changed. */
export class PollLoop {
  readonly #clock: Clock;
  readonly #wakeup = new Wakeup();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has changed: whoever waits looks again. */
  wake(): void {
    this.#wakeup.wake();
  }

  close(): void {
    this.#closed = true;
    this.wake();
  }

  /** What `look` finds; empty after `maxWaitMs`, or when the signal aborted or this was closed. */
  async poll(
    { maxWaitMs, signal }: { readonly maxWaitMs: number; readonly signal: AbortSignal },
    look: () => readonly KafkaFetch[],
  ): Promise<readonly KafkaFetch[]> {
    const deadline = this.#clock.monotonicMs() + maxWaitMs;
    while (!signal.aborted && !this.#closed) {
      const fetches = look();
      const leftMs = deadline - this.#clock.monotonicMs();
      if (fetches.length > 0 || leftMs <= 0) return fetches;
      await this.#wakeup.wait(this.#clock, leftMs, signal);
    }
    return [];
  }
}
