import type { Converter, PreparedSchema } from '../converter/converter.ts';
import {
  TRANSACTION_KEY_SCHEMA,
  TRANSACTION_VALUE_SCHEMA,
  TransactionMetadata,
} from '../envelope/transaction-metadata.ts';
import type { TransactionRecord } from '../envelope/transaction-metadata.ts';
import { must } from '../foundation/assert.ts';
import type { Clock } from '../foundation/clock.ts';
import type { ChangeOrigin, SourceOffset } from '../model/change-event.ts';
import type { Struct } from '../model/connect-schema.ts';
import type { TableId } from '../model/table-schema.ts';
import { tableName } from '../model/table-schema.ts';
import type { RecordBatch } from '../transport/record-batch.ts';
import type { RecordWriter } from './record-writer.ts';
import { plainRecord } from './record-writer.ts';
import type { TopicOptions, Transport } from '../transport/transport.ts';

/** What the records of transactions are made with. */
export interface TransactionParts {
  readonly transport: Transport;
  readonly topic: string;
  readonly key: Converter;
  readonly value: Converter;
  readonly topicOptions: TopicOptions;
  readonly clock: Clock;
  /** Where records go that have transforms before them. */
  readonly transforming?: RecordWriter;
}

interface PreparedTransactions {
  readonly topic: number;
  readonly key: PreparedSchema;
  readonly value: PreparedSchema;
}

/**
 * Transaction metadata (provide.transaction.metadata): a record where each transaction begins and
 * ends, in a topic of their own, and the block in the envelope of each event between them.
 */
export class SourceTransactions {
  readonly #parts: TransactionParts;
  readonly #metadata = new TransactionMetadata();
  #prepared: PreparedTransactions | null = null;

  constructor(parts: TransactionParts) {
    this.#parts = parts;
  }

  /** Does all that can wait, and goes on where the stored offset stands. */
  async prepare(stored: SourceOffset | null): Promise<void> {
    this.#metadata.restore(stored?.offset ?? {});
    if (this.#prepared !== null || this.#parts.transforming !== undefined) return;
    const { transport, topic, topicOptions, key, value } = this.#parts;
    this.#prepared = {
      topic: await transport.openTopic(topic, { ...topicOptions, partitions: 1 }),
      key: await key.prepare(topic, TRANSACTION_KEY_SCHEMA),
      value: await value.prepare(topic, TRANSACTION_VALUE_SCHEMA),
    };
  }

  /** Before each event: the first of a transaction is preceded by the record that begins it. */
  enter(origin: ChangeOrigin, batch: RecordBatch): void {
    if (this.#metadata.enters(origin)) this.#write(this.#metadata.begin(origin), batch);
  }

  /** Counts an event of a table and gives the block of its envelope. */
  block(origin: ChangeOrigin, table: TableId): Struct | null {
    return this.#metadata.block(origin, tableName(table));
  }

  /**
   * Counts a logical message. The original takes each for a collection of its own, under a name
   * that no two runs share; here the position makes it.
   */
  messageBlock(origin: ChangeOrigin): Struct | null {
    return this.#metadata.block(origin, `${MESSAGE_COLLECTION}@${origin.lsn.toString(16)}`);
  }

  /** The transaction has ended: also one of whose events none became a record. */
  leave(origin: ChangeOrigin, batch: RecordBatch): void {
    if (origin.transactionId === null) return;
    this.enter(origin, batch);
    this.#write(this.#metadata.end(origin), batch);
  }

  /** What the source offset has to keep. */
  offset(): SourceOffset['offset'] {
    return this.#metadata.offset();
  }

  #write(record: TransactionRecord, batch: RecordBatch): void {
    const { clock, key, value, topic, transforming } = this.#parts;
    if (transforming !== undefined) {
      transforming.write(plainRecord(topic, record.key, record.value), batch, clock.nowMs());
      return;
    }
    const prepared = must(this.#prepared, 'a transaction before its topic was opened');
    batch.start(prepared.topic, clock.nowMs());
    batch.writer.raw(must(key.fromConnect(prepared.key, record.key), 'it has a key'));
    batch.endKey(true);
    batch.writer.raw(must(value.fromConnect(prepared.value, record.value), 'it has a value'));
    batch.endValue(true);
    batch.end();
  }
}

const MESSAGE_COLLECTION =
  'io.debezium.connector.postgresql.LogicalDecodingMessageMonitor$LogicalDecodingMessageId';
