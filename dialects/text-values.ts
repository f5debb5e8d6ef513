import { createHash } from 'node:crypto';
import { must } from '../src/foundation/assert.ts';
import type { ConnectSchema, ConnectValue } from '../src/model/connect-schema.ts';
import type { MysqlTextFormat } from '../src/model/mysql-text-format.ts';
import type { ColumnSchema, TableId, TextFormat } from '../src/model/table-schema.ts';
import { encodedBytes } from './encoded-bytes.ts';
import { parseMysqlText } from './mysql/mysql-text-values.ts';
import { hstoreJson } from './postgres/postgres-hstore.ts';
import { parseText as parsePostgresText } from './postgres/postgres-text-values.ts';
import { inColumn } from './value-conversion.ts';

/** The kinds that only MySQL's texts have: a new one is missing here until it is named. */
const MYSQL_KINDS: Readonly<Record<MysqlTextFormat['kind'], true>> = {
  'zero-padded': true,
  'unsigned-long': true,
  'number-boolean': true,
  single: true,
  'raw-bit': true,
  'raw-bits': true,
  'raw-bytes': true,
  'raw-geometry': true,
  'raw-vector': true,
  'calendar-date': true,
  'calendar-time': true,
  instant: true,
  'signed-time': true,
  'calendar-parts': true,
};

function isMysqlFormat(format: TextFormat): format is MysqlTextFormat {
  return format.kind in MYSQL_KINDS;
}

/**
 * The general path from a source's text to a Connect value, of whichever family: clear and exact,
 * not fast. The compiled encoders of rowpath give the same bytes without making values.
 */
export function parseText(format: TextFormat, schema: ConnectSchema, text: string): ConnectValue {
  if (isMysqlFormat(format)) return parseMysqlText(format, schema, text);
  return parsePostgresText(format, schema, text);
}

/** `parseText` for a column; an error names table and column. */
export function parseColumnText(table: TableId, column: ColumnSchema, text: string): ConnectValue {
  try {
    return parseText(column.format, column.schema, text);
  } catch (error) {
    throw inColumn(table, column, error);
  }
}

/**
 * What stands where a value is absent (unchanged TOAST): the placeholder in the column's own type
 * (PITFALLS C26, as the original: its UTF-8 bytes, also as numbers in arrays of integers). Types
 * that cannot say it hold null or, when required, their zero; the header names them in any case.
 */
export function placeholderValue(column: ColumnSchema, placeholder: string): ConnectValue {
  const { schema, format } = column;
  if (schema.type === 'array') {
    const items = placeholderArray(must(schema.valueSchema, 'items'), placeholder);
    return items ?? (schema.optional ? null : []);
  }
  if (format.kind === 'hstore') {
    const entries = new Map([[placeholder, placeholder]]);
    return format.as === 'json' ? hstoreJson(entries) : entries;
  }
  if (format.kind === 'bytea' || format.kind === 'opaque' || format.kind === 'raw-bytes') {
    if (format.encoding === 'hex') return placeholder;
    return encodedBytes(format.encoding, Buffer.from(placeholder));
  }
  if (schema.type === 'string') return placeholder;
  return schema.optional ? null : zero(schema);
}

function placeholderArray(
  items: ConnectSchema,
  placeholder: string,
): readonly ConnectValue[] | null {
  const bytes = Buffer.from(placeholder);
  switch (items.type) {
    case 'string':
      if (items.name === 'io.debezium.time.IsoDate') return null;
      return [items.name === UUID ? nameUuid(bytes) : placeholder];
    case 'bytes':
      return items.name === undefined ? [bytes] : null;
    case 'int32':
      return [...bytes];
    case 'int64':
      return Array.from(bytes, BigInt);
    default:
      return null;
  }
}

const UUID = 'io.debezium.data.Uuid';

/** A version 3 UUID without a name space: what Java makes of bytes that have to be a UUID. */
function nameUuid(bytes: Buffer): string {
  const hash = createHash('md5').update(bytes).digest();
  hash[6] = ((hash[6] as number) & 0x0f) | 0x30;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function zero(schema: ConnectSchema): ConnectValue {
  switch (schema.type) {
    case 'string':
      return '';
    case 'int64':
      return 0n;
    case 'boolean':
      return false;
    case 'bytes':
      return schema.parameters?.['scale'] === undefined
        ? Buffer.alloc(1)
        : { unscaled: 0n, scale: Number(schema.parameters['scale']) };
    case 'array':
      return [];
    case 'map':
      return new Map();
    case 'struct': {
      const fields = must(schema.fields, 'a struct has fields');
      return { schema, values: fields.map((f) => (f.schema.optional ? null : zero(f.schema))) };
    }
    default:
      return 0;
  }
}
