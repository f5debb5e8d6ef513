import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectData, ConnectRecord } from '../model/connect-record.ts';
import { isStruct } from '../model/connect-schema.ts';
import type { Struct } from '../model/connect-schema.ts';

/** What `$Key` and `$Value` behind a class name choose. */
export type RecordSide = 'key' | 'value';

/** The record with another key or value. */
export function withSide(
  record: ConnectRecord,
  side: RecordSide,
  data: ConnectData,
): ConnectRecord {
  return side === 'key' ? { ...record, key: data } : { ...record, value: data };
}

/** The struct that a transform needs. Throws TRANSFORM for nothing and for anything else. */
export function requireStruct({ value }: ConnectData, purpose: string): Struct {
  if (value !== null && isStruct(value)) return value;
  const found = value === null ? 'nothing' : Array.isArray(value) ? 'an array' : typeof value;
  throw new TidemarkError('TRANSFORM', `${purpose} needs a struct, the record has ${found}`, {
    cure:
      value === null
        ? 'Leave tombstones out with a predicate RecordIsTombstone and negate: true.'
        : 'Put the transform where the record still is a struct.',
  });
}

/** The struct, or null for nothing. Throws TRANSFORM for anything else. */
export function structOrNull(data: ConnectData, purpose: string): Struct | null {
  return data.value === null ? null : requireStruct(data, purpose);
}
