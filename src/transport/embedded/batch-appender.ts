import { must } from '../../foundation/assert.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { partitionOfKey } from '../murmur2.ts';
import type { RecordBatch } from '../record-batch.ts';
import type { StoredOffsets } from '../transport.ts';
import { BLOCK_BYTES_MAX, type BlockHead, encodedBytes, LogBlockWriter } from './log-block.ts';
import type { PlannedWrite, Store } from './store.ts';
import type { StoreOperation } from './store-operation.ts';
import { COUNTERS_KEY, sourceOffsetKey } from './store-keys.ts';
import type { PartitionState, Topic, TopicCatalog } from './topic-catalog.ts';
import { encodeCounters, stateOf } from './topic-catalog.ts';

/** The records of one partition in a batch: a chain through the batch's indexes. */
interface Slot {
  readonly topic: Topic;
  readonly partition: number;
  readonly first: number;
  last: number;
  count: number;
}

const END_OF_CHAIN = -1;

/** A block among the bytes of an append. */
type PlacedBlock = BlockHead & { readonly position: number };

/**
 * Plans the write of a batch: blocks of up to 64 KiB per partition in one piece, the partitions'
 * states, the counters and the source offset. The records are copied once, into a buffer that is
 * kept.
 */
export class BatchAppender {
  readonly #store: Store;
  readonly #catalog: TopicCatalog;
  readonly #maxRecordBytes: number;
  readonly #writer = new LogBlockWriter();
  readonly #slots = new Map<number, Slot>();
  #next = new Int32Array(1024);
  #members = new Int32Array(1024);

  constructor(store: Store, catalog: TopicCatalog, maxRecordBytes: number) {
    this.#store = store;
    this.#catalog = catalog;
    this.#maxRecordBytes = maxRecordBytes;
  }

  /** Throws RECORD_TOO_LARGE and STORE_FULL before anything is written. */
  plan(batch: RecordBatch, offsets: StoredOffsets | null): PlannedWrite {
    const operations: StoreOperation[] = [];
    if (offsets !== null) operations.push(...offsetOperations(offsets));
    if (batch.count === 0) return { operations };
    this.#distribute(batch);
    const { counters } = this.#catalog;
    const dataBytes = encodedBytes(batch.count, batch.byteLength);
    // Any two blocks behind each other in a partition are together larger than one may be.
    const blocksAtMost = this.#slots.size + Math.ceil((dataBytes * 2) / BLOCK_BYTES_MAX);
    const bytes = dataBytes + blocksAtMost * (encodedBytes(0, 0) + 8);
    this.#store.space.admit(bytes);
    this.#writer.begin(bytes);
    const blocks: PlacedBlock[] = [];
    const states: { readonly slot: Slot; readonly state: PartitionState }[] = [];
    for (const slot of this.#slots.values()) {
      const state = this.#planSlot(batch, slot, counters.nextSequence, blocks);
      states.push({ slot, state });
    }
    const grown = { ...counters, nextSequence: counters.nextSequence + batch.count };
    operations.push({ key: COUNTERS_KEY, value: encodeCounters(grown) });
    const log = this.#store.log.plan(this.#writer.written, blocks);
    operations.push(...log.operations);
    return {
      data: log.data,
      operations,
      durable: () => {
        log.durable();
        this.#catalog.counters = grown;
        for (const { slot, state } of states) slot.topic.partitions[slot.partition] = state;
      },
    };
  }

  /** Chains the records of each partition. */
  #distribute(batch: RecordBatch): void {
    const { count, topics, keyStarts, keyEnds } = batch;
    const chosen = batch.chosen.size === 0 ? null : batch.chosen;
    if (this.#next.length < count) {
      this.#next = new Int32Array(batch.topics.length);
      this.#members = new Int32Array(batch.topics.length);
    }
    this.#slots.clear();
    let topic: Topic | null = null;
    let handle = -1;
    let slot: Slot | undefined;
    for (let i = 0; i < count; i++) {
      this.#checkSize(batch, i);
      let sameTopic = true;
      if (topic === null || handle !== topics[i]) {
        sameTopic = false;
        handle = topics[i] as number;
        topic = this.#catalog.byHandle(handle);
      }
      const start = keyStarts[i] as number;
      const end = keyEnds[i] as number;
      const { partitions } = topic.document;
      const partition =
        chosen?.get(i) ??
        (partitions === 1 || end < 0
          ? 0
          : partitionOfKey(batch.writer.bytes, start, end, partitions));
      if (!sameTopic || slot === undefined || slot.partition !== partition) {
        slot = this.#slots.get(handle * 65536 + partition);
      }
      this.#next[i] = END_OF_CHAIN;
      if (slot === undefined) {
        slot = { topic, partition, first: i, last: i, count: 1 };
        this.#slots.set(handle * 65536 + partition, slot);
      } else {
        this.#next[slot.last] = i;
        slot.last = i;
        slot.count++;
      }
    }
  }

  #checkSize(batch: RecordBatch, i: number): void {
    const bytes = (batch.headerEnds[i] as number) - (batch.keyStarts[i] as number);
    if (bytes <= this.#maxRecordBytes) return;
    const { name } = this.#catalog.byHandle(batch.topics[i] as number);
    throw new TidemarkError(
      'RECORD_TOO_LARGE',
      `a record for topic ${name} has ${bytes} bytes; ` +
        `the transport takes ${this.#maxRecordBytes}`,
    );
  }

  /** Cuts a slot into blocks and returns the partition's state after them. */
  #planSlot(
    batch: RecordBatch,
    slot: Slot,
    batchSequence: number,
    blocks: PlacedBlock[],
  ): PartitionState {
    const before = stateOf(slot.topic, slot.partition);
    const members = this.#members;
    const { storage } = slot.topic.document;
    const { partition } = slot;
    let { bytes, endOffset } = before;
    let count = 0;
    let dataBytes = 0;
    const close = (): void => {
      const place = { storage, partition, baseOffset: endOffset };
      const block = this.#writer.write(
        batch,
        { indexes: members, to: count },
        place,
        batchSequence,
      );
      blocks.push(block);
      bytes += block.length;
      endOffset += count;
      count = 0;
      dataBytes = 0;
    };
    for (let i = slot.first; i !== END_OF_CHAIN; i = must(this.#next[i], 'chain')) {
      const size = (batch.headerEnds[i] as number) - (batch.keyStarts[i] as number);
      if (count > 0 && encodedBytes(count + 1, dataBytes + size) > BLOCK_BYTES_MAX) close();
      members[count++] = i;
      dataBytes += size;
    }
    close();
    return { ...before, bytes, endOffset, records: before.records + slot.count };
  }
}

/** Stores or deletes source offsets. */
export function offsetOperations(offsets: StoredOffsets): readonly StoreOperation[] {
  return [offsets].flat().map(({ key, value }) => ({
    key: sourceOffsetKey(key),
    value: value === null ? null : Buffer.from(value),
  }));
}
