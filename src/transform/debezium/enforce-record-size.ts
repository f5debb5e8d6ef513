import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import { isStruct } from '../../model/connect-schema.ts';
import type { ConnectValue, Struct } from '../../model/connect-schema.ts';
import type { RecordTransform } from '../record-transform.ts';
import { structIn } from '../record-transform.ts';
import { fieldIndex } from '../schema-shape.ts';
import { approximateSize } from './approximate-size.ts';

/** A value that may be cut. */
interface Cuttable {
  readonly index: number;
  readonly value: string | Buffer;
}

/**
 * Debezium's EnforceRecordSize: cuts long text and bytes of an event that is too large, each in
 * proportion. What is cut is lost. Sizes are estimates, as in the original.
 */
export class EnforceRecordSize implements RecordTransform {
  readonly #maxBytes: number;
  readonly #ratio: number;
  readonly #minFieldSize: number;

  constructor(options: ResolvedOptions) {
    this.#maxBytes = options.number('max.bytes');
    this.#minFieldSize = options.number('min.field.size');
    this.#ratio = Number(options.string('compression.ratio'));
    if (this.#ratio > 0) return;
    throw new TidemarkError('CONFIG_INVALID', 'compression.ratio has to be a number above 0');
  }

  apply(record: ConnectRecord): ConnectRecord {
    const { value } = record.value;
    // On a sink the original leaves records as they are.
    if (value === null || !isStruct(value) || record.offset !== undefined) return record;
    const size = Math.ceil(approximateSize(record) * this.#ratio);
    if (size <= this.#maxBytes) return record;
    const excess = size - this.#maxBytes;
    const images = ['before', 'after'].map((name) => this.#cuttable(value, name));
    const sizes = images.map((fields) =>
      fields.reduce((sum, field) => sum + field.value.length, 0),
    );
    const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
    if (total === 0) return record;
    const values: ConnectValue[] = [...value.values];
    for (const [i, name] of ['before', 'after'].entries()) {
      const bytes = sizes[i] ?? 0;
      const image = structIn(value, name);
      if (bytes === 0 || image === null) continue;
      const cut = cutFields(image, images[i] ?? [], bytes, Math.ceil((bytes / total) * excess));
      values[fieldIndex(value.schema, name)] = cut;
    }
    const made = { schema: value.schema, values };
    return { ...record, value: { schema: record.value.schema, value: made } };
  }

  #cuttable(envelope: Struct, name: string): readonly Cuttable[] {
    const image = structIn(envelope, name);
    if (image === null) return [];
    return image.values.flatMap((value, index): Cuttable[] => {
      const isLong = typeof value === 'string' || Buffer.isBuffer(value);
      return isLong && value.length > this.#minFieldSize ? [{ index, value }] : [];
    });
  }
}

function cutFields(
  image: Struct,
  fields: readonly Cuttable[],
  bytes: number,
  excess: number,
): Struct {
  const values: ConnectValue[] = [...image.values];
  for (const { index, value } of fields) {
    const remove = Math.ceil((value.length / bytes) * excess);
    const keep = Math.max(0, value.length - remove);
    values[index] = typeof value === 'string' ? value.slice(0, keep) : value.subarray(0, keep);
  }
  return { schema: image.schema, values };
}
