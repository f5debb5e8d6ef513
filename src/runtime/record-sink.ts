import type { ConnectHeader, ConnectRecord } from '../model/connect-record.ts';
import type { RecordOutput } from '../rowpath/record-output.ts';

/** Where records go on their way into the log. */
export interface RecordSink {
  /** Returns the number of records: 1, or 0 when it was dropped. See `RecordWriter.write`. */
  write(
    record: ConnectRecord,
    output: RecordOutput,
    nowMs: number,
    shared?: ConnectHeader[],
  ): number;
}
