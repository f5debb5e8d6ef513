import avsc from 'avsc';
import { bigIntToBytes, isDecimal, isStruct } from '../../src/model/connect-schema.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';

/** `long` as bigint, which avsc leaves to its users. */
const long = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    // A default near 2⁶³ came through JSON.parse and may have been rounded up to it.
    bytes.writeBigInt64LE(BigInt.asIntN(64, value));
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

/** An implementation of Avro that is not ours. */
export function avscType(schemaText: string): avsc.Type {
  const schema = JSON.parse(schemaText) as avsc.Schema;
  return avsc.Type.forSchema(schema, {
    // A registry entry would not be found for a long with properties.
    typeHook: (part) => {
      const isLong =
        part === 'long' || (typeof part === 'object' && 'type' in part && part.type === 'long');
      return isLong ? long : undefined;
    },
  });
}

/** A Connect value in the form that avsc takes. */
export function toAvsc(schema: ConnectSchema, value: ConnectValue): unknown {
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value;
  if (isDecimal(value)) return bigIntToBytes(value.unscaled);
  if (isStruct(value)) {
    const fields = schema.fields ?? [];
    return Object.fromEntries(
      fields.map((field, i) => [field.name, toAvsc(field.schema, value.values[i] ?? null)]),
    );
  }
  const items = schema.valueSchema as ConnectSchema;
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, ConnectValue>)];
    const pairs = entries.map(([key, item]) => [key, toAvsc(items, item)] as const);
    return schema.keySchema?.optional === true
      ? pairs.map(([key, item]) => ({ key, value: item }))
      : Object.fromEntries(pairs);
  }
  return (value as readonly ConnectValue[]).map((item) => toAvsc(items, item));
}

/** What avsc read, without its classes, for comparing. */
export function bare(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, bare(item)]));
}
