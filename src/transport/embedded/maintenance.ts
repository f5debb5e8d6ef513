import { TidemarkError } from '../../foundation/errors.ts';
import type { Lifecycle } from '../../foundation/lifecycle.ts';
import type { CompactionOptions } from './compaction.ts';
import { compactPartition } from './compaction.ts';
import type { GroupTable } from './group-table.ts';
import { reclaim } from './reclaiming.ts';
import { Retention } from './retention.ts';
import type { Store } from './store.ts';
import type { Topic, TopicCatalog } from './topic-catalog.ts';

/** What maintenance works on. */
export interface MaintenanceParts {
  readonly store: Store;
  readonly catalog: TopicCatalog;
  readonly groups: GroupTable;
  readonly lifecycle: Lifecycle;
  readonly compaction: CompactionOptions;
  readonly intervalMs: number;
  /** Told of a round that failed; the next one tries again. */
  readonly failed: (error: unknown) => void;
}

/** Time for many partitions before others have their turn. */
const SLICE_MS = 10;

/** What the partitions of one round share, and what is held of this one. */
interface Round {
  readonly hold: number;
  readonly nowMs: number;
  readonly pause: () => Promise<boolean>;
}

/** Frees what may go, in small transactions between the appends: one round at a time. */
export class Maintenance {
  readonly #parts: MaintenanceParts;
  readonly #retention: Retention;
  #round: Promise<void> | null = null;

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
    this.#retention = new Retention(parts.store);
  }

  /** Rounds by timer until the lifecycle ends. */
  start(): void {
    const { lifecycle, intervalMs } = this.#parts;
    lifecycle.defer(() => this.#round?.catch(() => undefined));
    lifecycle.every(intervalMs, () => {
      this.kick();
    });
  }

  /** Begins a round unless one runs. */
  kick(): void {
    if (this.#round !== null || this.#parts.lifecycle.signal.aborted) return;
    this.#begin().catch(this.#parts.failed);
  }

  /** A whole round that begins after this call. */
  async run(): Promise<void> {
    while (this.#round !== null) await this.#round.catch(() => undefined);
    await this.#begin();
  }

  #begin(): Promise<void> {
    this.#round = this.#work().finally(() => {
      this.#round = null;
    });
    return this.#round;
  }

  async #work(): Promise<void> {
    const { store, catalog, groups, lifecycle } = this.#parts;
    const { clock, signal } = lifecycle;
    store.activeReaders();
    const hold = groups.holds();
    const nowMs = clock.nowMs();
    const pause = async (): Promise<boolean> => {
      await clock.sleep(0, signal);
      return !signal.aborted;
    };
    // What fails for one, a damaged segment say, must not keep the space of all others.
    const failures: unknown[] = [];
    let restedAtMs = clock.monotonicMs();
    let left = catalog.topics.flatMap((topic) =>
      [...topic.partitions.keys()].map((partition) => ({ topic, partition })),
    );
    // All partitions go on together, segment by segment: each by itself would read them all again.
    while (left.length > 0) {
      const again: typeof left = [];
      for (const at of left) {
        // Writes that find nothing to do end within this turn of the event loop, all of them.
        if (clock.monotonicMs() - restedAtMs > SLICE_MS) {
          if (!(await pause())) return;
          restedAtMs = clock.monotonicMs();
        }
        if (signal.aborted) return;
        const round = { hold: hold(at.topic, at.partition), nowMs, pause };
        try {
          if (await this.#tend(at.topic, at.partition, round)) again.push(at);
        } catch (thrown) {
          failures.push(thrown);
        }
      }
      left = again;
    }
    await reclaim(store, catalog, pause);
    if (failures.length > 0) throw failures[0];
  }

  /** True when there may be more to do. */
  async #tend(topic: Topic, partition: number, { hold, nowMs, pause }: Round): Promise<boolean> {
    const { store, compaction } = this.#parts;
    if (topic.document.cleanup === 'delete') {
      return await this.#retention.retain(topic, partition, hold, nowMs);
    }
    for (;;) {
      try {
        await compactPartition(store, topic, partition, hold, nowMs, compaction, pause);
        return false;
      } catch (thrown) {
        // It writes before anything goes. What it has emptied may be all that there is to free.
        if (!(thrown instanceof TidemarkError && thrown.code === 'STORE_FULL')) throw thrown;
        if ((await reclaim(store, this.#parts.catalog, pause)) === 0) throw thrown;
      }
    }
  }
}
