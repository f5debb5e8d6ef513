import {
  HEARTBEAT_KEY_SCHEMA,
  HEARTBEAT_VALUE_SCHEMA,
  heartbeatRecord,
} from '../envelope/heartbeat.ts';
import { heartbeatTopic } from '../envelope/topic-naming.ts';
import type { Clock } from '../foundation/clock.ts';
import type { RecordBatch } from '../transport/record-batch.ts';
import { plainRecord } from './record-writer.ts';
import type { TopicWriterParts } from './topic-writer.ts';
import { TopicWriter } from './topic-writer.ts';

/** What heartbeats are made with. */
export interface HeartbeatParts extends TopicWriterParts {
  readonly intervalMs: number;
  readonly topicPrefix: string;
  /** Absent: the original's default name. */
  readonly topic?: string;
  readonly clock: Clock;
}

/**
 * Debezium's heartbeat records: one every `heartbeat.interval.ms` in a topic of their own, so that
 * whoever watches the log sees that the source is alive. They are no events, and the offset that is
 * stored with them is the one that any batch of that moment would carry.
 */
export class SourceHeartbeat {
  readonly #parts: HeartbeatParts;
  readonly #topic: string;
  readonly #writer: TopicWriter;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
    this.#topic = parts.topic ?? heartbeatTopic(parts.topicPrefix);
    this.#writer = new TopicWriter(
      { ...parts, topicOptions: { ...parts.topicOptions, partitions: 1 } },
      { name: this.#topic, keySchema: HEARTBEAT_KEY_SCHEMA, valueSchema: HEARTBEAT_VALUE_SCHEMA },
    );
  }

  /** Does all that can wait: topic and schemas. */
  async prepare(): Promise<void> {
    const { topicPrefix, clock, transforming } = this.#parts;
    if (transforming === undefined) {
      await this.#writer.prepare();
      return;
    }
    const record = heartbeatRecord(topicPrefix, clock.nowMicros());
    await transforming.prepare(plainRecord(this.#topic, record.key, record.value));
  }

  /** Calls `beat` at each interval until the returned function is called. */
  start(beat: () => void): () => void {
    const { clock, intervalMs } = this.#parts;
    let cancel = (): void => undefined;
    const arm = (): void => {
      cancel = clock.after(intervalMs, () => {
        arm();
        beat();
      });
    };
    arm();
    return () => {
      cancel();
    };
  }

  /** Writes one record, or leaves it waiting with those that the transforms left. */
  write(batch: RecordBatch): void {
    const { clock, topicPrefix } = this.#parts;
    this.#writer.write(heartbeatRecord(topicPrefix, clock.nowMicros()), batch, clock.nowMs());
  }
}
