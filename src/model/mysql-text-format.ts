import type { BytesEncoding } from './bytes-encoding.ts';

/** What becomes of dates that no calendar has: `0000-00-00`, `2010-00-15`, the year 0. */
export interface DateRules {
  /** `null`: null where the column may be null, else 1970-01-01; `fail`: a conversion error. */
  readonly zero: 'null' | 'epoch' | 'fail';
  /** enable.time.adjuster: years of two digits mean 1970 to 2069. */
  readonly adjustYears: boolean;
}

/** How a number is read whose text may have zeros in front. */
export type PaddedNumber =
  | { readonly kind: 'integer' | 'float' | 'decimal-double' | 'decimal-string' }
  | { readonly kind: 'decimal'; readonly scale: number };

/**
 * How MySQL's text of a value becomes a Connect value, where its form is none of PostgreSQL's. The
 * text of a raw kind is its bytes, one letter (latin1) each: it is no text in any charset.
 */
export type MysqlTextFormat =
  /** A number that may have zeros in front (YEAR, ZEROFILL), behind which `number` reads it. */
  | { readonly kind: 'zero-padded'; readonly number: PaddedNumber }
  /** BIGINT UNSIGNED as int64: over 2^63 it is a conversion error, never a negative number. */
  | { readonly kind: 'unsigned-long' }
  /** TINYINT(1) as boolean: whatever is not zero is true. */
  | { readonly kind: 'number-boolean' }
  /** FLOAT with a scale, which the original shows as the double of the 32 bits. */
  | { readonly kind: 'single' }
  /** Raw: BIT(1) → boolean. */
  | { readonly kind: 'raw-bit' }
  /** Raw: BIT(n), highest byte first → as many bytes, lowest first (io.debezium.data.Bits). */
  | { readonly kind: 'raw-bits' }
  /** Raw: BINARY, VARBINARY, BLOB. */
  | { readonly kind: 'raw-bytes'; readonly encoding: BytesEncoding }
  /** Raw: SRID and WKB → struct {wkb, srid}, of a point {x, y, wkb, srid}. */
  | { readonly kind: 'raw-geometry' }
  /** Raw: floats of 32 bits, little-endian → array of float32. */
  | { readonly kind: 'raw-vector' }
  /** DATE → days since 1970, or ISO text. */
  | { readonly kind: 'calendar-date'; readonly as: 'days' | 'iso'; readonly rules: DateRules }
  /** DATETIME read as if UTC → units since 1970, or ISO text. */
  | {
      readonly kind: 'calendar-time';
      readonly as: 'ms' | 'us' | 'ns' | 'iso';
      readonly rules: DateRules;
    }
  /** TIMESTAMP of a session in +00:00 → `2020-01-01T00:00:00.123Z`, `digits` behind the point. */
  | { readonly kind: 'instant'; readonly digits: number; readonly rules: DateRules }
  /** TIME, -838:59:59 to 838:59:59 → units; `iso` and `ms` only within a day. */
  | { readonly kind: 'signed-time'; readonly as: 'ms' | 'us' | 'ns' | 'iso' }
  /** time.precision.mode=structured: the parts as they stand, zeros included. */
  | {
      readonly kind: 'calendar-parts';
      readonly part: 'date' | 'timestamp' | 'zoned-timestamp' | 'duration';
      readonly digits: number;
    };

/** How the bytes of a row become the text that a parser of this format wants. */
export function textEncoding(format: {
  readonly kind: string;
  readonly isRaw?: true;
}): 'latin1' | 'utf8' {
  return format.isRaw === true || format.kind.startsWith('raw-') ? 'latin1' : 'utf8';
}
