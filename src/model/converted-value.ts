import { must } from '../foundation/assert.ts';
import type { ConnectSchema, ConnectValue, Decimal } from './connect-schema.ts';
import { DECIMAL } from './connect-schema.ts';

/** A value that its schema cannot hold. The message tells types, never the value. */
export class WrongValue extends Error {}

/** Makes a Connect value of what a custom converter returned; throws WrongValue. */
export type ValueCheck = (raw: unknown) => ConnectValue;

const INTEGER_BITS: Readonly<Record<string, number>> = { int8: 8, int16: 16, int32: 32 };
const INT64_MAX = 2n ** 63n - 1n;

/**
 * The check of one schema, put together once. Nothing is converted but what is the same value in
 * another dress (a safe number as int64, an object as a struct): a number for a string would be a
 * slip of the converter, and goes out as one otherwise.
 */
export function convertedValue(schema: ConnectSchema): ValueCheck {
  const check = checkOf(schema);
  return (raw) => {
    if (raw !== null && raw !== undefined) return check(raw);
    if (raw === null && schema.optional) return null;
    throw wrong(schema, raw);
  };
}

function checkOf(schema: ConnectSchema): ValueCheck {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
      return integer(schema, 2 ** ((INTEGER_BITS[schema.type] as number) - 1));
    case 'int64':
      return (raw) => int64(schema, raw);
    case 'float32':
      return (raw) => Math.fround(typed(schema, raw, 'number'));
    case 'float64':
      return (raw) => typed(schema, raw, 'number');
    case 'boolean':
      return (raw) => typed(schema, raw, 'boolean');
    case 'string':
      return (raw) => wellFormed(schema, typed(schema, raw, 'string'));
    case 'bytes':
      return schema.name === DECIMAL ? decimal(schema) : (raw) => bytes(schema, raw);
    case 'array':
      return array(schema);
    case 'map':
      return map(schema);
    case 'struct':
      return struct(schema);
  }
}

function integer(schema: ConnectSchema, bound: number): ValueCheck {
  return (raw) => {
    const value = typed(schema, raw, 'number');
    // Zero is added because -0 is an integer that prints as none.
    if (Number.isInteger(value) && value >= -bound && value < bound) return value + 0;
    throw new WrongValue(`a number outside of ${schema.type}`);
  };
}

function int64(schema: ConnectSchema, raw: unknown): bigint {
  if (typeof raw === 'number' && Number.isSafeInteger(raw)) return BigInt(raw);
  if (typeof raw === 'bigint' && raw <= INT64_MAX && raw >= -INT64_MAX - 1n) return raw;
  if (typeof raw === 'bigint' || typeof raw === 'number') {
    throw new WrongValue('a number that int64 cannot hold exactly');
  }
  throw wrong(schema, raw);
}

/** Half of a surrogate pair has no bytes in UTF-8. */
function wellFormed(schema: ConnectSchema, text: string): string {
  if (text.isWellFormed()) return text;
  throw new WrongValue(`half of a surrogate pair in a ${schema.type}`);
}

function bytes(schema: ConnectSchema, raw: unknown): Buffer {
  if (!(raw instanceof Uint8Array)) throw wrong(schema, raw);
  // A copy: the converter may write its next value into the same bytes.
  return Buffer.from(raw);
}

function decimal(schema: ConnectSchema): ValueCheck {
  const scale = Number(schema.parameters?.['scale']);
  return (raw): Decimal => {
    const given = raw as Partial<Decimal>;
    if (typeof raw !== 'object' || typeof given.unscaled !== 'bigint') throw wrong(schema, raw);
    if (given.scale === scale) return { unscaled: given.unscaled, scale };
    throw new WrongValue(`a Decimal of another scale than ${scale}`);
  };
}

function array(schema: ConnectSchema): ValueCheck {
  const item = convertedValue(must(schema.valueSchema, 'schema of the elements'));
  return (raw) => {
    if (!Array.isArray(raw)) throw wrong(schema, raw);
    // Not `map`, which leaves holes as they are.
    return Array.from(raw, (value: unknown, i) => within(`[${i}]`, () => item(value)));
  };
}

function map(schema: ConnectSchema): ValueCheck {
  const item = convertedValue(must(schema.valueSchema, 'schema of the values'));
  return (raw) => {
    const entries = raw instanceof Map ? [...(raw as Map<unknown, unknown>)] : plain(schema, raw);
    return new Map(
      entries.map(([key, value]) => {
        if (typeof key !== 'string') throw new WrongValue('a key of a map that is no string');
        return [key, within('a value of the map', () => item(value))];
      }),
    );
  };
}

function struct(schema: ConnectSchema): ValueCheck {
  const fields = (schema.fields ?? []).map((field) => ({
    name: field.name,
    optional: field.schema.optional,
    check: convertedValue(field.schema),
  }));
  const names = new Set(fields.map(({ name }) => name));
  return (raw) => {
    const given = new Map(plain(schema, raw));
    const stray = [...given.keys()].find((name) => !names.has(name));
    if (stray !== undefined) throw new WrongValue('a field that the struct does not have');
    const values = fields.map(({ name, optional, check }) => {
      const value = given.get(name) ?? null;
      if (value === null && !optional) throw new WrongValue(`no value for the field ${name}`);
      return within(name, () => check(value));
    });
    return { schema, values };
  };
}

function plain(schema: ConnectSchema, raw: unknown): [string, unknown][] {
  const isPlain = typeof raw === 'object' && raw !== null && !Array.isArray(raw);
  if (!isPlain || raw instanceof Uint8Array || raw instanceof Date) throw wrong(schema, raw);
  return Object.entries(raw);
}

function typed<K extends 'string' | 'number' | 'boolean'>(
  schema: ConnectSchema,
  raw: unknown,
  kind: K,
): K extends 'string' ? string : K extends 'number' ? number : boolean {
  if (typeof raw === kind) return raw as never;
  throw wrong(schema, raw);
}

function within(place: string, check: () => ConnectValue): ConnectValue {
  try {
    return check();
  } catch (error) {
    if (error instanceof WrongValue) throw new WrongValue(`${place}: ${error.message}`);
    throw error;
  }
}

function wrong(schema: ConnectSchema, raw: unknown): WrongValue {
  return new WrongValue(`${article(raw)} for ${schema.name ?? schema.type}`);
}

function article(raw: unknown): string {
  if (raw === null || raw === undefined) return String(raw);
  if (raw instanceof Promise) return 'a promise (convert must not be async)';
  if (Array.isArray(raw)) return 'an array';
  return typeof raw === 'object' ? 'an object' : `a ${typeof raw}`;
}
