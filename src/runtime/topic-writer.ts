import type { Converter, PreparedSchema } from '../converter/converter.ts';
import { must } from '../foundation/assert.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { RecordBatch } from '../transport/record-batch.ts';
import type { TopicOptions, Transport } from '../transport/transport.ts';
import type { PlainHeader, RecordWriter } from './record-writer.ts';
import { plainRecord } from './record-writer.ts';

/** What records that are no change of a row are written with. */
export interface TopicWriterParts {
  readonly transport: Transport;
  readonly key: Converter;
  readonly value: Converter;
  readonly topicOptions: TopicOptions;
  /** Where records go that have transforms before them. */
  readonly transforming?: RecordWriter;
}

/** A topic whose records have one schema. */
export interface PlainTopic {
  readonly name: string;
  readonly keySchema: ConnectSchema;
  readonly valueSchema: ConnectSchema;
}

interface PreparedTopic {
  readonly handle: number;
  readonly key: PreparedSchema;
  readonly value: PreparedSchema;
}

/** Writes the records of one topic that no table has: heartbeats, messages and so on. */
export class TopicWriter {
  readonly #parts: TopicWriterParts;
  readonly #topic: PlainTopic;
  #prepared: PreparedTopic | null = null;

  constructor(parts: TopicWriterParts, topic: PlainTopic) {
    this.#parts = parts;
    this.#topic = topic;
  }

  /** Records may be written; those with transforms wait for their topic by themselves. */
  get isReady(): boolean {
    return this.#prepared !== null || this.#parts.transforming !== undefined;
  }

  /** Does all that can wait: topic and schemas. */
  async prepare(): Promise<void> {
    if (this.isReady) return;
    const { transport, key, value, topicOptions } = this.#parts;
    const { name, keySchema, valueSchema } = this.#topic;
    this.#prepared = {
      handle: await transport.openTopic(name, topicOptions),
      key: await key.prepare(name, keySchema),
      value: await value.prepare(name, valueSchema),
    };
  }

  /** Writes one record, or leaves it waiting with those that the transforms left. */
  write(
    record: { readonly key: Struct; readonly value: Struct },
    batch: RecordBatch,
    timestampMs: number,
    headers: readonly PlainHeader[] = [],
  ): void {
    const { key, value, transforming } = this.#parts;
    const { name } = this.#topic;
    if (transforming !== undefined) {
      transforming.write(plainRecord(name, record.key, record.value, headers), batch, timestampMs);
      return;
    }
    const prepared = must(this.#prepared, `a record before ${name} was opened`);
    const keyBytes = must(key.fromConnect(prepared.key, record.key), 'the record has a key');
    const valueBytes = must(
      value.fromConnect(prepared.value, record.value),
      'the record has a value',
    );
    batch.start(prepared.handle, timestampMs);
    batch.writer.raw(keyBytes);
    batch.endKey(true);
    batch.writer.raw(valueBytes);
    batch.endValue(true);
    for (const header of headers) batch.header(header.name, Buffer.from(header.value));
    batch.end();
  }
}
