import { ABSENT_HEADER, NEW_KEY_HEADER, OLD_KEY_HEADER } from '../envelope/record-plan.ts';
import { isJsonObject, parseLosslessJson } from '../foundation/lossless-json.ts';
import type { JsonObject } from '../foundation/lossless-json.ts';
import { valueFromJson } from '../model/connect-json.ts';
import { isStruct, type ConnectSchema, type Struct } from '../model/connect-schema.ts';
import type { FetchedRecords, LogRecord } from '../transport/transport.ts';

/**
 * A change of the primary key stands in the log as delete of the old key, tombstone, create of the
 * new key. Where the create left values out (unchanged TOAST), the sink has to carry them over from
 * the old row, and must know so when it meets the delete. This says whether it has to: the create
 * behind the delete has absent values, or is not in this batch to be looked at.
 *
 * Returns the new key, or null when a plain delete will do.
 */
export function keyMovedTo(
  batch: FetchedRecords,
  index: number,
  keySchema: ConnectSchema,
): Struct | null {
  const record = batch.records[index] as LogRecord;
  if (record.headers.length === 0 || record.value === null) return null;
  const header = headerText(record, NEW_KEY_HEADER);
  if (header === null || createIsWhole(batch, index)) return null;
  return parseKey(header, keySchema);
}

/** The create stands one or two records behind (a tombstone lies between) and lacks nothing. */
function createIsWhole(batch: FetchedRecords, index: number): boolean {
  for (let ahead = index + 1; ahead <= index + 2; ahead++) {
    const candidate = batch.records[ahead];
    if (candidate === undefined || candidate.value === null) continue;
    if (headerText(candidate, OLD_KEY_HEADER) === null) return false;
    return headerText(candidate, ABSENT_HEADER) === null;
  }
  return false;
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
