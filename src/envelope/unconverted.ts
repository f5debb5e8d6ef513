import type { ColumnSchema, TextFormat } from '../model/table-schema.ts';
import type { ImageSide } from './record-plan.ts';
import { adjustFieldName, type NameAdjustment } from '../model/name-adjustment.ts';

/**
 * Names the fields whose value has no form in the column's schema, as a JSON array of paths:
 * `["after.price"]`. What stands there is a placeholder, no value.
 */
export const UNCONVERTED_HEADER = '__tidemark.unconverted';

/** What becomes of such a value: event.converting.failure.handling.mode. */
export type ConversionFailures = 'fail' | 'warn' | 'skip';

const FALLIBLE: ReadonlySet<TextFormat['kind']> = new Set([
  'byte-text',
  'decimal',
  'variable-decimal',
  'timestamp',
  'money',
  'array',
  'hstore',
  'geometric',
  'ewkb',
  'vector',
  'sparse-vector',
  'structured',
  'custom',
  'zero-padded',
  'unsigned-long',
  'raw-geometry',
  'raw-vector',
  'calendar-date',
  'calendar-time',
  'instant',
  'signed-time',
]);

/**
 * The server has values of the column's type that its schema cannot hold: NaN, a late timestamp, an
 * array of more dimensions, a BIGINT UNSIGNED over 2^63. A key takes no placeholder: rows would run
 * together.
 */
export function mayNotConvert(column: ColumnSchema): boolean {
  return FALLIBLE.has(column.format.kind);
}

/** The field of a row's image, as the header names it. */
export function unconvertedPath(
  side: ImageSide,
  column: ColumnSchema,
  mode: NameAdjustment = 'none',
): string {
  return `${side}.${adjustFieldName(column.name, mode)}`;
}
