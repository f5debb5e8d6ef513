import type { LogRecord } from './transport.ts';

/** Bytes of a record's key and value, which need not be made for that. */
export function sizeOf(record: LogRecord): number {
  return record.size ?? (record.key?.length ?? 0) + (record.value?.length ?? 0);
}
