import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import { isStruct } from '../../model/connect-schema.ts';
import { fieldPath } from '../field-path.ts';
import type { RecordSide } from '../record-side.ts';
import { structOrNull, withSide } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import { fieldIndex, perSchema, valueAt } from '../schema-shape.ts';

interface FoundField {
  readonly schema: ConnectSchema;
  /** Place in each struct on the way. */
  readonly places: readonly number[];
}

/** Connect's ExtractField: one field takes the place of its struct. */
export class ExtractField implements RecordTransform {
  readonly #side: RecordSide;
  readonly #field: string;
  readonly #path: readonly string[];
  readonly #replaceNull: boolean;
  readonly #found = perSchema((schema) => this.#find(schema));

  constructor(options: ResolvedOptions, side: RecordSide) {
    this.#side = side;
    this.#field = options.string('field');
    this.#path = fieldPath(this.#field, options.string('field.syntax.version') === 'V2');
    this.#replaceNull = options.boolean('replace.null.with.default');
  }

  apply(record: ConnectRecord): ConnectRecord {
    const data = record[this.#side];
    if (data.schema === null) return record;
    const struct = structOrNull(data, 'ExtractField');
    const { schema, places } = this.#found(data.schema);
    const value = struct === null ? null : this.#valueOf(struct, places);
    return withSide(record, this.#side, { schema, value });
  }

  #valueOf(struct: Struct, places: readonly number[]): ConnectValue {
    let current: ConnectValue = struct;
    for (const [depth, place] of places.entries()) {
      if (current === null || !isStruct(current)) return null;
      // Only the last one may become its default.
      current = valueAt(current, place, this.#replaceNull && depth === places.length - 1);
    }
    return current;
  }

  #find(schema: ConnectSchema): FoundField {
    let current = schema;
    const places: number[] = [];
    for (const name of this.#path) {
      const place = fieldIndex(current, name);
      const field = current.fields?.[place];
      if (field === undefined) {
        throw new TidemarkError('TRANSFORM', `ExtractField: there is no field ${this.#field}`);
      }
      places.push(place);
      current = field.schema;
    }
    return { schema: current, places };
  }
}
