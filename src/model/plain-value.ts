import { type ConnectValue, formatDecimal, isDecimal, isStruct } from './connect-schema.ts';

/** A Connect value as JSON can show it: bytes as base64, decimals and large integers as digits. */
export function plainValue(value: ConnectValue): unknown {
  if (value === null || typeof value !== 'object') {
    if (typeof value !== 'bigint') return value;
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  }
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (isDecimal(value)) return formatDecimal(value);
  if (isStruct(value)) {
    const fields = value.schema.fields ?? [];
    return Object.fromEntries(
      fields.map((field, index) => [field.name, plainValue(value.values[index] ?? null)]),
    );
  }
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, ConnectValue>)];
    return Object.fromEntries(entries.map(([key, item]) => [key, plainValue(item)]));
  }
  return (value as readonly ConnectValue[]).map(plainValue);
}
