import { expect } from 'vitest';
import { parseText, placeholderValue } from '../../dialects/text-values.ts';
import { AvroConverter } from '../../src/converter/avro-converter.ts';
import type { Converter, PreparedSchema } from '../../src/converter/converter.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { headerText } from '../../src/converter/simple-header.ts';
import { changeToRecords, truncateToRecords } from '../../src/envelope/change-records.ts';
import type { ChangeRecord, ChangeRecordContext } from '../../src/envelope/change-records.ts';
import type { EnvelopeOptions } from '../../src/envelope/envelope-options.ts';
import { TransactionMetadata } from '../../src/envelope/transaction-metadata.ts';
import { tableRecordSchemas } from '../../src/envelope/table-record-schemas.ts';
import type {
  BinlogRowChange,
  PostgresRowChange,
  RowChange,
} from '../../src/model/change-event.ts';
import type { ConnectValue } from '../../src/model/connect-schema.ts';
import { lsn } from '../../src/model/lsn.ts';
import type { ColumnSchema, TableSchema } from '../../src/model/table-schema.ts';
import { compileRowEncoder } from '../../src/rowpath/compile-row-encoder.ts';
import type { RowEncoderContext, WireFormat } from '../../src/rowpath/row-encoder.ts';
import { SourcePositions } from '../../src/runtime/source-positions.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import type { TypeCase } from './value-arbitraries.ts';

export const OPTIONS: EnvelopeOptions = {
  topicPrefix: 'shop',
  connector: 'postgresql',
  version: '0.1.0',
  database: 'db',
  tombstonesOnDelete: true,
  unavailableValuePlaceholder: '__debezium_unavailable_value',
  absentHeader: true,
  contextHeaders: [{ name: '__debezium.context.taskId', value: '0' }],
};
/** The same for MySQL. */
export const BINLOG_OPTIONS: EnvelopeOptions = { ...OPTIONS, connector: 'mysql', database: '' };
const MICROS = 1_795_250_776_723_798n;

/** A converter of one configuration, and what the encoder has to know of it. */
export interface Wire {
  readonly name: string;
  readonly format: WireFormat;
  readonly converter: (isKey: boolean) => Converter;
  readonly json?: RowEncoderContext['valueJson'];
}

const registry = {
  register: (subject: string) => Promise.resolve(subject.length),
  schemaById: () => Promise.reject(new Error('not asked')),
};
const replaced = { replaceNullWithDefault: true };
export const WIRES: readonly Wire[] = [
  { name: 'JSON with schemas', format: 'json', converter: () => new JsonConverter() },
  {
    name: 'JSON',
    format: 'json',
    converter: () => new JsonConverter({ schemasEnable: false }),
  },
  {
    name: 'JSON, numbers and defaults',
    format: 'json',
    converter: () => new JsonConverter({ ...replaced, decimalFormat: 'NUMERIC' }),
    json: { ...replaced, decimalFormat: 'NUMERIC' },
  },
  { name: 'Avro', format: 'avro', converter: (isKey) => new AvroConverter(registry, { isKey }) },
  {
    name: 'Avro, defaults',
    format: 'avro',
    converter: (isKey) => new AvroConverter(registry, { isKey, ...replaced }),
    json: replaced,
  },
];

/** A record as text, for comparison. */
export interface Encoded {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string])[];
}

/** Avro bytes are not text; latin1 keeps each byte apart. */
const shown = (bytes: Buffer | null, wire: Wire): string | null =>
  bytes === null ? null : bytes.toString(wire.format === 'json' ? 'utf8' : 'latin1');

/** The records of a batch, headers taken apart. */
export function readBatch(batch: RecordBatch, wire: Wire): Encoded[] {
  const bytes = batch.writer.bytes;
  return Array.from({ length: batch.count }, (_, i) => {
    const keyEnd = batch.keyEnds[i] as number;
    const valueEnd = batch.valueEnds[i] as number;
    const key = keyEnd < 0 ? null : bytes.subarray(batch.keyStarts[i], keyEnd);
    const value = valueEnd < 0 ? null : bytes.subarray(batch.valueStarts[i], valueEnd);
    const headers: [string, string][] = [];
    let at = batch.headerStarts[i] as number;
    while (at < (batch.headerEnds[i] as number)) {
      const nameEnd = at + 2 + bytes.readUInt16BE(at);
      const valueStart = nameEnd + 4;
      const end = valueStart + bytes.readInt32BE(nameEnd);
      headers.push([
        bytes.toString('utf8', at + 2, nameEnd),
        bytes.toString('utf8', valueStart, end),
      ]);
      at = end;
    }
    return { key: shown(key, wire), value: shown(value, wire), headers };
  });
}

/** Both paths over one table. */
export interface Bench {
  readonly context: RowEncoderContext;
  compiled(change: RowChange): Encoded[];
  general(change: RowChange): Encoded[];
  truncated(change: RowChange): readonly [Encoded[], Encoded[]];
}

