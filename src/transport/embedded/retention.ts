import { LogValue } from './log-value.ts';
import type { Store, StoreOperation } from './store.ts';
import { after, DROPPED, logKey, logPrefix, partitionKey } from './store-keys.ts';
import type { Topic } from './topic-catalog.ts';
import { encodeState, stateOf } from './topic-catalog.ts';

/** Values deleted in one transaction: a few MiB, so that no append waits long behind it. */
const VALUES_PER_STEP = 64;

/** What a step did: whether to call it again. */
export type StepResult = 'more' | 'done';

/**
 * Deletes the oldest values of a partition that are over the topic's age or size, but nothing that
 * a registered group has not read (ruling 8). Whole values only, one small transaction a call.
 */
export async function retentionStep(
  store: Store,
  topic: Topic,
  partition: number,
  hold: number,
  nowMs: number,
): Promise<StepResult> {
  let result: StepResult = 'done';
  await store.write('state', () => {
    const { storage, cleanup, retentionMs, retentionBytes } = topic.document;
    const before = stateOf(topic, partition);
    const unbounded = retentionMs === null && retentionBytes === null;
    if (cleanup !== 'delete' || unbounded || before.records === 0) return { operations: [] };
    const operations: StoreOperation[] = [];
    let state = before;
    const from = logKey(storage, partition, 0);
    const to = logKey(storage, partition, Math.min(hold, before.endOffset));
    store.visit(from, to, (key, stored) => {
      const value = new LogValue(stored);
      const tooOld = retentionMs !== null && value.newestMs() < nowMs - retentionMs;
      const tooMany = retentionBytes !== null && state.bytes > retentionBytes;
      if (value.endOffset > hold || !(tooOld || tooMany)) return false;
      operations.push({ key, value: null });
      state = {
        ...state,
        startOffset: value.endOffset,
        bytes: state.bytes - stored.length,
        records: state.records - value.count,
      };
      return operations.length < VALUES_PER_STEP;
    });
    if (operations.length === 0) return { operations };
    if (operations.length === VALUES_PER_STEP) result = 'more';
    operations.push({ key: partitionKey(storage, partition), value: encodeState(state) });
    return {
      operations,
      durable: () => {
        topic.partitions[partition] = state;
        store.space.forget();
      },
    };
  });
  return result;
}

/** Deletes some values of logs that were dropped by a new generation. */
export async function purgeStep(store: Store): Promise<StepResult> {
  let result: StepResult = 'done';
  await store.write('state', () => {
    const marker = store.keys(DROPPED, after(DROPPED), 1)[0];
    if (marker === undefined) return { operations: [] };
    result = 'more';
    const prefix = logPrefix(marker.readUInt32BE(1));
    const keys = store.keys(prefix, after(prefix), VALUES_PER_STEP);
    const gone = keys.length < VALUES_PER_STEP ? [...keys, marker] : keys;
    return {
      operations: gone.map((key) => ({ key, value: null })),
      durable: () => {
        store.space.forget();
      },
    };
  });
  return result;
}
