import type { ConnectRecord } from '../../model/connect-record.ts';
import { bigIntToBytes, isDecimal, isStruct } from '../../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';

const TEXT: ConnectSchema = { type: 'string', optional: true };

/** Source partition and offset of Debezium's PostgreSQL connector: one entry and seven. */
const OFFSET_ENTRIES = 8;

/** What Debezium takes the size of a record for: objects as they lie in Java's heap, in bytes. */
export function approximateSize({ topic, key, value, headers }: ConnectRecord): number {
  const entries = (OFFSET_ENTRIES + headers.length) * 100;
  const data = [key.value, value.value].map((part) =>
    part !== null && isStruct(part) ? structSize(part) : 0,
  );
  return entries + 8 + (data[0] ?? 0) + (data[1] ?? 0) + Buffer.byteLength(topic);
}

function structSize(struct: Struct): number {
  const fields = struct.schema.fields ?? [];
  return fields.reduce(
    (size, field, i) => size + 8 + valueSize(field.schema, struct.values[i] ?? null),
    56,
  );
}

function valueSize(schema: ConnectSchema, value: ConnectValue): number {
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' ? 56 + Buffer.byteLength(value) : 0;
    case 'bytes':
      if (value === null) return 0;
      if (isDecimal(value)) return 24 + bigIntToBytes(value.unscaled).length;
      return Buffer.isBuffer(value) ? 24 + value.length : 0;
    case 'struct':
      return value !== null && isStruct(value) ? structSize(value) : 0;
    case 'array': {
      const items = (value ?? []) as readonly ConnectValue[];
      const itemSchema = schema.valueSchema ?? TEXT;
      if (value === null) return 0;
      return items.reduce((size: number, item) => size + 8 + valueSize(itemSchema, item), 64);
    }
    case 'map': {
      if (!(value instanceof Map)) return 0;
      const entries = [...(value as ReadonlyMap<string | number, ConnectValue>)];
      const { keySchema = TEXT, valueSchema = TEXT } = schema;
      return entries.reduce(
        (size, [key, item]) => size + 16 + valueSize(keySchema, key) + valueSize(valueSchema, item),
        88,
      );
    }
    default:
      return 24;
  }
}
