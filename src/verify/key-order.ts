import type { ConnectSchema } from '../model/connect-schema.ts';
import { DECIMAL } from '../model/connect-schema.ts';

/** Numbers that count days, or parts of a second. */
const TIMES = new Set(
  ['Date', 'Time', 'MicroTime', 'NanoTime', 'Timestamp', 'MicroTimestamp', 'NanoTimestamp']
    .map((name) => `io.debezium.time.${name}`)
    .concat(['Date', 'Time', 'Timestamp'].map((name) => `org.apache.kafka.connect.data.${name}`)),
);
const NUMBERS = new Set(['int8', 'int16', 'int32', 'int64']);

/**
 * Whether every database has such keys in one order. Of texts each collation has its own; numbers
 * and times are the same everywhere.
 */
export function areOrderedAlike(key: ConnectSchema, fields: readonly string[]): boolean {
  return fields.every((name) => {
    const schema = key.fields?.find((field) => field.name === name)?.schema;
    if (schema === undefined) return false;
    if (schema.name === undefined) return NUMBERS.has(schema.type);
    return schema.name === DECIMAL || (NUMBERS.has(schema.type) && TIMES.has(schema.name));
  });
}
