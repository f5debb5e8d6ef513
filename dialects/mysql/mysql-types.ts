import { DECIMAL } from '../../src/model/connect-schema.ts';
import type { ConnectSchema, ConnectType } from '../../src/model/connect-schema.ts';
import type { PaddedNumber } from '../../src/model/mysql-text-format.ts';
import { FLOAT_VECTOR, GEOMETRY, named, POINT, unnamed } from '../semantic-schemas.ts';
import type { ColumnType } from './ddl/table-definition.ts';
import { mapMysqlTimeType } from './mysql-time-types.ts';
import type { MysqlFormat, MysqlMapped, MysqlValueModes } from './mysql-value-modes.ts';

/** The required schema of a type and how its text is read; or the name of the type we refuse. */
export type MysqlTypeMapping =
  | {
      readonly supported: true;
      readonly schema: ConnectSchema;
      readonly format: MysqlFormat;
    }
  | { readonly supported: false; readonly typeName: string };

/**
 * Maps a column's type as Debezium's MySQL and MariaDB connectors do. Snapshot and stream give the
 * same schema, whatever words the DDL used (BOOLEAN, REAL, SERIAL, JSON on MariaDB): it is that of
 * the type that the server made of them.
 */
export function mapMysqlType(type: ColumnType, modes: MysqlValueModes): MysqlTypeMapping {
  const mapped =
    mapNumber(type, modes) ??
    mapMysqlTimeType(type, modes) ??
    mapText(type) ??
    mapBytes(type, modes);
  return mapped === null
    ? { supported: false, typeName: type.base }
    : { supported: true, ...mapped };
}

function mapNumber(type: ColumnType, modes: MysqlValueModes): MysqlMapped | null {
  const mapped = mapInteger(type, modes) ?? mapFraction(type, modes);
  // ZEROFILL is a matter of text only, and the binlog knows nothing of it.
  if (mapped === null || !type.zerofill || !isNumber(mapped.format)) return mapped;
  return { schema: mapped.schema, format: { kind: 'zero-padded', number: mapped.format } };
}

const NUMBERS = new Set(['integer', 'float', 'decimal', 'decimal-double', 'decimal-string']);

function isNumber(format: MysqlFormat): format is PaddedNumber {
  return NUMBERS.has(format.kind);
}

function mapInteger(type: ColumnType, modes: MysqlValueModes): MysqlMapped | null {
  switch (type.base) {
    case 'tinyint':
      if (type.length === 1 && modes.tinyIntOne === 'boolean') {
        return { schema: unnamed('boolean'), format: { kind: 'number-boolean' } };
      }
      return integer(modes.release === '3.7' && !type.unsigned ? 'int8' : 'int16');
    case 'smallint':
      return integer(type.unsigned ? 'int32' : 'int16');
    case 'mediumint':
      return integer('int32');
    case 'int':
      return integer(type.unsigned ? 'int64' : 'int32');
    case 'bigint':
      if (!type.unsigned) return integer('int64');
      if (modes.bigintUnsigned === 'precise') return decimal(20, 0);
      return type.zerofill
        ? integer('int64')
        : { schema: unnamed('int64'), format: { kind: 'unsigned-long' } };
    default:
      return null;
  }
}

function integer(schema: ConnectType): MysqlMapped {
  return { schema: unnamed(schema), format: { kind: 'integer' } };
}

function mapFraction(type: ColumnType, modes: MysqlValueModes): MysqlMapped | null {
  switch (type.base) {
    case 'float':
      return type.scale === null
        ? { schema: unnamed('float32'), format: { kind: 'float' } }
        : { schema: unnamed('float64'), format: { kind: 'single' } };
    case 'double':
      return { schema: unnamed('float64'), format: { kind: 'float' } };
    case 'decimal':
      switch (modes.decimal) {
        case 'double':
          return { schema: unnamed('float64'), format: { kind: 'decimal-double' } };
        case 'string':
          return { schema: unnamed('string'), format: { kind: 'decimal-string' } };
        case 'precise':
          return decimal(type.length ?? 10, type.scale ?? 0);
      }
    default:
      return null;
  }
}

function decimal(precision: number, scale: number): MysqlMapped {
  const parameters = { scale: String(scale), 'connect.decimal.precision': String(precision) };
  return { schema: { ...named('bytes', DECIMAL), parameters }, format: { kind: 'decimal', scale } };
}

/** A single bit is a boolean. */
function mapBits(length: number): MysqlMapped {
  if (length === 1) return { schema: unnamed('boolean'), format: { kind: 'raw-bit' } };
  const schema = named('bytes', 'io.debezium.data.Bits');
  return {
    schema: { ...schema, parameters: { length: String(length) } },
    format: { kind: 'raw-bits' },
  };
}

const TEXTS = new Set('char varchar tinytext text mediumtext longtext inet4 inet6'.split(' '));

/** Semantic types whose text is the value. */
const SEMANTICS: Readonly<Record<string, string>> = {
  json: 'io.debezium.data.Json',
  uuid: 'io.debezium.data.Uuid',
};

function mapText(type: ColumnType): MysqlMapped | null {
  const { base, members } = type;
  if (members !== null) return mapMembers(base, members);
  const semantics = SEMANTICS[base];
  if (semantics !== undefined) {
    return { schema: named('string', semantics), format: { kind: 'string' } };
  }
  return TEXTS.has(base) ? { schema: unnamed('string'), format: { kind: 'string' } } : null;
}

/** In `allowed`, which joins them by commas, a comma of a member has a backslash in front. */
function mapMembers(base: string, members: readonly string[]): MysqlMapped {
  const name = base === 'set' ? 'io.debezium.data.EnumSet' : 'io.debezium.data.Enum';
  const allowed = members.map((member) => member.replaceAll(',', '\\,')).join(',');
  return {
    schema: { ...named('string', name), parameters: { allowed } },
    format: base === 'set' ? { kind: 'string' } : { kind: 'string', labels: members },
  };
}

const BYTES = new Set('binary varbinary tinyblob blob mediumblob longblob'.split(' '));
const SHAPES = new Set(
  `geometry linestring polygon multipoint multilinestring multipolygon geometrycollection
    geomcollection`.split(/\s+/),
);

function mapBytes({ base, length }: ColumnType, { binary }: MysqlValueModes): MysqlMapped | null {
  if (BYTES.has(base)) {
    const schema = unnamed(binary === 'bytes' ? 'bytes' : 'string');
    return { schema, format: { kind: 'raw-bytes', encoding: binary } };
  }
  if (SHAPES.has(base)) return { schema: GEOMETRY, format: { kind: 'raw-geometry' } };
  if (base === 'bit') return mapBits(length ?? 1);
  if (base === 'point') return { schema: POINT, format: { kind: 'raw-geometry' } };
  if (base === 'vector') return { schema: FLOAT_VECTOR, format: { kind: 'raw-vector' } };
  return null;
}
