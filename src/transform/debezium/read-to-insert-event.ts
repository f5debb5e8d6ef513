import type { ConnectRecord } from '../../model/connect-record.ts';
import type { RecordTransform } from '../record-transform.ts';
import { envelopeOf } from '../record-transform.ts';
import { fieldIndex } from '../schema-shape.ts';

/** Debezium's ReadToInsertEvent: rows of a snapshot (`r`) come as inserts (`c`). */
export class ReadToInsertEvent implements RecordTransform {
  apply(record: ConnectRecord): ConnectRecord {
    const envelope = envelopeOf(record);
    if (envelope === undefined) return record;
    const op = fieldIndex(envelope.schema, 'op');
    if (envelope.values[op] !== 'r') return record;
    const value = { schema: envelope.schema, values: envelope.values.with(op, 'c') };
    return { ...record, value: { schema: envelope.schema, value } };
  }
}
