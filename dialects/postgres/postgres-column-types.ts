import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { DECIMAL, POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import type { EnumType, TargetColumn, TargetName, WantedType, Widening } from '../dialect.ts';
import { mysqlSourceType } from '../mysql-type-name.ts';
import { quoteQualified } from './postgres-identifiers.ts';
import { mysqlColumnAsPostgres } from './postgres-mysql-types.ts';
import type { PostgresType } from './postgres-type-name.ts';
import { parsePostgresType, printBuiltin } from './postgres-type-name.ts';
import { postgresTypeFits, postgresWidening } from './postgres-type-rules.ts';

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
    { cure: 'Leave it out (field.exclude.list), or have Flatten or Cast make it plain.' },
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

/** The record tells what the column is in its source, and not only which values it brings. */
function tellsSource(schema: ConnectSchema): boolean {
  return (
    schema.parameters?.[POSTGRES_SOURCE_TYPE] !== undefined || mysqlSourceType(schema) !== null
  );
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
    const areNumeric = have.builtin === 'numeric' && want.builtin === 'numeric';
    return !areNumeric || want.modifier === '' || postgresTypeFits(have, want, wanted);
  }
  // Any type's text, arrays included, can be kept as text.
  if (have.builtin === 'text' && !have.isArray) return true;
  return postgresTypeFits(have, want, wanted);
}

/**
 * How a column grows into what its source has. One that takes the values one by one is somebody's
 * own choice, where nothing is known of its source, or texts are a way to keep something else there
 * (labels, documents).
 */
export function widenPostgresColumn(
  column: TargetColumn,
  wanted: WantedType,
  schema: ConnectSchema,
): Widening | null {
  const isText = schema.type === 'string' && schema.name !== undefined;
  const isKnown = wanted.exact || (tellsSource(schema) && !isText);
  if (!isKnown && postgresTypeHolds(column.type, wanted)) return null;
  return postgresWidening(column, wanted);
}
