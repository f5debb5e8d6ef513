import type { SchemaStatement } from '../model/change-event.ts';
import type { RecordBatch } from '../transport/record-batch.ts';
import type { SourceSchemaChanges } from './source-schema-changes.ts';
import type { SourceSchemaHistory } from './source-schema-history.ts';

/** Where the statements of a source go: into its history, and into the topic that people read. */
export class SourceStatements {
  readonly #history: SourceSchemaHistory;
  readonly #topic: SourceSchemaChanges | null;

  /** `topic` null: include.schema.changes is false. */
  constructor(history: SourceSchemaHistory, topic: SourceSchemaChanges | null) {
    this.#history = history;
    this.#topic = topic;
  }

  /** Makes topics and schemas; undefined when they are there already. */
  prepare(): Promise<void> | undefined {
    const wait = this.#history.prepare();
    return wait === undefined ? this.#topic?.prepare() : wait.then(() => this.#topic?.prepare());
  }

  /** Once nothing is left to prepare. */
  write(statement: SchemaStatement, batch: RecordBatch): void {
    this.#history.write(statement, batch);
    this.#topic?.write(statement, batch);
  }
}
