import type { Converter, PreparedSchema } from '../converter/converter.ts';
import { headerBytes } from '../converter/simple-header.ts';
import { must } from '../foundation/assert.ts';
import type { ConnectData, ConnectRecord } from '../model/connect-record.ts';
import type { ConnectSchema } from '../model/connect-schema.ts';
import type { RecordOutput } from '../rowpath/record-output.ts';
import type { TopicOptions, Transport } from '../transport/transport.ts';

/** What records are written with after their transforms. */
export interface RecordWriterParts {
  readonly transport: Transport;
  readonly key: Converter;
  readonly value: Converter;
  readonly topicOptions: TopicOptions;
  /** The chain of transforms; null: the record is dropped. */
  readonly apply: (record: ConnectRecord) => ConnectRecord | null;
}

interface ReadyTopic {
  readonly handle: number;
  readonly keys: WeakMap<ConnectSchema, PreparedSchema>;
  readonly values: WeakMap<ConnectSchema, PreparedSchema>;
}

/**
 * Transforms records and writes them. Which topics and schemas come out is not known beforehand:
 * a record whose topic or schema has to be made first waits, and every later one behind it, so that
 * the order stays. Invariant: while records wait, no offset is stored (`RecordPublisher.hold`).
 */
export class RecordWriter {
  readonly #parts: RecordWriterParts;
  readonly #topics = new Map<string, ReadyTopic>();
  #waiting: ConnectRecord[] = [];

  constructor(parts: RecordWriterParts) {
    this.#parts = parts;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Forgets what a former life of the task left waiting. */
  clear(): void {
    this.#waiting = [];
  }

  /** Returns the number of records: 1, or 0 when a transform dropped it. */
  write(record: ConnectRecord, output: RecordOutput): number {
    const transformed = this.#parts.apply(record);
    if (transformed === null) return 0;
    if (this.isWaiting || !this.#isReady(transformed)) this.#waiting.push(transformed);
    else this.#encode(transformed, output);
    return 1;
  }

  /** Makes topics and schemas, and writes what waits; nothing else is written meanwhile. */
  async drain(output: () => RecordOutput): Promise<void> {
    for (const record of this.#waiting) {
      await this.#prepare(record);
      this.#encode(record, output());
    }
    this.#waiting = [];
  }

  #isReady({ topic, key, value }: ConnectRecord): boolean {
    const ready = this.#topics.get(topic);
    if (ready === undefined) return false;
    return (
      (key.schema === null || ready.keys.has(key.schema)) &&
      (value.schema === null || ready.values.has(value.schema))
    );
  }

  async #prepare({ topic, key, value }: ConnectRecord): Promise<void> {
    const { transport, topicOptions } = this.#parts;
    const known = this.#topics.get(topic);
    const ready = known ?? {
      handle: await transport.openTopic(topic, topicOptions),
      keys: new WeakMap(),
      values: new WeakMap(),
    };
    this.#topics.set(topic, ready);
    if (key.schema !== null && !ready.keys.has(key.schema)) {
      ready.keys.set(key.schema, await this.#parts.key.prepare(topic, key.schema));
    }
    if (value.schema !== null && !ready.values.has(value.schema)) {
      ready.values.set(value.schema, await this.#parts.value.prepare(topic, value.schema));
    }
  }

  #encode(record: ConnectRecord, output: RecordOutput): void {
    const ready = must(this.#topics.get(record.topic), 'a record before its topic was opened');
    const key = bytesOf(record.key, this.#parts.key, ready.keys);
    const value = bytesOf(record.value, this.#parts.value, ready.values);
    const headers = record.headers.map((header) => [header.name, headerBytes(header)] as const);
    output.start(ready.handle, record.timestampMs);
    if (key !== null) output.writer.raw(key);
    output.endKey(key !== null);
    if (value !== null) output.writer.raw(value);
    output.endValue(value !== null);
    for (const [name, bytes] of headers) output.header(name, bytes);
    output.end();
  }
}

function bytesOf(
  { schema, value }: ConnectData,
  converter: Converter,
  known: WeakMap<ConnectSchema, PreparedSchema>,
): Buffer | null {
  if (schema === null) return null;
  const prepared = must(known.get(schema), 'a record before its schema was prepared');
  if (value !== null) return converter.fromConnect(prepared, value);
  return converter.nullOf?.(prepared) ?? null;
}
