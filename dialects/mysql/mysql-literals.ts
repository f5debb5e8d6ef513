import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { DECIMAL } from '../../src/model/connect-schema.ts';
import {
  asBigInt,
  asNumber,
  asString,
  asStruct,
  integerText,
  mismatch,
} from '../connect-values.ts';
import type { TargetColumn, ValueEncoder } from '../dialect.ts';
import { decimalText, shapeText, variableDecimalText } from '../exact-texts.ts';
import { nestedJson } from '../nested-json.ts';
import type { MysqlTypeName } from '../mysql-type-name.ts';
import { parseMysqlType, printMysqlType } from '../mysql-type-name.ts';
import { mysqlColumnType } from './mysql-column-types.ts';
import type { LiteralForm } from './mysql-exact-values.ts';
import { checked, exactness } from './mysql-exact-values.ts';
import { storedGeometry } from './mysql-geometry.ts';
import { quoteText } from './mysql-identifiers.ts';
import {
  dateLiteral,
  isoDateLiteral,
  isoTimeLiteral,
  isoTimestampLiteral,
  microsOfNanos,
  timeLiteral,
  timestampLiteral,
} from './mysql-literal-times.ts';
import { durationTime, structuredLiteral } from './mysql-structured-literal.ts';
import { exactJson } from './mysql-target-json.ts';

/*
 * Values as literals, which statements take as they are: a multi-row INSERT with them in the text
 * protocol needs no type of a parameter, and none is ever guessed.
 */

type Value = Exclude<ConnectValue, null>;

interface Scalar {
  readonly form: LiteralForm;
  readonly text: (value: Value) => string;
}

/** Shortest text that reads back as the same double; `-0` alone would be an integer. */
function floatText(value: ConnectValue): string {
  const number = asNumber(value);
  if (!Number.isFinite(number)) {
    throw new TidemarkError('VALUE_CONVERSION', 'MySQL has neither NaN nor infinities', {
      cure: 'Make the column a VARCHAR in the target, or correct the value in the source.',
    });
  }
  return Object.is(number, -0) ? '-0e0' : String(number);
}

function bitOf(value: ConnectValue): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  throw mismatch('a boolean', value);
}

function hexText(value: ConnectValue): string {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  throw mismatch('bytes', value);
}

const NUMBER = /^-?\d+(?:\.(\d+))?(?:[eE][+-]?\d+)?$/;

/** A number as text: decimal.handling.mode=string has words for what is none. */
function numberText(value: ConnectValue): string {
  const text = asString(value);
  if (NUMBER.test(text)) return text;
  throw new TidemarkError('VALUE_CONVERSION', 'a text is no number, and its column is one');
}

/** The server rounds digits that a DECIMAL has no room for, with a note that nobody reads (S16). */
function withinScale(scale: number, text: (value: Value) => string): (value: Value) => string {
  return (value) => {
    const number = text(value);
    const point = number.indexOf('.');
    const isLong = point >= 0 && number.length - point - 1 > scale;
    if (!isLong && !/e/i.test(number)) return number;
    if (isLong && /^0*$/.test(number.slice(point + 1 + scale))) return number;
    throw new TidemarkError(
      'VALUE_CONVERSION',
      `a number has more than the ${scale} digits behind the point that its column holds`,
      { cure: 'Make the column a DECIMAL with more of them, or a VARCHAR.' },
    );
  };
}

/** Debezium's Bits: least significant byte first, without zero bytes at the end. */
function bitsNumber(value: ConnectValue): bigint {
  if (!Buffer.isBuffer(value)) throw mismatch('bytes', value);
  return value.reduceRight((number, byte) => number * 256n + BigInt(byte), 0n);
}

function structText(value: ConnectValue): string {
  const struct = asStruct(value);
  const text = shapeText(struct) ?? structuredLiteral(struct);
  if (text !== null) return text;
  throw mismatch('a known struct', value);
}

function vectorHex(value: ConnectValue): string {
  if (!Array.isArray(value)) throw mismatch('an array', value);
  const floats = value as readonly number[];
  const bytes = Buffer.alloc(floats.length * 4);
  floats.forEach((float, at) => bytes.writeFloatLE(float, at * 4));
  return bytes.toString('hex');
}

