import { DECIMAL } from '../../src/model/connect-schema.ts';
import type { ConnectSchema, ConnectType } from '../../src/model/connect-schema.ts';
import type { GeometricShape, PostgresTextFormat } from '../../src/model/table-schema.ts';
import type { TypeInfo } from './postgres-catalog.ts';
import {
  CIRCLE,
  DOUBLE_VECTOR,
  FLOAT_VECTOR,
  GEOGRAPHY,
  GEOMETRY,
  LINE,
  named,
  POINT,
  SHAPE,
  SPARSE_VECTOR,
  unnamed,
  VARIABLE_SCALE_DECIMAL,
} from '../semantic-schemas.ts';
import { mapTimeType } from './postgres-time-types.ts';
import type { Mapped, ValueModes } from './postgres-value-modes.ts';

/** Schema and format of a base type that is no array; null: the type is not known. */
export function mapBaseType(type: TypeInfo, typmod: number, modes: ValueModes): Mapped | null {
  if (type.schema !== 'pg_catalog') return mapExtensionType(type, modes);
  if (TEXT_TYPES.has(type.name)) return mapText(type.name);
  const shape = SHAPES[type.name];
  if (shape !== undefined) {
    return { schema: shape, format: { kind: 'geometric', shape: type.name as GeometricShape } };
  }
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
    case 'money':
      return mapMoney(type.moneyDigits ?? 2, modes);
    case 'bit':
      return mapBits(typmod);
    case 'varbit':
      return modes.bitVarying === 'string' ? plain('string', 'string') : mapBits(typmod);
    case 'char':
      return plain('string', 'byte-text');
    case 'bytea':
      return {
        schema: unnamed(modes.binary === 'bytes' ? 'bytes' : 'string'),
        format: { kind: 'bytea', encoding: modes.binary },
      };
    default:
      return mapTimeType(type.name, typmod, modes);
  }
}

/** Bytes of the text of a type that nobody told us about (include.unknown.datatypes). */
export function mapUnknown(modes: ValueModes): Mapped {
  return {
    schema: unnamed(modes.binary === 'bytes' ? 'bytes' : 'string'),
    format: { kind: 'opaque', encoding: modes.binary },
  };
}

/** Precision and scale of numeric(p,s); null for plain numeric. The scale has 11 signed bits. */
export function numericSize(typmod: number): { length: number; scale: number } | null {
  if (typmod < 4) return null;
  const packed = typmod - 4;
  return { length: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 };
}

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
  `text varchar bpchar name inet cidr macaddr macaddr8 tsquery jsonpath pg_lsn
    json jsonb tsvector uuid xml xid xid8 cid tid refcursor int2vector oidvector
    pg_snapshot txid_snapshot regclass regcollation regconfig regdictionary regnamespace regoper
    regoperator regproc regprocedure regrole regtype regdatabase`.split(/\s+/),
);

/** Types of extensions whose text is passed through, by extension and name of the type. */
const EXTENSION_TEXTS: Readonly<Record<string, readonly string[]>> = {
  citext: ['citext'],
  ltree: ['ltree', 'lquery', 'ltxtquery'],
  isn: ['ean13', 'isbn13', 'ismn13', 'issn13', 'isbn', 'ismn', 'issn', 'upc'],
};

const SHAPES: Readonly<Record<string, ConnectSchema>> = {
  point: POINT,
  line: LINE,
  lseg: SHAPE,
  box: SHAPE,
  path: SHAPE,
  polygon: SHAPE,
  circle: CIRCLE,
};

/** PostGIS and pgvector go by the names of their types, as in the original. */
const BY_NAME: Readonly<Record<string, Mapped>> = {
  geography: { schema: GEOGRAPHY, format: { kind: 'ewkb' } },
  vector: { schema: DOUBLE_VECTOR, format: { kind: 'vector' } },
  halfvec: { schema: FLOAT_VECTOR, format: { kind: 'vector' } },
  sparsevec: { schema: SPARSE_VECTOR, format: { kind: 'sparse-vector' } },
};

/** Of PostGIS. The original's schema is optional by itself, and in 3.7 has extensions. */
function mapGeometry({ values, release }: ValueModes): Mapped {
  const schema = release === '3.7' ? SHAPE : GEOMETRY;
  const format = { kind: 'ewkb' } as const;
  return values === 'debezium'
    ? { schema: { ...schema, optional: true }, format }
    : { schema, format };
}

function mapExtensionType(type: TypeInfo, modes: ValueModes): Mapped | null {
  const { extension, name } = type;
  if (extension !== null && (EXTENSION_TEXTS[extension]?.includes(name) ?? false)) {
    return mapText(name);
  }
  if (extension === 'hstore' && name === 'hstore') return mapHstore(modes);
  if (name === 'geometry') return mapGeometry(modes);
  return BY_NAME[name] ?? null;
}

function mapHstore({ hstore }: ValueModes): Mapped {
  const schema: ConnectSchema =
    hstore === 'json'
      ? named('string', 'io.debezium.data.Json')
      : {
          ...unnamed('map'),
          keySchema: unnamed('string'),
          valueSchema: { type: 'string', optional: true },
        };
  return { schema, format: { kind: 'hstore', as: hstore } };
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

function mapMoney(printed: number, modes: ValueModes): Mapped {
  const scale = modes.moneyFractionDigits;
  const format = { kind: 'money', printed, scale } as const;
  switch (modes.decimal) {
    case 'double':
      return { schema: unnamed('float64'), format: { ...format, as: 'double' } };
    case 'string':
      return { schema: unnamed('string'), format: { ...format, as: 'string' } };
    case 'precise':
      return {
        schema: { ...named('bytes', DECIMAL), parameters: { scale: String(scale) } },
        format: { ...format, as: 'decimal' },
      };
  }
}

/** bit(1) and varbit(1) are booleans, as in the original; a varbit without length has no bound. */
function mapBits(typmod: number): Mapped {
  if (typmod === 1) return plain('boolean', 'bit');
  const length = typmod < 0 ? 0x7fffffff : typmod;
  const schema = named('bytes', 'io.debezium.data.Bits');
  return {
    schema: { ...schema, parameters: { length: String(length) } },
    format: { kind: 'bits' },
  };
}

type BareKind = Extract<
  PostgresTextFormat['kind'],
  | 'integer'
  | 'boolean'
  | 'bit'
  | 'float'
  | 'string'
  | 'byte-text'
  | 'decimal-double'
  | 'decimal-string'
>;

function plain(type: ConnectType, kind: BareKind): Mapped {
  return { schema: unnamed(type), format: { kind } };
}
