import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import { rawChange, type RawShapes, rawShapes } from '../envelope/raw-change.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { RowChange } from '../model/change-event.ts';
import { POSITION_HEADER, positionOrdinal } from '../model/change-position.ts';
import type { ConnectData, ConnectRecord } from '../model/connect-record.ts';
import { isStruct } from '../model/connect-schema.ts';
import { plainValue } from '../model/plain-value.ts';
import { RegistryError } from '../model/registry-error.ts';
import type { ErrorStage } from '../model/record-failure.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { RecordOutput } from '../rowpath/record-output.ts';
import type { Positions } from '../rowpath/row-encoder.ts';
import { structIn } from '../transform/record-transform.ts';
import type { RecordHeader, Transport } from '../transport/transport.ts';
import type { StageClasses } from './dead-letter-headers.ts';
import { sourceLetterHeaders } from './dead-letter-headers.ts';
import { DeadLetterLog, type LetterLogging } from './dead-letter-log.ts';
import { HeldRecords } from './held-records.ts';
import type { Logger } from './logger.ts';

/** Where the dead letters of a source go, and what is told of them. */
export interface SourceLetterSettings {
  readonly pipeline: string;
  /** Null: they are dropped. */
  readonly topic: string | null;
  /** -1: the default of the brokers. */
  readonly replicationFactor: number;
  readonly classes: StageClasses;
  readonly log: LetterLogging;
}

/** With what they are written. */
export interface SourceLetterParts extends SourceLetterSettings {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How the changes of tables are read; a source of lines has none. */
export interface RowReading {
  readonly envelope: EnvelopeOptions;
  /** Null: records do not carry their position. */
  readonly positions: Positions | null;
}

/** What is known of a table whose rows failed. */
interface FailedTable extends RawShapes {
  readonly topic: string;
}

/**
 * Changes of which a source could make no record (errors.tolerance all), as Connect's JSON with
 * schemas, and headers that say what happened.
 *
 * Invariant: a letter stands in the batch in which its record would have stood, so both are durable
 * before the source's offset passes the change. What breaks otherwise: the change is nowhere.
 */
export class SourceDeadLetters {
  readonly #parts: SourceLetterParts;
  readonly #rows: RowReading | null;
  readonly #records = new HeldRecords();
  readonly #log: DeadLetterLog;
  readonly #tables = new WeakMap<TableSchema, FailedTable>();
  #handle: number | null = null;
  #failed = 0;

  constructor(parts: SourceLetterParts, rows: RowReading | null = null) {
    this.#parts = parts;
    this.#rows = rows;
    this.#log = new DeadLetterLog(parts.logger, parts.log, parts.topic);
  }

  /** Changes of this process that became no record. */
  get failed(): number {
    return this.#failed;
  }

  /** True of an error that is one record's alone. */
  takes(thrown: unknown): boolean {
    return isOfRecord(thrown);
  }

  /** Makes the topic: rights that are missing show at the start, not with the first letter. */
  async prepare(): Promise<void> {
    const { topic, transport, replicationFactor } = this.#parts;
    if (topic === null) return;
    // Kept for ever: whoever mends the cause may come late.
    const options = { partitions: 1, cleanup: 'delete', replicationFactor } as const;
    this.#handle = await transport.openTopic(topic, options);
  }

  /** A change that has no form in the schema of its table. Throws what may not be passed over. */
  row(change: RowChange, thrown: unknown, output: RecordOutput): void {
    const rows = this.#rows;
    if (rows === null || !isOfRecord(thrown) || thrown.code !== 'VALUE_CONVERSION') throw thrown;
    const { clock } = this.#parts;
    const table = this.#tableOf(change.table, rows.envelope);
    const raw = rawChange(change, table, rows.envelope, clock.nowMicros());
    const position = rows.positions?.textOf(change, positionOrdinal(change));
    const headers =
      position === undefined
        ? raw.headers
        : [...raw.headers, { name: POSITION_HEADER, schema: TEXT, value: position }];
    const letter = { ...raw, topic: table.topic, headers };
    this.record(letter, 'VALUE_CONVERTER', thrown, output, clock.nowMs());
  }

  /** A record as it was before the transforms. Throws what may not be passed over. */
  record(
    record: ConnectRecord,
    stage: ErrorStage,
    thrown: unknown,
    output: RecordOutput,
    nowMs: number,
  ): void {
    if (!isOfRecord(thrown)) throw thrown;
    const { pipeline, classes } = this.#parts;
    const failure = { stage, error: thrown };
    if (this.#handle !== null) {
      const more = sourceLetterHeaders(record.topic, pipeline, failure, classes);
      this.#write(record, this.#handle, output, nowMs, more);
    }
    this.#failed++;
    this.#log.tell(record.topic, failure, () => placeOf(record));
  }

  /** Also what does not fit its own schema, which may be why it failed: as text then. */
  #write(
    record: ConnectRecord,
    handle: number,
    output: RecordOutput,
    nowMs: number,
    more: readonly RecordHeader[],
  ): void {
    try {
      this.#records.write(record, handle, output, nowMs, more);
    } catch (thrown) {
      if (!isOfRecord(thrown)) throw thrown;
      const asText = { ...record, key: textOf(record.key), value: textOf(record.value) };
      this.#records.write(asText, handle, output, nowMs, more);
    }
  }

  #tableOf(table: TableSchema, envelope: EnvelopeOptions): FailedTable {
    let known = this.#tables.get(table);
    if (known === undefined) {
      const { topic } = tableRecordSchemas(table, envelope);
      known = { ...rawShapes(table, envelope), topic };
      this.#tables.set(table, known);
    }
    return known;
  }
}

const TEXT = { type: 'string', optional: true } as const;

function textOf({ schema, value }: ConnectData): ConnectData {
  if (schema === null || value === null) return { schema: null, value: null };
  return { schema: TEXT, value: JSON.stringify(plainValue(value)) };
}

/** Of these one record is the cause; brokers, registry and rights are nothing to pass over. */
const OF_RECORDS: ReadonlySet<string> = new Set([
  'VALUE_CONVERSION',
  'TRANSFORM',
  'RECORD_FORMAT',
  'SCHEMA_INVALID',
]);

function isOfRecord(thrown: unknown): thrown is TidemarkError {
  if (!(thrown instanceof TidemarkError)) return false;
  // What a registry says of a schema is of all its records.
  return OF_RECORDS.has(thrown.code) && !(thrown instanceof RegistryError);
}

const PLACES: ReadonlySet<string> = new Set(['lsn', 'file', 'pos', 'row', 'ts_ms']);

/** Where the change stands in its source, without its values. */
function placeOf({ value: { value } }: ConnectRecord): Readonly<Record<string, string>> {
  const source = value !== null && isStruct(value) ? structIn(value, 'source') : null;
  if (source === null) return {};
  const named = (source.schema.fields ?? []).map(
    ({ name }, i) => [name, source.values[i] ?? null] as const,
  );
  const known = named.flatMap(([name, at]): (readonly [string, string])[] => {
    const isPlace = typeof at === 'string' || typeof at === 'number' || typeof at === 'bigint';
    return PLACES.has(name) && isPlace ? [[name, String(at)]] : [];
  });
  return Object.fromEntries(known);
}
