import { isDecimal, isStruct } from './connect-schema.ts';
import type { ConnectSchema, ConnectValue } from './connect-schema.ts';
import { javaBigDecimal, javaDouble, javaFloat } from './java-number.ts';

/**
 * A value as Java's toString prints it, which is what Connect's StringConverter and its file sink
 * write: `Struct{id=1,name=x}` without the null fields. Bytes are text in the encoding, where Java
 * prints only an address.
 */
export function javaText(
  schema: ConnectSchema | null | undefined,
  value: ConnectValue,
  bytesAs: 'utf8' | 'base64' = 'utf8',
): string {
  if (value === null) return 'null';
  const millis = MILLIS[schema?.name ?? '']?.(value);
  if (millis !== undefined) return dateText(millis);
  if (typeof value === 'number') {
    if (schema?.type === 'float32') return javaFloat(value);
    return schema?.type === 'float64' ? javaDouble(value) : String(value);
  }
  if (typeof value !== 'object') return String(value);
  if (Buffer.isBuffer(value)) return value.toString(bytesAs);
  if (isDecimal(value)) return javaBigDecimal(value);
  if (isStruct(value)) {
    const fields = value.schema.fields ?? [];
    const members = fields.flatMap((field, i) => {
      const item = value.values[i] ?? null;
      return item === null ? [] : [`${field.name}=${javaText(field.schema, item, bytesAs)}`];
    });
    return `Struct{${members.join(',')}}`;
  }
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, ConnectValue>)];
    const members = entries.map(
      ([key, item]) => `${key}=${javaText(schema?.valueSchema, item, bytesAs)}`,
    );
    return `{${members.join(', ')}}`;
  }
  const items = value as readonly ConnectValue[];
  return `[${items.map((item) => javaText(schema?.valueSchema, item, bytesAs)).join(', ')}]`;
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
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(twoDigits);
  const isJulian = millis < GREGORIAN_FROM_MS;
  const [year, month, day] = isJulian
    ? julianDate(Math.floor(millis / DAY_MS))
    : [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const weekday = DAYS[date.getUTCDay()];
  return `${weekday} ${MONTHS[month]} ${twoDigits(day)} ${time.join(':')} UTC ${year}`;
}

function twoDigits(part: number): string {
  return String(part).padStart(2, '0');
}

/** 1582-10-15, before which Java counts by the other calendar. */
const GREGORIAN_FROM_MS = -12_219_292_800_000;

/** Year, month from 0 and day of a day since 1970; a year before Christ without its minus. */
function julianDate(days: number): [number, number, number] {
  const since = days + 2_472_670;
  const years = Math.floor((4 * since + 3) / 1461);
  const ofYear = since - Math.floor((1461 * years) / 4);
  const months = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * months + 2) / 5) + 1;
  const beyond = Math.floor(months / 10);
  const year = years - 4800 + beyond;
  return [year > 0 ? year : 1 - year, months + 2 - 12 * beyond, day];
}
