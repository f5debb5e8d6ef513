import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { DECIMAL, POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import type { TargetColumn, TargetName, WantedType } from '../dialect.ts';
import type { MysqlTypeName } from '../mysql-type-name.ts';
import { mysqlSourceType, parseMysqlType, printMysqlType } from '../mysql-type-name.ts';

/** The longest key of an index of InnoDB, in bytes. */
const KEY_BYTES = 3072;
const BYTES_PER_CHARACTER = 4;
/** What other columns of a key may take of it: a DECIMAL(65,30) has 30. */
const KEY_BYTES_KEPT = 32;

/**
 * Semantic name → type, where the parameters do not matter. Instants are DATETIME in UTC: TIMESTAMP
 * ends in 2038. Durations are whole microseconds, as TIME ends at 838 hours.
 */
const SEMANTIC_TYPES: Readonly<Record<string, string>> = {
  'io.debezium.time.Date': 'date',
  'io.debezium.time.IsoDate': 'date',
  'io.debezium.time.StructuredDate': 'date',
  'org.apache.kafka.connect.data.Date': 'date',
  'io.debezium.time.Time': 'time(3)',
  'org.apache.kafka.connect.data.Time': 'time(3)',
  'io.debezium.time.MicroTime': 'time(6)',
  'io.debezium.time.NanoTime': 'time(6)',
  'io.debezium.time.IsoTime': 'time(6)',
  'io.debezium.time.StructuredTime': 'time(6)',
  'io.debezium.time.Timestamp': 'datetime(3)',
  'org.apache.kafka.connect.data.Timestamp': 'datetime(3)',
  'io.debezium.time.MicroTimestamp': 'datetime(6)',
  'io.debezium.time.NanoTimestamp': 'datetime(6)',
  'io.debezium.time.IsoTimestamp': 'datetime(6)',
  'io.debezium.time.StructuredTimestamp': 'datetime(6)',
  'io.debezium.time.ZonedTimestamp': 'datetime(6)',
  'io.debezium.time.StructuredZonedTimestamp': 'datetime(6)',
  'io.debezium.time.ZonedTime': 'varchar(40)',
  'io.debezium.time.StructuredZonedTime': 'varchar(40)',
  'io.debezium.time.MicroDuration': 'bigint',
  'io.debezium.time.Interval': 'varchar(255)',
  'io.debezium.time.StructuredDuration': 'varchar(255)',
  'io.debezium.time.Year': 'year',
  'io.debezium.data.Json': 'json',
  'io.debezium.data.Uuid': 'varchar(36)',
  'io.debezium.data.FloatVector': 'json',
  'io.debezium.data.DoubleVector': 'json',
  'io.debezium.data.SparseDoubleVector': 'longtext',
  'io.debezium.data.VariableScaleDecimal': 'decimal(65,30)',
  'io.debezium.data.geometry.Point': 'point',
  'io.debezium.data.geometry.Geography': 'longblob',
  'io.debezium.data.geometry.Line': 'longtext',
  'io.debezium.data.geometry.Circle': 'longtext',
};

const PRIMITIVE_TYPES: Readonly<Record<string, string>> = {
  int8: 'tinyint',
  int16: 'smallint',
  int32: 'int',
  int64: 'bigint',
  float32: 'float',
  float64: 'double',
  boolean: 'tinyint(1)',
  string: 'longtext',
  bytes: 'longblob',
  array: 'json',
  map: 'json',
};

/** In a source of PostgreSQL: the schema does not tell the limit. */
const LIMITED_TEXT = /^character(?: varying)?\((\d{1,5})\)$/;
/** A longer text is a LONGTEXT: all VARCHARs of a row together have 65,535 bytes. */
const VARCHAR_MAX = 255;

/** The most digits of a DECIMAL, in all and behind the point; of more each value is judged. */
const DECIMAL_DIGITS = 65;
const DECIMAL_SCALE = 30;

function decimalType(schema: ConnectSchema): string {
  const scale = Number(schema.parameters?.['scale'] ?? '0');
  const precision = Number(schema.parameters?.['connect.decimal.precision'] ?? '65');
  // A negative scale has zeros in front of the point instead.
  const behind = Math.min(Math.max(scale, 0), DECIMAL_SCALE);
  const digits = scale < 0 ? precision - scale : precision;
  const fits = precision >= 1 && digits <= DECIMAL_DIGITS && scale <= behind && behind <= digits;
  return `decimal(${fits ? digits : DECIMAL_DIGITS},${behind})`;
}

function bitsType(schema: ConnectSchema): string {
  const length = Number(schema.parameters?.['length'] ?? Number.NaN);
  return length >= 1 && length <= 64 ? `bit(${length})` : 'longtext';
}

/** Text as the source limits it; what has no limit there has none here. */
function textType(schema: ConnectSchema, source: string): string {
  const address = AS_TEXT[mysqlSourceType(schema)?.base ?? ''];
  if (address !== undefined) return `varchar(${address})`;
  const length = Number(LIMITED_TEXT.exec(source)?.[1] ?? Number.NaN);
  return length >= 1 && length <= VARCHAR_MAX ? `varchar(${length})` : 'longtext';
}

/** PostgreSQL's own shapes are text here; PostGIS's bytes may hold more than this family takes. */
function geometryType({ version }: ConnectSchema, source: string): string {
  if (version !== 1) return 'longtext';
  return source === '' ? 'geometry' : 'longblob';
}

function derivedType(schema: ConnectSchema): string {
  const source = schema.parameters?.[POSTGRES_SOURCE_TYPE] ?? '';
  switch (schema.name) {
    case DECIMAL:
      return decimalType(schema);
    case 'io.debezium.data.Bits':
      return bitsType(schema);
    case 'io.debezium.data.geometry.Geometry':
      return geometryType(schema, source);
    // Blanks, order and digits of a json are kept there; a jsonb has none of its own.
    case 'io.debezium.data.Json':
      return source === 'json' ? 'longtext' : 'json';
    case undefined:
      if (schema.type === 'string') return textType(schema, source);
  }
  const semantic = schema.name === undefined ? undefined : SEMANTIC_TYPES[schema.name];
  const type = semantic ?? PRIMITIVE_TYPES[schema.type];
  if (type !== undefined) return type;
  throw new TidemarkError(
    'SINK_SCHEMA',
    `no type of MySQL for the schema ${schema.name ?? schema.type}`,
    { cure: 'Leave it out (field.exclude.list), or have Flatten or Cast make it plain.' },
  );
}

const BLOBS = new Set(['tinyblob', 'blob', 'mediumblob', 'longblob']);
const TEXTS = new Set(['tinytext', 'text', 'mediumtext', 'longtext', 'json']);
const BYTES = new Set([...BLOBS, 'binary', 'varbinary', 'vector']);
const SHAPES = /^(?:multi)?(?:geometry|point|linestring|polygon)$|^geom(?:etry)?collection$/;
/** Types of MariaDB's newer versions, and the length of their texts elsewhere. */
const AS_TEXT: Readonly<Record<string, number>> = { uuid: 36, inet4: 15, inet6: 39 };

/** The source's type is kept only where the values have its form. */
function valuesFit({ base }: MysqlTypeName, schema: ConnectSchema): boolean {
  // Types of MariaDB alone, or of new versions: the target may not have them.
  if (base in AS_TEXT || base === 'vector') return false;
  if (BYTES.has(base)) return schema.type === 'bytes' || schema.type === 'array';
  if (SHAPES.test(base)) return schema.type === 'struct';
  // A TIME as Connect's may be one of another day, and a decimal a double.
  return base !== 'bit' || schema.type === 'boolean' || schema.type === 'bytes';
}

/** TEXT and BLOB cannot be keys: a length that the index holds, shared with other key columns. */
function keyType(type: MysqlTypeName, keyColumns: number): MysqlTypeName {
  const bytes = Math.floor((KEY_BYTES - KEY_BYTES_KEPT * (keyColumns - 1)) / keyColumns);
  const bare = { scale: null, unsigned: false, members: null };
  if (BLOBS.has(type.base)) return { ...bare, base: 'varbinary', length: bytes };
  if (TEXTS.has(type.base)) {
    const length = Math.floor(bytes / BYTES_PER_CHARACTER);
    return { ...bare, base: 'varchar', length };
  }
  return type;
}

/** The type that a column of this schema gets in a table of the target. */
export function mysqlColumnType(
  schema: ConnectSchema,
  _target: TargetName,
  keyColumns: number,
): WantedType {
  const source = mysqlSourceType(schema);
  const exact = source !== null && valuesFit(source, schema);
  const type = exact ? source : parseMysqlType(derivedType(schema));
  if (type === null) throw new TidemarkError('INTERNAL', 'a derived type is none of ours');
  const ddl = printMysqlType(keyColumns > 0 ? keyType(type, keyColumns) : type);
  return { ddl, enumType: null, exact };
}

const INTEGER_BYTES: Readonly<Record<string, number>> = {
  tinyint: 1,
  smallint: 2,
  mediumint: 3,
  int: 4,
  bigint: 8,
};
const INTEGER_DIGITS: Readonly<Record<string, number>> = {
  tinyint: 3,
  smallint: 5,
  mediumint: 8,
  int: 10,
  bigint: 20,
};
/** How many bytes a text or a blob without a length of its own holds. */
const CAPACITY: Readonly<Record<string, number>> = {
  tinytext: 255,
  tinyblob: 255,
  text: 65_535,
  blob: 65_535,
  mediumtext: 2 ** 24 - 1,
  mediumblob: 2 ** 24 - 1,
  longtext: 2 ** 32 - 1,
  longblob: 2 ** 32 - 1,
};

/** The most bytes that a value has: a row has no room for more, a member 255 characters. */
function bytesOf({ base, length, members }: MysqlTypeName): number {
  if (members !== null) return CAPACITY['text'] as number;
  const bytes = (length ?? 1) * (base.endsWith('char') ? BYTES_PER_CHARACTER : 1);
  return Math.min(bytes, CAPACITY['text'] as number);
}

function integerHolds(actual: MysqlTypeName, wanted: MysqlTypeName): boolean {
  const have = INTEGER_BYTES[actual.base] ?? 0;
  const want = INTEGER_BYTES[wanted.base] ?? 0;
  if (actual.unsigned === wanted.unsigned) return have >= want;
  return !actual.unsigned && have > want;
}

function decimalHolds(actual: MysqlTypeName, wanted: MysqlTypeName): boolean {
  if (actual.unsigned && !wanted.unsigned) return false;
  const scale = actual.scale ?? 0;
  const whole = (actual.length ?? 10) - scale;
  const digits = INTEGER_DIGITS[wanted.base];
  if (digits !== undefined) return whole >= digits;
  const wantedScale = wanted.scale ?? 0;
  return scale >= wantedScale && whole >= (wanted.length ?? 10) - wantedScale;
}

function textHolds(actual: MysqlTypeName, wanted: MysqlTypeName): boolean | null {
  const isText = (base: string): boolean => /text$|char$/.test(base);
  const isBytes = (base: string): boolean => /blob$|binary$/.test(base);
  const sameKind =
    (isText(actual.base) && (isText(wanted.base) || wanted.members !== null)) ||
    (isBytes(actual.base) && isBytes(wanted.base));
  if (!sameKind) return null;
  const have = CAPACITY[actual.base];
  const want = CAPACITY[wanted.base];
  if (have !== undefined && want !== undefined) return have >= want;
  if (have !== undefined) return have >= bytesOf(wanted);
  if (want !== undefined) return false;
  // CHAR and BINARY of one length differ from the variable ones in what stands at the end.
  if (actual.base === 'binary' && wanted.base !== 'binary') return false;
  if (actual.base === 'char' && wanted.base !== 'char') return false;
  return wanted.members !== null || (actual.length ?? 1) >= (wanted.length ?? 1);
}

/** A column of the first type takes every value of the second. */
export function mysqlTypeFits(actual: MysqlTypeName, wanted: MysqlTypeName): boolean {
  if (actual.base === 'longtext' && !BYTES.has(wanted.base)) return true;
  if (actual.base in INTEGER_BYTES && wanted.base in INTEGER_BYTES) {
    return integerHolds(actual, wanted);
  }
  if (actual.base === 'decimal') {
    return (
      (wanted.base === 'decimal' || wanted.base in INTEGER_BYTES) && decimalHolds(actual, wanted)
    );
  }
  const text = textHolds(actual, wanted);
  if (text !== null) return text;
  if (actual.members !== null) {
    const { members } = actual;
    return (
      actual.base === wanted.base && (wanted.members ?? []).every((one) => members.includes(one))
    );
  }
  if (actual.base === 'double') return ['double', 'float'].includes(wanted.base);
  if (actual.base === 'datetime' && ['date', 'timestamp'].includes(wanted.base)) {
    return (actual.length ?? 0) >= (wanted.length ?? 0);
  }
  if (actual.base === 'geometry' && SHAPES.test(wanted.base)) return true;
  if (actual.base !== wanted.base) return false;
  // Lengths are digits of a fraction, or bits; of a year they mean nothing.
  return actual.base === 'year' || (actual.length ?? 0) >= (wanted.length ?? 0);
}

/**
 * A column of `actual` takes every value of `wanted` unchanged. With a type that was only derived
 * from the schema, the server judges value by value (the session is strict), except for fractions
 * of seconds, which it would round in silence (S16); decimals are looked at one by one.
 */
export function mysqlTypeHolds({ type }: TargetColumn, wanted: WantedType): boolean {
  const have = parseMysqlType(type);
  const want = parseMysqlType(wanted.ddl);
  if (have === null || want === null) return !wanted.exact;
  if (wanted.exact) return mysqlTypeFits(have, want);
  const isClock = /^(?:time|datetime|timestamp)$/;
  return !isClock.test(have.base) || !isClock.test(want.base)
    ? true
    : (have.length ?? 0) >= (want.length ?? 0);
}
