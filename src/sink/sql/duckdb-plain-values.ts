import type * as duckdb from '@duckdb/node-api';
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { parseDuckdbType } from '../../../dialects/duckdb/duckdb-type-name.ts';
import type { TypedCell } from '../../../dialects/typed-cells.ts';

/** DuckDB's library, which is loaded with the first file. */
export type DuckdbLibrary = typeof duckdb;

/** Undefined: a text that DuckDB has to read, or to refuse. */
type Read = (text: string) => DuckDBValue | undefined;

/** Reads texts of a type in their usual form, to the value that a CAST of them would have. */
export interface PlainReader {
  /** The type by its name, and as the library has it. */
  readonly ddl: string;
  readonly type: DuckDBType;
  readonly read: Read;
  /** A cell that is no text any more, as the library has it. */
  readonly of: (cell: TypedCell) => DuckDBValue;
}

/** Whole numbers of 53 bits at least. */
const SAFE = /^-?\d{1,15}$/;
const WHOLE = /^-?\d{1,20}$/;
const DECIMAL = /^-?\d+(?:\.\d+)?$/;
const FLOATING = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;

function small(min: number, max: number): Read {
  return (text) => {
    const value = Number(text);
    return value >= min && value <= max && SAFE.test(text) ? value : undefined;
  };
}

function large(min: bigint, max: bigint): Read {
  return (text) => {
    if (!WHOLE.test(text)) return undefined;
    const value = BigInt(text);
    return value >= min && value <= max ? value : undefined;
  };
}

/** What is not finite is a word of DuckDB's, or too large for it. */
const double: Read = (text) => {
  const value = Number(text);
  return Number.isFinite(value) && FLOATING.test(text) ? value : undefined;
};

/** Rounded twice it might be another number than rounded once. */
const float: Read = (text) => {
  const value = double(text);
  return value !== undefined && Math.fround(Number(value)) === value ? value : undefined;
};

const boolean: Read = (text) => (text === 'true' ? true : text === 'false' ? false : undefined);

/** Digits that a CAST would round, or that are too many, are left to it. */
function decimal(precision: number, scale: number, library: DuckdbLibrary): Read {
  const { DuckDBDecimalValue: Decimal } = library;
  return (text) => {
    if (!DECIMAL.test(text)) return undefined;
    const point = text.indexOf('.');
    const end = point < 0 ? text.length : point;
    const start = text.startsWith('-') ? 1 : 0;
    const missing = scale - Math.max(0, text.length - end - 1);
    const isZero = end - start === 1 && text[start] === '0';
    if (missing < 0 || end - start > precision - scale + (isZero ? 1 : 0)) return undefined;
    const digits = point < 0 ? text : text.slice(0, point) + text.slice(point + 1);
    return new Decimal(BigInt(digits + '0'.repeat(missing)), precision, scale);
  };
}

const ZERO = 48;
const DAY_MS = 86_400_000;

/** The number that the digits between two places are; NaN where one is no digit. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    // Also of what lies behind the end.
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Days since 1970 of `2024-02-29…`; NaN for what is no such day, or before the year 1000. */
function daysOf(text: string): number {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  if (text[4] !== '-' || text[7] !== '-' || !(year >= 1000)) return Number.NaN;
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31)) return Number.NaN;
  const ms = Date.UTC(year, month - 1, day);
  // Of the 31st of a month that has 30 days it makes the first of the next one.
  return day <= 28 || new Date(ms).getUTCDate() === day ? ms / DAY_MS : Number.NaN;
}

const FRACTION_AT = 20;

/**
 * µs since 1970 of `2024-02-29 10:00:00.123456`, whose zone begins at `end`; undefined: not in that
 * form.
 */
