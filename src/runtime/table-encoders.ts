import { must } from '../foundation/assert.ts';
import type { Clock } from '../foundation/clock.ts';

import type { Converter } from '../converter/converter.ts';
import { checkTopicCollisions } from '../envelope/topic-naming.ts';
import type { JsonTextOptions } from '../converter/json-text.ts';
import type { EnvelopeOptions, TableRecordSchemas } from '../envelope/envelope-options.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import { type TableId, tableName, type TableSchema } from '../model/table-schema.ts';
import { compileRowEncoder } from '../rowpath/compile-row-encoder.ts';
import type { UnconvertedListener } from './conversion-warnings.ts';
import type { RecordOutput } from '../rowpath/record-output.ts';
import type {
  Positions,
  RowEncoder,
  RowEncoderContext,
  WireFormat,
} from '../rowpath/row-encoder.ts';
import type { HeldTopics } from './held-topics.ts';
import { LeftEncoder } from './left-encoder.ts';
import type { RecordSink } from './record-sink.ts';
import type { RecordWriter } from './record-writer.ts';
import type { TableGates } from './table-gates.ts';
import { blankRecord, TransformingEncoder } from './transforming-encoder.ts';
import type { SourceTransactions } from './source-transactions.ts';
import type { Transport, TopicOptions } from '../transport/transport.ts';

/** A converter and the name by which the compiled encoders know its format. */
export interface FormatConverter {
  /** Null: there is no compiled encoder, and `transforming` is needed. */
  readonly format: WireFormat | null;
  /** replace.null.with.default; absent: false. */
  readonly replaceNullWithDefault?: boolean;
  /** decimal.format; absent: BASE64. */
  readonly decimalFormat?: JsonTextOptions['decimalFormat'];
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
  readonly #transactions: SourceTransactions | null;
  /** Null: no transforms, and rows go the compiled way. */
  readonly #transforming: RecordWriter | null;
  /** Null: a refusal of the registry is thrown. */
  readonly #holding: { readonly topics: HeldTopics; readonly writer: RecordWriter } | null;
  readonly #clock: Clock;
  readonly #onUnconverted: UnconvertedListener | null;
  /** Null: records do not carry their position. */
  readonly #positions: Positions | null;
  /** Null: no table ever waits for somebody to say what becomes of it. */
  readonly #gates: TableGates | null;
  /** Whose records may wait for a topic or schema; asked for each row. */
  readonly #writers: readonly RecordWriter[];
  readonly #encoders = new Map<TableSchema, RowEncoder>();
  readonly #stamped = new Set<RowEncoder>();
  readonly #topics = new WeakMap<TableSchema, string>();
  /** Tables that have a topic of their own, by name. */
  readonly #tables = new Map<string, TableSchema>();
  #lastTable: TableSchema | null = null;
  #lastEncoder: RowEncoder | null = null;
  #lastIsStamped = false;
  #chunkMicros: bigint | null = null;

  constructor(
    transport: Transport,
    options: EnvelopeOptions,
    converters: { readonly key: FormatConverter; readonly value: FormatConverter },
    topicOptions: TopicOptions,
    clock: Clock,
    transactions: SourceTransactions | null = null,
    onUnconverted: UnconvertedListener | null = null,
    transforming: RecordWriter | null = null,
    holding: { readonly topics: HeldTopics; readonly writer: RecordWriter } | null = null,
    positions: Positions | null = null,
    gates: TableGates | null = null,
  ) {
    this.#transport = transport;
    this.#options = options;
    this.#key = converters.key;
    this.#value = converters.value;
    this.#topicOptions = topicOptions;
    this.#clock = clock;
    this.#transactions = transactions;
    this.#onUnconverted = onUnconverted;
    this.#transforming = transforming;
    this.#holding = holding;
    this.#positions = positions;
    this.#gates = gates;
    // Records that have waited themselves come without an encoder that made their schema.
    const late = gates === null ? null : (holding?.writer ?? null);
    this.#writers = [transforming, late].flatMap((writer) => writer ?? []);
  }

