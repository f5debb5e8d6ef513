import { DECIMAL } from '../../src/model/connect-schema.ts';
import type { ConnectSchema, ConnectType } from '../../src/model/connect-schema.ts';
import type { TextFormat } from '../../src/model/table-schema.ts';
import type { ColumnInfo, TypeInfo } from './postgres-catalog.ts';

/** The properties that shape values, by the values that the original gives them. */
export interface ValueModes {
  /** decimal.handling.mode */
  readonly decimal: 'precise' | 'double' | 'string';
  /** time.precision.mode */
  readonly timePrecision:
    | 'adaptive'
    | 'adaptive_time_microseconds'
    | 'connect'
    | 'isostring'
    | 'microseconds'
    | 'nanoseconds';
  /** binary.handling.mode */
  readonly binary: 'bytes' | 'base64' | 'base64-url-safe' | 'hex';
  /** interval.handling.mode */
  readonly interval: 'numeric' | 'string';
}

export const DEFAULT_VALUE_MODES: ValueModes = {
  decimal: 'precise',
  timePrecision: 'adaptive',
  binary: 'bytes',
  interval: 'numeric',
};

/** The required schema of a type and how its text is read; or the name of the type we refuse. */
export type TypeMapping =
  | { readonly supported: true; readonly schema: ConnectSchema; readonly format: TextFormat }
  | { readonly supported: false; readonly typeName: string };

export type TypeLookup = (oid: number) => TypeInfo | undefined;

/** Maps a column's type: domains are followed to their root, arrays to their elements. */
export function mapPostgresType(
  column: Pick<ColumnInfo, 'typeOid' | 'typmod' | 'typeText'>,
  types: TypeLookup,
  modes: ValueModes,
): TypeMapping {
  const mapped = mapType(resolveDomain(column.typeOid, column.typmod, types), types, modes);
  return mapped === null
    ? { supported: false, typeName: column.typeText }
    : { supported: true, ...mapped };
}

/**
 * Parameters of a column's schema when source types are propagated: Debezium's three, and the
 * source's own text of the type, from which a PostgreSQL target can make the same column.
 */
export function sourceTypeParameters(
  column: Pick<ColumnInfo, 'typeOid' | 'typmod' | 'typeText'>,
  types: TypeLookup,
): Readonly<Record<string, string>> {
  const { type, typmod } = resolveDomain(column.typeOid, column.typmod, types);
  const parameters: Record<string, string> = {
    '__debezium.source.column.type': (type?.name ?? column.typeText).toUpperCase(),
  };
  const size = type === undefined ? null : sizeOf(type.name, typmod);
  if (size !== null) parameters['__debezium.source.column.length'] = String(size.length);
  if (size?.scale !== undefined) parameters['__debezium.source.column.scale'] = String(size.scale);
  parameters['__tidemark.source.type'] = column.typeText;
  // Debezium's `allowed` joins labels by commas: a label with a comma needs another form.
  const element = type === undefined || type.elementOid === 0 ? type : types(type.elementOid);
  if (element?.kind === 'enum' && element.labels.some((label) => label.includes(','))) {
    parameters['__tidemark.source.labels'] = JSON.stringify(element.labels);
  }
  return parameters;
}

interface Mapped {
  readonly schema: ConnectSchema;
  readonly format: TextFormat;
}

interface ResolvedType {
  readonly type: TypeInfo | undefined;
  readonly typmod: number;
}

/** A domain may stand on a domain; the modifier that is nearest to the root decides (P84). */
function resolveDomain(oid: number, typmod: number, types: TypeLookup): ResolvedType {
  let type = types(oid);
  let modifier = typmod;
  while (type?.kind === 'domain') {
    if (type.baseTypmod !== -1) modifier = type.baseTypmod;
    type = types(type.baseOid);
  }
  return { type, typmod: modifier };
}

function mapType(resolved: ResolvedType, types: TypeLookup, modes: ValueModes): Mapped | null {
  const { type, typmod } = resolved;
  if (type === undefined) return null;
  if (type.kind === 'enum') return mapEnum(type);
  if (type.kind === 'range' || type.kind === 'multirange') return plain('string', 'string');
  if (type.kind !== 'base') return null;
  if (type.elementOid !== 0) return mapArray(type, typmod, types, modes);
  return mapBase(type, typmod, modes);
}

