import type { ResolvedOptions } from '../../config/option.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import type { RecordSide } from '../record-side.ts';
import { withSide } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import { perSchema } from '../schema-shape.ts';

/**
 * Connect's HoistField: wraps the whole into a struct with one field. Nothing stays nothing: the
 * original makes a map without schema of a tombstone, which no Avro converter can write.
 */
export class HoistField implements RecordTransform {
  readonly #side: RecordSide;
  readonly #field: string;
  readonly #wrapped = perSchema((schema): ConnectSchema => ({
    type: 'struct',
    optional: false,
    fields: [{ name: this.#field, schema }],
  }));

  constructor(options: ResolvedOptions, side: RecordSide) {
    this.#side = side;
    this.#field = options.string('field');
  }

  apply(record: ConnectRecord): ConnectRecord {
    const data = record[this.#side];
    if (data.schema === null) return record;
    const schema = this.#wrapped(data.schema);
    return withSide(record, this.#side, { schema, value: { schema, values: [data.value] } });
  }
}
