import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectHeader, ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import type { HypertableCatalog, Hypertables, NamedTable } from '../hypertable-catalog.ts';
import { chunkKey } from '../hypertable-catalog.ts';
import type { RecordTransform } from '../record-transform.ts';
import { envelopeOf, fieldValue, structIn } from '../record-transform.ts';
import { TransformWaits } from '../transform-waits.ts';

const TEXT: ConnectSchema = { type: 'string', optional: false };
const HEADERS = '__debezium_timescaledb';

/**
 * Debezium's TimescaleDb: rows of a chunk go to the topic of its hypertable, or of the continuous
 * aggregate that the hypertable stands for; headers tell where they were. Which chunk is whose, the
 * database is asked when a chunk is first seen; tombstones stay where they are, as in the original.
 */
export class TimescaleDb implements RecordTransform {
  readonly addsHeadersInPlace = 'copied';
  readonly #schemas: ReadonlySet<string>;
  readonly #prefix: string;
  readonly #catalog: HypertableCatalog;
  readonly #warn: (text: string) => void;
  readonly #strangers = new Set<string>();
  #known: Hypertables = new Map();

  /** Throws TRANSFORM where there is no database to ask. */
  constructor(
    options: ResolvedOptions,
    catalog: HypertableCatalog | null,
    warn: (text: string) => void,
  ) {
    if (catalog === null) {
      throw new TidemarkError('TRANSFORM', 'TimescaleDb works on sources only', {
        cure: 'Move it to the transforms of the source, whose database it asks.',
      });
    }
    this.#schemas = new Set(options.list('schema.list'));
    this.#prefix = options.string('target.topic.prefix');
    this.#catalog = catalog;
    this.#warn = warn;
  }

  apply(record: ConnectRecord): ConnectRecord {
    const envelope = envelopeOf(record);
    const source = envelope === undefined ? null : structIn(envelope, 'source');
    if (envelope === undefined || source === null) return record;
    const schema = fieldValue(source, 'schema');
    const table = fieldValue(source, 'table');
    if (typeof schema !== 'string' || typeof table !== 'string' || !this.#schemas.has(schema)) {
      return record;
    }
    const chunk = { schema, table };
    const key = chunkKey(chunk);
    const found = this.#known.get(key);
    if (found === undefined) {
      if (this.#strangers.has(key)) return record;
      throw new TransformWaits((signal) => this.#ask(chunk, transactionOf(envelope), signal));
    }
    const target = found.aggregate ?? found.hypertable;
    return {
      ...record,
      topic: `${this.#prefix}.${target.schema}.${target.table}`,
      value: { schema: envelope.schema, value: withSource(envelope, relabelled(source, target)) },
      headers: [
        ...record.headers,
        ...headersOf('chunk', chunk),
        ...(found.aggregate === null ? [] : headersOf('hypertable', found.hypertable)),
      ],
    };
  }

  async #ask(chunk: NamedTable, transactionId: number | null, signal: AbortSignal): Promise<void> {
    const key = chunkKey(chunk);
    // A record before may have asked already.
    if (this.#known.has(key) || this.#strangers.has(key)) return;
    this.#known = await this.#catalog.load(transactionId, signal);
    if (this.#known.has(key)) return;
    this.#strangers.add(key);
    this.#warn(`${chunk.schema}.${chunk.table} is no chunk of a hypertable: it keeps its topic`);
  }
}

/** Its commit may not be visible yet; rows that a snapshot read have none. */
function transactionOf(envelope: Struct): number | null {
  if (fieldValue(envelope, 'op') === 'r') return null;
  const source = structIn(envelope, 'source');
  const id = source === null ? null : fieldValue(source, 'txId');
  return typeof id === 'bigint' || typeof id === 'number' ? Number(id) : null;
}

function relabelled(source: Struct, { schema, table }: NamedTable): Struct {
  const values = (source.schema.fields ?? []).map(({ name }, i): ConnectValue => {
    if (name === 'schema') return schema;
    return name === 'table' ? table : (source.values[i] ?? null);
  });
  return { schema: source.schema, values };
}

function withSource(envelope: Struct, source: Struct): Struct {
  const at = envelope.schema.fields?.findIndex(({ name }) => name === 'source') ?? -1;
  return { schema: envelope.schema, values: envelope.values.with(at, source) };
}

function headersOf(what: string, { schema, table }: NamedTable): readonly ConnectHeader[] {
  return [
    { name: `${HEADERS}_${what}_table`, schema: TEXT, value: table },
    { name: `${HEADERS}_${what}_schema`, schema: TEXT, value: schema },
  ];
}
