import type { ChangeOrigin, RowChange, TruncateChange } from '../model/change-event.ts';
import { assert, must } from '../foundation/assert.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { floorDiv } from '../foundation/floor-division.ts';
import { POSITION_HEADER, positionOrdinal } from '../model/change-position.ts';
import type { ConnectValue, Struct } from '../model/connect-schema.ts';
import { maskText } from '../model/column-mask.ts';
import { textEncoding } from '../model/mysql-text-format.ts';
import type { RowImage } from '../model/row-image.ts';
import type { ColumnSchema, TableId, TableSchema } from '../model/table-schema.ts';
import { rowColumns } from '../model/table-schema.ts';
import type { EnvelopeOptions, TableRecordSchemas } from './envelope-options.ts';
import {
  ABSENT_HEADER,
  NEW_KEY_ABSENT_HEADER,
  NEW_KEY_HEADER,
  absentFields,
  imageOfAfter,
  isKnownBefore,
  planRecords,
  unknownValue,
  untoldKeyFields,
} from './record-plan.ts';
import type { ImageSide, PlannedRecord } from './record-plan.ts';
import { sourceStruct } from './source-block.ts';
import { mayNotConvert, UNCONVERTED_HEADER, unconvertedPath } from './unconverted.ts';

/** What the general path needs beside the change. The parsers belong to the dialect. */
export interface ChangeRecordContext {
  readonly schemas: TableRecordSchemas;
  readonly options: EnvelopeOptions;
  /** When the change was processed: ts_ms, ts_us, ts_ns of the envelope. */
  readonly processedMicros: bigint;
  /** The value of the source's text; throws VALUE_CONVERSION. */
  parse(column: ColumnSchema, text: string): ConnectValue;
  /** What stands where the value is absent, typed as the column (PITFALLS C26). */
  placeholder(column: ColumnSchema): ConnectValue;
  /** Counts the event and gives its block (provide.transaction.metadata); absent: never any. */
  readonly transaction?: (origin: ChangeOrigin, table: TableId) => Struct | null;
  /** The change's position (position.header); absent: records do not carry it. */
  readonly position?: (origin: ChangeOrigin, ordinal: number) => string;
}

/** A header before its converter. */
export interface RecordHeaderValue {
  readonly name: string;
  /** A struct carries its schema; a string is an optional string. */
  readonly value: Struct | string;
}

/** One log record before its converter. */
export interface ChangeRecord {
  readonly topic: string;
  /** Null: the table has no key, or a truncate. */
  readonly key: Struct | null;
  /** Null: tombstone. */
  readonly value: Struct | null;
  readonly headers: readonly RecordHeaderValue[];
}

/**
 * The general path: the records of a row change as structs, for transforms, for converters of the
 * user, and as the measure of the compiled encoders.
 */
export function changeToRecords(
  change: RowChange,
  context: ChangeRecordContext,
): readonly ChangeRecord[] {
  const plan = planRecords(change, context.options);
  return plan.map((record) => planned(record, change, context));
}

/** A truncate has neither key nor images; tombstones do not follow. */
export function truncateToRecords(
  change: TruncateChange,
  context: ChangeRecordContext,
): readonly ChangeRecord[] {
  const { schemas, options } = context;
  const source = sourceStruct(change, change.table.id, options);
  const transaction = context.transaction?.(change, change.table.id) ?? null;
  const value = envelope(context, { before: null, after: null, source, transaction, op: 't' });
  const headers = [...positionHeader(change, context), ...contextHeaders(options)];
  return [{ topic: schemas.topic, key: null, value, headers }];
}

function planned(
  record: PlannedRecord,
  change: RowChange,
  context: ChangeRecordContext,
): ChangeRecord {
  const { schemas } = context;
  const key = keyStruct(record.key, change, context);
  if (record.op === null) {
    return { topic: schemas.topic, key, value: null, headers: headersOf(record, change, context) };
  }
  const unconverted: string[] = [];
  const value = envelope(context, {
    before: record.before ? rowStruct('before', change, context, unconverted) : null,
    after: record.after ? rowStruct('after', change, context, unconverted) : null,
    source: sourceStruct(change, change.table.id, context.options),
    transaction: context.transaction?.(change, change.table.id) ?? null,
    op: record.op,
  });
  const headers = headersOf(record, change, context, unconverted);
  return { topic: schemas.topic, key, value, headers };
}

interface EnvelopeParts {
  readonly before: Struct | null;
  readonly after: Struct | null;
  readonly source: Struct;
  readonly transaction: Struct | null;
  readonly op: 'c' | 'u' | 'd' | 'r' | 't';
}

