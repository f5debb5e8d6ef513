import type { Clock } from '../foundation/clock.ts';
import { toTidemarkError } from '../foundation/errors.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { SinkPosition } from '../model/sink-record.ts';
import type { Consumer } from '../transport/transport.ts';
import type { Logger } from './logger.ts';

/** What a committer needs of its sink. */
export interface GroupCommitterParts {
  readonly clock: Clock;
  readonly commitIntervalMs: number;
  readonly fault: FaultHook;
  readonly logger: Logger;
}

/**
 * Commits the group's offsets now and then. One that fails for a reason that passes, such as a
 * rebalance under way, is left to the next one: the target's own offsets are the truth, and without
 * those a commit that is missing only delivers records again.
 */
export class GroupCommitter {
  readonly #consumer: Pick<Consumer, 'commit'>;
  readonly #parts: GroupCommitterParts;
  #committedAtMs: number;
  #committed = '';

  constructor(consumer: Pick<Consumer, 'commit'>, parts: GroupCommitterParts) {
    this.#consumer = consumer;
    this.#parts = parts;
    this.#committedAtMs = parts.clock.monotonicMs();
  }

  async commitWhenDue(positions: Iterable<SinkPosition>): Promise<void> {
    const sinceMs = this.#parts.clock.monotonicMs() - this.#committedAtMs;
    if (sinceMs >= this.#parts.commitIntervalMs) await this.commit(positions);
  }

  async commit(positions: Iterable<SinkPosition>): Promise<void> {
    this.#committedAtMs = this.#parts.clock.monotonicMs();
    const offsets = [...positions].map(({ topic, partition, offset }) => ({
      topic,
      partition,
      offset,
    }));
    const text = JSON.stringify(offsets);
    if (offsets.length === 0 || text === this.#committed) return;
    try {
      await this.#consumer.commit(offsets);
    } catch (thrown) {
      const error = toTidemarkError(thrown, 'INTERNAL');
      if (error.retry !== 'backoff') throw error;
      this.#parts.logger.warn({ code: error.code }, `offsets not committed: ${error.message}`);
      return;
    }
    this.#committed = text;
    this.#parts.fault('sink.committed');
  }
}
