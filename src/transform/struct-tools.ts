import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { isStruct } from '../model/connect-schema.ts';
import type { TransformTools } from '../model/transform-module.ts';
import { fieldIndex, schemaBasics } from './schema-shape.ts';

/** Changed schemas by what was changed: converters know schemas by identity. */
const CHANGED = new WeakMap<ConnectSchema, Map<string, ConnectSchema>>();
const OPTIONAL_TEXT: ConnectSchema = { type: 'string', optional: true };

/** What a user's transform reads and changes structs with. Structs themselves never change. */
export const structTools: TransformTools = {
  get: (struct, path) => {
    let current: ConnectValue = struct;
    for (const name of path.split('.')) {
      if (current === null || !isStruct(current)) return null;
      current = current.values[fieldIndex(current.schema, name)] ?? null;
    }
    return current;
  },
  set: (given, name, value, schema) => {
    const struct = required(given);
    const index = fieldIndex(struct.schema, name);
    const old = struct.schema.fields?.[index]?.schema;
    const type = schema ?? old ?? OPTIONAL_TEXT;
    const values = index < 0 ? [...struct.values, value] : struct.values.with(index, value);
    if (old !== undefined && (schema === undefined || schema === old)) {
      return { schema: struct.schema, values };
    }
    const made = changed(struct.schema, `set ${name} ${JSON.stringify(type)}`, () => {
      const fields = struct.schema.fields ?? [];
      const field = { name, schema: type };
      return index < 0 ? [...fields, field] : fields.with(index, field);
    });
    return { schema: made, values };
  },
  without: (given, names) => {
    const struct = required(given);
    const fields = struct.schema.fields ?? [];
    const stays = fields.map((field) => !names.includes(field.name));
    if (!stays.includes(false)) return struct;
    const key = `without ${stays.map(Number).join('')}`;
    const schema = changed(struct.schema, key, () => fields.filter((_, i) => stays[i]));
    return { schema, values: struct.values.filter((_, i) => stays[i]) };
  },
};

function required(value: ConnectValue): Struct {
  if (value !== null && isStruct(value)) return value;
  throw new TypeError('it is no struct: a tombstone has none');
}

function changed(
  schema: ConnectSchema,
  key: string,
  fields: () => ConnectSchema['fields'] & {},
): ConnectSchema {
  const variants = CHANGED.get(schema) ?? new Map<string, ConnectSchema>();
  CHANGED.set(schema, variants);
  const known = variants.get(key);
  if (known !== undefined) return known;
  const made = { ...schemaBasics(schema), optional: schema.optional, fields: fields() };
  variants.set(key, made);
  return made;
}
