import { Backoff } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';

/** Each time at least one of those that write the same document gets on. */
const TRIES = 50;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 500;

/** Does again what another task was faster with. */
export class NestRetry {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  /** `work` returns what is to be done once more. Throws SINK_SERVER where that does not end. */
  async whileOthersAreFaster<T>(
    items: readonly T[],
    signal: AbortSignal,
    work: (open: readonly T[]) => Promise<readonly T[]>,
  ): Promise<void> {
    const backoff = new Backoff({ initialMs: FIRST_WAIT_MS, maxMs: LONGEST_WAIT_MS });
    let open = items;
    for (let tries = 0; open.length > 0; tries++) {
      if (tries === TRIES) {
        throw new TidemarkError('SINK_SERVER', 'others keep writing the documents of this task', {
          cure: 'It tries again. If it stays so: two sinks must not nest into one index.',
        });
      }
      if (tries > 0) await this.#clock.sleep(backoff.nextDelayMs(), signal);
      signal.throwIfAborted();
      open = await work(open);
    }
  }
}
