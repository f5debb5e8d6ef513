import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { DECIMAL, POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import { asNumber, asString, asStruct, integerText, mismatch } from '../connect-values.ts';
import { ewkbOf, sridOf } from '../ewkb.ts';
import {
  bitsText,
  decimalText,
  shapeText,
  variableDecimalText,
  withoutScale,
} from '../exact-texts.ts';
import { mysqlSourceType } from '../mysql-type-name.ts';
import { structuredText } from '../structured-time-text.ts';
import { intervalText, timeScalar, unsignedYear } from './duckdb-times.ts';
import { printEnum } from './duckdb-type-name.ts';
import type { TypedValue } from './duckdb-typed-values.ts';
import {
  TYPED_WHOLE,
  typedBoolean,
  typedDecimal,
  typedDouble,
  typedFloat,
} from './duckdb-typed-values.ts';

/** Never null: the callers have dealt with null. */
export type Value = Exclude<ConnectValue, null>;

/** The type of DuckDB for values of a schema, and the text by which it reads one. */
export interface Scalar {
  readonly ddl: string;
  readonly text: (value: Value) => string;
  /** As an element of a list, where that is another text. */
  readonly elementText?: (value: Value) => string;
  /** As `ValueEncoder.typed`, in a column of this type. */
  readonly typed?: TypedValue;
}

/** A struct of two doubles: what PostgreSQL's point is. */
export const POINT_TYPE = 'STRUCT(x DOUBLE, y DOUBLE)';
/** DuckDB's decimals have at most so many digits. */
const DIGITS_MAX = 38;

function of(ddl: string, text: Scalar['text'], typed?: TypedValue): Scalar {
  return typed === undefined ? { ddl, text } : { ddl, text, typed };
}

/** Whole numbers of a type. */
const wholeOf = (ddl: string): Scalar => of(ddl, integerText, TYPED_WHOLE[ddl]);

/** Digits that read back as the same double; NaN and infinities are DuckDB's words, too. */
function floatText(value: ConnectValue): string {
  const number = asNumber(value);
  return Object.is(number, -0) ? '-0' : String(number);
}

function booleanText(value: ConnectValue): string {
  if (typeof value === 'boolean') return String(value);
  throw mismatch('a boolean', value);
}

function asBytes(value: ConnectValue): Buffer {
  if (Buffer.isBuffer(value)) return value;
  throw mismatch('bytes', value);
}

/** `\xAB\x00`: what a cast of a text to BLOB reads, as elements of lists are. */
function escapedBytes(bytes: Buffer): string {
  return bytes.toString('hex').replaceAll(/../g, String.raw`\x$&`);
}

function blob(bytesOf: (value: Value) => Buffer): Scalar {
  return {
    ddl: 'BLOB',
    text: (value) => bytesOf(value).toString('base64'),
    elementText: (value) => escapedBytes(bytesOf(value)),
  };
}

/** Equal keys are equal texts. */
const plainDecimal = (value: ConnectValue): string => withoutScale(decimalText(value));

/** A BIT has no empty one, which a bit varying may be; and of that one zeros in front are lost. */
function bitsScalar(schema: ConnectSchema): Scalar {
  const isVarying = sourceType(schema).startsWith('bit varying');
  const length = isVarying ? 0 : Number(schema.parameters?.['length'] ?? '0');
  return of(length > 0 ? 'BIT' : 'VARCHAR', bitsText(length));
}

function sourceType({ parameters }: ConnectSchema): string {
  return parameters?.[POSTGRES_SOURCE_TYPE] ?? '';
}

/**
 * DECIMAL where 38 digits are enough. Numbers with more, and those of which nobody knows how many
 * they have, are texts: DuckDB would round them, or refuse them.
 */
function decimalScalar(schema: ConnectSchema): Scalar {
  const { parameters } = schema;
  const scale = Number(parameters?.['scale'] ?? '0');
  if (/^money\b/.test(sourceType(schema))) return decimalOf(19, scale);
  const precision = Number(parameters?.['connect.decimal.precision'] ?? Number.NaN);
  // A negative scale has zeros in front of the point, one past the precision has them behind it.
  const digits = scale < 0 ? precision - scale : Math.max(precision, scale);
  const isDecimalType = Number.isInteger(digits) && digits >= 1 && digits <= DIGITS_MAX;
  return isDecimalType ? decimalOf(digits, Math.max(scale, 0)) : of('VARCHAR', plainDecimal);
}

function decimalOf(precision: number, scale: number): Scalar {
  return of(`DECIMAL(${precision},${scale})`, plainDecimal, typedDecimal(precision, scale));
}

const WHOLE: Readonly<Record<string, readonly [signed: string, unsigned: string]>> = {
  tinyint: ['TINYINT', 'UTINYINT'],
  smallint: ['SMALLINT', 'USMALLINT'],
  mediumint: ['INTEGER', 'UINTEGER'],
  int: ['INTEGER', 'UINTEGER'],
  bigint: ['BIGINT', 'UBIGINT'],
  year: ['SMALLINT', 'SMALLINT'],
};

/** What the schema alone would say less of: numbers without a sign, decimals, members. */
function mysqlScalar(schema: ConnectSchema): Scalar | undefined {
  const source = mysqlSourceType(schema);
  if (source === null) return undefined;
  const { base, length, scale, unsigned, members } = source;
  const isDecimalSchema = schema.name === DECIMAL;
  const isWhole = isDecimalSchema || (schema.name ?? '') === '' || schema.name?.endsWith('.Year');
  const isNumber = isDecimalSchema || schema.type.startsWith('int');
  const whole = WHOLE[base]?.[unsigned ? 1 : 0];
  if (whole !== undefined && isWhole === true && isNumber) {
    return isDecimalSchema ? of(whole, plainDecimal) : wholeOf(whole);
  }
  if (base === 'decimal' && isDecimalSchema && length !== null && length <= DIGITS_MAX) {
    return decimalOf(length, scale ?? 0);
  }
  // Without the strict mode the server stores an empty text for what is no member.
  return base === 'enum' && members !== null && schema.type === 'string'
    ? of(printEnum([...new Set([...members, ''])]), asString)
    : undefined;
}

/** JSON array of an enum's labels, sent where one of them holds a comma. */
const LABELS_PARAMETER = '__tidemark.source.labels';

/** The labels, where it is known which they are: one may hold a comma. */
function enumScalar(schema: ConnectSchema): Scalar {
  const exact = schema.parameters?.[LABELS_PARAMETER];
  const allowed = schema.parameters?.['allowed'] ?? '';
  const list: unknown = exact === undefined ? allowed.split(',') : JSON.parse(exact);
  const labels = Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
  const isKnown = sourceType(schema) !== '' && allowed !== '' && labels.length > 0;
  return of(isKnown ? printEnum([...new Set(labels)]) : 'VARCHAR', asString);
}

function structText(value: ConnectValue): string {
  const struct = asStruct(value);
  const text = shapeText(struct) ?? structuredText(struct);
  if (text !== null) return text;
  throw mismatch('a known struct', value);
}

/** A point of PostgreSQL has no SRID: one of MySQL would lose it. */
function pointText(value: ConnectValue): string {
  if (sridOf(value) !== 0) {
    throw new TidemarkError('VALUE_CONVERSION', 'a point with an SRID, which its column has not', {
      cure: 'Leave the column out with column.exclude.list.',
    });
  }
  const [x, y] = asStruct(value).values;
  return JSON.stringify({ x: floatText(x ?? null), y: floatText(y ?? null) });
}

const STRUCTURED_TYPES: Readonly<Record<string, string>> = {
  Date: 'DATE',
  Time: 'TIME',
  ZonedTime: 'TIME WITH TIME ZONE',
  Timestamp: 'TIMESTAMP',
  ZonedTimestamp: 'TIMESTAMP WITH TIME ZONE',
  Duration: 'INTERVAL',
};

function structuredScalar(kind: string, schema: ConnectSchema): Scalar | undefined {
  const ddl = STRUCTURED_TYPES[kind];
  if (ddl === undefined) return undefined;
  // A time of MySQL is a duration.
  const isSpan = ddl === 'TIME' && mysqlSourceType(schema)?.base === 'time';
  if (isSpan) return of('INTERVAL', structText);
  if (ddl === 'INTERVAL') return of(ddl, (value) => intervalText(structText(value)));
  return of(ddl, (value) => unsignedYear(structText(value)).replace(/^(\d\d:.*)Z$/, '$1+00'));
}

const POSTGIS = /^(?:[^(]+\.)?geometry\b/;

/** Shapes of PostgreSQL are texts, but for the point; of PostGIS and MySQL the EWKB is kept. */
function structScalar(schema: ConnectSchema): Scalar | undefined {
  const { name = '' } = schema;
  const structured = /^io\.debezium\.time\.Structured(\w+)$/.exec(name)?.[1];
  if (structured !== undefined) return structuredScalar(structured, schema);
  switch (name) {
    case 'io.debezium.data.geometry.Geography':
      return blob(ewkbOf);
    case 'io.debezium.data.geometry.Geometry':
      return schema.version === 1 || POSTGIS.test(sourceType(schema))
        ? blob(ewkbOf)
        : of('VARCHAR', structText);
    case 'io.debezium.data.geometry.Point':
      return mysqlSourceType(schema) === null
        ? { ddl: POINT_TYPE, text: pointText, elementText: structText }
        : blob(ewkbOf);
    case 'io.debezium.data.VariableScaleDecimal':
      return of('VARCHAR', (value) => withoutScale(variableDecimalText(value)));
    default:
      return /^io\.debezium\.data\.(?:geometry\.|Sparse)/.test(name)
        ? of('VARCHAR', structText)
        : undefined;
  }
}

const SEMANTIC: Readonly<Record<string, (schema: ConnectSchema) => Scalar>> = {
  'io.debezium.data.Json': () => of('JSON', asString),
  'io.debezium.data.Uuid': () => of('UUID', asString),
  'io.debezium.data.Enum': enumScalar,
  'io.debezium.data.Bits': bitsScalar,
  [DECIMAL]: decimalScalar,
};

const PRIMITIVE: Readonly<Record<string, Scalar>> = {
  int8: wholeOf('SMALLINT'),
  int16: wholeOf('SMALLINT'),
  int32: wholeOf('INTEGER'),
  int64: wholeOf('BIGINT'),
  float32: of('FLOAT', floatText, typedFloat),
  float64: of('DOUBLE', floatText, typedDouble),
  boolean: of('BOOLEAN', booleanText, typedBoolean),
  string: of('VARCHAR', asString),
  bytes: blob(asBytes),
};

/** What becomes of values that are no lists or maps. Throws SINK_SCHEMA for what nobody knows. */
export function scalarOf(schema: ConnectSchema): Scalar {
  const { name = '', type } = schema;
  const scalar =
    mysqlScalar(schema) ??
    timeScalar(schema) ??
    SEMANTIC[name]?.(schema) ??
    (type === 'struct' ? structScalar(schema) : undefined) ??
    PRIMITIVE[type];
  if (scalar !== undefined) return scalar;
  throw new TidemarkError('SINK_SCHEMA', `no type of DuckDB for the schema ${name || type}`, {
    cure: 'Leave it out (field.exclude.list), or have Flatten or Cast make it plain.',
  });
}
