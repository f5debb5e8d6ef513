import { floorDiv } from '../foundation/floor-division.ts';
import type { RowChange } from '../model/change-event.ts';
import { maskText } from '../model/column-mask.ts';
import type { ConnectData, ConnectRecord } from '../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { adjustFieldName } from '../model/name-adjustment.ts';
import { textEncoding } from '../model/mysql-text-format.ts';
import type { RowImage } from '../model/row-image.ts';
import type { ColumnSchema, TableSchema } from '../model/table-schema.ts';
import { rowColumns } from '../model/table-schema.ts';
import type { EnvelopeOptions } from './envelope-options.ts';
import { ABSENT_HEADER, absentFields, imageOfAfter, isKnownBefore } from './record-plan.ts';
import type { ImageSide } from './record-plan.ts';
import { sourceSchema, sourceStruct } from './source-block.ts';

/** The shape of a row of which only the source's texts are known. */
export interface RawShapes {
  /** Null: the table has no key. */
  readonly key: ConnectSchema | null;
  readonly row: ConnectSchema;
  readonly envelope: ConnectSchema;
}

const TEXT: ConnectSchema = { type: 'string', optional: true };
const MICROS: ConnectSchema = { type: 'int64', optional: true };
const NOTHING: ConnectData = { schema: null, value: null };

/** Once for each version of a table. */
export function rawShapes(table: TableSchema, options: EnvelopeOptions): RawShapes {
  const textsOf = (columns: readonly ColumnSchema[], optional: boolean): ConnectSchema => ({
    type: 'struct',
    optional,
    fields: columns.map(({ name }) => ({ name: fieldName(name, options), schema: TEXT })),
  });
  const row = textsOf(rowColumns(table), true);
  const keys = keyColumns(table);
  return {
    key: keys.length === 0 ? null : textsOf(keys, false),
    row,
    envelope: {
      type: 'struct',
      optional: false,
      name: 'tidemark.RawChange',
      version: 1,
      fields: [
        { name: 'before', schema: row },
        { name: 'after', schema: row },
        { name: 'source', schema: sourceSchema(options) },
        { name: 'op', schema: { type: 'string', optional: false } },
        { name: 'ts_ms', schema: MICROS },
      ],
    },
  };
}

/**
 * A change of which no record could be made, as a whole: every column as the source's text, masked
 * as its values are. A row that moves to another key is one such record, under the new one.
 */
export function rawChange(
  change: RowChange,
  shapes: RawShapes,
  options: EnvelopeOptions,
  nowMicros: bigint,
): Omit<ConnectRecord, 'topic'> {
  const { table, op, before, after } = change;
  const columns = rowColumns(table);
  const image = (side: ImageSide): Struct => ({
    schema: shapes.row,
    values: columns.map((column) => textOf(side, column, change)),
  });
  const keySide: ImageSide = after === null ? 'before' : 'after';
  const value: Struct = {
    schema: shapes.envelope,
    values: [
      before === null ? null : image('before'),
      after === null ? null : image('after'),
      sourceStruct(change, table.id, options),
      op,
      floorDiv(nowMicros, 1000n),
    ],
  };
  const keys = keyColumns(table).map((column) => textOf(keySide, column, change));
  const key =
    shapes.key === null
      ? NOTHING
      : { schema: shapes.key, value: { schema: shapes.key, values: keys } };
  const absent = after === null ? [] : absentFields(change, options.fieldNameAdjustment ?? 'none');
  const headers =
    absent.length === 0
      ? []
      : [{ name: ABSENT_HEADER, schema: TEXT, value: JSON.stringify(absent) }];
  return { key, value: { schema: value.schema, value }, headers, timestampMs: null };
}

function keyColumns({ columns, keyColumns: places }: TableSchema): readonly ColumnSchema[] {
  return places.map((place) => columns[place] as ColumnSchema);
}

function fieldName(name: string, { fieldNameAdjustment = 'none' }: EnvelopeOptions): string {
  return adjustFieldName(name, fieldNameAdjustment);
}

/** Null also for what the source did not tell. */
function textOf(side: ImageSide, column: ColumnSchema, change: RowChange): ConnectValue {
  const { mask } = column;
  if (mask?.kind === 'constant') return mask.text;
  const image = imageOf(side, column, change);
  const text = image?.text(column.tupleIndex, textEncoding(column.format)) ?? null;
  return text === null || mask === undefined ? text : maskText(mask, text);
}

function imageOf(side: ImageSide, column: ColumnSchema, change: RowChange): RowImage | null {
  if (side === 'after') return imageOfAfter(change, column);
  return isKnownBefore(change, column) ? change.before : null;
}
