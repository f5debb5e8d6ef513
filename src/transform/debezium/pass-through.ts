import type { ConnectRecord } from '../../model/connect-record.ts';
import type { RecordTransform } from '../record-transform.ts';

/**
 * A transform of Debezium that only tells others of records (traces, lineage), where nobody
 * listens. The record is what it was in the original, too.
 */
export class PassThrough implements RecordTransform {
  constructor(reason: string, warn: (text: string) => void) {
    warn(`has no effect: ${reason}`);
  }

  apply(record: ConnectRecord): ConnectRecord {
    return record;
  }
}
