import type { ResolvedOptions } from '../../config/option.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type {
  ConnectField,
  ConnectSchema,
  ConnectValue,
  Struct,
} from '../../model/connect-schema.ts';
import { isStruct } from '../../model/connect-schema.ts';
import type { RecordSide } from '../record-side.ts';
import { requireStruct, withSide } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import { fieldIndex, perSchema, schemaBasics, valueAt } from '../schema-shape.ts';

/**
 * Connect's Flatten: fields of nested structs become fields of the outer one. It always takes nulls
 * in fields with a default for the default: the original has no property for that.
 */
export class Flatten implements RecordTransform {
  readonly #side: RecordSide;
  readonly #delimiter: string;
  readonly #schemaOf = perSchema((schema) => this.#flat(schema));

  constructor(options: ResolvedOptions, side: RecordSide) {
    this.#side = side;
    this.#delimiter = options.optionalString('delimiter') ?? '';
  }

  apply(record: ConnectRecord): ConnectRecord {
    const data = record[this.#side];
    if (data.value === null || data.schema === null) return record;
    const struct = requireStruct(data, 'Flatten');
    const schema = this.#schemaOf(data.schema);
    const values: ConnectValue[] = [];
    this.#collect(struct.schema, struct, values);
    return withSide(record, this.#side, { schema, value: { schema, values } });
  }

  /** A struct that is null leaves all its fields null, without their defaults. */
  #collect(schema: ConnectSchema, struct: Struct | null, values: ConnectValue[]): void {
    for (const [index, field] of (schema.fields ?? []).entries()) {
      const value = struct === null ? null : valueAt(struct, index, true);
      if (field.schema.type !== 'struct') values.push(value);
      else this.#collect(field.schema, value !== null && isStruct(value) ? value : null, values);
    }
  }

  #flat(schema: ConnectSchema): ConnectSchema {
    const initial = schema.default ?? null;
    const fields: ConnectField[] = [];
    this.#flatten(schema, '', schema.optional, structDefault(initial), fields);
    return { ...schemaBasics(schema), fields };
  }

  #flatten(
    schema: ConnectSchema,
    prefix: string,
    isOptional: boolean,
    defaults: Struct | null,
    fields: ConnectField[],
  ): void {
    for (const field of schema.fields ?? []) {
      const name = prefix === '' ? field.name : prefix + this.#delimiter + field.name;
      const optional = isOptional || field.schema.optional;
      const initial = field.schema.default ?? inherited(defaults, field.name);
      // Arrays stay whole, and so do maps, which the original refuses.
      if (field.schema.type !== 'struct') {
        fields.push({ name, schema: adjusted(field.schema, optional, initial) });
      } else this.#flatten(field.schema, name, optional, structDefault(initial), fields);
    }
  }
}

function adjusted(schema: ConnectSchema, optional: boolean, initial: ConnectValue): ConnectSchema {
  return { ...schemaBasics(schema), optional, ...(initial === null ? {} : { default: initial }) };
}

function structDefault(value: ConnectValue): Struct | null {
  return value !== null && isStruct(value) ? value : null;
}

function inherited(defaults: Struct | null, name: string): ConnectValue {
  if (defaults === null) return null;
  return valueAt(defaults, fieldIndex(defaults.schema, name), true);
}
