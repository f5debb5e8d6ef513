import { TidemarkError } from '../foundation/errors.ts';
import { isJsonObject, JsonNumber } from '../foundation/lossless-json.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import { bytesToBigInt, CONNECT_TYPES, DECIMAL } from './connect-schema.ts';
import type {
  ConnectField,
  ConnectSchema,
  ConnectType,
  ConnectValue,
  Decimal,
} from './connect-schema.ts';

/** What types are called in the schemas of Connect's JsonConverter. */
export const JSON_TYPE_NAMES: Readonly<Record<ConnectType, string>> = {
  int8: 'int8',
  int16: 'int16',
  int32: 'int32',
  int64: 'int64',
  float32: 'float',
  float64: 'double',
  boolean: 'boolean',
  string: 'string',
  bytes: 'bytes',
  array: 'array',
  map: 'map',
  struct: 'struct',
};

const TYPE_BY_JSON_NAME: ReadonlyMap<unknown, ConnectType> = new Map(
  CONNECT_TYPES.map((type) => [JSON_TYPE_NAMES[type], type]),
);

/** Reads a schema in the form of Connect's JsonConverter (PITFALLS C30). */
export function schemaFromJson(node: JsonNode | undefined): ConnectSchema {
  if (!isJsonObject(node)) invalid('a schema is not an object');
  const typeName = node['type'];
  const type = TYPE_BY_JSON_NAME.get(typeName);
  if (type === undefined) invalid(`unknown type ${JSON.stringify(typeName)}`);
  const schema: { -readonly [K in keyof ConnectSchema]: ConnectSchema[K] } = {
    type,
    optional: node['optional'] === true,
  };
  if (typeof node['name'] === 'string') schema.name = node['name'];
  if (typeof node['version'] === 'number') schema.version = node['version'];
  if (typeof node['doc'] === 'string') schema.doc = node['doc'];
  if (isJsonObject(node['parameters'])) schema.parameters = parametersOf(node['parameters']);
  if (type === 'array') schema.valueSchema = schemaFromJson(node['items']);
  if (type === 'map') {
    schema.keySchema = schemaFromJson(node['keys']);
    schema.valueSchema = schemaFromJson(node['values']);
  }
  if (type === 'struct') schema.fields = fieldsFromJson(node['fields']);
  const defaultNode = node['default'];
  if (defaultNode !== undefined && defaultNode !== null) {
    schema.default = valueFromJson(schema, defaultNode);
  }
  return schema;
}

function parametersOf(node: JsonObject): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(node)) {
    if (typeof value !== 'string') invalid(`parameter ${name} is not a string`);
    parameters[name] = value;
  }
  return parameters;
}

function fieldsFromJson(node: JsonNode | undefined): readonly ConnectField[] {
  if (!Array.isArray(node)) invalid('a struct has no fields');
  return (node as readonly JsonNode[]).map((field) => {
    if (!isJsonObject(field) || typeof field['field'] !== 'string') {
      invalid('a field has no name');
    }
    return { name: field['field'], schema: schemaFromJson(field) };
  });
}

/** Reads a payload of the schema, as Connect's JsonConverter does; decimals in either format. */
export function valueFromJson(schema: ConnectSchema, node: JsonNode | undefined): ConnectValue {
  if (node === null || node === undefined) {
    if (schema.optional) return null;
    if (schema.default !== undefined) return schema.default;
    return mismatch(schema, null);
  }
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
      return typeof node === 'number' ? node : mismatch(schema, node);
    case 'int64':
      if (typeof node === 'bigint') return node;
      return typeof node === 'number' ? BigInt(node) : mismatch(schema, node);
    case 'float32':
      return Math.fround(floatFromJson(schema, node));
    case 'float64':
      return floatFromJson(schema, node);
    case 'boolean':
      return typeof node === 'boolean' ? node : mismatch(schema, node);
    case 'string':
      return typeof node === 'string' ? node : mismatch(schema, node);
    case 'bytes':
      return bytesFromJson(schema, node);
    case 'array':
      return arrayFromJson(schema, node);
    case 'map':
      return mapFromJson(schema, node);
    case 'struct':
      return structFromJson(schema, node);
  }
}

