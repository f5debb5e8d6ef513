import { javaText } from '../../model/java-text.ts';
import { javaDouble, javaFloat } from '../../model/java-number.ts';
import type { ConnectData } from '../../model/connect-record.ts';
import { formatDecimal, isDecimal, isStruct } from '../../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import type { SinkRecord, WholeRecord } from '../../model/sink-record.ts';

/** What a line has: the record as JSON, its value as JSON, or its value as Java prints it. */
export type LineFormat = 'json' | 'value' | 'text';

/** The line of a record, without its end. */
export type LineOf = (record: SinkRecord) => string;

/** Chooses how records become lines. */
export function lineFormat(format: LineFormat): LineOf {
  switch (format) {
    case 'json':
      return jsonLines();
    case 'value':
      return (record) => jsonOf(wholeOf(record).value);
    case 'text':
      return (record) => {
        const { schema, value } = wholeOf(record).value;
        return javaText(schema, value, 'base64');
      };
  }
}

/** The members and their names are those of `tidemark tail --json`. */
function jsonLines(): LineOf {
  let topic: string | null = null;
  let head = '';
  return (record) => {
    const name = record.destination ?? record.topic;
    if (name !== topic) {
      topic = name;
      head = `{"topic":${JSON.stringify(name)},"partition":`;
    }
    const { key, value, headers } = wholeOf(record);
    const place = `${record.partition},"offset":${record.offset}`;
    const time = `,"timestampMs":${record.timestampMs}`;
    const data = `,"key":${jsonOf(key)},"value":${jsonOf(value)}`;
    return `${head}${place}${time}${data},"headers":${headersJson(headers)}}`;
  };
}

function wholeOf(record: SinkRecord): WholeRecord {
  return record.whole ?? { key: dataOf(record.key), value: dataOf(record.value), headers: [] };
}

function dataOf(struct: Struct | null): ConnectData {
  return { schema: struct?.schema ?? null, value: struct };
}

function headersJson(headers: WholeRecord['headers']): string {
  if (headers.length === 0) return '{}';
  const members = headers.map(({ name, text }) => `${JSON.stringify(name)}:${textJson(text)}`);
  return `{${members.join(',')}}`;
}

function textJson(text: string | null): string {
  return text === null ? 'null' : JSON.stringify(text);
}

/** Writes a value that is not null. */
type WriteJson = (value: NonNullable<ConnectValue>) => string;

/** Put together once for a schema: converters give the records of a table the same one. */
const WRITERS = new WeakMap<ConnectSchema, WriteJson>();

/**
 * JSON as Connect's converter writes it without schemas, but for decimals, whose digits come as
 * text: all of them, for every reader. Bytes are base64; what is no JSON number (NaN) is quoted.
 */
export function jsonOf({ schema, value }: ConnectData): string {
  if (value === null) return 'null';
  return schema === null ? untyped(value) : writerOf(schema)(value);
}

function writerOf(schema: ConnectSchema): WriteJson {
  let write = WRITERS.get(schema);
  if (write === undefined) {
    write = compile(schema);
    WRITERS.set(schema, write);
  }
  return write;
}

function compile(schema: ConnectSchema): WriteJson {
  switch (schema.type) {
    case 'float32':
      return (value) => (typeof value === 'number' ? realJson(javaFloat(value)) : untyped(value));
    case 'float64':
      return (value) => (typeof value === 'number' ? realJson(javaDouble(value)) : untyped(value));
    case 'struct':
      return structWriter(schema);
    case 'array':
      return arrayWriter(schema);
    case 'map':
      return mapWriter(schema);
    default:
      return untyped;
  }
}

function realJson(text: string): string {
  return text.endsWith('N') || text.endsWith('y') ? `"${text}"` : text;
}

function structWriter(schema: ConnectSchema): WriteJson {
  const fields = (schema.fields ?? []).map((field, i) => ({
    name: `${i === 0 ? '{' : ','}${JSON.stringify(field.name)}:`,
    write: writerOf(field.schema),
  }));
  if (fields.length === 0) return () => '{}';
  return (value) => {
    if (!isStruct(value)) return untyped(value);
    // A transform may leave another shape than the schema around it tells.
    if (value.schema !== schema) return writerOf(value.schema)(value);
    let text = '';
    for (let i = 0; i < fields.length; i++) {
      const { name, write } = fields[i] as (typeof fields)[number];
      const item = value.values[i] ?? null;
      text += name + (item === null ? 'null' : write(item));
    }
    return `${text}}`;
  };
}

function arrayWriter({ valueSchema }: ConnectSchema): WriteJson {
  return (value) => {
    if (!Array.isArray(value)) return untyped(value);
    const items = value as readonly ConnectValue[];
    const schema = valueSchema ?? null;
    return `[${items.map((item) => jsonOf({ schema, value: item })).join(',')}]`;
  };
}

/** An object where keys are texts, else pairs. */
function mapWriter({ keySchema, valueSchema }: ConnectSchema): WriteJson {
  const isObject = keySchema === undefined || keySchema.type === 'string';
  return (value) => {
    if (!(value instanceof Map)) return untyped(value);
    const entries = [...(value as ReadonlyMap<string | number, ConnectValue>)];
    const members = entries.map(([key, item]) => {
      const text = jsonOf({ schema: valueSchema ?? null, value: item });
      return isObject ? `${JSON.stringify(String(key))}:${text}` : `[${untyped(key)},${text}]`;
    });
    return isObject ? `{${members.join(',')}}` : `[${members.join(',')}]`;
  };
}

/** By the value alone, as transforms without schemas leave it. */
function untyped(value: NonNullable<ConnectValue>): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `"${value}"`;
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (Buffer.isBuffer(value)) return `"${value.toString('base64')}"`;
  if (isDecimal(value)) return `"${formatDecimal(value)}"`;
  if (isStruct(value)) return writerOf(value.schema)(value);
  if (value instanceof Map) return mapWriter(ANY_MAP)(value);
  return arrayWriter(ANY_ARRAY)(value);
}

const ANY_MAP: ConnectSchema = { type: 'map', optional: true };
const ANY_ARRAY: ConnectSchema = { type: 'array', optional: true };
