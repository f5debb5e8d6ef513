import type { LogRecord, RecordHeader } from './transport.ts';

/** Bytes of a record's key and value, which need not be made for that. */
export function sizeOf(record: LogRecord): number {
  return record.size ?? (record.key?.length ?? 0) + (record.value?.length ?? 0);
}

/**
 * A copy, with other headers if need be, whose parts are made once. To spread a record that lies in
 * its batch would copy none of them.
 */
export function copyOf(
  { offset, sequence, timestampMs, key, value, headers: own }: LogRecord,
  headers: readonly RecordHeader[] = own,
): LogRecord {
  return { offset, sequence, timestampMs, key, value, headers };
}
