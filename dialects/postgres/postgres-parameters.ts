import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { DECIMAL, isStruct, POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import {
  asBigInt,
  asNumber,
  asString,
  asStruct,
  integerText,
  mismatch,
} from '../connect-values.ts';
import type { TargetColumn, ValueEncoder } from '../dialect.ts';
import { clockText } from '../civil-calendar.ts';
import { ewkbOf, sridOf } from '../ewkb.ts';
import { bitsText, decimalText, shapeText, variableDecimalText } from '../exact-texts.ts';
import { mysqlSourceType } from '../mysql-type-name.ts';
import { arrayLiteral } from './postgres-array-literal.ts';
import { hstoreText } from './postgres-hstore.ts';
import { structuredText } from './postgres-structured-text.ts';
import { vectorText } from './postgres-vector.ts';
import {
  dateText,
  isoTimestampText,
  microTimestampText,
  milliTimestampText,
  nanoTimestampText,
} from './postgres-time-text.ts';

/** Never null: the callers have dealt with null. */
type Encode = (value: Exclude<ConnectValue, null>) => string;

interface Scalar {
  readonly encode: Encode;
  readonly plain: boolean;
}

/** Shortest text that reads back as the same double; NaN and infinities are PostgreSQL's words. */
function floatText(value: ConnectValue): string {
  const number = asNumber(value);
  return Object.is(number, -0) ? '-0' : String(number);
}

function booleanText(value: ConnectValue): string {
  if (typeof value === 'boolean') return value ? 't' : 'f';
  throw mismatch('a boolean', value);
}

function bytesText(value: ConnectValue): string {
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  throw mismatch('bytes', value);
}

/** `-26:00:00.000001`: before PostgreSQL 15 no unit takes more than 32 bits, hours need not. */
function durationText(value: ConnectValue): string {
  const micros = asBigInt(value);
  const size = micros < 0n ? -micros : micros;
  const pad = (part: bigint, width: number): string => String(part).padStart(width, '0');
  const seconds = size / 1_000_000n;
  const clock = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n];
  const text = clock.map((part) => pad(part, 2)).join(':');
  return `${micros < 0n ? '-' : ''}${text}.${pad(size % 1_000_000n, 6)}`;
}

function daysText(value: ConnectValue): string {
  const text = dateText(asNumber(value));
  if (text !== null) return text;
  throw new TidemarkError('VALUE_CONVERSION', "a date lies outside of PostgreSQL's range");
}

function bitText(value: ConnectValue): string {
  return booleanText(value) === 't' ? '1' : '0';
}

function structText(value: ConnectValue): string {
  const struct = asStruct(value);
  const text = shapeText(struct) ?? structuredText(struct);
  if (text !== null) return text;
  throw mismatch('a known struct', value);
}

/** EWKB, which has the SRID in it; `cast` decides between PostGIS's form and bytea's. */
function ewkbText(castType: string): Encode {
  return (value) => {
    const wkb = ewkbOf(value);
    return castType === 'bytea' ? bytesText(wkb) : wkb.toString('hex').toUpperCase();
  };
}

/** A point of PostgreSQL has no SRID: one of MySQL would lose it. */
function pointText(value: ConnectValue): string {
  if (sridOf(value) === 0) return structText(value);
  throw new TidemarkError('VALUE_CONVERSION', 'a point with an SRID, which its column has not', {
    cure: "Make the column a bytea, or a geometry of PostGIS: it takes the point's EWKB.",
  });
}

/** A built-in shape says in its extensions which it is; PostGIS has none, in either version. */
function geometryText(castType: string): Encode {
  const ewkb = ewkbText(castType);
  const isShape = (value: ConnectValue): boolean =>
    isStruct(value) && value.values[2] instanceof Map && castType !== 'bytea';
  return (value) => (isShape(value) ? structText(value) : ewkb(value));
}

type Entries = ReadonlyMap<string, string | null>;

/** An hstore comes as a map, or as the JSON text of one. */
function hstoreEntries(value: ConnectValue): Entries {
  if (value instanceof Map) return value as Entries;
  const object = JSON.parse(asString(value)) as Readonly<Record<string, string | null>>;
  return new Map(Object.entries(object));
}

function vectorLiteral(value: ConnectValue): string {
  if (Array.isArray(value)) return vectorText(value as readonly number[]);
  throw mismatch('an array', value);
}

