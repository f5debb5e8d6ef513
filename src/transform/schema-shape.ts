import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';

/**
 * Computes something once per schema object. Converters know schemas by identity, and the schemas
 * of a table version are the same objects for all its records.
 */
export function perSchema<T>(compute: (schema: ConnectSchema) => T): (schema: ConnectSchema) => T {
  const known = new WeakMap<ConnectSchema, { readonly made: T }>();
  return (schema) => {
    const found = known.get(schema);
    if (found !== undefined) return found.made;
    const made = compute(schema);
    known.set(schema, { made });
    return made;
  };
}

/** What Connect copies into a schema that it builds anew: no default, and it is required. */
export function schemaBasics(schema: ConnectSchema): ConnectSchema {
  const { default: _default, optional: _optional, ...rest } = schema;
  return { ...rest, optional: false };
}

/** A struct of some fields of another one, maybe under other names. */
export interface FieldSelection {
  readonly schema: ConnectSchema;
  /** Places in the old struct. */
  readonly from: readonly number[];
}

/** The selected values; with `replaceNull` a null becomes the default of its field. */
export function selectValues(
  struct: Struct,
  { from }: FieldSelection,
  replaceNull: boolean,
): ConnectValue[] {
  return from.map((index) => valueAt(struct, index, replaceNull));
}

/** A value by place. */
export function valueAt(struct: Struct, index: number, replaceNull: boolean): ConnectValue {
  const value = struct.values[index] ?? null;
  return value === null && replaceNull
    ? (struct.schema.fields?.[index]?.schema.default ?? null)
    : value;
}

/** All values, in order. */
export function valuesOf(struct: Struct, replaceNull: boolean): ConnectValue[] {
  if (!replaceNull) return [...struct.values];
  return struct.values.map((_, index) => valueAt(struct, index, true));
}

/** The place of a field; -1 where there is none. */
export function fieldIndex(schema: ConnectSchema, name: string): number {
  return schema.fields?.findIndex((field) => field.name === name) ?? -1;
}
