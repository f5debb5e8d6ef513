import { TidemarkError } from '../../../foundation/errors.ts';
import type { TopicPartition } from '../../transport.ts';
import type { KafkaFetch, PartitionOffset } from '../kafka-client.ts';
import { partitionKey } from '../topic-partitions.ts';

/** Where a partition is read, and what was read of it ahead of the caller. */
export interface PartitionPosition extends TopicPartition {
  position: number;
  /** Changes with each seek: what was asked for before it is dropped. */
  turn: number;
  ahead: KafkaFetch | null;
}

/** The partitions that are read now, with their positions. */
export class PartitionPositions {
  #partitions = new Map<string, PartitionPosition>();
  #turns = 0;

  /** Other partitions than before. */
  assign(offsets: readonly PartitionOffset[]): void {
    this.#partitions = new Map();
    this.add(offsets);
  }

  /** More partitions. */
  add(offsets: readonly PartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      const turn = ++this.#turns;
      const state = { topic, partition, position: offset, turn, ahead: null };
      this.#partitions.set(partitionKey(state), state);
    }
  }

  all(): readonly PartitionPosition[] {
    return [...this.#partitions.values()];
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) this.#partitions.delete(partitionKey(at));
  }

  /** The same object until the partition is assigned anew. */
  get(at: TopicPartition): PartitionPosition | undefined {
    return this.#partitions.get(partitionKey(at));
  }

  seek(at: TopicPartition, offset: number): void {
    const state = this.get(at);
    if (state === undefined) {
      const { topic, partition } = at;
      const message = `Partition ${partition} of ${topic} is not assigned: it cannot be sought.`;
      throw new TidemarkError('KAFKA_REBALANCE', message);
    }
    state.position = offset;
    state.turn = ++this.#turns;
    state.ahead = null;
  }

  /** Goes on further behind, unless the partition is read from elsewhere by now. */
  skipTo(asked: PartitionPosition, offset: number): void {
    if (this.get(asked) === asked && asked.position < offset) this.seek(asked, offset);
  }

  /** Hands out what was read ahead; the positions are behind it now. */
  take(): readonly KafkaFetch[] {
    const fetches: KafkaFetch[] = [];
    for (const state of this.#partitions.values()) {
      const { ahead } = state;
      if (ahead === null) continue;
      state.ahead = null;
      state.position = ahead.nextOffset;
      fetches.push(ahead);
    }
    return fetches;
  }
}
