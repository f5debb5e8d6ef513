import { parseText } from '../../dialects/postgres/postgres-text-values.ts';
import type { Converter, PreparedSchema } from '../converter/converter.ts';
import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import {
  MESSAGE_KEY_SCHEMA,
  messageRecord,
  messageValueSchema,
} from '../envelope/logical-message.ts';
import { messageTopic } from '../envelope/topic-naming.ts';
import { must } from '../foundation/assert.ts';
import type { Clock } from '../foundation/clock.ts';
import type { ChangeOrigin, MessageChange } from '../model/change-event.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { RecordBatch } from '../transport/record-batch.ts';
import type { TopicOptions, Transport } from '../transport/transport.ts';
import type { RecordWriter } from './record-writer.ts';
import { plainRecord } from './record-writer.ts';

/** binary.handling.mode */
export type BinaryMode = 'bytes' | 'base64' | 'base64-url-safe' | 'hex';

/** What the records of logical messages are made with. */
export interface MessageParts {
  readonly transport: Transport;
  readonly envelope: EnvelopeOptions;
  readonly binary: BinaryMode;
  readonly key: Converter;
  readonly value: Converter;
  readonly topicOptions: TopicOptions;
  readonly clock: Clock;
  /** Where records go that have transforms before them. */
  readonly transforming?: RecordWriter;
  /** Counts the event and gives its block (provide.transaction.metadata); absent: never any. */
  readonly transaction?: (origin: ChangeOrigin) => Struct | null;
}

interface PreparedMessages {
  readonly topic: number;
  readonly key: PreparedSchema;
  readonly value: PreparedSchema;
}

/**
 * Debezium's records of logical messages, in `<prefix>.message`. The topic is made at the first
 * one: most sources never have any.
 */
export class SourceMessages {
  readonly #parts: MessageParts;
  readonly #schema: ConnectSchema;
  #prepared: PreparedMessages | null = null;

  constructor(parts: MessageParts) {
    this.#parts = parts;
    this.#schema = messageValueSchema(parts.binary === 'bytes' ? 'bytes' : 'string');
  }

  /** Makes topic and schemas; undefined when they are there already. */
  prepare(): Promise<void> | undefined {
    const isReady = this.#prepared !== null || this.#parts.transforming !== undefined;
    return isReady ? undefined : this.#prepare();
  }

  async #prepare(): Promise<void> {
    const { transport, envelope, key, value, topicOptions } = this.#parts;
    const topic = messageTopic(envelope.topicPrefix);
    this.#prepared = {
      topic: await transport.openTopic(topic, topicOptions),
      key: await key.prepare(topic, MESSAGE_KEY_SCHEMA),
      value: await value.prepare(topic, this.#schema),
    };
  }

  /** Writes one record, or leaves it waiting with those that the transforms left. */
  write(change: MessageChange, batch: RecordBatch): void {
    const { clock, envelope, key, value, transforming } = this.#parts;
    const transaction = this.#parts.transaction?.(change) ?? null;
    const context = { options: envelope, processedMicros: clock.nowMicros(), transaction };
    const content = this.#content(change.content);
    const record = messageRecord(change, this.#schema, content, context);
    if (transforming !== undefined) {
      const topic = messageTopic(envelope.topicPrefix);
      transforming.write(plainRecord(topic, record.key, record.value), batch, clock.nowMs());
      return;
    }
    const prepared = must(this.#prepared, 'a message before its topic was opened');
    const keyBytes = must(key.fromConnect(prepared.key, record.key), 'a message has a key');
    const valueBytes = must(
      value.fromConnect(prepared.value, record.value),
      'a message has a value',
    );
    batch.start(prepared.topic, clock.nowMs());
    batch.writer.raw(keyBytes);
    batch.endKey(true);
    batch.writer.raw(valueBytes);
    batch.endValue(true);
    batch.end();
  }

  #content(content: Buffer): ReturnType<typeof parseText> {
    const { binary } = this.#parts;
    if (binary === 'bytes') return content;
    const schema: ConnectSchema = { type: 'string', optional: true };
    return parseText({ kind: 'bytea', encoding: binary }, schema, `\\x${content.toString('hex')}`);
  }
}
