import type * as duckdb from '@duckdb/node-api';
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { parseDuckdbType } from '../../../dialects/duckdb/duckdb-type-name.ts';
import { usualDays, usualMicros } from '../../../dialects/duckdb/duckdb-usual-times.ts';
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
        const days = text.length === 10 ? usualDays(text) : Number.NaN;
        return Number.isNaN(days) ? undefined : new DateValue(days);
      },
      (cell) => new DateValue(cell as number),
    ],
    TIMESTAMP: [
      library.TIMESTAMP,
      (text) => {
        const micros = usualMicros(text, text.length, ' ');
        return micros === undefined ? undefined : new Timestamp(micros);
      },
      (cell) => new Timestamp(cell as bigint),
    ],
    'TIMESTAMP WITH TIME ZONE': [
      library.TIMESTAMPTZ,
      (text) => {
        const micros = usualMicros(text, utcAt(text), ' ');
        return micros === undefined ? undefined : new Instant(micros);
      },
      (cell) => new Instant(cell as bigint),
    ],
  };
  const [type, read, of = asItIs] = readers[base] ?? [];
  return type === undefined || read === undefined ? null : { ddl, type, read, of };
}

const asItIs: PlainReader['of'] = (cell) => cell;
