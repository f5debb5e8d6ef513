import { parseText, placeholderValue } from '../../dialects/text-values.ts';
import { inColumn } from '../../dialects/value-conversion.ts';
import { compileAvroEncoder } from '../converter/avro-encoder.ts';
import { jsonString } from '../converter/json-text.ts';
import { headerText } from '../converter/simple-header.ts';
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
} from '../envelope/record-plan.ts';
import type { ImageSide, PlannedRecord } from '../envelope/record-plan.ts';
import { UNCONVERTED_HEADER, unconvertedPath } from '../envelope/unconverted.ts';
import { must } from '../foundation/assert.ts';
import { ByteWriter } from '../foundation/byte-writer.ts';
import type { ChangeOrigin, RowChange, TruncateChange } from '../model/change-event.ts';
import { positionOrdinal } from '../model/change-position.ts';
import type { ConnectField, ConnectValue, Struct } from '../model/connect-schema.ts';
import { maskText } from '../model/column-mask.ts';
import { textEncoding } from '../model/mysql-text-format.ts';
import type { RowImage } from '../model/row-image.ts';
import type { ColumnSchema, TableSchema } from '../model/table-schema.ts';
import { rowColumns } from '../model/table-schema.ts';
import type { JsonTextOptions } from '../converter/json-text.ts';
import { BinlogSource } from './binlog-source-encoder.ts';
import type { ColumnContext } from './column-encoder.ts';
import { compileColumn } from './column-encoder.ts';
import type { EnvelopeFrame } from './envelope-frame.ts';
import { avroFrame, jsonFrame } from './envelope-frame.ts';
import { ImageEncoder } from './image-encoder.ts';
import { prepareBytes, writePrepared } from './prepared-bytes.ts';
import type { PreparedBytes } from './prepared-bytes.ts';
import type { RecordOutput } from './record-output.ts';
import type { Positions, RowEncoder, RowEncoderContext, WireFormat } from './row-encoder.ts';
import { PostgresAvroSource, PostgresJsonSource } from './postgres-source-encoder.ts';
import type { SourceEncoder } from './source-encoder.ts';

const JSON_DEFAULTS: JsonTextOptions = { decimalFormat: 'BASE64', replaceNullWithDefault: false };
const NOTHING = prepareBytes('');
const OPEN = prepareBytes('{');
const CLOSE = prepareBytes('}');

/**
 * The encoder of one table version: columns, envelope and source block are laid out once, a row
 * then goes from the source's bytes to the record's bytes. Equal, byte for byte, to
 * `changeToRecords` and the converter (a property test holds them together).
 */
export function compileRowEncoder(context: RowEncoderContext): RowEncoder {
  return new CompiledRowEncoder(context);
}

type Operation = 'c' | 'u' | 'd' | 'r' | 't';

class CompiledRowEncoder implements RowEncoder {
  readonly #context: RowEncoderContext;
  readonly #row: ImageEncoder;
  readonly #key: ImageEncoder | null;
  readonly #keyColumns: readonly ColumnSchema[];
  readonly #source: SourceEncoder;
  readonly #frame: EnvelopeFrame;
  readonly #untoldKeyHeader: Buffer | null;
  readonly #positions: Positions | undefined;
  readonly #contextHeaders: readonly { readonly name: string; readonly value: Buffer }[];
  #timestampMs = 0;
  #micros = 0n;
  /** Of this processing time, made when an operation first comes. */
  #tails: Partial<Record<Operation, PreparedBytes>> = {};
  /** The struct in work, so that an error can name its column. */
  #inWork: ImageEncoder;
  /** The image in work, and fields of it that hold a placeholder instead of a value. */
  #side: ImageSide = 'after';
  readonly #unconverted: string[] = [];