/** Required elements, unlike those of other arrays: as the original describes them. */
function mapEnum(type: TypeInfo): Mapped {
  const schema = named('string', 'io.debezium.data.Enum');
  return {
    schema: { ...schema, parameters: { allowed: type.labels.join(',') } },
    format: { kind: 'string' },
  };
}

function mapArray(
  type: TypeInfo,
  typmod: number,
  types: TypeLookup,
  modes: ValueModes,
): Mapped | null {
  const resolved = resolveDomain(type.elementOid, typmod, types);
  // A domain over an array as element would be a second dimension.
  if (resolved.type === undefined || resolved.type.elementOid !== 0) return null;
  const element = mapType(resolved, types, modes);
  if (element === null) return null;
  const required = resolved.type.kind === 'enum';
  const elementSchema: ConnectSchema = { ...element.schema, optional: !required };
  return {
    schema: { type: 'array', optional: false, valueSchema: elementSchema },
    format: {
      kind: 'array',
      element: element.format,
      elementSchema,
      delimiter: type.delimiter,
    },
  };
}

/** Types of extensions whose text is passed through, by extension and name of the type. */
const EXTENSION_TYPES: Readonly<Record<string, readonly string[]>> = {
  citext: ['citext'],
  ltree: ['ltree'],
  isn: ['ean13', 'isbn13', 'ismn13', 'issn13', 'isbn', 'ismn', 'issn', 'upc'],
};

const STRING_SEMANTICS: Readonly<Record<string, string>> = {
  json: 'io.debezium.data.Json',
  jsonb: 'io.debezium.data.Json',
  ltree: 'io.debezium.data.Ltree',
  tsvector: 'io.debezium.data.Tsvector',
  uuid: 'io.debezium.data.Uuid',
  xml: 'io.debezium.data.Xml',
};

/** Base types whose text is the value. */
const TEXT_TYPES = new Set(
  `text varchar bpchar char name inet cidr macaddr macaddr8 tsquery jsonpath pg_lsn
    json jsonb tsvector uuid xml`.split(/\s+/),
);

function mapBase(type: TypeInfo, typmod: number, modes: ValueModes): Mapped | null {
  if (type.extension !== null) {
    const known = EXTENSION_TYPES[type.extension]?.includes(type.name) ?? false;
    return known ? mapText(type.name) : null;
  }
  if (type.schema !== 'pg_catalog') return null;
  if (TEXT_TYPES.has(type.name)) return mapText(type.name);
  switch (type.name) {
    case 'bool':
      return plain('boolean', 'boolean');
    case 'int2':
      return plain('int16', 'integer');
    case 'int4':
      return plain('int32', 'integer');
    case 'int8':
    case 'oid':
      return plain('int64', 'integer');
    case 'float4':
      return plain('float32', 'float');
    case 'float8':
      return plain('float64', 'float');
    case 'numeric':
      return mapNumeric(typmod, modes);
    case 'bytea':
      return {
        schema: unnamed(modes.binary === 'bytes' ? 'bytes' : 'string'),
        format: { kind: 'bytea', encoding: modes.binary },
      };
    default:
      return mapTime(type.name, typmod, modes);
  }
}

function mapText(name: string): Mapped {
  const semantics = STRING_SEMANTICS[name];
  if (semantics === undefined) return plain('string', 'string');
  return { schema: named('string', semantics), format: { kind: 'string' } };
}

function mapNumeric(typmod: number, modes: ValueModes): Mapped {
  if (modes.decimal === 'double') return plain('float64', 'decimal-double');
  if (modes.decimal === 'string') return plain('string', 'decimal-string');
  const size = numericSize(typmod);
  if (size === null) {
    return { schema: VARIABLE_SCALE_DECIMAL, format: { kind: 'variable-decimal' } };
  }
  const parameters = {
    scale: String(size.scale),
    'connect.decimal.precision': String(size.length),
  };
  return {
    schema: { ...named('bytes', DECIMAL), parameters },
    format: { kind: 'decimal', scale: size.scale },
  };
}

const VARIABLE_SCALE_DECIMAL: ConnectSchema = {
  type: 'struct',
  optional: false,
  name: 'io.debezium.data.VariableScaleDecimal',
  version: 1,
  doc: 'Variable scaled decimal',
  fields: [
    { name: 'scale', schema: { type: 'int32', optional: false } },
    { name: 'value', schema: { type: 'bytes', optional: false } },
  ],
};

