import type { ConnectData, ConnectRecord } from '../model/connect-record.ts';
import { isStruct } from '../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';

/** A single message transform: the record that takes the place of this one; null drops it. */
export interface RecordTransform {
  /**
   * In the original it adds headers to the record that it was given: they are also those of the
   * tombstone behind it. `kept`: and it goes on with that record; `copied`: with a copy.
   */
  readonly addsHeadersInPlace?: 'kept' | 'copied';
  apply(record: ConnectRecord): ConnectRecord | null;
}

/** No key, or a tombstone. */
export const NOTHING: ConnectData = { schema: null, value: null };

/** The envelope of a change event; undefined for any other record. */
export function envelopeOf({ value }: ConnectRecord): Struct | undefined {
  const isEnvelope = value.schema?.name?.endsWith('.Envelope') === true;
  return isEnvelope && value.value !== null && isStruct(value.value) ? value.value : undefined;
}

/** The schema of a field; undefined: the struct has none of this name. */
export function fieldSchema(schema: ConnectSchema, name: string): ConnectSchema | undefined {
  return schema.fields?.find((field) => field.name === name)?.schema;
}

/** The value of a field; null where there is no such field. */
export function fieldValue(struct: Struct, name: string): ConnectValue {
  const index = struct.schema.fields?.findIndex((field) => field.name === name) ?? -1;
  return struct.values[index] ?? null;
}

/** The struct in a field; null where there is none. */
export function structIn(struct: Struct, name: string): Struct | null {
  const value = fieldValue(struct, name);
  return value !== null && isStruct(value) ? value : null;
}
