import type { ConnectField, ConnectSchema, ConnectType, ConnectValue } from './connect-schema.ts';
import { CONNECT_TYPES, DECIMAL } from './connect-schema.ts';
import { convertedValue, WrongValue } from './converted-value.ts';

/** A schema that is none; the message says where and why. */
export class WrongSchema extends Error {}

const TYPES: ReadonlySet<unknown> = new Set(CONNECT_TYPES);
const MEMBERS: ReadonlySet<string> = new Set([
  'type',
  'optional',
  'name',
  'version',
  'doc',
  'parameters',
  'default',
  'valueSchema',
  'keySchema',
  'fields',
]);
/** What else the schemas of these types have. */
const PARTS: Partial<Record<ConnectType, readonly string[]>> = {
  struct: ['fields'],
  map: ['keySchema', 'valueSchema'],
  array: ['valueSchema'],
};
const DEPTH_MAX = 32;

/**
 * The schema that a custom converter gave, checked to the last member: it comes from code that
 * nobody compiled against our types. Throws WrongSchema.
 */
export function convertedSchema(raw: unknown, where = 'schema', depth = 0): ConnectSchema {
  if (depth > DEPTH_MAX) throw new WrongSchema(`${where} is nested too deeply`);
  const given = record(raw, where);
  const stray = Object.keys(given).find((name) => !MEMBERS.has(name));
  if (stray !== undefined) throw new WrongSchema(`${where} has ${stray}, which no schema has`);
  const { type } = given;
  if (!TYPES.has(type)) throw new WrongSchema(`${where}.type must be one of ${[...TYPES].join()}`);
  const base: ConnectSchema = {
    type: type as ConnectType,
    optional: member(given, 'optional', 'boolean', where) ?? false,
    ...present('name', member(given, 'name', 'string', where)),
    ...present('version', version(given, where)),
    ...present('doc', member(given, 'doc', 'string', where)),
    ...present('parameters', parameters(given['parameters'], where)),
    ...inner(given, type as ConnectType, where, depth + 1),
  };
  checkDecimal(base, where);
  if (given['default'] === undefined || given['default'] === null) return base;
  return { ...base, default: defaultOf(base, given['default'], where) };
}

function inner(
  given: Readonly<Record<string, unknown>>,
  type: ConnectType,
  where: string,
  depth: number,
): Pick<ConnectSchema, 'valueSchema' | 'keySchema' | 'fields'> {
  const parts = (['valueSchema', 'keySchema', 'fields'] as const).filter(
    (name) => given[name] !== undefined,
  );
  const stray = parts.find((name) => !(PARTS[type] ?? []).includes(name));
  if (stray !== undefined) throw new WrongSchema(`${where} of type ${type} has no ${stray}`);
  if (type === 'struct') return { fields: fieldsOf(given['fields'], where, depth) };
  if (type !== 'array' && type !== 'map') return {};
  const valueSchema = convertedSchema(given['valueSchema'], `${where}.valueSchema`, depth);
  if (type === 'array') return { valueSchema };
  const keySchema = convertedSchema(
    given['keySchema'] ?? { type: 'string' },
    `${where}.keySchema`,
    depth,
  );
  if (keySchema.type !== 'string') throw new WrongSchema(`${where}.keySchema must be a string`);
  return { valueSchema, keySchema };
}

function fieldsOf(raw: unknown, where: string, depth: number): readonly ConnectField[] {
  if (!Array.isArray(raw) || raw.length === 0) {
    throw new WrongSchema(`${where}.fields must be a list of { name, schema }`);
  }
  const names = new Set<string>();
  return raw.map((item: unknown, i): ConnectField => {
    const at = `${where}.fields[${i}]`;
    const field = record(item, at);
    const name = member(field, 'name', 'string', at);
    if (name === undefined || name === '') throw new WrongSchema(`${at}.name is missing`);
    if (names.has(name)) throw new WrongSchema(`${where} has two fields named ${name}`);
    names.add(name);
    return { name, schema: convertedSchema(field['schema'], `${at}.schema`, depth) };
  });
}

function checkDecimal(schema: ConnectSchema, where: string): void {
  if (schema.name !== DECIMAL) return;
  if (schema.type !== 'bytes' || !/^-?\d{1,5}$/.test(schema.parameters?.['scale'] ?? '')) {
    throw new WrongSchema(`${where}: a Decimal is of type bytes and has the parameter scale`);
  }
}

function defaultOf(schema: ConnectSchema, raw: unknown, where: string): ConnectValue {
  try {
    return convertedValue(schema)(raw);
  } catch (error) {
    if (error instanceof WrongValue) throw new WrongSchema(`${where}.default: ${error.message}`);
    throw error;
  }
}

function parameters(raw: unknown, where: string): Readonly<Record<string, string>> | undefined {
  if (raw === undefined) return undefined;
  const given = record(raw, `${where}.parameters`);
  const wrong = Object.entries(given).find(([, value]) => typeof value !== 'string');
  if (wrong !== undefined)
    throw new WrongSchema(`${where}.parameters.${wrong[0]} must be a string`);
  return { ...given } as Record<string, string>;
}

function version(given: Readonly<Record<string, unknown>>, where: string): number | undefined {
  const value = member(given, 'version', 'number', where);
  if (value === undefined || Number.isSafeInteger(value)) return value;
  throw new WrongSchema(`${where}.version must be a whole number`);
}

interface Kinds {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
}

function member<K extends keyof Kinds>(
  given: Readonly<Record<string, unknown>>,
  name: string,
  kind: K,
  where: string,
): Kinds[K] | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  if (typeof value !== kind) throw new WrongSchema(`${where}.${name} must be a ${kind}`);
  return value as Kinds[K];
}

function present<K extends string, T>(name: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [name]: value } as Partial<Record<K, T>>);
}

function record(raw: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) {
    return raw as Readonly<Record<string, unknown>>;
  }
  throw new WrongSchema(`${where} must be an object`);
}
