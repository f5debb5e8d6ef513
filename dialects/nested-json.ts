import { TidemarkError } from '../src/foundation/errors.ts';
import type { ConnectSchema, ConnectValue } from '../src/model/connect-schema.ts';
import { mismatch } from './connect-values.ts';

type ItemText = (value: Exclude<ConnectValue, null>) => string;

/**
 * Arrays and maps as JSON text, for targets that have no types for them; keys of maps are texts.
 * `scalar` makes the JSON of what they hold in the end, and is asked once per schema.
 * @throws TidemarkError SINK_SCHEMA where an array or a map does not say what it holds
 */
export function nestedJson(
  schema: ConnectSchema,
  scalar: (schema: ConnectSchema) => ItemText,
): ItemText {
  const { type, valueSchema } = schema;
  if (type !== 'array' && type !== 'map') return scalar(schema);
  if (valueSchema === undefined) {
    throw new TidemarkError('SINK_SCHEMA', `a schema of type ${type} does not say what it holds`, {
      cure: 'Leave the column out with column.exclude.list.',
    });
  }
  const item = nestedJson(valueSchema, scalar);
  const orNull = (value: ConnectValue): string => (value === null ? 'null' : item(value));
  return type === 'array' ? arrayText(orNull) : mapText(orNull);
}

function arrayText(item: (value: ConnectValue) => string): ItemText {
  return (value) => {
    if (!Array.isArray(value)) throw mismatch('an array', value);
    return `[${(value as readonly ConnectValue[]).map(item).join(', ')}]`;
  };
}

function mapText(item: (value: ConnectValue) => string): ItemText {
  return (value) => {
    if (!(value instanceof Map)) throw mismatch('a map', value);
    const entries = value as ReadonlyMap<string | number, ConnectValue>;
    const members = [...entries].map(
      ([key, member]) => `${JSON.stringify(String(key))}: ${item(member)}`,
    );
    return `{${members.join(', ')}}`;
  };
}
