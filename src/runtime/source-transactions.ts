import {
  TRANSACTION_KEY_SCHEMA,
  TRANSACTION_VALUE_SCHEMA,
  TransactionMetadata,
} from '../envelope/transaction-metadata.ts';
import type { TransactionRecord } from '../envelope/transaction-metadata.ts';
import type { Clock } from '../foundation/clock.ts';
import type { ChangeOrigin, PostgresOrigin, SourceOffset } from '../model/change-event.ts';
import type { Struct } from '../model/connect-schema.ts';
import type { TableId } from '../model/table-schema.ts';
import { tableName } from '../model/table-schema.ts';
import type { RecordBatch } from '../transport/record-batch.ts';
import type { TopicWriterParts } from './topic-writer.ts';
import { TopicWriter } from './topic-writer.ts';

/** What the records of transactions are made with. */
export interface TransactionParts extends TopicWriterParts {
  readonly topic: string;
  readonly clock: Clock;
}

/**
 * Transaction metadata (provide.transaction.metadata): a record where each transaction begins and
 * ends, in a topic of their own, and the block in the envelope of each event between them.
 */
export class SourceTransactions {
  readonly #parts: TransactionParts;
  readonly #metadata = new TransactionMetadata();
  readonly #writer: TopicWriter;

  constructor(parts: TransactionParts) {
    this.#parts = parts;
    this.#writer = new TopicWriter(
      { ...parts, topicOptions: { ...parts.topicOptions, partitions: 1 } },
      {
        name: parts.topic,
        keySchema: TRANSACTION_KEY_SCHEMA,
        valueSchema: TRANSACTION_VALUE_SCHEMA,
      },
    );
  }

  /** Does all that can wait, and goes on where the stored offset stands. */
  async prepare(stored: SourceOffset | null): Promise<void> {
    this.#metadata.restore(stored?.offset ?? {});
    await this.#writer.prepare();
  }

  /** Before each event: the first of a transaction is preceded by the record that begins it. */
  enter(origin: ChangeOrigin, batch: RecordBatch): void {
    if (!this.#metadata.enters(origin)) return;
    this.#endAbandoned(origin, batch);
    this.#write(this.#metadata.begin(origin), batch);
  }

  /** What follows is not the rest of the open transaction: that is gone. */
  interrupted(batch: RecordBatch): void {
    this.#metadata.abandon();
    this.#endAbandoned({ sourceMicros: this.#parts.clock.nowMicros() }, batch);
  }

  #endAbandoned(at: Pick<ChangeOrigin, 'sourceMicros'>, batch: RecordBatch): void {
    const end = this.#metadata.takeAbandoned(at);
    if (end !== null) this.#write(end, batch);
  }

  /** Counts an event of a table and gives the block of its envelope. */
  block(origin: ChangeOrigin, table: TableId): Struct | null {
    return this.#metadata.block(origin, tableName(table));
  }

  /**
   * Counts a logical message. The original takes each for a collection of its own, under a name
   * that no two runs share; here the position makes it.
   */
  messageBlock(origin: PostgresOrigin): Struct | null {
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

  /** The same as of before the last event, which is one of this table and is counted. */
  offsetBefore(table: TableId): SourceOffset['offset'] {
    return this.#metadata.offsetBefore(tableName(table));
  }

  #write(record: TransactionRecord, batch: RecordBatch): void {
    this.#writer.write(record, batch, this.#parts.clock.nowMs());
  }
}

const MESSAGE_COLLECTION =
  'io.debezium.connector.postgresql.LogicalDecodingMessageMonitor$LogicalDecodingMessageId';