  constructor(context: RowEncoderContext) {
    const { table, schemas, options } = context;
    const valueJson = { ...JSON_DEFAULTS, ...context.valueJson };
    this.#context = context;
    const note = (column: ColumnSchema): void => this.#noteUnconverted(column);
    const lenient =
      (options.conversionFailures ?? 'fail') === 'fail' ? {} : { onUnconverted: note };
    this.#row = structEncoder(
      context,
      rowColumns(table),
      schemas.row.fields ?? [],
      'value',
      lenient,
    );
    this.#keyColumns = table.keyColumns.map((index) => must(table.columns[index], 'key column'));
    const keyFields = schemas.key?.fields;
    this.#key =
      keyFields === undefined ? null : structEncoder(context, this.#keyColumns, keyFields, 'key');
    const json = context.valueFormat === 'json';
    this.#frame = json ? jsonFrame(context.value, valueJson) : avroFrame(context.value);
    this.#source = sourceEncoder(context, valueJson);
    const untold = untoldKeyFields(table, options.fieldNameAdjustment ?? 'none');
    this.#untoldKeyHeader = untold.length > 0 ? Buffer.from(JSON.stringify(untold)) : null;
    this.#positions = context.positions;
    this.#contextHeaders = (options.contextHeaders ?? []).map(({ name, value }) => ({
      name,
      value: Buffer.from(headerText(value)),
    }));
    this.#inWork = this.#row;
  }

  processedAt(micros: bigint): void {
    this.#timestampMs = Math.floor(Number(micros) / 1000);
    this.#micros = micros;
    this.#tails = {};
  }

  row(change: RowChange, output: RecordOutput): number {
    const plan = planRecords(change, this.#context.options);
    try {
      // What has ended cannot be taken back, so a later record of the change must not fail: the
      // tombstone has the delete's key, and a create after a delete is tried out before.
      if (plan.length > 1) this.#tryLast(plan, change, output);
      for (let i = 0; i < plan.length; i++) {
        this.#record(plan[i] as PlannedRecord, change, output);
      }
    } catch (error) {
      output.abandon();
      const column = this.#inWork.currentColumn();
      throw column === undefined ? error : inColumn(this.#context.table.id, column, error);
    }
    return plan.length;
  }

  truncate(change: TruncateChange, output: RecordOutput): number {
    const { writer } = output;
    output.start(this.#context.topic, this.#timestampMs);
    output.endKey(false);
    writePrepared(writer, this.#frame.empty);
    this.#source.write(change, writer);
    this.#writeTail('t', this.#blockOf(change, change.table), writer);
    output.endValue(true);
    this.#writePosition(change, output);
    this.#writeContextHeaders(output);
    output.end();
    return 1;
  }

  #record(record: PlannedRecord, change: RowChange, output: RecordOutput): void {
    output.start(this.#context.topic, this.#timestampMs);
    this.#writeKey(record.key, change, output);
    this.#row.placeholderWritten = false;
    this.#unconverted.length = 0;
    if (record.op === null) {
      output.endValue(false);
    } else {
      this.#writeValue(record, { op: record.op, counts: true }, change, output);
      output.endValue(true);
    }
    this.#writeHeaders(record, change, output);
    output.end();
  }

  #tryLast(plan: readonly PlannedRecord[], change: RowChange, output: RecordOutput): void {
    const last = plan[plan.length - 1] as PlannedRecord;
    if (last.op === null) return;
    output.start(this.#context.topic, this.#timestampMs);
    this.#writeKey(last.key, change, output);
    this.#writeValue(last, { op: last.op, counts: false }, change, output);
    output.abandon();
  }

  /** Counts the event: once for each record that is one. */
  #blockOf(origin: ChangeOrigin, table: TableSchema): Struct | null {
    return this.#context.transaction?.(origin, table.id) ?? null;
  }

  #writeTail(op: Operation, block: Struct | null, writer: ByteWriter): void {
    if (block === null) {
      writePrepared(writer, (this.#tails[op] ??= this.#frame.tail(op, this.#micros)));
    } else {
      writePrepared(writer, this.#frame.tail(op, this.#micros, block));
    }
  }

  #writeKey(side: ImageSide, change: RowChange, output: RecordOutput): void {
    const key = this.#key;
    const prepared = this.#context.key;
    if (key === null || prepared === null) {
      output.endKey(false);
      return;
    }
    const { writer } = output;
    writer.range(prepared.prefix, 0, prepared.prefix.length);
    this.#writeImage(key, side, change, output);
    writer.range(prepared.suffix, 0, prepared.suffix.length);
    output.endKey(true);
  }

  #writeImage(
    encoder: ImageEncoder,
    side: ImageSide,
    change: RowChange,
    output: RecordOutput,
  ): void {
    this.#inWork = encoder;
    this.#side = side;
    if (side === 'after') encoder.after(change, change.after as RowImage, output.writer);
    else encoder.before(change, change.before as RowImage, output.writer);
  }

  #writeValue(
    record: PlannedRecord,
    { op, counts }: { readonly op: Operation; readonly counts: boolean },
    change: RowChange,
    output: RecordOutput,
  ): void {
    const { writer } = output;
    const frame = this.#frame;
    if (record.before) {
      writePrepared(writer, frame.before);
      this.#writeImage(this.#row, 'before', change, output);
      writePrepared(writer, record.after ? frame.after : frame.nullAfter);
    } else {
      writePrepared(writer, frame.nullBeforeThenAfter);
    }
    if (record.after) {
      this.#writeImage(this.#row, 'after', change, output);
      writePrepared(writer, frame.source);
    }
    this.#source.write(change, writer);
    // Behind the images: a row that cannot be converted is no event of its transaction.
    this.#writeTail(op, counts ? this.#blockOf(change, change.table) : null, writer);
  }

  #writeHeaders(record: PlannedRecord, change: RowChange, output: RecordOutput): void {
    if (record.keyHeader !== null) {
      const text = this.#keyText(record.key === 'before' ? 'after' : 'before', change);
      output.header(record.keyHeader, Buffer.from(text));
    }
    if (this.#context.options.absentHeader) this.#writeAbsentHeader(record, change, output);
    if (this.#unconverted.length > 0) this.#writeUnconvertedHeader(output);
    this.#writePosition(change, output);
    this.#writeContextHeaders(output);
  }

  #writePosition(change: RowChange | TruncateChange, output: RecordOutput): void {
    const positions = this.#positions;
    if (positions === undefined) return;
    writePrepared(output.writer, positions.headerOf(change, positionOrdinal(change)));
  }

  #noteUnconverted(column: ColumnSchema): void {
    const { fieldNameAdjustment } = this.#context.options;
    this.#unconverted.push(unconvertedPath(this.#side, column, fieldNameAdjustment));
  }

  #writeUnconvertedHeader(output: RecordOutput): void {
    const { table, onUnconverted } = this.#context;
    if (this.#context.options.absentHeader) {
      output.header(UNCONVERTED_HEADER, Buffer.from(JSON.stringify(this.#unconverted)));
    }
    onUnconverted?.(table.id, this.#unconverted);
  }

  #writeAbsentHeader(record: PlannedRecord, change: RowChange, output: RecordOutput): void {
    if (record.after) {
      if (!this.#row.placeholderWritten) return;
      const mode = this.#context.options.fieldNameAdjustment ?? 'none';
      output.header(ABSENT_HEADER, Buffer.from(JSON.stringify(absentFields(change, mode))));
      return;
    }
    if (change.beforeIsKeyOnly && this.#untoldKeyHeader !== null) {
      output.header(ABSENT_HEADER, this.#untoldKeyHeader);
    }
    if (record.op !== 'd' || record.keyHeader !== NEW_KEY_HEADER) return;
    const mode = this.#context.options.fieldNameAdjustment ?? 'none';
    const absent = absentFields(change, mode);
    if (absent.length === 0) return;
    output.header(NEW_KEY_ABSENT_HEADER, Buffer.from(JSON.stringify(absent)));
  }

  #writeContextHeaders(output: RecordOutput): void {
    for (const { name, value } of this.#contextHeaders) output.header(name, value);
  }

  /** The key of a moved row's other place, as the header converter writes it. Rare, so general. */
  #keyText(side: ImageSide, change: RowChange): string {
    const schema = must(this.#context.schemas.key, 'a moved row has a key');
    const values = this.#keyColumns.map((column) => this.#keyValue(side, column, change));
    const { keyIdentifier } = this.#context.schemas;
    return headerText({
      schema,
      values: keyIdentifier === undefined ? values : [...values, keyIdentifier],
    });
  }

  #keyValue(side: ImageSide, column: ColumnSchema, change: RowChange): ConnectValue {
    if (side === 'before' && !isKnownBefore(change, column)) {
      return unknownValue(column.schema, column.format);
    }
    const image = side === 'before' ? change.before : imageOfAfter(change, column);
    if (image === null) {
      return placeholderValue(column, this.#context.options.unavailableValuePlaceholder);
    }
    const text = image.text(column.tupleIndex, textEncoding(column.format));
    if (text === null || text === undefined) return null;
    const { format, schema, mask } = column;
    return parseText(format, schema, mask === undefined ? text : maskText(mask, text));
  }
}

/** By the family of the source, once for each table. */
function sourceEncoder(
  { table: { id }, options, valueFormat }: RowEncoderContext,
  json: JsonTextOptions,
): SourceEncoder {
  const { replaceNullWithDefault } = json;
  if (options.connector !== 'postgresql') return new BinlogSource(id, options, valueFormat, json);
  return valueFormat === 'json'
    ? new PostgresJsonSource(id, options, json)
    : new PostgresAvroSource(id, options, replaceNullWithDefault);
}

function structEncoder(
  context: RowEncoderContext,
  columns: readonly ColumnSchema[],
  fields: readonly ConnectField[],
  part: 'key' | 'value',
  lenient: Pick<ColumnContext, 'onUnconverted'> = {},
): ImageEncoder {
  const wire: WireFormat = part === 'key' ? context.keyFormat : context.valueFormat;
  const json = {
    ...JSON_DEFAULTS,
    ...(part === 'key' ? context.keyJson : context.valueJson),
  };
  const { unavailableValuePlaceholder } = context.options;
  const encoders = columns.map((column, i) =>
    compileColumn(column, must(fields[i], 'a field for each column'), i === 0, {
      wire,
      json,
      unavailableValuePlaceholder,
      ...lenient,
    }),
  );
  const isJson = wire === 'json';
  const { keyIdentifier } = context.schemas;
  const close =
    part === 'key' && keyIdentifier !== undefined
      ? identifierEnd(must(fields.at(-1), 'the field of the identifier'), keyIdentifier, isJson)
      : isJson
        ? CLOSE
        : NOTHING;
  return new ImageEncoder(columns, encoders, isJson ? OPEN : NOTHING, close);
}

/** The last field of a key, the same for all rows of the table (topic.regex). */
function identifierEnd(field: ConnectField, value: string, isJson: boolean): PreparedBytes {
  if (isJson) return prepareBytes(`,${jsonString(field.name)}:${jsonString(value)}}`);
  const writer = new ByteWriter(64);
  compileAvroEncoder(field.schema)(writer, value);
  return prepareBytes(writer.written());
}