const DECIMAL_WORDS: Readonly<Record<string, string>> = {
  NAN: 'NaN',
  POSITIVE_INFINITY: 'Infinity',
  NEGATIVE_INFINITY: '-Infinity',
};

/** decimal.handling.mode=string has Java's words for what is not a number. */
function decimalStringText(value: ConnectValue): string {
  const text = asString(value);
  return DECIMAL_WORDS[text] ?? text;
}

function withoutZone(value: ConnectValue): string {
  const text = asString(value);
  return isoTimestampText(text.endsWith('Z') ? text.slice(0, -1) : text);
}

const plain = (encode: Encode): Scalar => ({ encode, plain: true });
const quoted = (encode: Encode): Scalar => ({ encode, plain: false });

const SEMANTIC: Readonly<Record<string, Scalar>> = {
  'io.debezium.time.Date': quoted(daysText),
  'org.apache.kafka.connect.data.Date': quoted(daysText),
  'io.debezium.time.IsoDate': quoted(withoutZone),
  'io.debezium.time.Time': plain((value) => clockText(asNumber(value) * 1000)),
  'org.apache.kafka.connect.data.Time': plain((value) => clockText(asNumber(value) * 1000)),
  'io.debezium.time.MicroTime': plain((value) => clockText(asNumber(value))),
  'io.debezium.time.NanoTime': plain((value) => clockText(Number(asBigInt(value) / 1000n))),
  'io.debezium.time.IsoTime': quoted(withoutZone),
  'io.debezium.time.Timestamp': quoted((value) => milliTimestampText(asBigInt(value))),
  'org.apache.kafka.connect.data.Timestamp': quoted((value) => milliTimestampText(asBigInt(value))),
  'io.debezium.time.MicroTimestamp': quoted((value) => microTimestampText(asBigInt(value))),
  'io.debezium.time.NanoTimestamp': quoted((value) => nanoTimestampText(asBigInt(value))),
  'io.debezium.time.IsoTimestamp': quoted(withoutZone),
  'io.debezium.time.ZonedTimestamp': quoted((value) => isoTimestampText(asString(value))),
  'io.debezium.time.ZonedTime': quoted(asString),
  'io.debezium.time.MicroDuration': quoted(durationText),
  'io.debezium.data.VariableScaleDecimal': plain(variableDecimalText),
  [DECIMAL]: plain(decimalText),
};

/** Times of MySQL, which are durations, in a column that takes all of them. */
const DURATIONS: Readonly<Record<string, Scalar>> = {
  'io.debezium.time.Time': quoted((value) => durationText(asBigInt(value) * 1000n)),
  'org.apache.kafka.connect.data.Time': quoted((value) => durationText(asBigInt(value) * 1000n)),
  'io.debezium.time.MicroTime': quoted(durationText),
  'io.debezium.time.NanoTime': quoted((value) => durationText(asBigInt(value) / 1000n)),
};

const PRIMITIVE: Readonly<Record<string, Scalar>> = {
  int8: plain(integerText),
  int16: plain(integerText),
  int32: plain(integerText),
  int64: plain(integerText),
  float32: plain(floatText),
  float64: plain(floatText),
  boolean: plain(booleanText),
  string: quoted(asString),
  bytes: quoted(bytesText),
};

/** Columns of these types take a number of days or µs as it is. */
const NUMERIC_TARGETS = new Set(['smallint', 'integer', 'bigint', 'numeric']);

const GEOMETRIES = new Set([
  'io.debezium.data.geometry.Geometry',
  'io.debezium.data.geometry.Geography',
]);

