import { TidemarkError } from '../foundation/errors.ts';
import { formatDecimal, isDecimal, isStruct } from '../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import type { Converter, PreparedSchema } from './converter.ts';
import { javaDouble, javaFloat } from '../model/java-number.ts';

const EMPTY = Buffer.alloc(0);

/** Connect's StringConverter: the value's text, without its schema. Nothing can read a row back. */
export class StringConverter implements Converter {
  prepare(_topic: string, schema: ConnectSchema): Promise<PreparedSchema> {
    return Promise.resolve({ schema, prefix: EMPTY, suffix: EMPTY });
  }

  fromConnect(prepared: PreparedSchema, value: ConnectValue): Buffer | null {
    return value === null ? null : Buffer.from(text(prepared.schema, value));
  }

  toConnect(topic: string, bytes: Buffer | null): Struct | null {
    if (bytes === null) return null;
    throw new TidemarkError(
      'RECORD_FORMAT',
      `records of ${topic} are plain text, which cannot become rows`,
      { cure: 'Use the json converter with schemas.enable=true, or the avro converter.' },
    );
  }
}

/** As Java's toString: `Struct{id=1,name=x}` without the null fields. */
function text(schema: ConnectSchema | undefined, value: ConnectValue): string {
  if (value === null) return 'null';
  if (typeof value === 'number') {
    if (schema?.type === 'float32') return javaFloat(value);
    return schema?.type === 'float64' ? javaDouble(value) : String(value);
  }
  if (typeof value !== 'object') return String(value);
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  if (isDecimal(value)) return formatDecimal(value);
  if (isStruct(value)) {
    const fields = value.schema.fields ?? [];
    const members = fields.flatMap((field, i) => {
      const item = value.values[i] ?? null;
      return item === null ? [] : [`${field.name}=${text(field.schema, item)}`];
    });
    return `Struct{${members.join(',')}}`;
  }
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, ConnectValue>)];
    const members = entries.map(([key, item]) => `${key}=${text(schema?.valueSchema, item)}`);
    return `{${members.join(', ')}}`;
  }
  const items = value as readonly ConnectValue[];
  return `[${items.map((item) => text(schema?.valueSchema, item)).join(', ')}]`;
}
