import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import type { RecordSide } from '../record-side.ts';
import { requireStruct, withSide } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import type { FieldSelection } from '../schema-shape.ts';
import { perSchema, schemaBasics, selectValues } from '../schema-shape.ts';

/** Connect's ReplaceField: leaves fields out, or renames them. */
export class ReplaceField implements RecordTransform {
  readonly #side: RecordSide;
  readonly #exclude: readonly string[];
  readonly #include: readonly string[];
  readonly #renames: ReadonlyMap<string, string>;
  readonly #replaceNull: boolean;
  readonly #selection = perSchema((schema) => this.#select(schema));

  constructor(options: ResolvedOptions, side: RecordSide) {
    this.#side = side;
    this.#exclude = options.list('exclude');
    this.#include = options.list('include');
    this.#renames = new Map(options.list('renames').map(renameOf));
    this.#replaceNull = options.boolean('replace.null.with.default');
  }

  apply(record: ConnectRecord): ConnectRecord {
    const data = record[this.#side];
    if (data.value === null || data.schema === null) return record;
    const struct = requireStruct(data, 'ReplaceField');
    const selection = this.#selection(struct.schema);
    const { schema } = selection;
    const value = { schema, values: selectValues(struct, selection, this.#replaceNull) };
    return withSide(record, this.#side, { schema, value });
  }

  #select(schema: ConnectSchema): FieldSelection {
    const from: number[] = [];
    const fields = (schema.fields ?? []).flatMap((field, index) => {
      if (!this.#keeps(field.name)) return [];
      from.push(index);
      return [{ name: this.#renames.get(field.name) ?? field.name, schema: field.schema }];
    });
    return { schema: { ...schemaBasics(schema), fields }, from };
  }

  #keeps(name: string): boolean {
    if (this.#exclude.includes(name)) return false;
    return this.#include.length === 0 || this.#include.includes(name);
  }
}

function renameOf(text: string): readonly [string, string] {
  const [from, to, ...more] = text.split(':').map((part) => part.trim());
  if (from !== undefined && to !== undefined && more.length === 0 && from !== '' && to !== '') {
    return [from, to];
  }
  const shown = JSON.stringify(text);
  throw new TidemarkError('CONFIG_INVALID', `renames: ${shown} is not of the form old:new`);
}
