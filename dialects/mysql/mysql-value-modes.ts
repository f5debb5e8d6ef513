import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { DateRules, MysqlTextFormat } from '../../src/model/mysql-text-format.ts';
import type { BytesEncoding } from '../../src/model/bytes-encoding.ts';
import type { PlainTextFormat } from '../plain-text-values.ts';

/** The properties that shape values, by the values that the original gives them. */
export interface MysqlValueModes {
  /** decimal.handling.mode */
  readonly decimal: 'precise' | 'double' | 'string';
  /** time.precision.mode; the binlog connectors refuse `adaptive`. */
  readonly timePrecision:
    | 'adaptive_time_microseconds'
    | 'connect'
    | 'isostring'
    | 'microseconds'
    | 'nanoseconds'
    | 'structured';
  /** binary.handling.mode */
  readonly binary: BytesEncoding;
  /** bigint.unsigned.handling.mode; with `long` a value over 2^63 is an error, never negative. */
  readonly bigintUnsigned: 'long' | 'precise';
  /** TINYINT(1) as the original's TinyIntOneToBooleanConverter has it, or as a number. */
  readonly tinyIntOne: 'number' | 'boolean';
  readonly dates: DateRules;
  /** compat: where the original's releases differ. */
  readonly release: '3.6' | '3.7';
}

/** The original's defaults where it has the property. */
export const DEFAULT_MYSQL_VALUE_MODES: MysqlValueModes = {
  decimal: 'precise',
  timePrecision: 'adaptive_time_microseconds',
  binary: 'bytes',
  bigintUnsigned: 'long',
  tinyIntOne: 'number',
  dates: { zero: 'null', adjustYears: true },
  release: '3.6',
};

/** How a column's text is read. */
export type MysqlFormat = PlainTextFormat | MysqlTextFormat;

/** The required schema of a type, and how its text is read. */
export interface MysqlMapped {
  readonly schema: ConnectSchema;
  readonly format: MysqlFormat;
}
