import { must } from '../foundation/assert.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Converter } from '../converter/converter.ts';
import type { EnvelopeOptions, TableRecordSchemas } from '../envelope/envelope-options.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import type { TableSchema } from '../model/table-schema.ts';
import { compileRowEncoder } from '../rowpath/compile-row-encoder.ts';
import type { RowEncoder, WireFormat } from '../rowpath/row-encoder.ts';
import type { Transport, TopicOptions } from '../transport/transport.ts';

/** A converter and the name by which the compiled encoders know its format. */
export interface FormatConverter {
  readonly format: WireFormat;
  readonly converter: Converter;
}

/**
 * The compiled encoder of each table version. `prepare` does all that can wait (topic, registry);
 * `of` is called per row and only looks up.
 */
export class TableEncoders {
  readonly #transport: Transport;
  readonly #options: EnvelopeOptions;
  readonly #key: FormatConverter;
  readonly #value: FormatConverter;
  readonly #topicOptions: TopicOptions;
  readonly #clock: Clock;
  readonly #encoders = new Map<TableSchema, RowEncoder>();
  readonly #stamped = new Set<RowEncoder>();
  #lastTable: TableSchema | null = null;
  #lastEncoder: RowEncoder | null = null;
  #chunkMicros: bigint | null = null;

  constructor(
    transport: Transport,
    options: EnvelopeOptions,
    converters: { readonly key: FormatConverter; readonly value: FormatConverter },
    topicOptions: TopicOptions,
    clock: Clock,
  ) {
    this.#transport = transport;
    this.#options = options;
    this.#key = converters.key;
    this.#value = converters.value;
    this.#topicOptions = topicOptions;
    this.#clock = clock;
  }

  topicOf(table: TableSchema): string {
    return this.schemasOf(table).topic;
  }

  schemasOf(table: TableSchema): TableRecordSchemas {
    return tableRecordSchemas(table, this.#options);
  }

  /** Makes the encoder of a table version; undefined when it is there already. */
  prepare(table: TableSchema): Promise<void> | undefined {
    return this.#encoders.has(table) ? undefined : this.#compile(table);
  }

  of(table: TableSchema): RowEncoder {
    if (table !== this.#lastTable) {
      this.#lastTable = table;
      this.#lastEncoder = must(
        this.#encoders.get(table),
        'a row came before its schema was prepared',
      );
    }
    const encoder = this.#lastEncoder as RowEncoder;
    if (!this.#stamped.has(encoder)) {
      this.#chunkMicros ??= this.#clock.nowMicros();
      encoder.processedAt(this.#chunkMicros);
      this.#stamped.add(encoder);
    }
    return encoder;
  }

  /** From here on records carry a new processing time (`ts_ms` of the envelope). */
  nextChunk(): void {
    this.#chunkMicros = null;
    this.#stamped.clear();
  }

  /** Table versions belong to one life of the reader. */
  forget(): void {
    this.#encoders.clear();
    this.#lastTable = null;
    this.#lastEncoder = null;
    this.nextChunk();
  }

  async #compile(table: TableSchema): Promise<void> {
    const schemas = this.schemasOf(table);
    const topic = await this.#transport.openTopic(schemas.topic, this.#topicOptions);
    const key =
      schemas.key === null ? null : await this.#key.converter.prepare(schemas.topic, schemas.key);
    const value = await this.#value.converter.prepare(schemas.topic, schemas.envelope);
    const encoder = compileRowEncoder({
      table,
      schemas,
      options: this.#options,
      topic,
      keyFormat: this.#key.format,
      valueFormat: this.#value.format,
      key,
      value,
    });
    this.#encoders.set(table, encoder);
  }
}
