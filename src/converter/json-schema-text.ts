import { must } from '../foundation/assert.ts';
import { DECIMAL } from '../model/connect-schema.ts';
import type { ConnectSchema } from '../model/connect-schema.ts';
import { jsonString, valueJson } from './json-text.ts';
import type { JsonTextOptions } from './json-text.ts';

/** Types that JSON Schema has one name for; the others say theirs in `connect.type`. */
const JSON_TYPE = {
  int8: 'integer',
  int16: 'integer',
  int32: 'integer',
  int64: 'integer',
  float32: 'number',
  float64: 'number',
  boolean: 'boolean',
  string: 'string',
  bytes: 'string',
} as const;

/**
 * The JSON Schema of a Connect schema as Confluent's JsonSchemaConverter has it: `oneOf` with null
 * for what is optional, the name as title, the place in the struct as `connect.index`.
 */
export function jsonSchemaText(schema: ConnectSchema, options: JsonTextOptions): string {
  return schemaText(schema, null, options);
}

function schemaText(schema: ConnectSchema, index: number | null, options: JsonTextOptions): string {
  const place = index === null ? '' : `,"connect.index":${index}`;
  const plain = `{${members(schema, options)}`;
  if (!schema.optional) return `${plain}${place}}`;
  return `{"oneOf":[{"type":"null"},${plain}}]${place}}`;
}

function members(schema: ConnectSchema, options: JsonTextOptions): string {
  let text = typeMembers(schema, options);
  if (schema.name !== undefined) text += `,"title":${jsonString(schema.name)}`;
  if (schema.doc !== undefined) text += `,"description":${jsonString(schema.doc)}`;
  if (schema.default !== undefined && schema.default !== null) {
    text += `,"default":${valueJson(schema, schema.default, options)}`;
  }
  if (schema.version !== undefined) text += `,"connect.version":${schema.version}`;
  const parameters = Object.entries(schema.parameters ?? {});
  if (parameters.length === 0) return text;
  const values = parameters.map(([name, value]) => `${jsonString(name)}:${jsonString(value)}`);
  return `${text},"connect.parameters":{${values.join(',')}}`;
}

function typeMembers(schema: ConnectSchema, options: JsonTextOptions): string {
  switch (schema.type) {
    case 'boolean':
    case 'string':
      return `"type":"${schema.type}"`;
    case 'array': {
      const items = schemaText(must(schema.valueSchema, 'an array has items'), null, options);
      return `"type":"array","items":${items}`;
    }
    case 'map':
      return mapMembers(schema, options);
    case 'struct': {
      const fields = (schema.fields ?? []).map(
        (field, i) => `${jsonString(field.name)}:${schemaText(field.schema, i, options)}`,
      );
      return `"type":"object","properties":{${fields.join(',')}}`;
    }
    default: {
      const type = schema.name === DECIMAL ? 'number' : JSON_TYPE[schema.type];
      return `"type":"${type}","connect.type":"${schema.type}"`;
    }
  }
}

/** Other keys than required strings make an array of entries. */
function mapMembers(schema: ConnectSchema, options: JsonTextOptions): string {
  const keys = must(schema.keySchema, 'a map has keys');
  const values = must(schema.valueSchema, 'a map has values');
  if (keys.type === 'string' && !keys.optional) {
    const text = schemaText(values, null, options);
    return `"type":"object","additionalProperties":${text},"connect.type":"map"`;
  }
  const key = schemaText(keys, 0, options);
  const value = schemaText(values, 1, options);
  const entry = `{"type":"object","properties":{"key":${key},"value":${value}}}`;
  return `"type":"array","items":${entry},"connect.type":"map"`;
}
