import type { ConnectData, ConnectHeader } from '../../model/connect-record.ts';
import { isStruct } from '../../model/connect-schema.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';

const SCHEMAS = new WeakMap<ConnectSchema, Map<string, ConnectSchema>>();

/** The names in a header that holds a list of them; none when there is no such header. */
export function namesInHeader(headers: readonly ConnectHeader[], name: string): readonly string[] {
  const value = headers.find((header) => header.name === name)?.value ?? null;
  if (!Array.isArray(value)) return [];
  return value.filter((item) => typeof item === 'string');
}

/** The struct without these fields; with `optionalOnly` required ones stay. */
export function dropFields(
  data: ConnectData,
  names: readonly string[],
  optionalOnly: boolean,
): ConnectData {
  const { value } = data;
  if (value === null || !isStruct(value)) return data;
  const fields = value.schema.fields ?? [];
  const stays = fields.map(
    (field) => !names.includes(field.name) || (optionalOnly && !field.schema.optional),
  );
  if (!stays.includes(false)) return data;
  const values = value.values.filter((_, i) => stays[i]);
  const schema = withoutFields(value.schema, stays);
  return { schema, value: { schema, values } };
}

/** The same object for the same fields: converters know schemas by identity. */
function withoutFields(schema: ConnectSchema, stays: readonly boolean[]): ConnectSchema {
  const variants = SCHEMAS.get(schema) ?? new Map<string, ConnectSchema>();
  SCHEMAS.set(schema, variants);
  const key = stays.map(Number).join('');
  const known = variants.get(key);
  if (known !== undefined) return known;
  const made = { ...schema, fields: (schema.fields ?? []).filter((_, i) => stays[i]) };
  variants.set(key, made);
  return made;
}
