import type { ConnectField, ConnectSchema, ConnectType } from '../src/model/connect-schema.ts';
import type { StructuredPart } from '../src/model/table-schema.ts';

/*
 * Schemas of Debezium's semantic types, as release 3.6 writes them; those that 3.7 brought
 * (Geometry version 2 of the built-in shapes, Circle, Line, structured times) as 3.7 does.
 */

/** Without a name. */
export function unnamed(type: ConnectType): ConnectSchema {
  return { type, optional: false };
}

/** A semantic type; all of them have version 1. */
export function named(type: ConnectType, name: string): ConnectSchema {
  return { type, optional: false, name, version: 1 };
}

function optionalOf(type: ConnectType): ConnectSchema {
  return { type, optional: true };
}

function field(name: string, schema: ConnectSchema): ConnectField {
  return { name, schema };
}

function struct(name: string, fields: readonly ConnectField[], doc?: string): ConnectSchema {
  return { ...named('struct', name), ...(doc === undefined ? {} : { doc }), fields };
}

/** numeric without scale: each value brings its own. */
export const VARIABLE_SCALE_DECIMAL: ConnectSchema = struct(
  'io.debezium.data.VariableScaleDecimal',
  [field('scale', unnamed('int32')), field('value', unnamed('bytes'))],
  'Variable scaled decimal',
);

const WKB_AND_SRID = [field('wkb', unnamed('bytes')), field('srid', optionalOf('int32'))];

/** A geometry of PostGIS or MySQL. */
export const GEOMETRY: ConnectSchema = struct(
  'io.debezium.data.geometry.Geometry',
  WKB_AND_SRID,
  'Geometry',
);

/** PostGIS geography. */
export const GEOGRAPHY: ConnectSchema = struct(
  'io.debezium.data.geometry.Geography',
  WKB_AND_SRID,
  'Geography',
);

/** A point: the built-in one of PostgreSQL, or of MySQL. */
export const POINT: ConnectSchema = struct(
  'io.debezium.data.geometry.Point',
  [
    field('x', unnamed('float64')),
    field('y', unnamed('float64')),
    field('wkb', optionalOf('bytes')),
    field('srid', optionalOf('int32')),
  ],
  'Geometry (POINT)',
);

/**
 * The built-in lseg, box, path and polygon of PostgreSQL: WKB cannot say which of them it is, nor
 * whether a path is closed, so the extensions do.
 */
export const SHAPE: ConnectSchema = {
  ...GEOMETRY,
  version: 2,
  fields: [
    ...WKB_AND_SRID,
    field('extensions', {
      type: 'map',
      optional: true,
      keySchema: unnamed('string'),
      valueSchema: unnamed('string'),
    }),
  ],
};

/** The built-in circle of PostgreSQL. */
export const CIRCLE: ConnectSchema = struct(
  'io.debezium.data.geometry.Circle',
  [field('center', POINT), field('radius', unnamed('float64'))],
  'Geometry (CIRCLE)',
);

/** The built-in line of PostgreSQL: ax + by + c = 0. */
export const LINE: ConnectSchema = struct(
  'io.debezium.data.geometry.Line',
  [field('a', unnamed('float64')), field('b', unnamed('float64')), field('c', unnamed('float64'))],
  'Geometry (LINE)',
);

/** pgvector's vector. */
export const DOUBLE_VECTOR: ConnectSchema = {
  ...named('array', 'io.debezium.data.DoubleVector'),
  valueSchema: unnamed('float64'),
};

/** The halfvec of pgvector, VECTOR of MySQL. */
export const FLOAT_VECTOR: ConnectSchema = {
  ...named('array', 'io.debezium.data.FloatVector'),
  valueSchema: unnamed('float32'),
};

/** pgvector's sparsevec; indexes count from 1. */
export const SPARSE_VECTOR: ConnectSchema = struct(
  'io.debezium.data.SparseDoubleVector',
  [
    field('dimensions', unnamed('int16')),
    field('vector', {
      type: 'map',
      optional: false,
      keySchema: unnamed('int16'),
      valueSchema: unnamed('float64'),
    }),
  ],
  'Sparse double vector',
);

function fields(type: ConnectType, ...names: readonly string[]): readonly ConnectField[] {
  return names.map((name) => field(name, optionalOf(type)));
}

const DATE_PARTS = [...fields('int32', 'year'), ...fields('int8', 'month', 'day')];
const CLOCK_PARTS = [...fields('int8', 'hour', 'minute', 'second'), ...fields('int32', 'nanos')];
const OFFSET = fields('int32', 'offsetSeconds');
const SPECIAL = fields('string', 'specialValue');
const PRECISION = fields('int32', 'precision');

/** time.precision.mode=structured: every part by itself, nothing lost, infinities by name. */
export const STRUCTURED: Readonly<Record<StructuredPart, ConnectSchema>> = {
  date: struct('io.debezium.time.StructuredDate', [...DATE_PARTS, ...SPECIAL]),
  time: struct('io.debezium.time.StructuredTime', [...CLOCK_PARTS, ...PRECISION]),
  timestamp: struct('io.debezium.time.StructuredTimestamp', [
    ...DATE_PARTS,
    ...CLOCK_PARTS,
    ...SPECIAL,
    ...PRECISION,
  ]),
  'zoned-time': struct('io.debezium.time.StructuredZonedTime', [
    ...CLOCK_PARTS,
    ...OFFSET,
    ...PRECISION,
  ]),
  'zoned-timestamp': struct('io.debezium.time.StructuredZonedTimestamp', [
    ...DATE_PARTS,
    ...CLOCK_PARTS,
    ...OFFSET,
    ...fields('string', 'zoneId'),
    ...SPECIAL,
    ...PRECISION,
  ]),
  duration: struct('io.debezium.time.StructuredDuration', [
    ...fields('int32', 'years', 'months', 'days', 'hours', 'minutes'),
    ...fields('int64', 'seconds'),
    ...fields('int32', 'nanos'),
    ...PRECISION,
  ]),
};
