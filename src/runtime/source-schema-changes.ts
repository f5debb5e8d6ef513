import type { BinlogConnector, EnvelopeOptions } from '../envelope/envelope-options.ts';
import { SCHEMA_CHANGE_SCHEMAS, schemaChangeRecord } from '../envelope/schema-change.ts';
import { schemaChangeTopic } from '../envelope/topic-naming.ts';
import type { Clock } from '../foundation/clock.ts';
import type { SchemaStatement } from '../model/change-event.ts';
import type { RecordBatch } from '../transport/record-batch.ts';
import type { TopicWriterParts } from './topic-writer.ts';
import { TopicWriter } from './topic-writer.ts';

/** What the records of schema changes are made with. */
export interface SchemaChangeParts extends TopicWriterParts {
  readonly connector: BinlogConnector;
  readonly envelope: EnvelopeOptions;
  readonly clock: Clock;
}

/**
 * The topic of schema changes of MySQL and MariaDB (include.schema.changes), named as the prefix
 * alone. It has one partition: its order is all that it is for.
 */
export class SourceSchemaChanges {
  readonly #parts: SchemaChangeParts;
  readonly #writer: TopicWriter;

  constructor(parts: SchemaChangeParts) {
    this.#parts = parts;
    const { key, value } = SCHEMA_CHANGE_SCHEMAS[parts.connector];
    this.#writer = new TopicWriter(
      { ...parts, topicOptions: { ...parts.topicOptions, partitions: 1 } },
      { name: schemaChangeTopic(parts.envelope.topicPrefix), keySchema: key, valueSchema: value },
    );
  }

  /** Makes topic and schemas; undefined when they are there already. */
  prepare(): Promise<void> | undefined {
    return this.#writer.isReady ? undefined : this.#writer.prepare();
  }

  /** Writes one record, or leaves it waiting with those that the transforms left. */
  write(statement: SchemaStatement, batch: RecordBatch): void {
    const { clock, envelope } = this.#parts;
    const record = schemaChangeRecord(statement, envelope, clock.nowMicros());
    this.#writer.write(record, batch, clock.nowMs(), envelope.contextHeaders);
  }
}
