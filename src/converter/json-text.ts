import { must } from '../foundation/assert.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { JSON_TYPE_NAMES } from '../model/connect-json.ts';
import { bigIntToBytes, DECIMAL, isDecimal, isStruct } from '../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue } from '../model/connect-schema.ts';
import { javaBigDecimal, javaDouble, javaFloat } from '../model/java-number.ts';

/** How values become JSON text; the names are JsonConverter's. */
export interface JsonTextOptions {
  /** decimal.format: base64 of the unscaled bytes, or a number. */
  readonly decimalFormat: 'BASE64' | 'NUMERIC';
  /**
   * replace.null.with.default: an explicit null in a field with a default is written as the
   * default. Connect's own default is true; it loses nulls (PITFALLS C33).
   */
  readonly replaceNullWithDefault: boolean;
  /** How a map without string keys has its entries: `[key,value]` (default), or an object each. */
  readonly mapEntries?: 'pairs' | 'objects';
}

/** The schema as JsonConverter writes it, keys in its order (PITFALLS C30). */
export function schemaJson(schema: ConnectSchema, options: JsonTextOptions): string {
  return `{${schemaMembers(schema, options)}}`;
}

function schemaMembers(schema: ConnectSchema, options: JsonTextOptions): string {
  let text = `"type":"${JSON_TYPE_NAMES[schema.type]}"`;
  if (schema.type === 'array') {
    text += `,"items":${schemaJson(element(schema.valueSchema), options)}`;
  } else if (schema.type === 'map') {
    text += `,"keys":${schemaJson(element(schema.keySchema), options)}`;
    text += `,"values":${schemaJson(element(schema.valueSchema), options)}`;
  } else if (schema.type === 'struct') {
    const fields = (schema.fields ?? []).map(
      (field) => `{${schemaMembers(field.schema, options)},"field":${jsonString(field.name)}}`,
    );
    text += `,"fields":[${fields.join(',')}]`;
  }
  text += `,"optional":${schema.optional}`;
  if (schema.name !== undefined) text += `,"name":${jsonString(schema.name)}`;
  if (schema.version !== undefined) text += `,"version":${schema.version}`;
  if (schema.doc !== undefined) text += `,"doc":${jsonString(schema.doc)}`;
  if (schema.parameters !== undefined) text += `,"parameters":${parameters(schema.parameters)}`;
  if (schema.default !== undefined && schema.default !== null) {
    text += `,"default":${valueJson(schema, schema.default, options)}`;
  }
  return text;
}

function parameters(values: Readonly<Record<string, string>>): string {
  const members = Object.entries(values).map(
    ([name, value]) => `${jsonString(name)}:${jsonString(value)}`,
  );
  return `{${members.join(',')}}`;
}

/** A value of the schema as JsonConverter writes it. Throws VALUE_CONVERSION for a misfit. */
export function valueJson(
  schema: ConnectSchema,
  value: ConnectValue,
  options: JsonTextOptions,
): string {
  if (value === null) {
    if (options.replaceNullWithDefault && schema.default !== undefined && schema.default !== null) {
      return valueJson(schema, schema.default, options);
    }
    return schema.optional ? 'null' : misfit(schema, value);
  }
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
      return typeof value === 'number' ? String(value) : misfit(schema, value);
    case 'int64':
      return typeof value === 'bigint' ? value.toString() : misfit(schema, value);
    case 'float32':
      return quotedNonFinite(javaFloat(number(schema, value)));
    case 'float64':
      return quotedNonFinite(javaDouble(number(schema, value)));
    case 'boolean':
      return typeof value === 'boolean' ? String(value) : misfit(schema, value);
    case 'string':
      return typeof value === 'string' ? jsonString(value) : misfit(schema, value);
    case 'bytes':
      return bytesJson(schema, value, options);
    case 'array':
      return arrayJson(schema, value, options);
    case 'map':
      return mapJson(schema, value, options);
    case 'struct':
      return structJson(schema, value, options);
  }
}

function number(schema: ConnectSchema, value: ConnectValue): number {
  return typeof value === 'number' ? value : misfit(schema, value);
}

/** NaN and infinities are not JSON numbers: Jackson quotes them (PITFALLS C34). */
function quotedNonFinite(text: string): string {
  return text.endsWith('N') || text.endsWith('y') ? `"${text}"` : text;
}

function bytesJson(schema: ConnectSchema, value: ConnectValue, options: JsonTextOptions): string {
  if (Buffer.isBuffer(value)) return `"${value.toString('base64')}"`;
  if (schema.name !== DECIMAL || !isDecimal(value)) return misfit(schema, value);
  if (options.decimalFormat === 'NUMERIC') return javaBigDecimal(value);
  return `"${bigIntToBytes(value.unscaled).toString('base64')}"`;
}

function arrayJson(schema: ConnectSchema, value: ConnectValue, options: JsonTextOptions): string {
  if (!Array.isArray(value)) return misfit(schema, value);
  const items = element(schema.valueSchema);
  const texts = (value as readonly ConnectValue[]).map((item) => valueJson(items, item, options));
  return `[${texts.join(',')}]`;
}

/** An object for required string keys, else pairs (PITFALLS C31). */
function mapJson(schema: ConnectSchema, value: ConnectValue, options: JsonTextOptions): string {
  if (!(value instanceof Map)) return misfit(schema, value);
  const keys = element(schema.keySchema);
  const values = element(schema.valueSchema);
  const asObject = keys.type === 'string' && !keys.optional;
  const asObjects = options.mapEntries === 'objects';
  const members: string[] = [];
  for (const [key, item] of value as ReadonlyMap<string | number, ConnectValue>) {
    const name = valueJson(keys, key, options);
    const text = valueJson(values, item, options);
    if (asObject) members.push(`${name}:${text}`);
    else members.push(asObjects ? `{"key":${name},"value":${text}}` : `[${name},${text}]`);
  }
  return asObject ? `{${members.join(',')}}` : `[${members.join(',')}]`;
}

function structJson(schema: ConnectSchema, value: ConnectValue, options: JsonTextOptions): string {
  if (!isStruct(value)) return misfit(schema, value);
  const fields = schema.fields ?? [];
  let text = '{';
  for (let i = 0; i < fields.length; i++) {
    const field = must(fields[i], 'field exists');
    if (i > 0) text += ',';
    const item = value.values[i] ?? null;
    text += `${jsonString(field.name)}:${valueJson(field.schema, item, options)}`;
  }
  return `${text}}`;
}

/** Anything but what stands raw: controls, quote, backslash and both halves of surrogate pairs. */
const NEEDS_ESCAPE = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;
const ESCAPES = /[^ !#-[\]-\ud7ff\ue000-\uffff]/g;
const SHORT: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/**
 * A JSON string as Jackson's UTF-8 generator writes it: control characters and both halves of a
 * surrogate pair as `\uXXXX` in upper case, everything else raw.
 */
export function jsonString(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  return `"${text.replace(ESCAPES, escapeUnit)}"`;
}

function escapeUnit(unit: string): string {
  const hex = unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return SHORT[unit] ?? `\\u${hex}`;
}

function element(schema: ConnectSchema | undefined): ConnectSchema {
  return must(schema, 'an array or map schema has its parts');
}

function misfit(schema: ConnectSchema, value: ConnectValue): never {
  const shown = value === null ? 'null' : typeof value;
  throw new TidemarkError(
    'VALUE_CONVERSION',
    `${shown} does not fit schema ${schema.name ?? schema.type}`,
  );
}
