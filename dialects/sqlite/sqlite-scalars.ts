import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { DECIMAL, POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import {
  asBigInt,
  asNumber,
  asString,
  asStruct,
  integerText,
  mismatch,
} from '../connect-values.ts';
import { ewkbOf, sridOf } from '../ewkb.ts';
import {
  bitsText,
  decimalText,
  shapeText,
  variableDecimalText,
  withoutScale,
} from '../exact-texts.ts';
import { mysqlSourceType } from '../mysql-type-name.ts';
import { nestedJson } from '../nested-json.ts';
import type { StorageClass } from './sqlite-cells.ts';
import { structuredText } from '../structured-time-text.ts';
import {
  dateText,
  instantText,
  isoDateText,
  isoTimestampText,
  isoTimeText,
  milliTimestampText,
  nanoTimestampText,
  nanoTimeText,
  timestampText,
  timeText,
} from '../time-text.ts';

/** Never null: the callers have dealt with null. */
export type Value = Exclude<ConnectValue, null>;

/** What values of a schema are in SQLite, and the digits or the text of one. */
export interface Scalar {
  readonly storage: StorageClass;
  readonly text: (value: Value) => string;
}

const integer = (text: Scalar['text']): Scalar => ({ storage: 'INTEGER', text });
const real = (text: Scalar['text']): Scalar => ({ storage: 'REAL', text });
const text = (of: Scalar['text']): Scalar => ({ storage: 'TEXT', text: of });
const blob = (of: Scalar['text']): Scalar => ({ storage: 'BLOB', text: of });

/** Digits that read back as the same double; a NaN would be stored as NULL. */
function realText(value: ConnectValue): string {
  const number = asNumber(value);
  if (!Number.isNaN(number)) return String(number);
  throw new TidemarkError('VALUE_CONVERSION', 'SQLite has no NaN', {
    cure: 'Correct the value in the source, or leave the column out with column.exclude.list.',
  });
}

function booleanText(value: ConnectValue): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  throw mismatch('a boolean', value);
}

function hexText(value: ConnectValue): string {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  throw mismatch('bytes', value);
}

const plainDecimal = (value: ConnectValue): string => withoutScale(decimalText(value));

function structText(value: ConnectValue): string {
  const struct = asStruct(value);
  const text = shapeText(struct) ?? structuredText(struct);
  if (text !== null) return text;
  throw mismatch('a known struct', value);
}

/** A point of PostgreSQL has no SRID: one of MySQL would lose it. */
function pointText(value: ConnectValue): string {
  if (sridOf(value) === 0) return structText(value);
  throw new TidemarkError('VALUE_CONVERSION', 'a point with an SRID, which its text has not', {
    cure: 'Leave the column out with column.exclude.list.',
  });
}

const SEMANTIC: Readonly<Record<string, Scalar>> = {
  'io.debezium.time.Date': text((value) => dateText(asNumber(value))),
  'org.apache.kafka.connect.data.Date': text((value) => dateText(asNumber(value))),
  'io.debezium.time.IsoDate': text((value) => isoDateText(asString(value))),
  'io.debezium.time.Time': text((value) => timeText(asNumber(value) * 1000)),
  'org.apache.kafka.connect.data.Time': text((value) => timeText(asNumber(value) * 1000)),
  'io.debezium.time.MicroTime': text((value) => timeText(asNumber(value))),
  'io.debezium.time.NanoTime': text((value) => nanoTimeText(asBigInt(value))),
  'io.debezium.time.IsoTime': text((value) => isoTimeText(asString(value))),
  'io.debezium.time.Timestamp': text((value) => milliTimestampText(asBigInt(value))),
  'org.apache.kafka.connect.data.Timestamp': text((value) => milliTimestampText(asBigInt(value))),
  'io.debezium.time.MicroTimestamp': text((value) => timestampText(asBigInt(value))),
  'io.debezium.time.NanoTimestamp': text((value) => nanoTimestampText(asBigInt(value))),
  'io.debezium.time.IsoTimestamp': text((value) => isoTimestampText(asString(value))),
  'io.debezium.time.ZonedTimestamp': text((value) => instantText(asString(value))),
  'io.debezium.data.VariableScaleDecimal': text((value) =>
    withoutScale(variableDecimalText(value)),
  ),
  [DECIMAL]: text(plainDecimal),
};

