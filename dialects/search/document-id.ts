import { hash } from 'node:crypto';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import { isDecimal, isStruct } from '../../src/model/connect-schema.ts';
import { integerText } from '../connect-values.ts';
import { decimalText, variableDecimalText, withoutScale } from '../exact-texts.ts';
import { searchField } from './search-field-types.ts';
import { doubleJson } from './search-numbers.ts';

/*
 * Ids of documents. A key of one column is its text: `42`, `a b`, which is what Confluent's sink
 * makes of a key that is a number or a text. Of several columns it is a JSON array in the order of
 * the key: `[42,"a b"]`. Two keys of one schema never have one id, and equal keys never two: zeros
 * at the end of a decimal do not count, neither does the sign of a zero.
 *
 * Ids have at most 512 bytes in both products, and one at least. Longer ones are `sha256:` and the
 * digest; a null and an empty text are arrays of one; a text that looks like any of these is a
 * digest, too.
 */

const BYTES_MAX = 512;
const DIGEST = 'sha256:';
const RESERVED = new Set(['[null]', '[""]']);

function digest(text: string): string {
  return DIGEST + hash('sha256', text, 'hex');
}

/** Whether nobody can tell the key by its id. */
export function isDigest(id: string): boolean {
  return id.startsWith(DIGEST);
}

/** Numbers and texts as they are in JSON. */
function partJson(schema: ConnectSchema, value: ConnectValue): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isInteger(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER
        ? integerText(value === 0 ? 0 : value)
        : doubleJson(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return objectJson(schema, value);
  }
}

function objectJson(schema: ConnectSchema, value: Exclude<ConnectValue, null>): string {
  if (isDecimal(value)) return `"${withoutScale(decimalText(value))}"`;
  if (Buffer.isBuffer(value)) return `"${value.toString('base64')}"`;
  if (isStruct(value) && value.schema.name === 'io.debezium.data.VariableScaleDecimal') {
    return `"${withoutScale(variableDecimalText(value))}"`;
  }
  // Arrays, maps and other structs: the same text in both products.
  return searchField(schema, { product: 'elasticsearch' }).encode(value);
}

/** The id of the document of a key. */
export function documentId(key: Struct): string {
  const parts = (key.schema.fields ?? []).map(({ schema }, i) =>
    partJson(schema, key.values[i] ?? null),
  );
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return singleId(only);
  const id = `[${parts.join(',')}]`;
  return Buffer.byteLength(id) <= BYTES_MAX ? id : digest(id);
}

function singleId(json: string): string {
  if (RESERVED.has(`[${json}]`)) return `[${json}]`;
  const text = json.startsWith('"') ? (JSON.parse(json) as string) : json;
  const isTaken = RESERVED.has(text) || isDigest(text);
  return isTaken || Buffer.byteLength(text) > BYTES_MAX ? digest(text) : text;
}
