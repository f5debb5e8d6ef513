import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { mysqlSourceType } from '../mysql-type-name.ts';

const WHOLE_NUMBERS: Readonly<Record<string, readonly [string, string]>> = {
  tinyint: ['smallint', 'smallint'],
  smallint: ['smallint', 'integer'],
  mediumint: ['integer', 'integer'],
  int: ['integer', 'bigint'],
  bigint: ['bigint', 'numeric(20,0)'],
};

/** Time of day in Debezium's schemas, but up to 838 hours of either sign in this family. */
const TIMES = /^(?:io\.debezium\.time\.(?:Micro|Nano|Iso)?Time|org\.apache\.kafka.*\.Time)$/;

/**
 * The type in PostgreSQL for a column of MySQL or MariaDB, where the record tells its type and the
 * schema alone would say less; null: what the schema says is all.
 */
export function mysqlColumnAsPostgres(schema: ConnectSchema): string | null {
  const source = mysqlSourceType(schema);
  if (source === null) return null;
  const { base, length, scale, unsigned } = source;
  const whole = WHOLE_NUMBERS[base];
  // A number may also come as a boolean, or as a text.
  if (whole !== undefined) return isWhole(schema) ? whole[unsigned ? 1 : 0] : null;
  switch (base) {
    // Said although the schema says as much: a REAL or DOUBLE of somebody's would round them.
    case 'decimal':
      return isWhole(schema) && length !== null ? `numeric(${length},${scale ?? 0})` : null;
    case 'double':
      return schema.type === 'float64' ? 'double precision' : null;
    case 'date':
      return isTime(schema, /Date$/) ? 'date' : null;
    case 'char':
    case 'varchar':
      // CHAR would be filled up with spaces, which MySQL's is not.
      return isText(schema) && length !== null && length > 0
        ? `character varying(${length})`
        : null;
    case 'inet4':
    case 'inet6':
      return isText(schema) ? 'inet' : null;
    case 'time':
      return TIMES.test(schema.name ?? '') ? 'interval' : null;
    case 'datetime':
      return isTime(schema, /Timestamp$/) ? `timestamp(${length ?? 0}) without time zone` : null;
    case 'timestamp':
      return isTime(schema, /ZonedTimestamp$/) ? `timestamp(${length ?? 0}) with time zone` : null;
    default:
      return null;
  }
}

function isWhole({ type, name }: ConnectSchema): boolean {
  return name === undefined ? type.startsWith('int') : name.endsWith('.Decimal');
}

function isText({ type, name }: ConnectSchema): boolean {
  return type === 'string' && name === undefined;
}

function isTime({ name = '' }: ConnectSchema, wanted: RegExp): boolean {
  return wanted.test(name);
}
