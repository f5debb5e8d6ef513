import { isDecimal, isStruct } from './connect-schema.ts';
import type { ConnectSchema, ConnectValue } from './connect-schema.ts';
import { javaBigDecimal, javaDouble, javaFloat } from './java-number.ts';

/**
 * A value as Java's toString prints it, which is what Connect's StringConverter and its file sink
 * write: `Struct{id=1,name=x}` without the null fields. Bytes are UTF-8 text, where Java has only
 * the address of an array.
 */
export function javaText(schema: ConnectSchema | null | undefined, value: ConnectValue): string {
  if (value === null) return 'null';
  const millis = MILLIS[schema?.name ?? '']?.(value);
  if (millis !== undefined) return dateText(millis);
  if (typeof value === 'number') {
    if (schema?.type === 'float32') return javaFloat(value);
    return schema?.type === 'float64' ? javaDouble(value) : String(value);
  }
  if (typeof value !== 'object') return String(value);
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  if (isDecimal(value)) return javaBigDecimal(value);
  if (isStruct(value)) {
    const fields = value.schema.fields ?? [];
    const members = fields.flatMap((field, i) => {
      const item = value.values[i] ?? null;
      return item === null ? [] : [`${field.name}=${javaText(field.schema, item)}`];
    });
    return `Struct{${members.join(',')}}`;
  }
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, ConnectValue>)];
    const members = entries.map(([key, item]) => `${key}=${javaText(schema?.valueSchema, item)}`);
    return `{${members.join(', ')}}`;
  }
  const items = value as readonly ConnectValue[];
  return `[${items.map((item) => javaText(schema?.valueSchema, item)).join(', ')}]`;
}

const DAY_MS = 86_400_000;

/** Connect's own logical times are java.util.Date. */
const MILLIS: Readonly<Record<string, (value: ConnectValue) => number>> = {
  'org.apache.kafka.connect.data.Timestamp': Number,
  'org.apache.kafka.connect.data.Time': Number,
  'org.apache.kafka.connect.data.Date': (value) => Number(value) * DAY_MS,
};

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** As of a Java machine that runs in UTC: `Thu Jan 01 00:00:00 UTC 1970`. */
function dateText(millis: number): string {
  if (!Number.isFinite(millis) || Math.abs(millis) > 8.64e15) return String(millis);
  const date = new Date(millis);
  const two = (part: number): string => String(part).padStart(2, '0');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  const day = `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${two(date.getUTCDate())}`;
  return `${day} ${time} UTC ${date.getUTCFullYear()}`;
}
