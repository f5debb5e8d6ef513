import { RecordBatch } from '../../src/transport/record-batch.ts';

/** A record as a test writes it down. */
export interface PlainRecord {
  readonly topic: number;
  readonly key?: string | null;
  readonly value?: string | Buffer | null;
  readonly timestampMs?: number;
  readonly headers?: readonly (readonly [name: string, value: string | null])[];
}

/** A batch with these records. */
export function batchOf(records: readonly PlainRecord[]): RecordBatch {
  const batch = new RecordBatch();
  for (const { topic, key = null, value = null, timestampMs = 0, headers = [] } of records) {
    batch.start(topic, timestampMs);
    if (key !== null) batch.writer.utf8(key);
    batch.endKey(key !== null);
    if (value !== null) batch.writer.raw(Buffer.from(value));
    batch.endValue(value !== null);
    for (const [name, text] of headers) {
      batch.header(name, text === null ? null : Buffer.from(text));
    }
    batch.end();
  }
  return batch;
}
