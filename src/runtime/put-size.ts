import type { Clock } from '../foundation/clock.ts';
import type { SinkTask } from '../model/sink-record.ts';

/**
 * Records that a put is made of. Decoded ones that outlive two rounds of the collector are moved
 * twice and found dead by the dear kind of it, so no more are under way than a young space of the
 * launcher's size sees die: with 2,500 a row into PostgreSQL cost a sixth more.
 */
const JOINED_RECORDS = 1_000;
/** Of a target that is slow or far away, to which a transaction costs more than its rows. */
const JOINED_FOR_SLOW = 2_500;
const SLOW_MS = 100;

/**
 * How many records are put together at most, beside a single poll that is larger. So many may wait
 * as well: what is under way is twice a put and no more.
 */
export class PutSize {
  readonly #wanted: number | undefined;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #isSlow = false;
  #beganAtMs = 0;

  /** A task may know better. */
  constructor({ putRecords }: Pick<SinkTask, 'putRecords'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#wanted = putRecords;
    this.#clock = clock;
  }

  get records(): number {
    return this.#wanted ?? (this.#isSlow ? JOINED_FOR_SLOW : JOINED_RECORDS);
  }

  begun(): void {
    this.#beganAtMs = this.#clock.monotonicMs();
  }

  ended(): void {
    this.#isSlow = this.#clock.monotonicMs() - this.#beganAtMs > SLOW_MS;
  }
}
