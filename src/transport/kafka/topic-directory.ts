import { TidemarkError } from '../../foundation/errors.ts';
import type { TopicOptions } from '../transport.ts';
import type { KafkaAdmin, KafkaTopicSpec } from './kafka-client.ts';

/** How a topic is made that is missing; null: topics are made by somebody else. */
export type TopicSpecFor = (name: string, options: TopicOptions) => KafkaTopicSpec | null;

/**
 * The topics that this process writes, by the small numbers that a RecordBatch names them with.
 * Their partitions are those of the last look at the cluster: a topic is looked at again whenever
 * it is opened, so at each start of the source.
 */
export class TopicDirectory {
  readonly #admin: KafkaAdmin;
  readonly #specFor: TopicSpecFor;
  readonly #handles = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #partitions: number[] = [];

  constructor(admin: KafkaAdmin, specFor: TopicSpecFor) {
    this.#admin = admin;
    this.#specFor = specFor;
  }

  /** Makes the topic where it is missing. Throws KAFKA_TOPIC. */
  async open(name: string, options: TopicOptions): Promise<{ handle: number; created: boolean }> {
    const [found] = await this.#admin.describeTopics([name]);
    if (found !== undefined) {
      return { handle: this.enter(name, found.partitions), created: false };
    }
    const spec = this.#specFor(name, options);
    if (spec === null) throw notCreated(name);
    // Not described again: the next broker that is asked may not know it yet.
    const { partitions } = await this.#admin.createTopic(spec);
    return { handle: this.enter(name, partitions), created: true };
  }

  /** Takes in a topic that is known to be there. */
  enter(name: string, partitions: number): number {
    const known = this.#handles.get(name);
    const handle = known ?? this.#names.length;
    if (known === undefined) {
      this.#handles.set(name, handle);
      this.#names.push(name);
    }
    this.#partitions[handle] = partitions;
    return handle;
  }

  nameOf(handle: number): string {
    return this.#names[handle] as string;
  }

  partitionsOf(handle: number): number {
    return this.#partitions[handle] as number;
  }

  /** How many topics there are; handles are below it. */
  get size(): number {
    return this.#names.length;
  }
}

function notCreated(name: string): TidemarkError {
  return new TidemarkError('KAFKA_TOPIC', `there is no topic ${name}, and none is created`, {
    cure: `Create ${name}, or set topic.creation.enable to true.`,
  });
}
