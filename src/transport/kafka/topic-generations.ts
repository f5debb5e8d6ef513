import type { CompactedTopic } from './compacted-topic.ts';
import type { PartitionOffset } from './kafka-client.ts';

/** The log of a topic since its last snapshot began. */
export interface TopicGeneration {
  readonly generation: number;
  /** By partition, where it begins; 0 for partitions that came later. */
  readonly starts: readonly number[];
}

const FIRST: TopicGeneration = { generation: 1, starts: [] };

/** Key of a topic's generation among the documents of the state topic. */
export function generationKey(topic: string): string {
  return JSON.stringify(['generation', topic]);
}

/** Generations of topics, kept in the state topic: Kafka knows no such thing (ruling 3). */
export class TopicGenerations {
  readonly #state: CompactedTopic;

  constructor(state: CompactedTopic) {
    this.#state = state;
  }

  of(topic: string): TopicGeneration {
    const text = this.#state.get(generationKey(topic));
    return text === null ? FIRST : (JSON.parse(text) as TopicGeneration);
  }

  /**
   * The next generation, beginning at the ends of the partitions. Its number is a time: targets
   * remember it beyond the life of this state.
   */
  next(topic: string, ends: readonly PartitionOffset[], nowMs: number): TopicGeneration {
    const starts: number[] = [];
    for (const { partition, offset } of ends) starts[partition] = offset;
    return { generation: Math.max(this.of(topic).generation + 1, nowMs), starts };
  }
}