  /**
   * The topics of tables that begin anew; makes those that are missing, with their options. Under
   * transforms they are those that a row without values goes to, and all that rows went to before.
   */
  async openTopics(tables: readonly TableSchema[]): Promise<readonly string[]> {
    const schemas = tables.map((table) => this.schemasOf(table));
    // Tables may share a topic.
    const own = new Set(schemas.map(({ topic }) => topic));
    const topics = new Set(
      schemas.map((of) => this.#transforming?.topicOf(blankRecord(of)) ?? of.topic),
    );
    for (const topic of topics) await this.#transport.openTopic(topic, this.#topicOptions);
    for (const topic of this.#transforming?.topicsOf(own) ?? []) topics.add(topic);
    return [...topics];
  }

  schemasOf(table: TableSchema): TableRecordSchemas {
    return tableRecordSchemas(table, this.#options);
  }

  /** Before transforms. */
  topicOf(table: TableSchema): string {
    const known = this.#topics.get(table) ?? this.schemasOf(table).topic;
    this.#topics.set(table, known);
    return known;
  }

  /** Throws TOPIC_COLLISION when one of these tables or of those before shares another's topic. */
  claimTopics(tables: readonly TableSchema[]): void {
    const named = tables.map((table) => [tableKey(table.id), table] as const);
    const all = new Map([...this.#tables, ...named]);
    const { topicPrefix, naming, skipTruncates } = this.#options;
    checkTopicCollisions(topicPrefix, [...all.values()], naming, skipTruncates !== true);
    for (const [key, table] of all) this.#tables.set(key, table);
  }

  /** Makes the encoder of a table version; undefined when it is there already. */
  prepare(table: TableSchema): Promise<void> | undefined {
    return this.#encoders.has(table) ? undefined : this.#compile(table);
  }

  of(table: TableSchema): RowEncoder {
    if (table === this.#lastTable && this.#lastIsStamped) return this.#lastEncoder as RowEncoder;
    if (table !== this.#lastTable) {
      this.#lastEncoder = must(
        this.#encoders.get(table),
        'a row came before its schema was prepared',
      );
      this.#lastTable = table;
    }
    const encoder = this.#lastEncoder as RowEncoder;
    if (!this.#stamped.has(encoder)) {
      this.#chunkMicros ??= this.#clock.nowMicros();
      encoder.processedAt(this.#chunkMicros);
      this.#stamped.add(encoder);
    }
    this.#lastIsStamped = true;
    return encoder;
  }

  /** Records wait for a topic or schema that has to be made first: `drain` comes next. */
  get isWaiting(): boolean {
    for (const writer of this.#writers) if (writer.isWaiting) return true;
    return false;
  }

  /** Makes what records wait for and writes them. */
  async drain(output: () => RecordOutput, signal: AbortSignal): Promise<void> {
    for (const writer of this.#writers) await writer.drain(output, signal);
  }

  /** The records of the table go through its gate from here on. */
  closed(table: TableId): void {
    const key = tableKey(table);
    for (const other of this.#encoders.keys()) {
      if (tableKey(other.id) === key) this.#close(other);
    }
  }

  /** They do not any more. */
  async opened(table: TableId): Promise<void> {
    const key = tableKey(table);
    const tables = [...this.#encoders.keys()].filter(({ id }) => tableKey(id) === key);
    for (const one of tables) await this.#compile(one);
    this.#lastTable = null;
  }

  /** From here on records carry a new processing time (`ts_ms` of the envelope). */
  nextChunk(): void {
    this.#chunkMicros = null;
    this.#lastIsStamped = false;
    this.#stamped.clear();
  }

  /** Table versions belong to one life of the reader. */
  forget(): void {
    this.#encoders.clear();
    for (const writer of this.#writers) writer.clear();
    this.#tables.clear();
    this.#lastTable = null;
    this.#lastEncoder = null;
    this.nextChunk();
  }

  async #compile(table: TableSchema): Promise<void> {
    this.claimTopics([table]);
    const schemas = this.schemasOf(table);
    const hooks = this.#hooks();
    if (this.#gates?.isClosed(tableName(table.id)) === true) {
      this.#close(table);
      return;
    }
    if (this.#transforming !== null) {
      const parts = { table, schemas, options: this.#options, ...hooks };
      this.#encoders.set(table, new TransformingEncoder(parts, this.#transforming));
      return;
    }
    if (this.#holding?.topics.isHeld(schemas.topic) === true) {
      this.#holdBack(table, this.#holding.writer, hooks);
      return;
    }
    try {
      this.#encoders.set(table, await this.#compiled(table, schemas, hooks));
    } catch (error) {
      if (this.#holding?.topics.catches(error) !== true) throw error;
      await this.#holding.topics.hold(schemas.topic, error);
      // Also those of older versions: their rows come behind the ones that are held.
      const others = [...this.#encoders.keys()].filter((other) =>
        this.#goesTo(other, schemas.topic),
      );
      for (const other of [table, ...others]) this.#holdBack(other, this.#holding.writer, hooks);
    }
  }

  #hooks(): EncoderHooks {
    const transactions = this.#transactions;
    const onUnconverted = this.#onUnconverted;
    return {
      ...(transactions === null ? {} : { transaction: (at, id) => transactions.block(at, id) }),
      ...(onUnconverted === null ? {} : { onUnconverted }),
      ...(this.#positions === null ? {} : { positions: this.#positions }),
    };
  }

  #close(table: TableSchema): void {
    const gates = must(this.#gates, 'a gate that is closed');
    const name = tableName(table.id);
    if (gates.source.isLeft(name)) {
      const { transaction } = this.#hooks();
      this.#encoders.set(table, new LeftEncoder(table, transaction, () => gates.onRead(name)));
      this.#lastTable = null;
      return;
    }
    this.#holdBack(table, gates.writerOf(tableName(table.id)), this.#hooks());
  }

  /** Nothing of these topics is held any more: rows are compiled again. */
  async released(topics: readonly string[]): Promise<void> {
    if (this.#transforming !== null) return;
    const tables = [...this.#encoders.keys()].filter((table) =>
      topics.some((topic) => this.#goesTo(table, topic)),
    );
    for (const table of tables) await this.#compile(table);
    this.#lastTable = null;
  }

  #goesTo(table: TableSchema, topic: string): boolean {
    return this.schemasOf(table).topic === topic;
  }

  #holdBack(table: TableSchema, writer: RecordSink, hooks: EncoderHooks): void {
    const parts = { table, schemas: this.schemasOf(table), options: this.#options, ...hooks };
    this.#encoders.set(table, new TransformingEncoder(parts, writer));
    this.#lastTable = null;
  }

  async #compiled(
    table: TableSchema,
    schemas: TableRecordSchemas,
    hooks: EncoderHooks,
  ): Promise<RowEncoder> {
    const topic = await this.#transport.openTopic(schemas.topic, this.#topicOptions);
    const key =
      schemas.key === null ? null : await this.#key.converter.prepare(schemas.topic, schemas.key);
    const value = await this.#value.converter.prepare(schemas.topic, schemas.envelope);
    return compileRowEncoder({
      table,
      schemas,
      options: this.#options,
      topic,
      keyFormat: must(this.#key.format, 'a compiled encoder for the keys'),
      valueFormat: must(this.#value.format, 'a compiled encoder for the values'),
      key,
      value,
      keyJson: jsonOptions(this.#key),
      valueJson: jsonOptions(this.#value),
      ...hooks,
    });
  }
}

type EncoderHooks = Pick<RowEncoderContext, 'transaction' | 'positions' | 'onUnconverted'>;

function jsonOptions(converter: FormatConverter): JsonTextOptions {
  const { replaceNullWithDefault = false, decimalFormat = 'BASE64' } = converter;
  return { replaceNullWithDefault, decimalFormat };
}

/** Two names cannot run together: `a.b`.`c` and `a`.`b.c` (P39). */
function tableKey(id: TableId): string {
  return JSON.stringify([id.schema, id.table]);
}
