import type { ColumnSchema, TableSchema } from '../model/table-schema.ts';

/** Types whose values have a largest size, in bytes of their text. */
const FIXED: readonly (readonly [RegExp, number])[] = [
  [/^(?:smallint|integer|bigint|real|double precision|oid)$/, 26],
  [/^boolean$/, 5],
  [/^(?:date|time|timestamp|interval)(?![a-z_])/, 64],
  [/^(?:uuid|inet|cidr|macaddr|macaddr8|money)$/, 50],
  [/^"char"$/, 4],
];

/** Types that PostgreSQL never stores beside the row. */
const PLAIN = new RegExp(
  '^(?:smallint|integer|bigint|real|double precision|oid|boolean|date|time|timestamp|interval|' +
    'uuid|money|macaddr|macaddr8|"char")(?![a-z_])',
);

/** UTF-8 takes at most so many bytes for a character. */
const CHARACTER_BYTES = 4;
/** Envelope and source block, with their names. */
const ENVELOPE_BYTES = 1024;
/** Rows up to this (TOAST_TUPLE_THRESHOLD) are stored whole, and so are values up to a pointer. */
const WHOLE_ROW_BYTES = 2000;
const WHOLE_VALUE_BYTES = 18;

/**
 * How large the record of an update can become by the declared types, row before and after; null:
 * some type has no limit that is worth the name. Of JSON with schemas each record has its schema
 * besides, which is not counted.
 */
export function widestRecordBytes(table: TableSchema): number | null {
  const row = widestRowBytes(table);
  return row === null ? null : ENVELOPE_BYTES + 2 * row;
}

/** Columns whose value may be missing from a change that did not touch it (unchanged TOAST). */
export function columnsThatMayLack(table: TableSchema): readonly ColumnSchema[] {
  const row = widestRowBytes(table);
  if (row !== null && row <= WHOLE_ROW_BYTES) return [];
  return table.columns.filter(({ sourceType }) => {
    if (PLAIN.test(sourceType) && !sourceType.endsWith('[]')) return false;
    return (widestValueBytes(sourceType) ?? Infinity) > WHOLE_VALUE_BYTES;
  });
}

function widestRowBytes({ columns }: TableSchema): number | null {
  let row = 0;
  for (const { name, sourceType } of columns) {
    const value = widestValueBytes(sourceType);
    if (value === null) return null;
    row += Buffer.byteLength(name) + 4 + value;
  }
  return row;
}

function widestValueBytes(sourceType: string): number | null {
  const text = /^(?:character varying|character|bit varying|bit)\((\d+)\)$/.exec(sourceType);
  if (text !== null) return Number(text[1]) * CHARACTER_BYTES;
  const decimal = /^numeric\((\d+)(?:,-?\d+)?\)$/.exec(sourceType);
  if (decimal !== null) return Number(decimal[1]) + 3;
  if (sourceType.endsWith('[]')) return null;
  return FIXED.find(([type]) => type.test(sourceType))?.[1] ?? null;
}
