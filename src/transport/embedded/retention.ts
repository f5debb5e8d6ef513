import type { Store } from './store.ts';
import { partitionKey } from './store-keys.ts';
import type { Topic } from './topic-catalog.ts';
import { encodeState, stateOf } from './topic-catalog.ts';

/** Blocks looked at in one write: what is over after a long hold must not stop all else. */
const BLOCKS_PER_WRITE = 1024;

/**
 * Moves the start of a partition behind the blocks that are over the topic's age or size, but never
 * behind what a registered group has not read (ruling 8). Whole blocks only; their bytes are
 * reclaimed with the segment. Some blocks at a time; true when there may be more.
 */
export async function retainPartition(
  store: Store,
  topic: Topic,
  partition: number,
  hold: number,
  nowMs: number,
): Promise<boolean> {
  let isMore = false;
  await store.write('state', () => {
    const { storage, cleanup, retentionMs, retentionBytes } = topic.document;
    const before = stateOf(topic, partition);
    const unbounded = retentionMs === null && retentionBytes === null;
    if (cleanup !== 'delete' || unbounded || before.records === 0) return { operations: [] };
    let { startOffset, bytes, records } = before;
    let seen = 0;
    for (const block of store.log.blocks(storage, partition, startOffset)) {
      const tooOld = retentionMs !== null && block.newestMs < nowMs - retentionMs;
      const tooMany = retentionBytes !== null && bytes > retentionBytes;
      if (block.endOffset > hold || !(tooOld || tooMany)) break;
      if (seen++ === BLOCKS_PER_WRITE) {
        isMore = true;
        break;
      }
      startOffset = block.endOffset;
      bytes -= block.length;
      records -= block.count;
    }
    if (startOffset === before.startOffset) return { operations: [] };
    const state = { ...before, startOffset, bytes, records };
    return {
      operations: [{ key: partitionKey(storage, partition), value: encodeState(state) }],
      durable: () => {
        topic.partitions[partition] = state;
      },
    };
  });
  return isMore;
}
