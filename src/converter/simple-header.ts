import { must } from '../foundation/assert.ts';
import type { ConnectData } from '../model/connect-record.ts';
import { isDecimal, isStruct } from '../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { javaBigDecimal, javaDouble, javaFloat } from '../model/java-number.ts';

/**
 * A header's text as Connect's SimpleHeaderConverter writes it (its default for record headers): a
 * string as it stands, anything in a struct, array or map in a JSON-like form.
 */
export function headerBytes({ schema, value }: ConnectData): Buffer | null {
  if (value === null) return null;
  const text = typeof value === 'string' ? value : embedded(schema ?? TEXT, value);
  return Buffer.from(Buffer.isBuffer(value) ? value.toString('base64') : text);
}

const TEXT: ConnectSchema = { type: 'string', optional: true };

/** The text of a header that is a struct or a string: see there. */
export function headerText(value: Struct | string): string {
  return typeof value === 'string' ? value : structText(value);
}

function structText(struct: Struct): string {
  const members = (struct.schema.fields ?? []).map(
    (field, i) => `${quoted(field.name)}:${embedded(field.schema, struct.values[i] ?? null)}`,
  );
  return `{${members.join(',')}}`;
}

function embedded(schema: ConnectSchema, value: ConnectValue): string {
  if (value === null) return 'null';
  const millis = MILLIS[schema.name ?? '']?.(value);
  if (millis !== undefined) return dateText(millis);
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') return numberText(schema, value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (Buffer.isBuffer(value)) return quoted(value.toString('base64'));
  if (isDecimal(value)) return javaBigDecimal(value);
  if (isStruct(value)) return structText(value);
  const items = must(schema.valueSchema, 'an array or map schema has its parts');
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, ConnectValue>)];
    return `{${entries.map(([key, item]) => `${quoted(key)}:${embedded(items, item)}`).join(',')}}`;
  }
  return `[${(value as readonly ConnectValue[]).map((item) => embedded(items, item)).join(',')}]`;
}

/** Connect's own logical times are java.util.Date. */
const MILLIS: Readonly<Record<string, (value: ConnectValue) => number>> = {
  'org.apache.kafka.connect.data.Timestamp': Number,
  'org.apache.kafka.connect.data.Time': Number,
  'org.apache.kafka.connect.data.Date': (value) => Number(value) * DAY_MS,
};

const DAY_MS = 86_400_000;

/** By its value, not by its type: within the first day a time, at midnight a date. */
function dateText(millis: number): string {
  if (!Number.isFinite(millis) || Math.abs(millis) > 8.64e15) return String(millis);
  const text = new Date(millis).toISOString();
  if (millis < DAY_MS) return text.slice(text.indexOf('T') + 1);
  return millis % DAY_MS === 0 ? text.slice(0, text.indexOf('T')) : text;
}

function numberText(schema: ConnectSchema, value: number): string {
  if (schema.type === 'float32') return javaFloat(value);
  return schema.type === 'float64' ? javaDouble(value) : String(value);
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
