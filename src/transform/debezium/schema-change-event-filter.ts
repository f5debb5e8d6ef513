import type { RecordTransform } from '../record-transform.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';

/**
 * Debezium's SchemaChangeEventFilter: PostgreSQL has no schema change events, so everything passes,
 * as in the original.
 */
export class SchemaChangeEventFilter implements RecordTransform {
  apply(record: ConnectRecord): ConnectRecord {
    return record;
  }
}
