import type { ConnectData } from '../model/connect-record.ts';
import type { ConnectSchema, ConnectType, ConnectValue } from '../model/connect-schema.ts';
import { DECIMAL } from '../model/connect-schema.ts';
import { parseDecimalText } from '../model/connect-json.ts';
import {
  CONNECT_DATE,
  CONNECT_TIME,
  CONNECT_TIMESTAMP,
  connectTimeSchema,
  DAY_MS,
} from './logical-time.ts';

const STRING: ConnectSchema = { type: 'string', optional: false };

function primitive(type: ConnectType): ConnectSchema {
  return { type, optional: false };
}

/**
 * A value told by the form of its text, as Connect does it for headers: whole numbers get the
 * smallest type, fractions float32 where its range is enough, ISO dates and times Connect's types,
 * `[…]` and `{…}` arrays and maps. Everything else is text.
 */
export function parseLiteral(literal: string): ConnectData {
  const text = literal.trim();
  // Quotes make text of what stands inside arrays and maps; around the whole they stay.
  const found = text.startsWith('"') ? null : parsed(text);
  return found ?? { schema: STRING, value: text };
}

function parsed(text: string): ConnectData | null {
  if (text === 'null') return { schema: null, value: null };
  if (text === 'true' || text === 'false') {
    return { schema: primitive('boolean'), value: text === 'true' };
  }
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(text)?.[1];
  if (quoted !== undefined) return { schema: STRING, value: quoted.replaceAll(/\\(["\\])/g, '$1') };
  if (text.startsWith('[') && text.endsWith(']')) return arrayOf(text.slice(1, -1));
  if (text.startsWith('{') && text.endsWith('}')) return mapOf(text.slice(1, -1));
  return timeOf(text) ?? numberOf(text);
}

const DATE = String.raw`\d{4}-\d{2}-\d{2}`;
const TIME = String.raw`\d{2}:\d{2}:\d{2}\.\d{3}Z`;

function timeOf(text: string): ConnectData | null {
  const kind = [
    { form: new RegExp(`^${DATE}$`), name: CONNECT_DATE, iso: text },
    { form: new RegExp(`^${TIME}$`), name: CONNECT_TIME, iso: `1970-01-01T${text}` },
    { form: new RegExp(`^${DATE}T${TIME}$`), name: CONNECT_TIMESTAMP, iso: text },
  ].find(({ form }) => form.test(text));
  if (kind === undefined) return null;
  const millis = Date.parse(kind.iso);
  if (Number.isNaN(millis)) return null;
  const name = kind.name as typeof CONNECT_DATE;
  const schema = connectTimeSchema(name, false);
  if (kind.name === CONNECT_TIMESTAMP) return { schema, value: BigInt(millis) };
  return { schema, value: kind.name === CONNECT_DATE ? millis / DAY_MS : millis };
}

const INTEGERS: readonly (readonly [ConnectType, bigint])[] = [
  ['int8', 2n ** 7n],
  ['int16', 2n ** 15n],
  ['int32', 2n ** 31n],
  ['int64', 2n ** 63n],
];

function numberOf(text: string): ConnectData | null {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?$/.test(text)) return null;
  const plain = text
    .replace(/^\+/, '')
    .replace(/^(-?)\./, '$10.')
    .replace(/\.(?=$|[eE])/, '');
  const decimal = parseDecimalText(plain);
  const by = 10n ** BigInt(Math.abs(decimal.scale));
  const isWhole = decimal.scale <= 0 || decimal.unscaled % by === 0n;
  const whole = decimal.scale <= 0 ? decimal.unscaled * by : decimal.unscaled / by;
  const fit = INTEGERS.find(([, bound]) => whole >= -bound && whole < bound);
  if (isWhole && fit !== undefined) {
    const [type] = fit;
    return { schema: primitive(type), value: type === 'int64' ? whole : Number(whole) };
  }
  const double = Number(plain);
  const float = Math.fround(double);
  if (decimal.scale !== 0 && Number.isFinite(float)) {
    return { schema: primitive('float32'), value: float };
  }
  if (decimal.scale !== 0 && Number.isFinite(double)) {
    return { schema: primitive('float64'), value: double };
  }
  const parameters = { scale: String(decimal.scale) };
  const schema = { ...primitive('bytes'), name: DECIMAL, version: 1, parameters };
  return { schema, value: decimal };
}

function arrayOf(inside: string): ConnectData | null {
  const items = itemsOf(inside);
  const parts = items?.map((item) => parsed(item)) ?? null;
  const valueSchema = parts === null ? null : shared(parts);
  if (parts === null || valueSchema === null) return null;
  const values = parts.map((part) => widened(part, valueSchema));
  return { schema: { type: 'array', optional: false, valueSchema }, value: values };
}

function mapOf(inside: string): ConnectData | null {
  const items = itemsOf(inside);
  const pairs = items?.map((item) => /^("(?:[^"\\]|\\.)*")\s*:\s*(.*)$/s.exec(item)) ?? null;
  if (pairs === null || pairs.includes(null)) return null;
  const keys = pairs.map((pair) => parsed(pair?.[1] ?? '')?.value as string);
  const parts = pairs.map((pair) => parsed(pair?.[2] ?? ''));
  const valueSchema = shared(parts);
  if (valueSchema === null) return null;
  const value = new Map<string, ConnectValue>();
  for (const [i, part] of parts.entries()) value.set(keys[i] ?? '', widened(part, valueSchema));
  const schema: ConnectSchema = { type: 'map', optional: false, keySchema: STRING, valueSchema };
  return { schema, value };
}

/** Parts between commas outside of quotes and brackets; null: something is not closed. */
function itemsOf(inside: string): readonly string[] | null {
  if (inside.trim() === '') return [];
  const items: string[] = [];
  let [depth, start] = [0, 0];
  for (const { 0: mark, index } of inside.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},]/gs)) {
    if (mark === '[' || mark === '{') depth++;
    else if (mark === ']' || mark === '}') depth--;
    else if (mark === ',' && depth === 0) {
      items.push(inside.slice(start, index).trim());
      start = index + 1;
    }
  }
  items.push(inside.slice(start).trim());
  return depth === 0 && !items.includes('') ? items : null;
}

const WIDTHS: readonly ConnectType[] = ['int8', 'int16', 'int32', 'int64'];
const FLOATS: readonly ConnectType[] = ['float32', 'float64'];

/** One type for all items; null: there is none, and the text stays text. */
function shared(parts: readonly (ConnectData | null)[]): ConnectSchema | null {
  let common: ConnectSchema | null = null;
  for (const part of parts) {
    const schema = part?.schema ?? null;
    if (schema === null) return null;
    const both: ConnectSchema | null = common === null ? schema : commonOf(common, schema);
    if (both === null) return null;
    common = both;
  }
  return common ?? STRING;
}

function commonOf(a: ConnectSchema, b: ConnectSchema): ConnectSchema | null {
  for (const widths of [WIDTHS, FLOATS]) {
    const [left, right] = [widths.indexOf(a.type), widths.indexOf(b.type)];
    if (left >= 0 && right >= 0) return left > right ? a : b;
  }
  return a.type === b.type && a.name === b.name && a.valueSchema === undefined ? a : null;
}

function widened(part: ConnectData | null, schema: ConnectSchema): ConnectValue {
  const value = part?.value ?? null;
  return schema.type === 'int64' && typeof value === 'number' ? BigInt(value) : value;
}
