import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectHeader, ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import type { RecordSide } from '../record-side.ts';
import { requireStruct, withSide } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import type { FieldSelection } from '../schema-shape.ts';
import { fieldIndex, perSchema, schemaBasics, selectValues, valueAt } from '../schema-shape.ts';

/** Connect's HeaderFrom: copies or moves fields into headers. */
export class HeaderFrom implements RecordTransform {
  readonly #side: RecordSide;
  readonly #fields: readonly string[];
  readonly #headers: readonly string[];
  readonly #moves: boolean;
  readonly #replaceNull: boolean;
  readonly #rest = perSchema((schema) => this.#without(schema));

  constructor(options: ResolvedOptions, side: RecordSide) {
    this.#side = side;
    this.#fields = options.list('fields');
    this.#headers = options.list('headers');
    this.#moves = options.string('operation') === 'move';
    this.#replaceNull = options.boolean('replace.null.with.default');
    if (this.#fields.length !== this.#headers.length) {
      const counts = `${this.#fields.length} fields, ${this.#headers.length} headers`;
      throw new TidemarkError('CONFIG_INVALID', `fields and headers go in pairs: ${counts}`);
    }
  }

  apply(record: ConnectRecord): ConnectRecord {
    const struct = requireStruct(record[this.#side], 'HeaderFrom');
    const added = this.#fields.map((field, i): ConnectHeader => {
      const index = fieldIndex(struct.schema, field);
      const schema = struct.schema.fields?.[index]?.schema;
      if (schema === undefined) {
        throw new TidemarkError('TRANSFORM', `HeaderFrom: there is no field ${field}`);
      }
      const name = this.#headers[i] ?? field;
      return { name, schema, value: valueAt(struct, index, this.#replaceNull) };
    });
    const headers = [...record.headers, ...added];
    if (!this.#moves) return { ...record, headers };
    const rest = this.#rest(struct.schema);
    const values = selectValues(struct, rest, this.#replaceNull);
    const value = { schema: rest.schema, values };
    return withSide({ ...record, headers }, this.#side, { schema: rest.schema, value });
  }

  #without(schema: ConnectSchema): FieldSelection {
    const fields = schema.fields ?? [];
    const from = [...fields.keys()].filter((i) => !this.#fields.includes(fields[i]?.name ?? ''));
    const kept = fields.filter((_, i) => from.includes(i));
    return { schema: { ...schemaBasics(schema), fields: kept }, from };
  }
}
