import type { Converter, PreparedSchema } from '../converter/converter.ts';
import {
  HEARTBEAT_KEY_SCHEMA,
  HEARTBEAT_VALUE_SCHEMA,
  heartbeatRecord,
} from '../envelope/heartbeat.ts';
import { heartbeatTopic } from '../envelope/topic-naming.ts';
import { must } from '../foundation/assert.ts';
import type { Clock } from '../foundation/clock.ts';
import type { RecordBatch } from '../transport/record-batch.ts';
import type { TopicOptions, Transport } from '../transport/transport.ts';
import type { RecordWriter } from './record-writer.ts';
import { plainRecord } from './record-writer.ts';

/** What heartbeats are made with. */
export interface HeartbeatParts {
  readonly intervalMs: number;
  readonly topicPrefix: string;
  /** Absent: the original's default name. */
  readonly topic?: string;
  readonly transport: Transport;
  readonly key: Converter;
  readonly value: Converter;
  readonly topicOptions: TopicOptions;
  readonly clock: Clock;
  /** Where records go that have transforms before them. */
  readonly transforming?: RecordWriter;
}

interface PreparedHeartbeat {
  readonly topic: number;
  readonly key: PreparedSchema;
  readonly value: PreparedSchema;
}

/**
 * Debezium's heartbeat records: one every `heartbeat.interval.ms` in a topic of their own, so that
 * whoever watches the log sees that the source is alive. They are no events, and the offset that is
 * stored with them is the one that any batch of that moment would carry.
 */
export class SourceHeartbeat {
  readonly #parts: HeartbeatParts;
  #prepared: PreparedHeartbeat | null = null;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** Does all that can wait: topic and schemas. */
  async prepare(): Promise<void> {
    if (this.#prepared !== null) return;
    const { transport, topicPrefix, topicOptions, key, value } = this.#parts;
    const { clock, transforming } = this.#parts;
    const topic = this.#parts.topic ?? heartbeatTopic(topicPrefix);
    if (transforming !== undefined) {
      const record = heartbeatRecord(topicPrefix, clock.nowMicros());
      await transforming.prepare(plainRecord(topic, record.key, record.value));
      return;
    }
    this.#prepared = {
      topic: await transport.openTopic(topic, { ...topicOptions, partitions: 1 }),
      key: await key.prepare(topic, HEARTBEAT_KEY_SCHEMA),
      value: await value.prepare(topic, HEARTBEAT_VALUE_SCHEMA),
    };
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
    const { clock, topicPrefix, key, value, transforming } = this.#parts;
    const record = heartbeatRecord(topicPrefix, clock.nowMicros());
    if (transforming !== undefined) {
      const topic = this.#parts.topic ?? heartbeatTopic(topicPrefix);
      transforming.write(plainRecord(topic, record.key, record.value), batch, clock.nowMs());
      return;
    }
    const prepared = must(this.#prepared, 'a heartbeat before its topic was opened');
    const keyBytes = must(key.fromConnect(prepared.key, record.key), 'a heartbeat has a key');
    const valueBytes = must(
      value.fromConnect(prepared.value, record.value),
      'a heartbeat has a value',
    );
    batch.start(prepared.topic, clock.nowMs());
    batch.writer.raw(keyBytes);
    batch.endKey(true);
    batch.writer.raw(valueBytes);
    batch.endValue(true);
    batch.end();
  }
}
