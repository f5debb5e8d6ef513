import type { PlannedWrite, Store } from './store.ts';
import { partitionKey } from './store-keys.ts';
import type { Topic } from './topic-catalog.ts';
import { encodeState, stateOf } from './topic-catalog.ts';

/** Blocks looked at in one write: what is over after a long hold must not stop all else. */
const BLOCKS_PER_WRITE = 1024;

/** The first block of a partition, as far as its age is concerned. */
interface FirstBlock {
  readonly storage: number;
  readonly startOffset: number;
  readonly newestMs: number;
}

/**
 * Moves the start of partitions behind the blocks that are over the topic's age or size, but never
 * behind what a registered group has not read (ruling 8). Whole blocks only; their bytes are
 * reclaimed with the segment.
 *
 * How old the first block is, is remembered: the partitions of many quiet topics begin in as many
 * segments, and none of those is to be read in every round.
 */
export class Retention {
  readonly #store: Store;
  readonly #firsts = new Map<Topic, (FirstBlock | undefined)[]>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Some blocks of one segment at a time; true when there may be more. */
  async retain(topic: Topic, partition: number, hold: number, nowMs: number): Promise<boolean> {
    let isMore = false;
    await this.#store.write('state', () => {
      if (!this.#mayBeDue(topic, partition, hold, nowMs)) return { operations: [] };
      const planned = this.#plan(topic, partition, hold, nowMs);
      ({ isMore } = planned);
      return planned.write;
    });
    return isMore;
  }

  /** What can be said without looking at blocks. */
  #mayBeDue(topic: Topic, partition: number, hold: number, nowMs: number): boolean {
    const { storage, cleanup, retentionMs, retentionBytes } = topic.document;
    const { startOffset, bytes, records } = stateOf(topic, partition);
    if (cleanup !== 'delete' || records === 0 || hold <= startOffset) return false;
    if (retentionBytes !== null && bytes > retentionBytes) return true;
    if (retentionMs === null) return false;
    const first = this.#firsts.get(topic)?.[partition];
    const isKnown = first?.storage === storage && first.startOffset === startOffset;
    return !isKnown || first.newestMs < nowMs - retentionMs;
  }

  #plan(
    topic: Topic,
    partition: number,
    hold: number,
    nowMs: number,
  ): { readonly write: PlannedWrite; readonly isMore: boolean } {
    const { storage, retentionMs, retentionBytes } = topic.document;
    const before = stateOf(topic, partition);
    let { startOffset, bytes, records } = before;
    let isMore = false;
    let seen = 0;
    const { log } = this.#store;
    for (const block of log.blocks(storage, partition, startOffset)) {
      const tooOld = retentionMs !== null && block.newestMs < nowMs - retentionMs;
      const tooMany = retentionBytes !== null && bytes > retentionBytes;
      isMore = seen++ === BLOCKS_PER_WRITE;
      if (block.endOffset > hold || !(tooOld || tooMany) || isMore) {
        this.#remember(topic, partition, { storage, startOffset, newestMs: block.newestMs });
        break;
      }
      startOffset = block.endOffset;
      bytes -= block.length;
      records -= block.count;
      // To look at the next block is to read the next segment.
      if ((log.closedSpanOf(block)?.endOffset ?? Number.POSITIVE_INFINITY) <= startOffset) {
        isMore = true;
        break;
      }
    }
    if (startOffset === before.startOffset) return { write: { operations: [] }, isMore };
    const state = { ...before, startOffset, bytes, records };
    const write = {
      operations: [{ key: partitionKey(storage, partition), value: encodeState(state) }],
      durable: () => {
        topic.partitions[partition] = state;
      },
    };
    return { write, isMore };
  }

  #remember(topic: Topic, partition: number, first: FirstBlock): void {
    const firsts = this.#firsts.get(topic) ?? [];
    firsts[partition] = first;
    this.#firsts.set(topic, firsts);
  }
}