/** Prepares schemas, converters and the compiled encoder of a table. */
export async function benchOf(
  table: TableSchema,
  wire: Wire,
  options = OPTIONS,
  transactions = false,
  onUnconverted?: RowEncoderContext['onUnconverted'],
): Promise<Bench> {
  const schemas = tableRecordSchemas(table, options);
  const keys = wire.converter(true);
  const values = wire.converter(false);
  const key = schemas.key === null ? null : await keys.prepare(schemas.topic, schemas.key);
  const value = await values.prepare(schemas.topic, schemas.envelope);
  const context: RowEncoderContext = {
    table,
    schemas,
    options,
    topic: 7,
    key,
    value,
    keyFormat: wire.format,
    valueFormat: wire.format,
    ...(wire.json === undefined
      ? {}
      : {
          keyJson: wire.json,
          valueJson: wire.json,
        }),
    ...positions(options),
    ...transactionBlocks(transactions),
    ...(onUnconverted === undefined ? {} : { onUnconverted }),
  };
  const encoder = compileRowEncoder(context);
  encoder.processedAt(MICROS);
  const recordContext = {
    schemas,
    options,
    processedMicros: MICROS,
    parse: (column: ColumnSchema, text: string): ConnectValue =>
      parseText(column.format, column.schema, text),
    placeholder: (column: ColumnSchema): ConnectValue =>
      placeholderValue(column, options.unavailableValuePlaceholder),
    ...positionText(options),
    ...transactionBlocks(transactions),
  };
  const encode = (record: ChangeRecord): Encoded => ({
    key:
      record.key === null ? null : shown(keys.fromConnect(key as PreparedSchema, record.key), wire),
    value: record.value === null ? null : shown(values.fromConnect(value, record.value), wire),
    headers: record.headers.map((header) => [header.name, headerText(header.value)] as const),
  });
  const withBatch = (write: (batch: RecordBatch) => number): Encoded[] => {
    const batch = new RecordBatch();
    expect(write(batch)).toBe(batch.count);
    return readBatch(batch, wire);
  };
  return {
    context,
    compiled: (change) => withBatch((batch) => encoder.row(change, batch)),
    general: (change) => changeToRecords(change, recordContext).map(encode),
    truncated: (change) => [
      withBatch((batch) => encoder.truncate(change, batch)),
      truncateToRecords(change, recordContext).map(encode),
    ],
  };
}

function positions({ positionHeader }: EnvelopeOptions): Pick<RowEncoderContext, 'positions'> {
  return positionHeader === true ? { positions: new SourcePositions() } : {};
}

function positionText(options: EnvelopeOptions): Pick<ChangeRecordContext, 'position'> {
  const source = positions(options).positions;
  if (source === undefined) return {};
  return { position: (at, ordinal) => source.textOf(at, ordinal) };
}

/** Each path counts for itself. */
function transactionBlocks(wanted: boolean): Pick<RowEncoderContext, 'transaction'> {
  if (!wanted) return {};
  const metadata = new TransactionMetadata();
  return {
    transaction: (at, table) => {
      metadata.enters(at);
      return metadata.block(at, `${table.schema}.${table.table}`);
    },
  };
}

/** A table `public.t`. */
export function tableOf(
  columns: readonly ColumnSchema[],
  keyColumns: readonly number[],
): TableSchema {
  return {
    id: { catalog: 'db', schema: 'public', table: 't' },
    version: 1,
    columns,
    keyColumns,
    replicaIdentity: 'default',
  };
}

/** Where a change stands; parts of it may be given. */
export function origin(
  extra: Partial<PostgresRowChange> = {},
): Omit<PostgresRowChange, 'op' | 'table' | 'before' | 'after'> {
  return {
    family: 'postgres',
    lsn: lsn(649_128_472n),
    commitLsn: lsn(649_128_999n),
    previousCommitLsn: null,
    ordinal: 0,
    transactionId: 8645,
    sourceMicros: 1_795_250_776_579_200n,
    snapshot: 'false',
    beforeIsKeyOnly: false,
    ...extra,
  };
}

/** The same of a binlog. */
export function binlogOrigin(
  extra: Partial<BinlogRowChange> = {},
): Omit<BinlogRowChange, 'op' | 'table' | 'before' | 'after'> {
  return {
    family: 'binlog',
    serverId: 80,
    gtid: '531e30d3-e585-11f1-809b-02fc00000001:67',
    file: 'binlog.000001',
    pos: 232_974,
    groupPos: 232_800,
    row: 0,
    thread: 246,
    query: null,
    transactionId: '531e30d3-e585-11f1-809b-02fc00000001:67',
    ordinal: 0,
    sourceMicros: 1_795_251_884_908_171n,
    snapshot: 'false',
    beforeIsKeyOnly: false,
    ...extra,
  };
}

/** A NOT NULL column of the type. */
export function column(
  typeCase: TypeCase,
  name: string,
  at: number,
  extra: Partial<ColumnSchema> = {},
): ColumnSchema {
  return {
    name,
    schema: typeCase.schema,
    format: typeCase.format,
    tupleIndex: at,
    sourceType: typeCase.name,
    identity: false,
    ...extra,
  };
}
