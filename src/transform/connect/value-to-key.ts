import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectField, ConnectSchema } from '../../model/connect-schema.ts';
import { requireStruct } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import type { FieldSelection } from '../schema-shape.ts';
import { fieldIndex, perSchema, selectValues } from '../schema-shape.ts';

/** Connect's ValueToKey: makes a key of fields of the value. */
export class ValueToKey implements RecordTransform {
  readonly #fields: readonly string[];
  readonly #replaceNull: boolean;
  readonly #selection = perSchema((schema) => this.#select(schema));

  constructor(options: ResolvedOptions) {
    this.#fields = options.list('fields');
    this.#replaceNull = options.boolean('replace.null.with.default');
  }

  apply(record: ConnectRecord): ConnectRecord {
    const struct = requireStruct(record.value, 'ValueToKey');
    const selection = this.#selection(struct.schema);
    const { schema } = selection;
    const value = { schema, values: selectValues(struct, selection, this.#replaceNull) };
    return { ...record, key: { schema, value } };
  }

  #select(schema: ConnectSchema): FieldSelection {
    const from = this.#fields.map((name) => fieldIndex(schema, name));
    const fields = from.map((index, i): ConnectField => {
      const field = schema.fields?.[index];
      if (field !== undefined) return field;
      throw new TidemarkError('TRANSFORM', `ValueToKey: there is no field ${this.#fields[i]}`);
    });
    return { schema: { type: 'struct', optional: false, fields }, from };
  }
}
