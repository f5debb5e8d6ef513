import { randomUUID } from 'node:crypto';
import {
  NOTIFICATION_KEY_SCHEMA,
  NOTIFICATION_VALUE_SCHEMA,
  notificationRecord,
} from '../envelope/notification.ts';
import type { Clock } from '../foundation/clock.ts';
import { toTidemarkError } from '../foundation/errors.ts';
import type { Notification, SourceNotification } from '../model/source-notification.ts';
import { RecordBatch } from '../transport/record-batch.ts';
import type { Logger } from './logger.ts';
import type { TopicWriterParts } from './topic-writer.ts';
import { TopicWriter } from './topic-writer.ts';

/** Who looks at what the source tells. */
export interface NotificationListener {
  /** A life of the source begins. */
  begun(): void;
  tell(notification: SourceNotification): void;
}

/** What notifications are made with and where they go. */
export interface NotificationParts extends TopicWriterParts {
  /** `connector_name`: Debezium takes the logical name, topic.prefix. */
  readonly connectorName: string;
  /** Channel `log`. */
  readonly logs: boolean;
  /** Channel `sink`: its topic. Null: off. */
  readonly topic: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whom this process tells as well; absent: nobody. */
  readonly listener?: NotificationListener | null;
}

/** Takes a record that is no event into the batch of now. */
export type RecordIntake = (write: (batch: RecordBatch) => void) => void;

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
  readonly #writer: TopicWriter | null;
  #intake: RecordIntake | null = null;
  /** An initial snapshot was told to have started and not to have ended. */
  #inSnapshot = false;

  constructor(parts: NotificationParts) {
    this.#parts = parts;
    const { topic: name, topicOptions } = parts;
    const schemas = {
      keySchema: NOTIFICATION_KEY_SCHEMA,
      valueSchema: NOTIFICATION_VALUE_SCHEMA,
    };
    const options = { ...parts, topicOptions: { ...topicOptions, partitions: 1 } };
    this.#writer = name === null ? null : new TopicWriter(options, { name, ...schemas });
  }

  /** Does all that can wait: topic and schemas. */
  async prepare(): Promise<void> {
    await this.#writer?.prepare();
  }

  /** A source begins: where its records go. */
  begun(intake: RecordIntake): void {
    this.#intake = intake;
    this.#parts.listener?.begun();
  }

  /** The newest hundred, the newest last. */
  newest(): readonly Notification[] {
    return this.#newest;
  }

  /** Never waits, never throws for a channel's sake. */
  tell(notification: SourceNotification): void {
    const told = this.#note(notification);
    this.#parts.listener?.tell(notification);
    if (this.#writer?.isReady !== true) return;
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
    if (this.#writer?.isReady !== true) return;
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
    this.#writer?.write(notificationRecord(notification), batch, notification.timestampMs);
  }
}
