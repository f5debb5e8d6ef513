import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import {
  bytesToBigInt,
  DECIMAL,
  formatDecimal,
  isDecimal,
  isStruct,
} from '../../src/model/connect-schema.ts';
import type { TargetColumn, ValueEncoder } from '../dialect.ts';
import { arrayLiteral } from './postgres-array-literal.ts';
import {
  dateText,
  isoTimestampText,
  microTimestampText,
  milliTimestampText,
  nanoTimestampText,
  timeText,
} from './postgres-time-text.ts';

/** Never null: the callers have dealt with null. */
type Encode = (value: Exclude<ConnectValue, null>) => string;

interface Scalar {
  readonly encode: Encode;
  readonly plain: boolean;
}

function mismatch(expected: string, value: ConnectValue): TidemarkError {
  const kind = Buffer.isBuffer(value) ? 'bytes' : Array.isArray(value) ? 'array' : typeof value;
  return new TidemarkError('VALUE_CONVERSION', `a value should be ${expected} but is ${kind}`);
}

function asNumber(value: ConnectValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  throw mismatch('a number', value);
}

function asBigInt(value: ConnectValue): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  throw mismatch('an integer', value);
}

function asString(value: ConnectValue): string {
  if (typeof value === 'string') return value;
  throw mismatch('a string', value);
}

function integerText(value: ConnectValue): string {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
    return String(value);
  }
  throw mismatch('an integer', value);
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

function decimalText(value: ConnectValue): string {
  if (isDecimal(value)) return formatDecimal(value);
  throw mismatch('a Decimal', value);
}

function variableDecimalText(value: ConnectValue): string {
  if (!isStruct(value)) throw mismatch('a VariableScaleDecimal', value);
  const [scale, unscaled] = value.values;
  if (typeof scale !== 'number' || !Buffer.isBuffer(unscaled)) {
    throw mismatch('a VariableScaleDecimal', value);
  }
  return formatDecimal({ unscaled: bytesToBigInt(unscaled), scale });
}

function daysText(value: ConnectValue): string {
  const text = dateText(asNumber(value));
  if (text !== null) return text;
  throw new TidemarkError('VALUE_CONVERSION', "a date lies outside of PostgreSQL's range");
}

/** Debezium's Bits: least significant byte first. Length 0: as many bits as the bytes have. */
function bitsText(length: number): Encode {
  return (value) => {
    if (!Buffer.isBuffer(value)) throw mismatch('bytes', value);
    let bits = '';
    for (const byte of value) bits = byte.toString(2).padStart(8, '0') + bits;
    if (length === 0) return bits;
    return bits.length > length ? bits.slice(-length) : bits.padStart(length, '0');
  };
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
  'io.debezium.time.Time': plain((value) => timeText(asNumber(value) * 1000)),
  'org.apache.kafka.connect.data.Time': plain((value) => timeText(asNumber(value) * 1000)),
  'io.debezium.time.MicroTime': plain((value) => timeText(asNumber(value))),
  'io.debezium.time.NanoTime': plain((value) => timeText(Number(asBigInt(value) / 1000n))),
  'io.debezium.time.IsoTime': quoted(withoutZone),
  'io.debezium.time.Timestamp': quoted((value) => milliTimestampText(asBigInt(value))),
  'org.apache.kafka.connect.data.Timestamp': quoted((value) => milliTimestampText(asBigInt(value))),
  'io.debezium.time.MicroTimestamp': quoted((value) => microTimestampText(asBigInt(value))),
  'io.debezium.time.NanoTimestamp': quoted((value) => nanoTimestampText(asBigInt(value))),
  'io.debezium.time.IsoTimestamp': quoted(withoutZone),
  'io.debezium.time.ZonedTimestamp': quoted((value) => isoTimestampText(asString(value))),
  'io.debezium.time.ZonedTime': quoted(asString),
  'io.debezium.time.MicroDuration': quoted((value) => `${integerText(value)} microseconds`),
  'io.debezium.data.VariableScaleDecimal': plain(variableDecimalText),
  [DECIMAL]: plain(decimalText),
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

function scalarOf(schema: ConnectSchema, castType: string): Scalar {
  const base = castType.endsWith('[]') ? castType.slice(0, -2) : castType;
  if (schema.type === 'string' && base === 'numeric') return quoted(decimalStringText);
  if (schema.name === 'io.debezium.data.Bits') {
    const length = Number(schema.parameters?.['length'] ?? '0');
    return plain(bitsText(length === 2_147_483_647 ? 0 : length));
  }
  const isNumber = schema.type === 'int32' || schema.type === 'int64';
  const asIs = isNumber && NUMERIC_TARGETS.has(base);
  const semantic = schema.name === undefined || asIs ? undefined : SEMANTIC[schema.name];
  const scalar = semantic ?? PRIMITIVE[schema.type];
  if (scalar !== undefined) return scalar;
  throw new TidemarkError(
    'SINK_SCHEMA',
    `values of schema ${schema.name ?? schema.type} cannot be written to PostgreSQL`,
    { cure: 'Leave the column out with column.exclude.list.' },
  );
}

function arrayEncoder(elementSchema: ConnectSchema, castType: string): ValueEncoder {
  const element = scalarOf(elementSchema, castType);
  return {
    plain: false,
    encode(value) {
      if (value === null) return null;
      if (!Array.isArray(value)) throw mismatch('an array', value);
      const texts = (value as readonly ConnectValue[]).map((item) =>
        item === null ? null : element.encode(item),
      );
      return arrayLiteral(texts, element.plain);
    },
  };
}

/** Compiles the encoder of one column: chosen once per schema and target column, not per row. */
export function postgresEncoder(schema: ConnectSchema, column: TargetColumn): ValueEncoder {
  if (schema.type === 'array' && schema.valueSchema !== undefined) {
    return arrayEncoder(schema.valueSchema, column.castType);
  }
  const { encode, plain: isPlain } = scalarOf(schema, column.castType);
  return { plain: isPlain, encode: (value) => (value === null ? null : encode(value)) };
}
