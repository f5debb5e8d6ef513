import { partitionOfKey } from '../murmur2.ts';
import type { RecordBatch } from '../record-batch.ts';
import type { PartitionRecords } from './kafka-client.ts';
import type { TopicDirectory } from './topic-directory.ts';

const NONE: ReadonlySet<number> = new Set();
const LEFT = -1;

/**
 * Deals the records of a batch to their partitions as Java's default partitioner does, keeping
 * their order. Records without a key go to partition 0: of a table without a key the order counts.
 * `left` are numbers of records that are not dealt.
 *
 * The arrays are used again by the next `split`.
 */
export class PartitionSplit {
  readonly #directory: TopicDirectory;
  /** Of each record its slot; of each slot the records, one slot behind the other. */
  #slots: Int32Array = new Int32Array(0);
  #order: Int32Array = new Int32Array(0);

  constructor(directory: TopicDirectory) {
    this.#directory = directory;
  }

  split(batch: RecordBatch, left: ReadonlySet<number> = NONE): PartitionRecords[] {
    const { count } = batch;
    if (this.#slots.length < count) {
      this.#slots = new Int32Array(batch.topics.length);
      this.#order = new Int32Array(batch.topics.length);
    }
    const { firstSlots, slotCount } = this.#number();
    const counts = this.#assign(batch, left, firstSlots, slotCount);
    const ends = new Int32Array(slotCount);
    for (let slot = 0, end = 0; slot < slotCount; slot++) {
      ends[slot] = end;
      end += counts[slot] as number;
    }
    const order = this.#order;
    for (let i = 0; i < count; i++) {
      const slot = this.#slots[i] as number;
      if (slot === LEFT) continue;
      order[ends[slot] as number] = i;
      ends[slot] = (ends[slot] as number) + 1;
    }
    return this.#partitions(firstSlots, counts, ends);
  }

  /** A slot for each partition of each topic. */
  #number(): { firstSlots: Int32Array; slotCount: number } {
    const { size } = this.#directory;
    const firstSlots = new Int32Array(size);
    let slotCount = 0;
    for (let handle = 0; handle < size; handle++) {
      firstSlots[handle] = slotCount;
      slotCount += this.#directory.partitionsOf(handle);
    }
    return { firstSlots, slotCount };
  }

  #assign(
    batch: RecordBatch,
    left: ReadonlySet<number>,
    firstSlots: Int32Array,
    slotCount: number,
  ): Int32Array {
    const { topics, keyStarts, keyEnds, chosen } = batch;
    const { bytes } = batch.writer;
    const counts = new Int32Array(slotCount);
    for (let i = 0; i < batch.count; i++) {
      if (left.size > 0 && left.has(i)) {
        this.#slots[i] = LEFT;
        continue;
      }
      const topic = topics[i] as number;
      const partitions = this.#directory.partitionsOf(topic);
      const keyEnd = keyEnds[i] as number;
      let partition = chosen.size === 0 ? undefined : chosen.get(i);
      if (partition === undefined && partitions > 1 && keyEnd >= 0) {
        partition = partitionOfKey(bytes, keyStarts[i] as number, keyEnd, partitions);
      }
      const slot = (firstSlots[topic] as number) + ((partition ?? 0) % partitions);
      this.#slots[i] = slot;
      counts[slot] = (counts[slot] as number) + 1;
    }
    return counts;
  }

  #partitions(firstSlots: Int32Array, counts: Int32Array, ends: Int32Array): PartitionRecords[] {
    const parts: PartitionRecords[] = [];
    for (let handle = 0; handle < firstSlots.length; handle++) {
      const partitions = this.#directory.partitionsOf(handle);
      for (let partition = 0; partition < partitions; partition++) {
        const slot = (firstSlots[handle] as number) + partition;
        const end = ends[slot] as number;
        const begin = end - (counts[slot] as number);
        if (begin === end) continue;
        const records = this.#order.subarray(begin, end);
        parts.push({ topic: this.#directory.nameOf(handle), partition, records });
      }
    }
    return parts;
  }
}