function floatFromJson(schema: ConnectSchema, node: JsonNode): number {
  if (typeof node === 'number' || typeof node === 'bigint') return Number(node);
  if (node instanceof JsonNumber) return Number(node.text);
  // Jackson quotes what JSON numbers cannot say.
  if (node === 'NaN') return NaN;
  if (node === 'Infinity') return Infinity;
  if (node === '-Infinity') return -Infinity;
  return mismatch(schema, node);
}

function bytesFromJson(schema: ConnectSchema, node: JsonNode): ConnectValue {
  if (typeof node === 'string') {
    const bytes = Buffer.from(node, 'base64');
    return schema.name === DECIMAL
      ? { unscaled: bytesToBigInt(bytes), scale: decimalScale(schema) }
      : bytes;
  }
  if (schema.name !== DECIMAL) return mismatch(schema, node);
  if (node instanceof JsonNumber) return rescaled(parseDecimalText(node.text), schema);
  if (typeof node === 'number' || typeof node === 'bigint') {
    return rescaled({ unscaled: BigInt(node), scale: 0 }, schema);
  }
  return mismatch(schema, node);
}

/** The scale of a Decimal schema, which Connect keeps as a parameter. */
export function decimalScale(schema: ConnectSchema): number {
  const scale = Number(schema.parameters?.['scale']);
  if (!Number.isInteger(scale)) invalid('a Decimal schema has no scale parameter');
  return scale;
}

/** Reads `-12.30`, also with an exponent; the digits after the point are the scale. */
export function parseDecimalText(text: string): Decimal {
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,9}))?$/.exec(text);
  if (match === null) return invalid(`not a decimal: ${JSON.stringify(text.slice(0, 80))}`);
  const fraction = match[3] ?? '';
  const magnitude = BigInt(`${match[2]}${fraction}`);
  return {
    unscaled: match[1] === '-' ? -magnitude : magnitude,
    scale: fraction.length - Number(match[4] ?? '0'),
  };
}

function rescaled(value: Decimal, schema: ConnectSchema): Decimal {
  const scale = decimalScale(schema);
  if (value.scale === scale) return value;
  const by = 10n ** BigInt(Math.abs(scale - value.scale));
  if (scale > value.scale) return { unscaled: value.unscaled * by, scale };
  if (value.unscaled % by !== 0n) invalid(`a decimal has more digits than scale ${scale}`);
  return { unscaled: value.unscaled / by, scale };
}

function arrayFromJson(schema: ConnectSchema, node: JsonNode): ConnectValue {
  if (!Array.isArray(node)) return mismatch(schema, node);
  const items = part(schema.valueSchema);
  return (node as readonly JsonNode[]).map((item) => valueFromJson(items, item));
}

/** Objects for string keys, arrays of pairs or of `{key,value}` for others (PITFALLS C31). */
function mapFromJson(schema: ConnectSchema, node: JsonNode): ConnectValue {
  const values = part(schema.valueSchema);
  const map = new Map<string | number, ConnectValue>();
  if (isJsonObject(node)) {
    for (const [key, value] of Object.entries(node)) map.set(key, valueFromJson(values, value));
    return map;
  }
  if (!Array.isArray(node)) return mismatch(schema, node);
  const keys = part(schema.keySchema);
  for (const entry of node as readonly JsonNode[]) {
    const [name, value] = entryOf(entry) ?? mismatch(schema, node);
    const key = valueFromJson(keys, name);
    if (typeof key !== 'string' && typeof key !== 'number') return mismatch(schema, node);
    map.set(key, valueFromJson(values, value));
  }
  return map;
}

function entryOf(node: JsonNode): readonly (JsonNode | undefined)[] | null {
  if (isJsonObject(node)) return [node['key'], node['value']];
  return Array.isArray(node) ? (node as readonly JsonNode[]) : null;
}

function structFromJson(schema: ConnectSchema, node: JsonNode): ConnectValue {
  if (!isJsonObject(node)) return mismatch(schema, node);
  const fields = schema.fields ?? [];
  return { schema, values: fields.map((field) => valueFromJson(field.schema, node[field.name])) };
}

function part(schema: ConnectSchema | undefined): ConnectSchema {
  return schema ?? invalid('an array or map schema has no element schema');
}

function mismatch(schema: ConnectSchema, node: JsonNode): never {
  const shown = node === null ? 'null' : typeof node;
  return invalid(`${shown} where the schema wants ${schema.name ?? schema.type}`);
}

function invalid(message: string): never {
  throw new TidemarkError('RECORD_FORMAT', message);
}
