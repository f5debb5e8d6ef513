import type { ResolvedOptions } from '../../config/option.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import { isStruct } from '../../model/connect-schema.ts';
import type { RecordSide } from '../record-side.ts';
import { withSide } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import { perSchema, valuesOf } from '../schema-shape.ts';

/** Connect's SetSchemaMetadata: another name or version of the schema. */
export class SetSchemaMetadata implements RecordTransform {
  readonly #side: RecordSide;
  readonly #name: string | undefined;
  readonly #version: number | undefined;
  readonly #replaceNull: boolean;
  readonly #schemaOf = perSchema((schema): ConnectSchema => ({
    ...schema,
    ...(this.#name === undefined ? {} : { name: this.#name }),
    ...(this.#version === undefined ? {} : { version: this.#version }),
  }));

  constructor(options: ResolvedOptions, side: RecordSide) {
    this.#side = side;
    this.#name = options.optionalString('schema.name');
    this.#version = options.optionalNumber('schema.version');
    this.#replaceNull = options.boolean('replace.null.with.default');
  }

  apply(record: ConnectRecord): ConnectRecord {
    const { schema: old, value } = record[this.#side];
    if (old === null) return record;
    const schema = this.#schemaOf(old);
    if (value === null || !isStruct(value)) return withSide(record, this.#side, { schema, value });
    const values = valuesOf(value, this.#replaceNull);
    return withSide(record, this.#side, { schema, value: { schema, values } });
  }
}
