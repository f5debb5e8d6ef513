import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { DECIMAL, POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import type { EnumType, TargetName, WantedType } from '../dialect.ts';
import { mysqlSourceType } from '../mysql-type-name.ts';
import { quoteQualified } from './postgres-identifiers.ts';
import { mysqlColumnAsPostgres } from './postgres-mysql-types.ts';
import type { PostgresType } from './postgres-type-name.ts';
import { parsePostgresType, printBuiltin } from './postgres-type-name.ts';

const ENUM = 'io.debezium.data.Enum';

/** Semantic name → type, where the parameters do not matter. */
const SEMANTIC_TYPES: Readonly<Record<string, string>> = {
  'io.debezium.time.Date': 'date',
  'io.debezium.time.IsoDate': 'date',
  'org.apache.kafka.connect.data.Date': 'date',
  'io.debezium.time.Time': 'time(3) without time zone',
  'org.apache.kafka.connect.data.Time': 'time(3) without time zone',
  'io.debezium.time.MicroTime': 'time without time zone',
  'io.debezium.time.NanoTime': 'time without time zone',
  'io.debezium.time.IsoTime': 'time without time zone',
  'io.debezium.time.Timestamp': 'timestamp(3) without time zone',
  'org.apache.kafka.connect.data.Timestamp': 'timestamp(3) without time zone',
  'io.debezium.time.MicroTimestamp': 'timestamp without time zone',
  'io.debezium.time.NanoTimestamp': 'timestamp without time zone',
  'io.debezium.time.IsoTimestamp': 'timestamp without time zone',
  'io.debezium.time.ZonedTimestamp': 'timestamp with time zone',
  'io.debezium.time.ZonedTime': 'time with time zone',
  'io.debezium.time.MicroDuration': 'interval',
  'io.debezium.time.Interval': 'interval',
  'io.debezium.data.Json': 'json',
  'io.debezium.data.Uuid': 'uuid',
  'io.debezium.data.Xml': 'xml',
  'io.debezium.data.VariableScaleDecimal': 'numeric',
  'io.debezium.data.geometry.Point': 'point',
  'io.debezium.data.geometry.Line': 'line',
  'io.debezium.data.geometry.Circle': 'circle',
  'io.debezium.data.geometry.Geography': 'bytea',
  'io.debezium.data.SparseDoubleVector': 'text',
  'io.debezium.time.StructuredDate': 'date',
  'io.debezium.time.StructuredTime': 'time without time zone',
  'io.debezium.time.StructuredZonedTime': 'time with time zone',
  'io.debezium.time.StructuredTimestamp': 'timestamp without time zone',
  'io.debezium.time.StructuredZonedTimestamp': 'timestamp with time zone',
  'io.debezium.time.StructuredDuration': 'interval',
};

/** PostGIS need not be there: its EWKB is kept. Built-in shapes do not say which they are. */
const GEOMETRY = 'io.debezium.data.geometry.Geometry';
const POINT = 'io.debezium.data.geometry.Point';
const POSTGIS = /^(?:[^(]+\.)?geometry\b/;

const PRIMITIVE_TYPES: Readonly<Record<string, string>> = {
  int8: 'smallint',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  float32: 'real',
  float64: 'double precision',
  boolean: 'boolean',
  string: 'text',
  bytes: 'bytea',
};

function decimalType(schema: ConnectSchema): string {
  const scale = Number(schema.parameters?.['scale'] ?? '0');
  const precision = Number(schema.parameters?.['connect.decimal.precision'] ?? Number.NaN);
  const valid = Number.isInteger(precision) && precision >= 1 && precision <= 1000;
  return valid && Number.isInteger(scale) && Math.abs(scale) <= 1000
    ? `numeric(${precision},${scale})`
    : 'numeric';
}

function bitsType(schema: ConnectSchema): string {
  const length = Number(schema.parameters?.['length'] ?? Number.NaN);
  return Number.isInteger(length) && length > 0 && length <= 83_886_080
    ? `bit varying(${length})`
    : 'bit varying';
}

/** The type by semantic name and parameters alone, but for PostGIS. */
function derivedType(schema: ConnectSchema, source = ''): string {
  if (schema.type === 'array' && schema.valueSchema !== undefined) {
    return `${derivedType(schema.valueSchema, source)}[]`;
  }
  if (schema.name === DECIMAL) return decimalType(schema);
  if (schema.name === 'io.debezium.data.Bits') return bitsType(schema);
  if (schema.name === GEOMETRY) {
    return schema.version === 1 || POSTGIS.test(source) ? 'bytea' : 'text';
  }
  // A point of MySQL has an SRID, which PostgreSQL's has not.
  if (schema.name === POINT && mysqlSourceType(schema) !== null) return 'bytea';
  if (schema.type === 'map') return 'jsonb';
  const semantic = schema.name === undefined ? undefined : SEMANTIC_TYPES[schema.name];
  const type = semantic ?? PRIMITIVE_TYPES[schema.type];
  if (type !== undefined) return type;
  throw new TidemarkError(
    'SINK_SCHEMA',
    `no PostgreSQL type for the schema ${schema.name ?? schema.type}`,
    { cure: 'Leave the column out with column.exclude.list.' },
  );
}

/** JSON array of an enum's labels, sent where one of them holds a comma. */
const LABELS_PARAMETER = '__tidemark.source.labels';

/** Debezium joins the labels by commas; a label with a comma cannot be told from two there. */
function enumLabels(column: ConnectSchema, element: ConnectSchema): readonly string[] {
  const exact = column.parameters?.[LABELS_PARAMETER];
  if (exact !== undefined) {
    const labels = parseJson(exact);
    if (Array.isArray(labels)) return labels.filter((label) => typeof label === 'string');
  }
  const allowed = element.parameters?.['allowed'];
  return allowed === undefined || allowed === '' ? [] : allowed.split(',');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function enumOf(schema: ConnectSchema, type: PostgresType): EnumType | null {
  const element = type.isArray && schema.type === 'array' ? schema.valueSchema : schema;
  if (element?.name !== ENUM || type.userType === null) return null;
  return { name: type.userType, labels: enumLabels(schema, element) };
}

/**
 * The source's type is kept only where the values have its form. With binary.handling.mode=base64
 * a bytea arrives as text that a bytea column would take for its own escape format: silent damage.
 */
function valuesFit(schema: ConnectSchema, type: PostgresType): boolean {
  const element = type.isArray ? schema.valueSchema : schema;
  // The text of a whole array literal also fits an array type.
  if (element === undefined) return schema.type === 'string';
  return !(element.type === 'string' && type.builtin === 'bytea');
}

/** The type that a column of this schema gets in a table of the target. */
export function postgresColumnType(schema: ConnectSchema, target: TargetName): WantedType {
  const source = schema.parameters?.[POSTGRES_SOURCE_TYPE];
  const type = source === undefined ? null : parsePostgresType(source);
  const ofMysql = source === undefined ? mysqlColumnAsPostgres(schema) : null;
  if (ofMysql !== null) return { ddl: ofMysql, enumType: null, exact: true };
  if (type !== null && valuesFit(schema, type)) {
    const suffix = type.isArray ? '[]' : '';
    if (type.builtin !== null) {
      const ddl = `${printBuiltin(type.builtin, type.modifier)}${suffix}`;
      return { ddl, enumType: null, exact: true };
    }
    const enumType = enumOf(schema, type);
    if (enumType !== null) {
      const ddl = `${quoteQualified(target.schema, enumType.name)}${suffix}`;
      return { ddl, enumType, exact: true };
    }
  }
  return { ddl: derivedType(schema, source), enumType: null, exact: false };
}

const INTEGER_RANK: Readonly<Record<string, number>> = { smallint: 1, integer: 2, bigint: 3 };
const INTEGER_DIGITS = [5, 10, 19] as const;

function numbersIn(modifier: string): readonly number[] {
  return modifier === '' ? [] : modifier.slice(1, -1).split(',').map(Number);
}

function numericHolds(actual: PostgresType, wanted: PostgresType): boolean {
  if (actual.modifier === '') return true;
  const [precision = 0, scale = 0] = numbersIn(actual.modifier);
  const rank = INTEGER_RANK[wanted.builtin ?? ''];
  if (rank !== undefined) return precision - scale >= (INTEGER_DIGITS[rank - 1] ?? 0);
  if (wanted.modifier === '') return false;
  const [wantedPrecision = 0, wantedScale = 0] = numbersIn(wanted.modifier);
  return scale >= wantedScale && precision - scale >= wantedPrecision - wantedScale;
}

function lengthHolds(actual: PostgresType, wanted: PostgresType, unlimited: number): boolean {
  const [have = unlimited] = numbersIn(actual.modifier);
  const [want = unlimited] = numbersIn(wanted.modifier);
  return have >= want;
}

function sameKindHolds(actual: PostgresType, wanted: PostgresType): boolean {
  switch (actual.builtin) {
    case 'numeric':
      return numericHolds(actual, wanted);
    case 'character':
      return lengthHolds(actual, wanted, 1);
    case 'character varying':
    case 'bit varying':
      return lengthHolds(actual, wanted, Infinity);
    case 'bit':
      return actual.modifier === wanted.modifier;
    default:
      // What is left with a modifier has fractions of seconds: six digits when none is named.
      return lengthHolds(actual, wanted, 6);
  }
}

/** Types of the left hold every value of the types on the right. */
const WIDENINGS: Readonly<Record<string, readonly string[]>> = {
  'double precision': ['real', 'smallint', 'integer'],
  real: ['smallint'],
  text: ['character varying', 'character', 'bpchar', 'name', '"char"'],
  bpchar: ['character'],
  // Duplicate keys and blanks of a json are lost in a jsonb, which people choose knowingly.
  jsonb: ['json'],
  json: ['jsonb'],
  inet: ['cidr'],
  'timestamp without time zone': ['date'],
};

function scalarHolds(actual: PostgresType, wanted: PostgresType): boolean {
  if (actual.builtin === null || wanted.builtin === null) {
    // Enum types are compared by name; a text column takes any label.
    return actual.builtin === wanted.builtin
      ? actual.userType === wanted.userType
      : actual.builtin === 'text';
  }
  if (actual.builtin === wanted.builtin) return sameKindHolds(actual, wanted);
  if (actual.builtin.startsWith('interval')) return actual.builtin === 'interval';
  const have = INTEGER_RANK[actual.builtin];
  const want = INTEGER_RANK[wanted.builtin];
  if (have !== undefined && want !== undefined) return have >= want;
  if (actual.builtin === 'numeric') {
    return want !== undefined && numericHolds(actual, wanted);
  }
  if (actual.builtin === 'character varying' && wanted.builtin === 'character') {
    return lengthHolds(actual, wanted, actual.modifier === '' ? Infinity : 1);
  }
  return WIDENINGS[actual.builtin]?.includes(wanted.builtin) ?? false;
}

/**
 * A column of `actual` takes every value of `wanted` unchanged. With a type that was only derived
 * from the schema, the server judges value by value, except where it would round in silence (S16).
 */
export function postgresTypeHolds(actual: string, wanted: WantedType): boolean {
  const have = parsePostgresType(actual);
  const want = parsePostgresType(wanted.ddl);
  if (have === null || want === null) return !wanted.exact;
  if (!wanted.exact) {
    if (have.builtin === 'numeric' && want.builtin === 'numeric' && want.modifier !== '') {
      return numericHolds(have, want);
    }
    return true;
  }
  // Any type's text, arrays included, can be kept as text.
  if (have.builtin === 'text' && !have.isArray) return true;
  return have.isArray === want.isArray && scalarHolds(have, want);
}