function microsOf(text: string, end: number): bigint | undefined {
  const hours = digits(text, 11, 13);
  const minutes = digits(text, 14, 16);
  const seconds = digits(text, 17, 19);
  const isClock = hours <= 23 && minutes <= 59 && seconds <= 59;
  if (!isClock || text[10] !== ' ' || text[13] !== ':' || text[16] !== ':') return undefined;
  let micros = 0;
  if (end !== FRACTION_AT - 1) {
    const count = end - FRACTION_AT;
    if (text[FRACTION_AT - 1] !== '.' || !(count >= 1 && count <= 9)) return undefined;
    micros = (digits(text, FRACTION_AT, end) * 1_000_000) / 10 ** count;
    if (!Number.isInteger(micros)) return undefined;
  }
  const days = daysOf(text);
  if (Number.isNaN(days)) return undefined;
  const ofDay = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros;
  const all = days * MICROS_PER_DAY + ofDay;
  if (Number.isSafeInteger(all)) return BigInt(all);
  return BigInt(days) * BigInt(MICROS_PER_DAY) + BigInt(ofDay);
}

const MICROS_PER_DAY = 86_400_000_000;

/** Where the zone begins that stands for UTC; NaN where there is another one, or none. */
function utcAt(text: string): number {
  if (text.endsWith('Z')) return text.length - 1;
  return text.endsWith('+00') ? text.length - 3 : Number.NaN;
}

/** A reader for a column's type; null: DuckDB reads all of its texts. */
export function plainReader(ddl: string, library: DuckdbLibrary): PlainReader | null {
  const { base, digits: places, depth } = parseDuckdbType(ddl);
  if (depth > 0) return null;
  if (places !== null) {
    const [precision, scale] = places;
    const type = library.DECIMAL(precision, scale);
    const { DuckDBDecimalValue: Decimal } = library;
    const of: PlainReader['of'] = (cell) => new Decimal(cell as bigint, precision, scale);
    return { ddl, type, read: decimal(precision, scale, library), of };
  }
  const {
    DuckDBDateValue: DateValue,
    DuckDBTimestampValue: Timestamp,
    DuckDBTimestampTZValue: Instant,
  } = library;
  const readers: Readonly<Record<string, readonly [DuckDBType, Read, PlainReader['of']?]>> = {
    TINYINT: [library.TINYINT, small(-128, 127)],
    SMALLINT: [library.SMALLINT, small(-32_768, 32_767)],
    INTEGER: [library.INTEGER, small(-2_147_483_648, 2_147_483_647)],
    BIGINT: [library.BIGINT, large(-(2n ** 63n), 2n ** 63n - 1n)],
    UTINYINT: [library.UTINYINT, small(0, 255)],
    USMALLINT: [library.USMALLINT, small(0, 65_535)],
    UINTEGER: [library.UINTEGER, small(0, 4_294_967_295)],
    UBIGINT: [library.UBIGINT, large(0n, 2n ** 64n - 1n)],
    FLOAT: [library.FLOAT, float],
    DOUBLE: [library.DOUBLE, double],
    BOOLEAN: [library.BOOLEAN, boolean],
    DATE: [
      library.DATE,
      (text) => {
        const days = text.length === 10 ? daysOf(text) : Number.NaN;
        return Number.isNaN(days) ? undefined : new DateValue(days);
      },
      (cell) => new DateValue(cell as number),
    ],
    TIMESTAMP: [
      library.TIMESTAMP,
      (text) => {
        const micros = microsOf(text, text.length);
        return micros === undefined ? undefined : new Timestamp(micros);
      },
      (cell) => new Timestamp(cell as bigint),
    ],
    'TIMESTAMP WITH TIME ZONE': [
      library.TIMESTAMPTZ,
      (text) => {
        const micros = microsOf(text, utcAt(text));
        return micros === undefined ? undefined : new Instant(micros);
      },
    ],
  };
  const [type, read, of = asItIs] = readers[base] ?? [];
  return type === undefined || read === undefined ? null : { ddl, type, read, of };
}

const asItIs: PlainReader['of'] = (cell) => cell;