const bare = (text: Scalar['text']): Scalar => ({ form: 'bare', text });
const quoted = (text: Scalar['text']): Scalar => ({ form: 'quoted', text });
const hex = (text: Scalar['text']): Scalar => ({ form: 'hex', text });

const millis = (value: Value): bigint => asBigInt(value) * 1000n;

const SEMANTIC: Readonly<Record<string, Scalar>> = {
  'io.debezium.time.Date': quoted((value) => dateLiteral(asNumber(value))),
  'org.apache.kafka.connect.data.Date': quoted((value) => dateLiteral(asNumber(value))),
  'io.debezium.time.IsoDate': quoted((value) => isoDateLiteral(asString(value))),
  'io.debezium.time.Time': quoted((value) => timeLiteral(asNumber(value) * 1000)),
  'org.apache.kafka.connect.data.Time': quoted((value) => timeLiteral(asNumber(value) * 1000)),
  'io.debezium.time.MicroTime': quoted((value) => timeLiteral(asNumber(value))),
  'io.debezium.time.NanoTime': quoted((value) =>
    timeLiteral(Number(microsOfNanos(asBigInt(value)))),
  ),
  'io.debezium.time.IsoTime': quoted((value) => isoTimeLiteral(asString(value))),
  'io.debezium.time.Timestamp': quoted((value) => timestampLiteral(millis(value))),
  'org.apache.kafka.connect.data.Timestamp': quoted((value) => timestampLiteral(millis(value))),
  'io.debezium.time.MicroTimestamp': quoted((value) => timestampLiteral(asBigInt(value))),
  'io.debezium.time.NanoTimestamp': quoted((value) =>
    timestampLiteral(microsOfNanos(asBigInt(value))),
  ),
  'io.debezium.time.IsoTimestamp': quoted((value) => isoTimestampLiteral(asString(value))),
  'io.debezium.time.ZonedTimestamp': quoted((value) => isoTimestampLiteral(asString(value))),
  'io.debezium.time.StructuredDate': quoted((value) => isoDateLiteral(structText(value))),
  'io.debezium.time.StructuredTime': quoted((value) => isoTimeLiteral(structText(value))),
  'io.debezium.time.StructuredTimestamp': quoted((value) => isoTimestampLiteral(structText(value))),
  'io.debezium.time.StructuredZonedTimestamp': quoted((value) =>
    isoTimestampLiteral(structText(value)),
  ),
  'io.debezium.data.VariableScaleDecimal': bare(variableDecimalText),
  [DECIMAL]: bare(decimalText),
};

const PRIMITIVE: Readonly<Record<string, Scalar>> = {
  int8: bare(integerText),
  int16: bare(integerText),
  int32: bare(integerText),
  int64: bare(integerText),
  float32: bare(floatText),
  float64: bare(floatText),
  boolean: bare(bitOf),
  string: quoted(asString),
  bytes: hex(hexText),
  struct: quoted(structText),
};

const INTEGERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']);
const NUMBERS = new Set([...INTEGERS, 'decimal', 'float', 'double', 'year']);
const SHAPES = /^(?:multi)?(?:geometry|point|linestring|polygon)$|^geom(?:etry)?collection$/;
const BINARY = /blob$|binary$/;
const GEOMETRIES = /^io\.debezium\.data\.geometry\.(?:Geometry|Geography|Point)$/;

/** Structs of geometry: the server's own form, the bare bytes, or PostgreSQL's text. */
function geometryScalar(base: string): Scalar {
  if (SHAPES.test(base)) return hex((value) => storedGeometry(asStruct(value)).toString('hex'));
  if (!BINARY.test(base)) return quoted(structText);
  return hex((value) => {
    const { schema, values } = asStruct(value);
    const at = (schema.fields ?? []).findIndex(({ name }) => name === 'wkb');
    return hexText(values[at] ?? null);
  });
}

function bitsScalar(base: string, length: number): Scalar {
  if (base === 'bit' || NUMBERS.has(base)) return bare((value) => String(bitsNumber(value)));
  if (BINARY.test(base)) return hex(hexText);
  return quoted((value) => {
    const number = bitsNumber(value);
    return (number === 0n ? '' : number.toString(2)).padStart(length, '0');
  });
}

