import { parseText } from '../../dialects/text-values.ts';
import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import {
  MESSAGE_KEY_SCHEMA,
  messageRecord,
  messageValueSchema,
} from '../envelope/logical-message.ts';
import { messageTopic } from '../envelope/topic-naming.ts';
import type { Clock } from '../foundation/clock.ts';
import type { MessageChange, PostgresOrigin } from '../model/change-event.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { RecordBatch } from '../transport/record-batch.ts';
import type { TopicWriterParts } from './topic-writer.ts';
import { TopicWriter } from './topic-writer.ts';

/** binary.handling.mode */
export type BinaryMode = 'bytes' | 'base64' | 'base64-url-safe' | 'hex';

/** What the records of logical messages are made with. */
export interface MessageParts extends TopicWriterParts {
  readonly envelope: EnvelopeOptions;
  readonly binary: BinaryMode;
  readonly clock: Clock;
  /** Counts the event and gives its block (provide.transaction.metadata); absent: never any. */
  readonly transaction?: (origin: PostgresOrigin) => Struct | null;
}

/**
 * Debezium's records of logical messages, in `<prefix>.message`. The topic is made at the first
 * one: most sources never have any.
 */
export class SourceMessages {
  readonly #parts: MessageParts;
  readonly #schema: ConnectSchema;
  readonly #writer: TopicWriter;

  constructor(parts: MessageParts) {
    this.#parts = parts;
    this.#schema = messageValueSchema(parts.binary === 'bytes' ? 'bytes' : 'string');
    this.#writer = new TopicWriter(parts, {
      name: messageTopic(parts.envelope.topicPrefix),
      keySchema: MESSAGE_KEY_SCHEMA,
      valueSchema: this.#schema,
    });
  }

  /** Makes topic and schemas; undefined when they are there already. */
  prepare(): Promise<void> | undefined {
    return this.#writer.isReady ? undefined : this.#writer.prepare();
  }

  /** Writes one record, or leaves it waiting with those that the transforms left. */
  write(change: MessageChange, batch: RecordBatch): void {
    const { clock, envelope } = this.#parts;
    const transaction = this.#parts.transaction?.(change) ?? null;
    const context = { options: envelope, processedMicros: clock.nowMicros(), transaction };
    const content = this.#content(change.content);
    this.#writer.write(messageRecord(change, this.#schema, content, context), batch, clock.nowMs());
  }

  #content(content: Buffer): ReturnType<typeof parseText> {
    const { binary } = this.#parts;
    if (binary === 'bytes') return content;
    const schema: ConnectSchema = { type: 'string', optional: true };
    return parseText({ kind: 'bytea', encoding: binary }, schema, `\\x${content.toString('hex')}`);
  }
}
