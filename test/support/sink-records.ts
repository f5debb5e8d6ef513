import type {
  ConnectField,
  ConnectSchema,
  ConnectType,
  ConnectValue,
  Struct,
} from '../../src/model/connect-schema.ts';
import type { SinkPosition, SinkRecord } from '../../src/model/sink-record.ts';

export type RowValues = Readonly<Record<string, ConnectValue>>;

/** A column of the source: its name, the source's type, and its Connect schema. */
export function column(
  name: string,
  sourceType: string | null,
  schema: Partial<ConnectSchema> & { readonly type: ConnectType },
): ConnectField {
  const parameters = {
    ...schema.parameters,
    ...(sourceType === null ? {} : { '__tidemark.source.type': sourceType }),
  };
  return { name, schema: { optional: true, ...schema, parameters } };
}

/** A number whose texts may differ where its value does not: 1 and 1.0. */
export const VARIABLE_AMOUNT: ConnectField = column('amount', 'numeric', {
  type: 'struct',
  name: 'io.debezium.data.VariableScaleDecimal',
  optional: false,
  fields: [
    { name: 'scale', schema: { type: 'int32', optional: false } },
    { name: 'value', schema: { type: 'bytes', optional: false } },
  ],
});

export function struct(schema: ConnectSchema, values: RowValues): Struct {
  const fields = schema.fields ?? [];
  for (const name of Object.keys(values)) {
    if (!fields.some((field) => field.name === name)) throw new Error(`no field ${name}`);
  }
  return { schema, values: fields.map((field) => values[field.name] ?? null) };
}

const SOURCE: ConnectSchema = {
  type: 'struct',
  optional: false,
  name: 'io.debezium.connector.postgresql.Source',
  fields: [
    ...['schema', 'table'].map((name) => ({
      name,
      schema: { type: 'string', optional: false } as const,
    })),
    ...['ts_us', 'txId', 'lsn'].map((name) => ({
      name,
      schema: { type: 'int64', optional: true } as const,
    })),
  ],
};

/** When the source committed the first change; each later one is a second behind. */
const FIRST_MICROS = 1_700_000_000_123_456n;

/** Hands out log-wide sequences and offsets per partition. */
export class SinkLog {
  sequence = 0;
  readonly #offsets = new Map<string, number>();

  next(topic: string, partition: number): { offset: number; sequence: number } {
    const name = `${topic}/${partition}`;
    const offset = this.#offsets.get(name) ?? 0;
    this.#offsets.set(name, offset + 1);
    return { offset, sequence: this.sequence++ };
  }
}

export interface TopicShape {
  readonly columns: readonly ConnectField[];
  /** Names of key columns; empty: records have no key. */
  readonly key: readonly string[];
  readonly schema?: string;
  readonly table: string;
}

/** Makes the records of one captured table, as the envelope part writes them. */
export class SinkTopic {
  readonly topic: string;
  readonly log: SinkLog;
  partition = 0;
  generation = 1;
  #shape: TopicShape;
  #row!: ConnectSchema;
  #key!: ConnectSchema | null;
  #envelope!: ConnectSchema;

  constructor(shape: TopicShape, log: SinkLog = new SinkLog()) {
    this.log = log;
    this.topic = `shop.${shape.schema ?? 'public'}.${shape.table}`;
    this.#shape = shape;
    this.alter(shape);
  }

  /** New schema objects, as after a change of the table. */
  alter(change: Partial<TopicShape>): void {
    this.#shape = { ...this.#shape, ...change };
    const { columns, key } = this.#shape;
    this.#row = {
      type: 'struct',
      optional: true,
      name: `${this.topic}.Value`,
      fields: columns,
    };
    this.#key =
      key.length === 0
        ? null
        : {
            type: 'struct',
            optional: false,
            name: `${this.topic}.Key`,
            fields: columns.filter((field) => key.includes(field.name)),
          };
    this.#envelope = {
      type: 'struct',
      optional: false,
      name: `${this.topic}.Envelope`,
      version: 2,
      fields: [
        { name: 'before', schema: this.#row },
        { name: 'after', schema: this.#row },
        { name: 'source', schema: SOURCE },
        { name: 'op', schema: { type: 'string', optional: false } },
      ],
    };
  }

  insert(after: RowValues): SinkRecord {
    return this.#record('c', null, after);
  }

  read(after: RowValues): SinkRecord {
    return this.#record('r', null, after);
  }

  update(after: RowValues, before: RowValues | null = null, absent: string[] = []): SinkRecord {
    return this.#record('u', before, after, absent);
  }

  delete(before: RowValues): SinkRecord {
    return this.#record('d', before, null);
  }

  /** A key change in its two halves; the values of `absent` columns were not sent. */
  move(before: RowValues, after: RowValues, absent: string[] = []): SinkRecord[] {
    const movedTo = this.#keyOf(after);
    const away = this.#record('d', before, null);
    return [
      movedTo === null || absent.length === 0 ? away : { ...away, movedTo },
      this.tombstone(before),
      this.#record('c', null, after, absent),
    ];
  }

  /** A delete as under a table without any replica identity. */
  deleteBlind(): SinkRecord {
    return this.#record('d', null, null);
  }

  truncate(): SinkRecord {
    return this.#record('t', null, null);
  }

  tombstone(key: RowValues): SinkRecord {
    return this.#next(this.#keyOf(key), null, []);
  }

  /** A row without an envelope. */
  flat(row: RowValues): SinkRecord {
    return this.#next(this.#keyOf(row), struct(this.#row, row), []);
  }

  #record(
    op: string,
    before: RowValues | null,
    after: RowValues | null,
    absent: string[] = [],
  ): SinkRecord {
    const at = BigInt(this.log.sequence);
    const place = [FIRST_MICROS + at * 1_000_000n, 700n + at, 0x1_0000_0000n + at];
    const value: Struct = {
      schema: this.#envelope,
      values: [
        before === null ? null : struct(this.#row, before),
        after === null ? null : struct(this.#row, after),
        { schema: SOURCE, values: [this.#shape.schema ?? 'public', this.#shape.table, ...place] },
        op,
      ],
    };
    const row = after ?? before;
    return this.#next(op === 't' || row === null ? null : this.#keyOf(row), value, absent);
  }

  #keyOf(row: RowValues): Struct | null {
    const schema = this.#key;
    if (schema === null) return null;
    const names = (schema.fields ?? []).map((field) => field.name);
    return struct(schema, Object.fromEntries(names.map((name) => [name, row[name] ?? null])));
  }

  #next(key: Struct | null, value: Struct | null, absent: string[]): SinkRecord {
    const { topic, partition, generation } = this;
    const { offset, sequence } = this.log.next(topic, partition);
    return { topic, partition, generation, offset, sequence, timestampMs: 0, key, value, absent };
  }
}

/** The positions that a consumer tells with these records. */
export function positionsOf(records: readonly SinkRecord[]): SinkPosition[] {
  const positions = new Map<string, SinkPosition>();
  for (const { topic, partition, generation, offset } of records) {
    positions.set(`${topic}/${partition}`, { topic, partition, generation, offset: offset + 1 });
  }
  return [...positions.values()];
}