function scalarOf(schema: ConnectSchema, column: MysqlTypeName | null): Scalar {
  const base = column?.base ?? '';
  const { name = '', type } = schema;
  if (name === 'io.debezium.data.Bits') {
    return bitsScalar(base, Number(schema.parameters?.['length'] ?? '0'));
  }
  if (GEOMETRIES.test(name)) return geometryScalar(base);
  if (name === 'io.debezium.time.StructuredDuration' && base === 'time') {
    return quoted((value) => durationTime(asStruct(value)));
  }
  if (base === 'vector' && type === 'array') return hex(vectorHex);
  if (type === 'array' || type === 'map') return jsonScalar(schema, base);
  if (type === 'string' && NUMBERS.has(base)) return bare(numberText);
  if (name === 'io.debezium.data.Uuid' && BINARY.test(base)) {
    return hex((value) => asString(value).replaceAll('-', ''));
  }
  if (type === 'string' && base === 'json') return quoted((value) => exactJson(asString(value)));
  const isNumber = type === 'int32' || type === 'int64';
  const asIs = isNumber && NUMBERS.has(base);
  const known = asIs ? undefined : SEMANTIC[name];
  const scalar = known ?? PRIMITIVE[type];
  if (scalar !== undefined) return scalar;
  throw new TidemarkError('SINK_SCHEMA', `values of schema ${name || type} cannot be written`, {
    cure: 'Leave the column out with column.exclude.list.',
  });
}

/** Arrays and maps are JSON: numbers as numbers where a double or 64 bits hold them, else texts. */
function jsonScalar(schema: ConnectSchema, base: string): Scalar {
  const text = nestedJson(schema, jsonItem);
  return quoted((value) => (base === 'json' ? exactJson(text(value)) : text(value)));
}

/** What stands inside of an array or a map. */
function jsonItem(schema: ConnectSchema): (value: Value) => string {
  const { type } = schema;
  if (type === 'boolean') return (value) => (bitOf(value) === '1' ? 'true' : 'false');
  const isNumber = /^(?:int|float)/.test(type) && SEMANTIC[schema.name ?? ''] === undefined;
  const scalar = scalarOf(schema, null);
  if (type === 'bytes' && scalar.form === 'hex') {
    return (value) => JSON.stringify(Buffer.from(scalar.text(value), 'hex').toString('base64'));
  }
  return isNumber ? scalar.text : (value) => JSON.stringify(scalar.text(value));
}

/** Compiles the encoder of one column: chosen once per schema and target column, not per row. */
export function mysqlEncoder(schema: ConnectSchema, column: TargetColumn): ValueEncoder {
  const type = parseMysqlType(column.type);
  const { form, text } = scalarOf(schema, type);
  const stands = form === 'bare' && !isNumeric(type) ? 'quoted' : form;
  return { plain: true, encode: literal(stands, exactText(schema, stands, type, text)) };
}

/** The text, looked at where the server would change it without an error. */
function exactText(
  schema: ConnectSchema,
  form: LiteralForm,
  type: MysqlTypeName | null,
  text: Scalar['text'],
): Scalar['text'] {
  if (type === null) return text;
  if (type.base === 'decimal' && form === 'bare') return withinScale(type.scale ?? 0, text);
  // The column that the sink would make has room for all.
  if (mysqlColumnType(schema, NOWHERE, 0).ddl === printMysqlType(type)) return text;
  const takes = exactness(schema, form, type);
  return takes === null ? text : checked(text, takes);
}

const NOWHERE = { schema: '', table: '' };

/** A number in a column of text is a text, or a comparison with it would be one of doubles. */
function isNumeric(type: MysqlTypeName | null): boolean {
  return type === null || NUMBERS.has(type.base) || type.base === 'bit';
}

function literal(form: LiteralForm, text: Scalar['text']): ValueEncoder['encode'] {
  switch (form) {
    case 'bare':
      return (value) => (value === null ? null : text(value));
    case 'quoted':
      return (value) => (value === null ? null : quoteText(text(value)));
    case 'hex':
      return (value) => (value === null ? null : `X'${text(value)}'`);
  }
}
