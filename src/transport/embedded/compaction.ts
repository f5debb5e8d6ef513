import { must } from '../../foundation/assert.ts';
import type { LogBlock } from './log-block.ts';
import { readBlock } from './partition-cursor.ts';
import type { PlannedLog } from './segment-catalog.ts';
import type { Span } from './segment-summary.ts';
import type { StoredBlock } from './segment-index.ts';
import type { Store } from './store.ts';
import { partitionKey } from './store-keys.ts';
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

/** Blocks read between two pauses. */
const BLOCKS_PER_SLICE = 16;

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
  // Not from the start offset: the block that holds it may have a lower base.
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
    const block = readBlock(store.log, topic, partition, offset);
    if (block === undefined) return true;
    for (let i = block.indexFrom(offset); i < block.count; i++) {
      if (block.offset(i) >= pass.endOffset) break;
      const key = block.key(i)?.toString('latin1');
      if (key !== undefined) newest.set(key, block.offset(i));
    }
    offset = block.endOffset;
    if (newest.size >= pass.options.maxKeys) pass.endOffset = Math.min(offset, pass.endOffset);
    if (read % BLOCKS_PER_SLICE === 0 && !(await pause())) return false;
  }
  return true;
}

/** A block with what compaction leaves of it; null: all. */
interface Compacted {
  readonly stored: StoredBlock;
  readonly block: LogBlock;
  readonly rewritten: Buffer | null;
  readonly kept: number;
}

/** Rewrites some blocks from `from` on in one transaction; returns where the next slice begins. */
async function rewriteSlice(pass: Pass, from: number): Promise<number> {
  const { store, topic, partition, storage } = pass;
  let next = pass.endOffset;
  await store.write('state', () => {
    if (topic.document.storage !== storage) return { operations: [] };
    const slice = readSlice(pass, from);
    const last = slice.at(-1);
    if (last === undefined) return { operations: [] };
    next = last.stored.endOffset;
    const changed = slice.filter(({ rewritten }) => rewritten !== null);
    if (changed.length === 0) return { operations: [] };
    const log = planRewrite(pass, slice, changed);
    store.space.checkQuota(log.data?.bytes.length ?? 0);
    let { bytes, records } = stateOf(topic, partition);
    for (const { stored, rewritten, kept } of changed) {
      bytes += (kept === 0 ? 0 : (rewritten?.length ?? 0)) - stored.length;
      records -= stored.count - kept;
    }
    const state = { ...stateOf(topic, partition), bytes, records };
    const stateWrite = { key: partitionKey(storage, partition), value: encodeState(state) };
    return {
      data: log.data,
      operations: [...log.operations, stateWrite],
      durable: () => {
        log.durable();
        topic.partitions[partition] = state;
      },
    };
  });
  return next;
}

/** Some blocks of one span. */
function readSlice(pass: Pass, from: number): Compacted[] {
  const { log } = pass.store;
  const slice: Compacted[] = [];
  let span: Span | undefined;
  for (const stored of log.blocks(pass.storage, pass.partition, from)) {
    if (stored.baseOffset >= pass.endOffset || slice.length === BLOCKS_PER_SLICE) break;
    const spanOfThis = log.closedSpanOf(stored);
    if (slice.length === 0) span = spanOfThis;
    else if (span !== spanOfThis) break;
    const block = log.read(stored);
    const kept = survivors(pass, block);
    const rewritten = kept.length === block.count ? null : block.withOnly(kept);
    slice.push({ stored, block, rewritten, kept: kept.length });
  }
  return slice;
}

/**
 * In the open segment a block is written anew behind the others, and counts instead of the one that
 * begins at the same offset, also when nothing is left in it. Out of a closed one everything is
 * moved from the first block that changes to the last.
 */
function planRewrite(
  { store }: Pass,
  slice: readonly Compacted[],
  changed: readonly Compacted[],
): PlannedLog {
  const first = must(changed[0], 'changed block');
  const last = must(changed.at(-1), 'changed block');
  const span = store.log.closedSpanOf(first.stored);
  if (span === undefined) {
    const blocks = changed.map(({ block, rewritten }) => rewritten ?? block.bytes);
    return store.log.planBlocks(blocks, 'rewritten');
  }
  const moved = slice.slice(slice.indexOf(first), slice.indexOf(last) + 1);
  return store.log.planBlocks(
    moved.filter(({ kept }) => kept > 0).map(({ block, rewritten }) => rewritten ?? block.bytes),
    { span, from: first.stored.baseOffset, to: last.stored.endOffset },
  );
}

function survivors(pass: Pass, block: LogBlock): number[] {
  const kept: number[] = [];
  for (let i = 0; i < block.count; i++) {
    const offset = block.offset(i);
    const key = block.key(i)?.toString('latin1');
    // A record without key has no newer one. Kafka refuses it; a log that exists keeps it.
    if (offset < pass.endOffset && key !== undefined) {
      const newest = pass.newest.get(key);
      if (newest !== undefined && newest > offset) continue;
      if (block.isTombstone(i)) {
        const dueMs = block.timestampMs(i) + pass.options.tombstoneRetentionMs;
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
    const first = readBlock(store.log, topic, partition, 0);
    const state: PartitionState = {
      ...before,
      startOffset: first === undefined ? before.endOffset : first.offset(0),
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
