import { randomUUID } from 'node:crypto';
import type { Converter, PreparedSchema } from '../converter/converter.ts';
import {
  NOTIFICATION_KEY_SCHEMA,
  NOTIFICATION_VALUE_SCHEMA,
  notificationRecord,
} from '../envelope/notification.ts';
import { must } from '../foundation/assert.ts';
import type { Clock } from '../foundation/clock.ts';
import { toTidemarkError } from '../foundation/errors.ts';
import type { Notification, SourceNotification } from '../model/source-notification.ts';
import { RecordBatch } from '../transport/record-batch.ts';
import type { TopicOptions, Transport } from '../transport/transport.ts';
import type { Logger } from './logger.ts';
import type { RecordWriter } from './record-writer.ts';
import { plainRecord } from './record-writer.ts';

/** What notifications are made with and where they go. */
export interface NotificationParts {
  /** `connector_name`: Debezium takes the logical name, topic.prefix. */
  readonly connectorName: string;
  /** Channel `log`. */
  readonly logs: boolean;
  /** Channel `sink`: its topic. Null: off. */
  readonly topic: string | null;
  readonly transport: Transport;
  readonly key: Converter;
  readonly value: Converter;
  readonly topicOptions: TopicOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where records go that have transforms before them. */
  readonly transforming?: RecordWriter;
}

/** Takes a record that is no event into the batch of now. */
export type RecordIntake = (write: (batch: RecordBatch) => void) => void;

interface PreparedNotifications {
  readonly topic: number;
  readonly key: PreparedSchema;
  readonly value: PreparedSchema;
}

/** How many are kept to be shown (`GET /notifications`). */
const KEPT = 100;
const ENDS: ReadonlySet<string> = new Set(['COMPLETED', 'ABORTED', 'SKIPPED']);
/** Keys of rows, which are the customer's data: they belong in a topic, not in a log. */
const ROW_VALUES: ReadonlySet<string> = new Set(['last_processed_key', 'maximum_key']);

/**
 * What the source tells about itself, in the channels that are enabled. The newest are always kept
 * for HTTP, which stands for Debezium's channel `jmx`.
 *
 * Invariant: a notification of rows is in the same append as they and their offset, or behind it:
 * what was told to be read is durable.
 */
export class SourceNotifications {
  readonly #parts: NotificationParts;
  readonly #newest: Notification[] = [];
  #prepared: PreparedNotifications | null = null;
  #intake: RecordIntake | null = null;
  /** An initial snapshot was told to have started and not to have ended. */
  #inSnapshot = false;

  constructor(parts: NotificationParts) {
    this.#parts = parts;
  }

  /** Does all that can wait: topic and schemas. */
  async prepare(): Promise<void> {
    const { transport, topic, topicOptions, key, value } = this.#parts;
    if (topic === null || this.#prepared !== null) return;
    this.#prepared = {
      topic: await transport.openTopic(topic, { ...topicOptions, partitions: 1 }),
      key: await key.prepare(topic, NOTIFICATION_KEY_SCHEMA),
      value: await value.prepare(topic, NOTIFICATION_VALUE_SCHEMA),
    };
  }

  /** A source begins: where its records go. */
  begun(intake: RecordIntake): void {
    this.#intake = intake;
  }

  /** The newest hundred, the newest last. */
  newest(): readonly Notification[] {
    return this.#newest;
  }

  /** Never waits, never throws for a channel's sake. */
  tell(notification: SourceNotification): void {
    const told = this.#note(notification);
    if (this.#prepared === null) return;
    this.#intake?.((batch) => {
      this.#write(told, batch);
    });
  }

  /**
   * The source hands nothing over any more: a snapshot that was begun is cut short, which goes out
   * in an append of its own.
   */
  async ended(): Promise<void> {
    this.#intake = null;
    if (!this.#inSnapshot) return;
    const told = this.#note({ aggregate: 'Initial Snapshot', type: 'ABORTED', data: {} });
    if (this.#prepared === null) return;
    const batch = new RecordBatch();
    this.#write(told, batch);
    try {
      await this.#parts.transport.append(batch, null);
    } catch (error) {
      const { code, message } = toTidemarkError(error, 'STORE_IO');
      this.#parts.logger.warn({ code }, `a notification could not be stored: ${message}`);
    }
  }

  #note({ id, aggregate, type, data }: SourceNotification): Notification {
    const { connectorName, clock, logs, logger } = this.#parts;
    const told: Notification = {
      id: id ?? randomUUID(),
      type,
      aggregateType: aggregate,
      additionalData: { connector_name: connectorName, ...data },
      timestampMs: clock.nowMs(),
    };
    if (aggregate === 'Initial Snapshot') this.#inSnapshot = !ENDS.has(type);
    this.#keep(told);
    if (logs) {
      const shown = Object.entries(told.additionalData).filter(([name]) => !ROW_VALUES.has(name));
      const fields = { id: told.id, additionalData: Object.fromEntries(shown) };
      logger.info(fields, `[Notification Service] ${aggregate} ${type}`);
    }
    return told;
  }

  /** Of the chunks of a snapshot only the last is worth a place. */
  #keep(told: Notification): void {
    if (told.type === 'IN_PROGRESS') {
      const before = this.#newest.findIndex(({ id, type }) => id === told.id && type === told.type);
      if (before >= 0) this.#newest.splice(before, 1);
    }
    this.#newest.push(told);
    if (this.#newest.length > KEPT) this.#newest.shift();
  }

  #write(notification: Notification, batch: RecordBatch): void {
    const { key, value, topic, transforming } = this.#parts;
    const prepared = must(this.#prepared, 'a notification before its topic was opened');
    const record = notificationRecord(notification);
    if (transforming !== undefined && topic !== null) {
      const made = plainRecord(topic, record.key, record.value);
      transforming.write(made, batch, notification.timestampMs);
      return;
    }
    const keyBytes = must(key.fromConnect(prepared.key, record.key), 'a notification has a key');
    const valueBytes = must(
      value.fromConnect(prepared.value, record.value),
      'a notification has a value',
    );
    batch.start(prepared.topic, notification.timestampMs);
    batch.writer.raw(keyBytes);
    batch.endKey(true);
    batch.writer.raw(valueBytes);
    batch.endValue(true);
    batch.end();
  }
}
