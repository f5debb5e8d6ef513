import { TidemarkError } from '../foundation/errors.ts';
import { isJsonObject, JsonNumber } from '../foundation/lossless-json.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import { bytesToBigInt, DECIMAL } from '../model/connect-schema.ts';
import type { ConnectSchema, ConnectType, ConnectValue } from '../model/connect-schema.ts';
import { AVRO_LOGICAL_BY_NAME, DEFAULT_PRECISION, PRECISION_PARAMETER } from './avro-schema.ts';

const TYPE_BY_AVRO: Readonly<Record<string, ConnectType>> = {
  boolean: 'boolean',
  int: 'int32',
  long: 'int64',
  float: 'float32',
  double: 'float64',
  bytes: 'bytes',
  fixed: 'bytes',
  string: 'string',
  enum: 'string',
};

type MutableSchema = { -readonly [K in keyof ConnectSchema]: ConnectSchema[K] };

/** The Connect schema of an Avro type without parts, before its `connect.*` annotations. */
export function plainSchema(avroType: string, node: JsonObject): ConnectSchema {
  const type = TYPE_BY_AVRO[avroType];
  if (type === undefined) throw invalid(`type ${avroType} has no counterpart in Connect`);
  const narrowed = node['connect.type'];
  if (type === 'int32' && (narrowed === 'int8' || narrowed === 'int16')) {
    return { type: narrowed, optional: false };
  }
  const logical = node['logicalType'];
  if (type === 'bytes' && logical === 'decimal') return decimalSchema(node);
  for (const [name, avroName] of Object.entries(AVRO_LOGICAL_BY_NAME)) {
    if (logical === avroName) return { type, optional: false, name, version: 1 };
  }
  return { type, optional: false };
}

function decimalSchema(node: JsonObject): ConnectSchema {
  const scale = node['scale'] ?? 0;
  if (typeof scale !== 'number') throw invalid('the scale of a decimal is not a number');
  const precision = node['precision'];
  const parameters: Record<string, string> = { scale: String(scale) };
  if (typeof precision === 'number' && precision !== DEFAULT_PRECISION) {
    parameters[PRECISION_PARAMETER] = String(precision);
  }
  return { type: 'bytes', optional: false, name: DECIMAL, version: 1, parameters };
}

/** Adds what the `connect.*` properties say. */
export function annotated(node: JsonObject, base: ConnectSchema): ConnectSchema {
  const schema: MutableSchema = { ...base };
  const name = node['connect.name'];
  const version = node['connect.version'];
  const doc = node['connect.doc'];
  const parameters = node['connect.parameters'];
  if (typeof name === 'string') schema.name = name;
  if (typeof version === 'number') schema.version = version;
  if (typeof doc === 'string') schema.doc = doc;
  if (isJsonObject(parameters)) {
    const merged: Record<string, string> = {};
    for (const [key, value] of Object.entries(parameters)) {
      if (typeof value !== 'string') throw invalid(`parameter ${key} is not a string`);
      merged[key] = value;
    }
    schema.parameters = { ...schema.parameters, ...merged };
  }
  const defaultNode = node['connect.default'];
  if (defaultNode !== undefined && defaultNode !== null) {
    schema.default = defaultFromAvro(schema, defaultNode);
  }
  return schema;
}

/** A default in Avro's JSON: bytes by code points 0 to 255. */
export function defaultFromAvro(schema: ConnectSchema, node: JsonNode): ConnectValue {
  if (node === null) return null;
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
      return typeof node === 'number' ? node : misfit(schema);
    case 'int64':
      return typeof node === 'number' || typeof node === 'bigint' ? BigInt(node) : misfit(schema);
    case 'float32':
      return Math.fround(floating(schema, node));
    case 'float64':
      return floating(schema, node);
    case 'boolean':
      return typeof node === 'boolean' ? node : misfit(schema);
    case 'string':
      return typeof node === 'string' ? node : misfit(schema);
    case 'bytes':
      return typeof node === 'string' ? bytesDefault(schema, node) : misfit(schema);
    case 'array':
      return Array.isArray(node)
        ? (node as readonly JsonNode[]).map((item) => defaultFromAvro(part(schema), item))
        : misfit(schema);
    case 'map':
      return isJsonObject(node)
        ? new Map(
            Object.entries(node).map(([key, item]) => [key, defaultFromAvro(part(schema), item)]),
          )
        : misfit(schema);
    case 'struct':
      if (!isJsonObject(node)) return misfit(schema);
      return {
        schema,
        values: (schema.fields ?? []).map((field) =>
          defaultFromAvro(field.schema, node[field.name] ?? null),
        ),
      };
  }
}

function floating(schema: ConnectSchema, node: JsonNode): number {
  if (node instanceof JsonNumber) return Number(node.text);
  if (typeof node === 'number' || typeof node === 'bigint') return Number(node);
  if (node === 'NaN' || node === 'Infinity' || node === '-Infinity') return Number(node);
  return misfit(schema);
}

function bytesDefault(schema: ConnectSchema, text: string): ConnectValue {
  const bytes = Buffer.from(text, 'latin1');
  if (schema.name !== DECIMAL) return bytes;
  return {
    unscaled: bytesToBigInt(bytes),
    scale: Number(schema.parameters?.['scale'] ?? 0),
  };
}

function part(schema: ConnectSchema): ConnectSchema {
  return schema.valueSchema ?? misfit(schema);
}

function misfit(schema: ConnectSchema): never {
  throw invalid(`a default does not fit ${schema.name ?? schema.type}`);
}

function invalid(message: string): TidemarkError {
  return new TidemarkError('SCHEMA_INVALID', `Avro schema: ${message}`);
}
