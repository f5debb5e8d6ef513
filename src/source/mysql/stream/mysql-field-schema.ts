import type { ServerVersion } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import type { ColumnDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import {
  mysqlSourceTypeParameters,
  sourceTypeOf,
} from '../../../../dialects/mysql/mysql-source-type.ts';
import { parseMysqlText } from '../../../../dialects/mysql/mysql-text-values.ts';
import type { MysqlMapped } from '../../../../dialects/mysql/mysql-value-modes.ts';
import type { ConnectSchema, ConnectValue } from '../../../model/connect-schema.ts';
import type { ConvertedColumn } from '../../column-conversions.ts';

/** What the schema of a column says besides its type. */
export interface FieldSchemaOptions {
  /** column.propagate.source.type, matched against `database.table.column`. */
  readonly propagateSourceType?: readonly RegExp[] | undefined;
  /** datatype.propagate.source.type, matched against `database.table.TYPE`. */
  readonly propagateDatatype?: readonly RegExp[] | undefined;
  /** Parameters of our own beside the original's; there are if absent. */
  readonly ownParameters?: boolean | undefined;
  /** default.value.mode: constants, or what the original shows; the former if absent. */
  readonly defaults?: 'exact' | 'debezium' | undefined;
  /** include.schema.comments: the comment of a column as `doc` of its schema. */
  readonly includeComments?: boolean | undefined;
}

/** The schema of a column: nullability, default, comment and parameters of the source's type. */
export function fieldSchema(
  qualified: string,
  column: ColumnDefinition,
  mapping: MysqlMapped,
  options: FieldSchemaOptions,
  server: ServerVersion,
): ConnectSchema {
  const optional = mapping.schema.optional || column.nullable;
  const comment = toldComment(column, options, server);
  const extra = propagates(qualified, column, options, server)
    ? mysqlSourceTypeParameters(column, server, { comment, own: options.ownParameters ?? true })
    : null;
  const schema: ConnectSchema = {
    ...mapping.schema,
    optional,
    ...(comment === '' ? {} : { doc: comment }),
    ...(extra === null ? {} : { parameters: { ...mapping.schema.parameters, ...extra } }),
  };
  const value = columnDefault(column, mapping, options.defaults ?? 'exact');
  return value === undefined || value === null ? schema : { ...schema, default: value };
}

/**
 * The schema of a column that a custom converter reads. The source's type is not told: sinks shall
 * make the column from what the converter gives.
 */
export function convertedFieldSchema(
  column: ColumnDefinition,
  { schema, format }: ConvertedColumn,
  { defaults = 'exact' }: FieldSchemaOptions,
): ConnectSchema {
  const told: ConnectSchema = { ...schema, optional: schema.optional || column.nullable };
  const text = schema.default === undefined ? defaultText(column, defaults) : null;
  if (text === null) return told;
  try {
    const value = format.convert(text);
    return value === null ? told : { ...told, default: value };
  } catch {
    return told;
  }
}

/** The original's parser for MariaDB tells comments whatever the option says. */
function toldComment(
  { comment }: ColumnDefinition,
  { includeComments }: FieldSchemaOptions,
  { flavor }: ServerVersion,
): string {
  return includeComments === true || flavor === 'mariadb' ? comment : '';
}

function propagates(
  qualified: string,
  { name, type }: ColumnDefinition,
  { propagateSourceType, propagateDatatype }: FieldSchemaOptions,
  server: ServerVersion,
): boolean {
  if (propagateSourceType?.some((pattern) => pattern.test(qualified)) === true) return true;
  if (propagateDatatype === undefined || propagateDatatype.length === 0) return false;
  const byType = `${qualified.slice(0, -name.length)}${sourceTypeOf(type, server).name}`;
  return propagateDatatype.some((pattern) => pattern.test(byType));
}

/**
 * The default that a schema tells; undefined: none. What the server computes at each insert is
 * none: as the original, the clock is the epoch, and no UUID has a default.
 */
function columnDefault(
  column: ColumnDefinition,
  { schema, format }: MysqlMapped,
  mode: 'exact' | 'debezium',
): ConnectValue | undefined {
  if (mode === 'debezium' && column.type.base === 'uuid') return undefined;
  const text = defaultText(column, mode);
  if (text === null) return undefined;
  try {
    return parseMysqlText(format, { ...schema, optional: column.nullable }, text);
  } catch {
    // A default that the schema cannot hold (BIGINT UNSIGNED over 2^63 …): better none.
    return undefined;
  }
}

const BYTES = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob']);

/** As a row would have it; of bytes one letter each. Null: none, or only the server knows it. */
export function defaultText(
  { default: given, type }: Pick<ColumnDefinition, 'default' | 'type'>,
  mode: 'exact' | 'debezium',
): string | null {
  const { base, length } = type;
  switch (given?.kind) {
    case 'literal': {
      if (!BYTES.has(base)) return base === 'bit' || base === 'vector' ? null : given.text;
      // What a client's charset makes of other letters, the statement does not tell.
      if (!isAscii(given.text)) return null;
      return base === 'binary' ? given.text.padEnd(length ?? 1, '\0') : given.text;
    }
    case 'bits':
      return base === 'bit' ? bitText(given.text, length ?? 1) : null;
    case 'now':
      return mode === 'debezium' && /^(?:CURRENT_TIMESTAMP|NOW)/i.test(given.written)
        ? '1970-01-01 00:00:00'
        : null;
    default:
      return null;
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Binary digits as the bytes of a BIT, the highest first. */
function bitText(digits: string, length: number): string {
  const bytes = Math.ceil(length / 8);
  const hex = BigInt(`0b0${digits}`)
    .toString(16)
    .padStart(bytes * 2, '0');
  return Buffer.from(hex, 'hex').toString('latin1');
}