function mapTime(name: string, typmod: number, modes: ValueModes): Mapped | null {
  const digits = typmod < 0 ? 6 : typmod;
  switch (name) {
    case 'date':
      return mapDate(modes);
    case 'time':
      return mapTimeOfDay(digits, modes);
    case 'timestamp':
      return mapTimestamp(digits, modes);
    case 'timetz':
      return semantic('string', 'io.debezium.time.ZonedTime', { kind: 'zoned-time' });
    case 'timestamptz':
      return semantic('string', 'io.debezium.time.ZonedTimestamp', {
        kind: 'zoned-timestamp',
        digits,
      });
    case 'interval':
      return modes.interval === 'string'
        ? semantic('string', 'io.debezium.time.Interval', { kind: 'interval-string' })
        : semantic('int64', 'io.debezium.time.MicroDuration', { kind: 'micro-duration' });
    default:
      return null;
  }
}

function mapDate(modes: ValueModes): Mapped {
  switch (modes.timePrecision) {
    case 'connect':
      return semantic('int32', 'org.apache.kafka.connect.data.Date', { kind: 'date' });
    case 'isostring':
      return semantic('string', 'io.debezium.time.IsoDate', { kind: 'iso-date' });
    default:
      return semantic('int32', 'io.debezium.time.Date', { kind: 'date' });
  }
}

function mapTimeOfDay(digits: number, modes: ValueModes): Mapped {
  const micro = (): Mapped =>
    semantic('int64', 'io.debezium.time.MicroTime', { kind: 'time', unit: 'us' });
  switch (modes.timePrecision) {
    case 'adaptive':
      return digits <= 3
        ? semantic('int32', 'io.debezium.time.Time', { kind: 'time', unit: 'ms' })
        : micro();
    case 'connect':
      return semantic('int32', 'org.apache.kafka.connect.data.Time', { kind: 'time', unit: 'ms' });
    case 'isostring':
      return semantic('string', 'io.debezium.time.IsoTime', { kind: 'iso-time' });
    case 'nanoseconds':
      return semantic('int64', 'io.debezium.time.NanoTime', { kind: 'time', unit: 'ns' });
    case 'adaptive_time_microseconds':
    case 'microseconds':
      return micro();
  }
}

function mapTimestamp(digits: number, modes: ValueModes): Mapped {
  const micro = (): Mapped =>
    semantic('int64', 'io.debezium.time.MicroTimestamp', { kind: 'timestamp', unit: 'us' });
  switch (modes.timePrecision) {
    case 'adaptive':
    case 'adaptive_time_microseconds':
      return digits <= 3
        ? semantic('int64', 'io.debezium.time.Timestamp', { kind: 'timestamp', unit: 'ms' })
        : micro();
    case 'connect':
      return semantic('int64', 'org.apache.kafka.connect.data.Timestamp', {
        kind: 'timestamp',
        unit: 'ms',
      });
    case 'isostring':
      return semantic('string', 'io.debezium.time.IsoTimestamp', { kind: 'iso-timestamp' });
    case 'nanoseconds':
      return semantic('int64', 'io.debezium.time.NanoTimestamp', { kind: 'timestamp', unit: 'ns' });
    case 'microseconds':
      return micro();
  }
}

/** Precision and scale of numeric(p,s); null for plain numeric. The scale has 11 signed bits. */
function numericSize(typmod: number): { length: number; scale: number } | null {
  if (typmod < 4) return null;
  const packed = typmod - 4;
  return { length: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 };
}

function sizeOf(name: string, typmod: number): { length: number; scale?: number } | null {
  if (typmod < 0) return null;
  if (name === 'numeric') return numericSize(typmod);
  return name === 'varchar' || name === 'bpchar' ? { length: typmod - 4 } : null;
}

type BareKind = Extract<TextFormat['kind'], 'integer' | 'boolean' | 'float' | 'string'>;

function plain(type: ConnectType, kind: BareKind | 'decimal-double' | 'decimal-string'): Mapped {
  return { schema: unnamed(type), format: { kind } };
}

function semantic(type: ConnectType, name: string, format: TextFormat): Mapped {
  return { schema: named(type, name), format };
}

function unnamed(type: ConnectType): ConnectSchema {
  return { type, optional: false };
}

function named(type: ConnectType, name: string): ConnectSchema {
  return { type, optional: false, name, version: 1 };
}