function envelope(context: ChangeRecordContext, parts: EnvelopeParts): Struct {
  const micros = context.processedMicros;
  return {
    schema: context.schemas.envelope,
    values: [
      parts.before,
      parts.after,
      parts.source,
      parts.transaction,
      parts.op,
      floorDiv(micros, 1000n),
      micros,
      micros * 1000n,
    ],
  };
}

/** Values that have no form in their schema are replaced, if so configured, and named. */
function rowStruct(
  side: ImageSide,
  change: RowChange,
  context: ChangeRecordContext,
  unconverted: string[],
): Struct {
  const { conversionFailures = 'fail', fieldNameAdjustment } = context.options;
  const values = rowColumns(change.table).map((column): ConnectValue => {
    try {
      return columnValue(side, column, change, context);
    } catch (error) {
      if (conversionFailures === 'fail' || !mayNotConvert(column)) throw error;
      if (!(error instanceof TidemarkError) || error.code !== 'VALUE_CONVERSION') throw error;
      unconverted.push(unconvertedPath(side, column, fieldNameAdjustment));
      return column.schema.optional ? null : context.placeholder(column);
    }
  });
  return { schema: context.schemas.row, values };
}

function keyStruct(
  side: ImageSide,
  change: RowChange,
  context: ChangeRecordContext,
): Struct | null {
  const schema = context.schemas.key;
  if (schema === null) return null;
  const columns = keyColumns(change.table);
  const values = columns.map((column) => columnValue(side, column, change, context));
  const { keyIdentifier } = context.schemas;
  return { schema, values: keyIdentifier === undefined ? values : [...values, keyIdentifier] };
}

function keyColumns(table: TableSchema): readonly ColumnSchema[] {
  return table.keyColumns.map((index) => must(table.columns[index], 'key column exists'));
}

function columnValue(
  side: ImageSide,
  column: ColumnSchema,
  change: RowChange,
  context: ChangeRecordContext,
): ConnectValue {
  if (column.mask?.kind === 'constant') return column.mask.text;
  if (side === 'before') {
    if (!isKnownBefore(change, column)) return unknownValue(column.schema, column.format);
    return imageValue(must(change.before, 'known before'), column, context);
  }
  const image = imageOfAfter(change, column);
  return image === null ? context.placeholder(column) : imageValue(image, column, context);
}

function imageValue(
  image: RowImage,
  column: ColumnSchema,
  context: ChangeRecordContext,
): ConnectValue {
  const text = image.text(column.tupleIndex, textEncoding(column.format));
  assert(text !== undefined, 'the image has the column');
  if (text === null) return null;
  return context.parse(column, column.mask === undefined ? text : maskText(column.mask, text));
}

function headersOf(
  record: PlannedRecord,
  change: RowChange,
  context: ChangeRecordContext,
  unconverted: readonly string[] = [],
): readonly RecordHeaderValue[] {
  const { options } = context;
  const headers: RecordHeaderValue[] = [];
  if (record.keyHeader !== null) {
    const other = keyStruct(record.key === 'before' ? 'after' : 'before', change, context);
    headers.push({ name: record.keyHeader, value: must(other, 'a moved row has a key') });
  }
  const absent = options.absentHeader ? absentOf(record, change, options) : [];
  if (absent.length > 0) headers.push({ name: ABSENT_HEADER, value: JSON.stringify(absent) });
  if (options.absentHeader && record.op === 'd' && record.keyHeader === NEW_KEY_HEADER) {
    const lacking = absentFields(change, options.fieldNameAdjustment ?? 'none');
    if (lacking.length > 0) {
      headers.push({ name: NEW_KEY_ABSENT_HEADER, value: JSON.stringify(lacking) });
    }
  }
  if (options.absentHeader && unconverted.length > 0) {
    headers.push({ name: UNCONVERTED_HEADER, value: JSON.stringify(unconverted) });
  }
  headers.push(...positionHeader(change, context), ...contextHeaders(options));
  return headers;
}

function positionHeader(
  change: RowChange | TruncateChange,
  { position }: ChangeRecordContext,
): readonly RecordHeaderValue[] {
  if (position === undefined) return [];
  return [{ name: POSITION_HEADER, value: position(change, positionOrdinal(change)) }];
}

function absentOf(
  record: PlannedRecord,
  change: RowChange,
  { fieldNameAdjustment = 'none' }: EnvelopeOptions,
): readonly string[] {
  if (record.after) return absentFields(change, fieldNameAdjustment);
  return change.beforeIsKeyOnly ? untoldKeyFields(change.table, fieldNameAdjustment) : [];
}

function contextHeaders(options: EnvelopeOptions): readonly RecordHeaderValue[] {
  return options.contextHeaders ?? [];
}
