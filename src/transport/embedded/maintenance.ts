import type { Lifecycle } from '../../foundation/lifecycle.ts';
import type { CompactionOptions } from './compaction.ts';
import { compactPartition } from './compaction.ts';
import type { GroupTable } from './group-table.ts';
import { reclaim } from './reclaiming.ts';
import { retainPartition } from './retention.ts';
import type { Store } from './store.ts';
import type { TopicCatalog } from './topic-catalog.ts';

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

/** Frees what may go, in small transactions between the appends: one round at a time. */
export class Maintenance {
  readonly #parts: MaintenanceParts;
  #round: Promise<void> | null = null;

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
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
    const { store, catalog, groups, lifecycle, compaction } = this.#parts;
    const { clock, signal } = lifecycle;
    store.activeReaders();
    const hold = groups.holds();
    const nowMs = clock.nowMs();
    const pause = async (): Promise<boolean> => {
      await clock.sleep(0, signal);
      return !signal.aborted;
    };
    for (const topic of catalog.topics) {
      for (const partition of topic.partitions.keys()) {
        const limit = hold(topic, partition);
        if (topic.document.cleanup === 'compact') {
          await compactPartition(store, topic, partition, limit, nowMs, compaction, pause);
          continue;
        }
        if (signal.aborted) return;
        await retainPartition(store, topic, partition, limit, nowMs);
      }
    }
    await reclaim(store, catalog, pause);
  }
}
