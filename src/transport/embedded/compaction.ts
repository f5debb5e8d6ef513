import { LogValue } from './log-value.ts';
import { readValue } from './partition-cursor.ts';
import type { Store, StoreOperation } from './store.ts';
import { after, logKey, logPrefix, partitionKey } from './store-keys.ts';
import type { PartitionState, Topic } from './topic-catalog.ts';
import { encodeState, stateOf } from './topic-catalog.ts';

/** Limits of a compaction. */
export interface CompactionOptions {
  /** Share of a partition's records that must be new before it is worth a pass. */
  readonly minDirtyRatio: number;
  /** How long the newest tombstone of a key stays after its timestamp. */
  readonly tombstoneRetentionMs: number;
  /** Keys held in memory in one pass; more records wait for the next. */
  readonly maxKeys: number;
}

/** Values read between two pauses. */
const VALUES_PER_SLICE = 16;

interface Pass {
  readonly store: Store;
  readonly topic: Topic;
  readonly partition: number;
  /** The log that the pass belongs to; a new generation ends it. */
  readonly storage: number;
  readonly options: CompactionOptions;
  readonly nowMs: number;
  /** Newest offset of each key between the clean part and `endOffset`. */
  readonly newest: Map<string, number>;
  /** Records from here on are left alone: not seen, or still to be read by a group. */
  endOffset: number;
  tombstoneDueMs: number;
}

/**
 * Compacts a partition: of each key only the newest record stays, and its tombstone for a while.
 * Offsets of survivors stay; a record at or beyond `hold` is never touched (ruling 8). `pause` lets
 * others run between slices.
 */
export async function compactPartition(
  store: Store,
  topic: Topic,
  partition: number,
  hold: number,
  nowMs: number,
  options: CompactionOptions,
  pause: () => Promise<boolean>,
): Promise<void> {
  const state = stateOf(topic, partition);
  const endOffset = Math.min(hold, state.endOffset);
  if (!isWorthwhile(state, endOffset, nowMs, options)) return;
  const pass: Pass = {
    store,
    topic,
    partition,
    storage: topic.document.storage,
    options,
    nowMs,
    newest: new Map(),
    endOffset,
    tombstoneDueMs: Number.POSITIVE_INFINITY,
  };
  if (!(await readKeys(pass, state.cleanOffset, pause))) return;
  // Not from the start offset: the value that holds it may have a lower base.
  let from = 0;
  while (from < pass.endOffset && topic.document.storage === pass.storage) {
    from = await rewriteSlice(pass, from);
    if (!(await pause())) return;
  }
  if (topic.document.storage === pass.storage) await finish(pass);
}

function isWorthwhile(
  state: PartitionState,
  endOffset: number,
  nowMs: number,
  { minDirtyRatio }: CompactionOptions,
): boolean {
  if (state.records === 0) return false;
  if (state.tombstoneDueMs <= nowMs) return true;
  const dirty = endOffset - state.cleanOffset;
  return dirty > 0 && dirty / Math.max(dirty, state.records) >= minDirtyRatio;
}

/** Collects the newest offset of every key that is not clean yet; false when it has to stop. */
async function readKeys(pass: Pass, from: number, pause: () => Promise<boolean>): Promise<boolean> {
  const { store, topic, partition, newest } = pass;
  let offset = from;
  for (let read = 1; offset < pass.endOffset; read++) {
    if (topic.document.storage !== pass.storage) return false;
    const value = readValue(store, topic, partition, offset);
    if (value === undefined) return true;
    for (let i = value.indexFrom(offset); i < value.count; i++) {
      if (value.offset(i) >= pass.endOffset) break;
      const key = value.key(i)?.toString('latin1');
      if (key !== undefined) newest.set(key, value.offset(i));
    }
    offset = value.endOffset;
    if (newest.size >= pass.options.maxKeys) pass.endOffset = Math.min(offset, pass.endOffset);
    if (read % VALUES_PER_SLICE === 0 && !(await pause())) return false;
  }
  return true;
}

/** Rewrites some values from `from` on in one transaction; returns where the next slice begins. */
async function rewriteSlice(pass: Pass, from: number): Promise<number> {
  const { store, topic, partition, storage } = pass;
  let next = pass.endOffset;
  await store.write('state', () => {
    if (topic.document.storage !== storage) return { operations: [] };
    const entries = store.entries(
      logKey(storage, partition, from),
      logKey(storage, partition, pass.endOffset),
      VALUES_PER_SLICE,
    );
    const operations: StoreOperation[] = [];
    let { bytes, records } = stateOf(topic, partition);
    for (const { key, value: stored } of entries) {
      if (stored === null) continue;
      const value = new LogValue(stored);
      next = value.endOffset;
      const kept = survivors(pass, value);
      if (kept.length === value.count) continue;
      const rewritten = kept.length === 0 ? null : value.withOnly(kept);
      operations.push({ key, value: rewritten });
      bytes += (rewritten?.length ?? 0) - stored.length;
      records -= value.count - kept.length;
    }
    if (entries.length < VALUES_PER_SLICE) next = pass.endOffset;
    if (operations.length === 0) return { operations };
    const state = { ...stateOf(topic, partition), bytes, records };
    operations.push({ key: partitionKey(storage, partition), value: encodeState(state) });
    return {
      operations,
      durable: () => {
        topic.partitions[partition] = state;
        store.space.forget();
      },
    };
  });
  return next;
}

function survivors(pass: Pass, value: LogValue): number[] {
  const kept: number[] = [];
  for (let i = 0; i < value.count; i++) {
    const offset = value.offset(i);
    const key = value.key(i)?.toString('latin1');
    // A record without key has no newer one. Kafka refuses it; a log that exists keeps it.
    if (offset < pass.endOffset && key !== undefined) {
      const newest = pass.newest.get(key);
      if (newest !== undefined && newest > offset) continue;
      if (value.isTombstone(i)) {
        const dueMs = value.timestampMs(i) + pass.options.tombstoneRetentionMs;
        if (dueMs <= pass.nowMs) continue;
        pass.tombstoneDueMs = Math.min(pass.tombstoneDueMs, dueMs);
      }
    }
    kept.push(i);
  }
  return kept;
}

/** Remembers how far the partition is clean and where its oldest record is. */
async function finish(pass: Pass): Promise<void> {
  const { store, topic, partition, storage } = pass;
  await store.write('state', () => {
    if (topic.document.storage !== storage) return { operations: [] };
    const before = stateOf(topic, partition);
    const limit =
      partition + 1 < topic.document.partitions
        ? logKey(storage, partition + 1, 0)
        : after(logPrefix(storage));
    const first = store.entries(logKey(storage, partition, 0), limit, 1)[0]?.value;
    const state: PartitionState = {
      ...before,
      startOffset:
        first === undefined || first === null ? before.endOffset : new LogValue(first).offset(0),
      cleanOffset: Math.max(before.cleanOffset, pass.endOffset),
      tombstoneDueMs: pass.tombstoneDueMs,
    };
    return {
      operations: [{ key: partitionKey(storage, partition), value: encodeState(state) }],
      durable: () => {
        topic.partitions[partition] = state;
      },
    };
  });
}