const PRIMITIVE: Readonly<Record<string, Scalar>> = {
  int8: integer(integerText),
  int16: integer(integerText),
  int32: integer(integerText),
  int64: integer(integerText),
  float32: real(realText),
  float64: real(realText),
  boolean: integer(booleanText),
  string: text(asString),
  bytes: blob(hexText),
};

const STRUCTS = /^io\.debezium\.(?:data\.geometry\.|data\.Sparse|time\.Structured)/;
const POSTGIS = /^(?:[^(]+\.)?geometry\b/;

/** PostgreSQL's own shapes are text; of PostGIS and MySQL the EWKB is kept. */
function structScalar(schema: ConnectSchema): Scalar | undefined {
  const { name = '' } = schema;
  const ewkb = blob((value) => ewkbOf(value).toString('hex'));
  switch (name) {
    case 'io.debezium.data.geometry.Geography':
      return ewkb;
    case 'io.debezium.data.geometry.Geometry': {
      const isPostgis = POSTGIS.test(schema.parameters?.[POSTGRES_SOURCE_TYPE] ?? '');
      return schema.version === 1 || isPostgis ? ewkb : text(structText);
    }
    case 'io.debezium.data.geometry.Point':
      return mysqlSourceType(schema) === null ? text(pointText) : ewkb;
    default:
      return STRUCTS.test(name) ? text(structText) : undefined;
  }
}

/** A bit varying has a greatest length only; records of this form lack its zeros in front. */
function bitsLength({ parameters }: ConnectSchema): number {
  const isVarying = parameters?.[POSTGRES_SOURCE_TYPE]?.startsWith('bit varying') ?? false;
  return isVarying ? 0 : Number(parameters?.['length'] ?? '0');
}

/** What becomes of values of a schema. Throws SINK_SCHEMA where nothing is known of it. */
export function scalarOf(schema: ConnectSchema): Scalar {
  const { name = '', type } = schema;
  if (name === 'io.debezium.data.Bits') return text(bitsText(bitsLength(schema)));
  if (type === 'array' || type === 'map') return text(nestedJson(schema, jsonItem));
  const scalar =
    SEMANTIC[name] ?? (type === 'struct' ? structScalar(schema) : undefined) ?? PRIMITIVE[type];
  if (scalar !== undefined) return scalar;
  throw new TidemarkError('SINK_SCHEMA', `no type of SQLite for the schema ${name || type}`, {
    cure: 'Leave it out (field.exclude.list), or have Flatten or Cast make it plain.',
  });
}

/** The plain number of a time or date, for a column that somebody made for numbers. */
export function numberScalar(schema: ConnectSchema): Scalar | undefined {
  return schema.type === 'int32' || schema.type === 'int64' ? PRIMITIVE[schema.type] : undefined;
}

/**
 * What stands inside of an array or a map: whole numbers and floats as numbers with all their
 * digits, what JSON has no number for (decimals keep their digits, NaN) as texts, bytes in base64.
 */
function jsonItem(schema: ConnectSchema): Scalar['text'] {
  if (schema.type === 'boolean') return (value) => (booleanText(value) === '1' ? 'true' : 'false');
  const { storage, text: shown } = scalarOf(schema);
  switch (storage) {
    case 'INTEGER':
      return shown;
    case 'REAL':
      return (value) => {
        const number = asNumber(value);
        const digits = Object.is(number, -0) ? '-0' : String(number);
        return Number.isFinite(number) ? digits : JSON.stringify(digits);
      };
    case 'TEXT':
      return (value) => JSON.stringify(shown(value));
    case 'BLOB':
      return (value) => JSON.stringify(Buffer.from(shown(value), 'hex').toString('base64'));
  }
}
