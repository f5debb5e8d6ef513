import { parseColumnText, placeholderValue } from '../../dialects/text-values.ts';
import { changeToRecords, truncateToRecords } from '../envelope/change-records.ts';
import type { ChangeRecord, ChangeRecordContext } from '../envelope/change-records.ts';
import { UNCONVERTED_HEADER } from '../envelope/unconverted.ts';
import type { ChangeOrigin, RowChange, TruncateChange } from '../model/change-event.ts';
import type { ConnectHeader, ConnectRecord } from '../model/connect-record.ts';
import { NOTHING } from '../transform/record-transform.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { RecordOutput } from '../rowpath/record-output.ts';
import type { RowEncoder, RowEncoderContext } from '../rowpath/row-encoder.ts';
import type { TableRecordSchemas } from '../envelope/envelope-options.ts';
import type { RecordSink } from './record-sink.ts';

const TEXT: ConnectSchema = { type: 'string', optional: true };

/** The general path of one table version: records as structs, for the transforms. */
export class TransformingEncoder implements RowEncoder {
  readonly #context: Omit<ChangeRecordContext, 'processedMicros'>;
  readonly #writer: RecordSink;
  /** Headers of our own go out (not with `compat`). */
  readonly #tells: boolean;
  readonly #told: (record: ChangeRecord) => void;
  #micros = 0n;

  constructor(
    parts: Pick<
      RowEncoderContext,
      'table' | 'schemas' | 'options' | 'transaction' | 'positions' | 'onUnconverted'
    >,
    writer: RecordSink,
  ) {
    const { table, schemas, options, transaction, positions } = parts;
    const { unavailableValuePlaceholder } = options;
    this.#writer = writer;
    this.#tells = options.absentHeader;
    this.#told = ({ headers }) => {
      const paths = headers.find(({ name }) => name === UNCONVERTED_HEADER)?.value;
      if (typeof paths !== 'string') return;
      parts.onUnconverted?.(table.id, JSON.parse(paths) as string[]);
    };
    this.#context = {
      schemas,
      // Told first, then left out: nothing is lost in silence.
      options: { ...options, absentHeader: true },
      parse: (column, text) => parseColumnText(table.id, column, text),
      placeholder: (column) => placeholderValue(column, unavailableValuePlaceholder),
      ...(transaction === undefined ? {} : { transaction }),
      ...(positions === undefined
        ? {}
        : { position: (at: ChangeOrigin, ordinal: number) => positions.textOf(at, ordinal) }),
    };
  }

  processedAt(micros: bigint): void {
    this.#micros = micros;
  }

  row(change: RowChange, output: RecordOutput): number {
    return this.#write(changeToRecords(change, this.#now()), output);
  }

  truncate(change: TruncateChange, output: RecordOutput): number {
    return this.#write(truncateToRecords(change, this.#now()), output);
  }

  #now(): ChangeRecordContext {
    return { ...this.#context, processedMicros: this.#micros };
  }

  #write(records: readonly ChangeRecord[], output: RecordOutput): number {
    const nowMs = Number(this.#micros / 1000n);
    let count = 0;
    let shared: ConnectHeader[] = [];
    for (const record of records) {
      this.#told(record);
      const headers = record.headers.filter(({ name }) => this.#tells || !isOwn(name));
      const made = connectRecord({ ...record, headers });
      // A tombstone shares its headers with the delete before it, as in the original.
      const given =
        record.value === null ? { ...made, headers: [...made.headers, ...shared] } : made;
      shared = [];
      count += this.#writer.write(given, output, nowMs, shared);
    }
    return count;
  }
}

function isOwn(header: string): boolean {
  return header.startsWith('__tidemark.');
}

/** Without a time, as records of Debezium: they get theirs when they are written. */
function connectRecord(record: ChangeRecord): ConnectRecord {
  const data = (struct: Struct | null): ConnectRecord['key'] =>
    struct === null ? NOTHING : { schema: struct.schema, value: struct };
  const headers = record.headers.map(({ name, value }) =>
    typeof value === 'string' ? { name, schema: TEXT, value } : { name, ...data(value) },
  );
  const { topic } = record;
  return { topic, key: data(record.key), value: data(record.value), headers, timestampMs: null };
}

/** A row of a snapshot without values: to learn which topic the transforms give its table. */
export function blankRecord({ topic, key, row, envelope }: TableRecordSchemas): ConnectRecord {
  const blank = (schema: ConnectSchema): Struct => ({
    schema,
    values: (schema.fields ?? []).map(() => null),
  });
  const values = (envelope.fields ?? []).map(({ name, schema }) => {
    if (name === 'after') return blank(row);
    if (name === 'op') return 'r';
    return name === 'source' ? blank(schema) : null;
  });
  const data = (struct: Struct): ConnectRecord['key'] => ({ schema: struct.schema, value: struct });
  return {
    topic,
    key: key === null ? NOTHING : data(blank(key)),
    value: data({ schema: envelope, values }),
    headers: [],
    timestampMs: null,
  };
}
