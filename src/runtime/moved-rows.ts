import { NEW_KEY_ABSENT_HEADER, NEW_KEY_HEADER, OLD_KEY_HEADER } from '../envelope/record-plan.ts';
import { isJsonObject, parseLosslessJson } from '../foundation/lossless-json.ts';
import type { JsonObject } from '../foundation/lossless-json.ts';
import { valueFromJson } from '../model/connect-json.ts';
import { isStruct, type ConnectSchema, type Struct } from '../model/connect-schema.ts';
import type { LogRecord } from '../transport/transport.ts';

/**
 * A change of the primary key stands in the log as delete of the old key, tombstone, create of the
 * new key. Where the create leaves values out (unchanged TOAST), the sink has to carry them over
 * from the old row, and must know so when it meets the delete: the create may stand in another
 * partition. The delete itself says whether it has to.
 *
 * Tempting and wrong: to move whenever the create is not to be seen. What was created at the new
 * key and deleted again, in a partition that is further, would stand there once more.
 *
 * Returns the new key, or null when a plain delete will do.
 */
export function keyMovedTo(record: LogRecord, keySchema: ConnectSchema): Struct | null {
  if (record.headers.length === 0 || record.value === null) return null;
  if (headerText(record, NEW_KEY_ABSENT_HEADER) === null) return null;
  const header = headerText(record, NEW_KEY_HEADER);
  return header === null ? null : parseKey(header, keySchema);
}

/** On the create of a key change: the key that the row had; null where it is none. */
export function keyMovedFrom(record: LogRecord, keySchema: ConnectSchema): Struct | null {
  if (record.headers.length === 0 || record.value === null) return null;
  const header = headerText(record, OLD_KEY_HEADER);
  return header === null ? null : parseKey(header, keySchema);
}

function headerText(record: LogRecord, name: string): string | null {
  const header = record.headers.find((candidate) => candidate.name === name);
  return header?.value?.toString('utf8') ?? null;
}

/**
 * Connect's header form of a struct is JSON for every usual key, but for control characters, which
 * stand as they are. Of others we know nothing.
 */
function parseKey(text: string, schema: ConnectSchema): Struct | null {
  try {
    const json = text.replaceAll(/\p{Cc}/gu, escapeControl);
    const node = parseLosslessJson(json);
    const value = valueFromJson(schema, isJsonObject(node) ? underNamesOf(schema, node) : node);
    return value !== null && isStruct(value) ? value : null;
  } catch {
    return null;
  }
}

/** Transforms of the source may have renamed the key's fields, but not those in the header. */
function underNamesOf(schema: ConnectSchema, node: JsonObject): JsonObject {
  const fields = schema.fields ?? [];
  const values = Object.values(node);
  if (values.length !== fields.length || fields.every(({ name }) => name in node)) return node;
  return Object.fromEntries(fields.map(({ name }, i) => [name, values[i] ?? null]));
}

function escapeControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
