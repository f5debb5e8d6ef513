import type { SinkRecord } from '../model/sink-record.ts';

/**
 * The records with sequences that rise in the order of the list: a target applies by them, and
 * where a log has no order over its partitions they say when a record was read, not when the source
 * wrote it.
 */
export function inSourceOrder(records: readonly SinkRecord[]): readonly SinkRecord[] {
  let isOrdered = true;
  for (let i = 1; i < records.length && isOrdered; i++) {
    isOrdered = (records[i] as SinkRecord).sequence > (records[i - 1] as SinkRecord).sequence;
  }
  if (isOrdered) return records;
  const sequences = records.map(({ sequence }) => sequence).toSorted((left, right) => left - right);
  return records.map((record, i) => ({ ...record, sequence: sequences[i] as number }));
}
