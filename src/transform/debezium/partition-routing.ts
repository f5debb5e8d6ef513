import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import { isStruct } from '../../model/connect-schema.ts';
import type { ConnectData } from '../../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import type { RecordTransform } from '../record-transform.ts';
import { envelopeOf, fieldValue } from '../record-transform.ts';
import { fieldIndex, valueAt } from '../schema-shape.ts';
import { javaHash, murmurHash } from './java-hash.ts';

/** Debezium's PartitionRouting: the partition follows from fields of the payload. */
export class PartitionRouting implements RecordTransform {
  readonly #paths: readonly (readonly string[])[];
  readonly #partitions: number;
  readonly #hash: (data: ConnectData) => number;

  constructor(options: ResolvedOptions) {
    const fields = options.list('partition.payload.fields');
    this.#paths = fields.map((field) => field.split('.').map((part) => part.trim()));
    this.#partitions = options.number('partition.topic.num');
    this.#hash = options.string('partition.hash.function') === 'murmur' ? murmurHash : javaHash;
  }

  apply(record: ConnectRecord): ConnectRecord {
    const envelope = envelopeOf(record);
    if (envelope === undefined) return record;
    const op = fieldValue(envelope, 'op');
    if (op === 't' || op === 'm') return record;
    let sum = 0;
    let found = false;
    for (const path of this.#paths) {
      const data = dataAt(envelope, path, op === 'd' ? 'before' : 'after');
      if (data === null) continue;
      sum = (sum + this.#hash(data)) | 0;
      found = true;
    }
    if (!found) return record;
    const positive = sum & 0x7fffffff;
    const partition = (positive === 0x7fffffff ? 0 : positive) % this.#partitions;
    return { ...record, partition };
  }
}

/** Null: the envelope has no such field, or nothing in it. */
function dataAt(envelope: Struct, path: readonly string[], change: string): ConnectData | null {
  let schema: ConnectSchema = envelope.schema;
  let value: ConnectValue = envelope;
  for (const [depth, part] of path.entries()) {
    if (value === null) throw noImage(path);
    if (!isStruct(value)) return null;
    const isLast = depth === path.length - 1;
    const index = fieldIndex(schema, part === 'change' && !isLast ? change : part);
    const field = schema.fields?.[index];
    if (field === undefined) return null;
    value = valueAt(value, index, true);
    schema = field.schema;
  }
  return value === null ? null : { schema, value };
}

function noImage(path: readonly string[]): TidemarkError {
  const name = path.join('.');
  return new TidemarkError('TRANSFORM', `PartitionRouting: an event has nothing under ${name}`, {
    cure: `Use change.${path.at(-1)}, which is before for deletes and after for the rest.`,
  });
}
