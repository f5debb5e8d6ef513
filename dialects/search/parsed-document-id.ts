import type { JsonNode } from '../../src/foundation/lossless-json.ts';
import { JsonNumber, parseLosslessJson } from '../../src/foundation/lossless-json.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import { bigIntToBytes, DECIMAL } from '../../src/model/connect-schema.ts';
import { documentId, isDigest } from './document-id.ts';

const VARIABLE_DECIMAL = 'io.debezium.data.VariableScaleDecimal';

/** Types of keys whose values an id tells; of others (arrays, maps, structs) it is one way only. */
export function tellsKey({ type, name }: ConnectSchema): boolean {
  switch (type) {
    case 'array':
    case 'map':
      return false;
    case 'struct':
      return name === VARIABLE_DECIMAL;
    default:
      return true;
  }
}

/**
 * The key whose document has this id; null: no key of the schema has it, or it is a digest
 * (`isDigest`), of which nobody can tell.
 */
export function parsedDocumentId(id: string, schema: ConnectSchema): Struct | null {
  const fields = schema.fields ?? [];
  const parts = isDigest(id) ? null : partsOf(id, fields);
  if (parts?.length !== fields.length) return null;
  const values: ConnectValue[] = [];
  for (const [i, field] of fields.entries()) {
    const value = partValue(field.schema, parts[i] ?? null);
    if (value === undefined) return null;
    values.push(value);
  }
  const key = { schema, values };
  return documentId(key) === id ? key : null;
}

function partsOf(
  id: string,
  fields: readonly { readonly schema: ConnectSchema }[],
): readonly JsonNode[] | null {
  const [only] = fields;
  const isSingle = only !== undefined && fields.length === 1;
  // A null, and an empty text, are arrays of one.
  if (isSingle && id !== '[null]' && id !== '[""]') {
    // Words stand among numbers: NaN, Infinity.
    return [isText(only.schema) ? id : (parsed(id) ?? id)];
  }
  const parts = parsed(id);
  return Array.isArray(parts) ? (parts as readonly JsonNode[]) : null;
}

/** Null: it is no JSON, or null itself. */
function parsed(json: string): JsonNode {
  try {
    return parseLosslessJson(json);
  } catch {
    return null;
  }
}

/** Its part of an id stands between quotes. */
function isText({ type }: ConnectSchema): boolean {
  return type === 'string' || type === 'bytes' || type === 'struct';
}

/** Undefined: no value of the schema is told so. */
function partValue(schema: ConnectSchema, node: JsonNode): ConnectValue | undefined {
  if (node === null) return schema.optional ? null : undefined;
  switch (schema.type) {
    case 'string':
      return typeof node === 'string' ? node : undefined;
    case 'boolean':
      return typeof node === 'boolean' ? node : undefined;
    case 'int8':
    case 'int16':
    case 'int32':
      return typeof node === 'number' ? node : undefined;
    case 'int64':
      return typeof node === 'number' || typeof node === 'bigint' ? BigInt(node) : undefined;
    case 'float32':
    case 'float64':
      return typeof node === 'object' && !(node instanceof JsonNumber)
        ? undefined
        : Number(node instanceof JsonNumber ? node.text : node);
    case 'bytes':
    case 'struct':
      return typeof node === 'string' ? bytesOrDecimal(schema, node) : undefined;
    default:
      return undefined;
  }
}

function bytesOrDecimal(schema: ConnectSchema, text: string): ConnectValue | undefined {
  if (schema.type === 'bytes' && schema.name !== DECIMAL) return Buffer.from(text, 'base64');
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  if (schema.type === 'struct') {
    const unscaled = bigIntToBytes(BigInt(whole + fraction));
    return { schema, values: [fraction.length, unscaled] };
  }
  const scale = Number(schema.parameters?.['scale'] ?? '0');
  const zeros = scale - fraction.length;
  if (zeros >= 0) return { unscaled: BigInt(whole + fraction + '0'.repeat(zeros)), scale };
  const dropped = whole.slice(zeros);
  // A negative scale leaves zeros out.
  const isWhole = fraction === '' && /^0+$/.test(dropped);
  return isWhole ? { unscaled: BigInt(whole.slice(0, zeros)), scale } : undefined;
}