/** A char of PostgreSQL is filled up with spaces, which mean nothing. */
const PADDED = /^(?:character\(|bpchar)/;
const UNPADDED = new Set(['text', 'character varying']);

/**
 * Columns that would keep the spaces get the values without: the cast leaves them out too. Rows
 * from before an ALTER of the source and behind it would otherwise have two texts, and two keys.
 */
function isPaddedFor(source: string, base: string): boolean {
  return PADDED.test(source) && UNPADDED.has(base);
}

const unpadded = quoted((value) => asString(value).replace(/ +$/, ''));

/** `source`: the type there, of the whole column. */
function scalarOf(schema: ConnectSchema, castType: string, source: string): Scalar {
  const base = castType.endsWith('[]') ? castType.slice(0, -2) : castType;
  if (schema.type === 'string' && isPaddedFor(source, base)) return unpadded;
  if (schema.type === 'string' && (base === 'numeric' || base === 'money')) {
    return quoted(decimalStringText);
  }
  if (schema.name === 'io.debezium.data.Bits') {
    const length = Number(schema.parameters?.['length'] ?? '0');
    // A BIT of the source has its length always, also in a column that became a varbit.
    const isFixed = base === '"bit"' || base === 'bit' || ofBit(schema, source);
    return plain(bitsText(isFixed ? length : 0));
  }
  if (schema.type === 'boolean' && BIT_TYPES.has(base)) return plain(bitText);
  if (/(?:^|\.)hstore$/.test(base)) return quoted((value) => hstoreText(hstoreEntries(value)));
  if (schema.type === 'map') {
    return quoted((value) => JSON.stringify(Object.fromEntries(hstoreEntries(value))));
  }
  const duration = base === 'interval' ? DURATIONS[schema.name ?? ''] : undefined;
  if (duration !== undefined) return duration;
  const isNumber = schema.type === 'int32' || schema.type === 'int64';
  const asIs = isNumber && NUMERIC_TARGETS.has(base);
  const semantic = schema.name === undefined || asIs ? undefined : SEMANTIC[schema.name];
  const scalar = semantic ?? PRIMITIVE[schema.type] ?? structOf(schema, base);
  if (scalar !== undefined) return scalar;
  throw new TidemarkError(
    'SINK_SCHEMA',
    `values of schema ${schema.name ?? schema.type} cannot be written to PostgreSQL`,
    { cure: 'Leave the column out with column.exclude.list.' },
  );
}

function ofBit(schema: ConnectSchema, source: string): boolean {
  return source.startsWith('bit(') || mysqlSourceType(schema)?.base === 'bit';
}

const BIT_TYPES = new Set(['bit', '"bit"', 'bit varying']);

/** Other columns have the point as PostGIS's bytes. */
const POINT_TYPES = /^(?:point|text|character varying|character|bpchar|jsonb?)$/;

function structOf(schema: ConnectSchema, base: string): Scalar | undefined {
  const { name } = schema;
  if (name === undefined || schema.type !== 'struct') return undefined;
  if (GEOMETRIES.has(name)) return quoted(geometryText(base));
  if (name === 'io.debezium.data.geometry.Point') {
    return quoted(POINT_TYPES.test(base) ? pointText : ewkbText(base));
  }
  const known = /^io\.debezium\.(?:data\.geometry\.|data\.Sparse|time\.Structured)/.test(name);
  return known ? quoted(structText) : undefined;
}

function arrayEncoder(
  elementSchema: ConnectSchema,
  castType: string,
  source: string,
): ValueEncoder {
  const nested = elementSchema.type === 'array' ? elementSchema.valueSchema : undefined;
  const element =
    nested === undefined
      ? scalarOf(elementSchema, castType, source)
      : // The literal of a row stands in the literal as it is.
        { encode: arrayOf(nested, castType, source), plain: true };
  return { plain: false, encode: (value) => (value === null ? null : literal(value, element)) };

  function literal(value: Exclude<ConnectValue, null>, { encode, plain: bare }: Scalar): string {
    if (!Array.isArray(value)) throw mismatch('an array', value);
    const texts = (value as readonly ConnectValue[]).map((item) =>
      item === null ? null : encode(item),
    );
    return arrayLiteral(texts, bare, castType === 'box[]' ? ';' : ',');
  }
}

function arrayOf(elementSchema: ConnectSchema, castType: string, source: string): Encode {
  const encoder = arrayEncoder(elementSchema, castType, source);
  return (value) => encoder.encode(value) ?? 'NULL';
}

const VECTORS = new Set(['io.debezium.data.DoubleVector', 'io.debezium.data.FloatVector']);

/** Compiles the encoder of one column: chosen once per schema and target column, not per row. */
export function postgresEncoder(schema: ConnectSchema, column: TargetColumn): ValueEncoder {
  const source = schema.parameters?.[POSTGRES_SOURCE_TYPE] ?? '';
  if (schema.type === 'array' && schema.valueSchema !== undefined) {
    if (!column.isArray && VECTORS.has(schema.name ?? '')) {
      return { plain: true, encode: (value) => (value === null ? null : vectorLiteral(value)) };
    }
    return arrayEncoder(schema.valueSchema, column.castType, source);
  }
  const { encode, plain: isPlain } = scalarOf(schema, column.castType, source);
  return { plain: isPlain, encode: (value) => (value === null ? null : encode(value)) };
}
