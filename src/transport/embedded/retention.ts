import type { Store } from './store.ts';
import { partitionKey } from './store-keys.ts';
import type { Topic } from './topic-catalog.ts';
import { encodeState, stateOf } from './topic-catalog.ts';

/**
 * Moves the start of a partition behind the blocks that are over the topic's age or size, but never
 * behind what a registered group has not read (ruling 8). Whole blocks only; their bytes are
 * reclaimed with the segment.
 */
export async function retainPartition(
  store: Store,
  topic: Topic,
  partition: number,
  hold: number,
  nowMs: number,
): Promise<void> {
  await store.write('state', () => {
    const { storage, cleanup, retentionMs, retentionBytes } = topic.document;
    const before = stateOf(topic, partition);
    const unbounded = retentionMs === null && retentionBytes === null;
    if (cleanup !== 'delete' || unbounded || before.records === 0) return { operations: [] };
    let { startOffset, bytes, records } = before;
    for (const block of store.log.blocks(storage, partition, startOffset)) {
      const tooOld = retentionMs !== null && block.newestMs < nowMs - retentionMs;
      const tooMany = retentionBytes !== null && bytes > retentionBytes;
      if (block.endOffset > hold || !(tooOld || tooMany)) break;
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
}
