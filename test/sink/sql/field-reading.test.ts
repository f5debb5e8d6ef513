import { describe, expect, test } from 'vitest';
import type { TargetColumn, ValueEncoder } from '../../../dialects/dialect.ts';
import { AvroConverter } from '../../../src/converter/avro-converter.ts';
import { JsonConverter } from '../../../src/converter/json-converter.ts';
import { timeZone } from '../../../src/foundation/time-zone.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../../src/model/connect-schema.ts';
import type { ReadingOptions } from '../../../src/sink/sql/field-reading.ts';
import { fieldSchema, readingEncoder } from '../../../src/sink/sql/field-reading.ts';
import { SQL_SINK_DEFAULTS } from '../../../src/sink/sql/sql-sink-options.ts';

/** Tells what it is given, and how often. */
function spyEncoder(): ValueEncoder & { readonly seen: unknown[] } {
  const seen: unknown[] = [];
  const encode: ValueEncoder['encode'] = (value) => {
    seen.push(value);
    return value === null ? null : `<${value as string}>`;
  };
  return { plain: true, encode, seen };
}

const text: ConnectSchema = { type: 'string', optional: true };

function columnOf(type: string): TargetColumn {
  const none = { isArray: false, notNull: false, hasDefault: false, identityAlways: false };
  return { name: 'v', type, castType: type, generated: false, ...none };
}

function reading(
  schema: ConnectSchema,
  options: ReadingOptions,
  { type = 'text', isKey = false, zoneInTexts = false, encoder = spyEncoder() } = {},
): ValueEncoder {
  const column = { column: columnOf(type), isKey, zoneInTexts };
  return readingEncoder(encoder, { name: 'v', schema }, column, options);
}

describe('replace.null.with.default', () => {
  const replacing = { ...SQL_SINK_DEFAULTS, nullsAsDefaults: true };

  test('leaves the encoder alone where there is nothing to replace', () => {
    const encoder = spyEncoder();
    expect(reading({ ...text, default: 'd' }, SQL_SINK_DEFAULTS, { encoder })).toBe(encoder);
    expect(reading(text, replacing, { encoder })).toBe(encoder);
    expect(reading({ ...text, default: null }, replacing, { encoder })).toBe(encoder);
  });

  test('encodes a default once, and not before a null comes', () => {
    const encoder = spyEncoder();
    const made = reading({ ...text, default: 'd' }, replacing, { encoder });
    expect(made.plain).toBe(true);
    expect(made.encode('x')).toBe('<x>');
    expect(encoder.seen).toEqual(['x']);
    expect([made.encode(null), made.encode(null)]).toEqual(['<d>', '<d>']);
    expect(encoder.seen).toEqual(['x', 'd']);
  });

  test('the log keeps null and default apart, as JSON and as Avro (C33)', async () => {
    const field = { name: 'v', schema: { ...text, default: 'd' } };
    const schema: ConnectSchema = { type: 'struct', optional: false, name: 'n.S', fields: [field] };
    let registered = '';
    const avro = new AvroConverter(
      {
        register: (_, given) => {
          registered = given;
          return Promise.resolve(1);
        },
        schemaById: () => Promise.resolve(registered),
      },
      { isKey: false },
    );
    const json = new JsonConverter();
    const null1: Struct = { schema, values: [null] };
    const written = [
      { from: json, bytes: json.fromConnect(json.prepared(schema), null1) },
      { from: avro, bytes: avro.fromConnect(await avro.prepare('t', schema), null1) },
    ];
    for (const { from, bytes } of written) {
      const read = await from.toConnect('t', bytes);
      const [column] = read?.schema.fields ?? [];
      if (read === null || column === undefined) throw new Error('a struct of one field');
      expect(read.values).toEqual([null]);
      const encode = (options: ReadingOptions) =>
        reading(column.schema, options).encode(read.values[0] ?? null);
      expect([encode(SQL_SINK_DEFAULTS), encode(replacing)]).toEqual([null, '<d>']);
    }
  });
});

describe('timestamp.fields.list', () => {
  const listing = (unit: 'microseconds' | 'nanoseconds'): ReadingOptions => ({
    ...SQL_SINK_DEFAULTS,
    timestampFields: { names: ['v'], unit },
  });
  const count: ConnectSchema = { type: 'int64', optional: true, default: 5n };

  test('makes timestamps of numbers of 64 bits and of texts', () => {
    const schemaOf = (schema: ConnectSchema, unit: 'microseconds' | 'nanoseconds', name = 'v') =>
      fieldSchema({ name, schema }, listing(unit));
    const stamp = { type: 'int64', optional: true, version: 1 };
    const micro = { ...stamp, name: 'io.debezium.time.MicroTimestamp' };
    expect(schemaOf(count, 'microseconds')).toEqual(micro);
    expect(schemaOf(text, 'nanoseconds')).toEqual({
      ...stamp,
      name: 'io.debezium.time.NanoTimestamp',
    });
    for (const other of [{ ...count, type: 'int32' } as const, { ...count, name: 'n.Own' }]) {
      expect(schemaOf(other, 'microseconds')).toBe(other);
    }
    expect(schemaOf(count, 'microseconds', 'another')).toBe(count);
  });

  test('reads the number in a text, and says when there is none', () => {
    const encoder = spyEncoder();
    const made = reading(text, listing('microseconds'), { encoder });
    for (const value of ['1700000000000001', '-5', '+7', null]) made.encode(value);
    expect(encoder.seen).toEqual([1700000000000001n, -5n, 7n, null]);
    expect(() => made.encode('2024-01-01')).toThrow(/^the text is no whole number/);
  });

  test('a default is one in the units of the field', () => {
    const options = { ...listing('microseconds'), nullsAsDefaults: true };
    expect(reading({ ...text, default: '12' }, options).encode(null)).toBe('<12>');
    expect(reading(count, options).encode(null)).toBe('<5>');
  });
});

describe('db.timezone and date.timezone', () => {
  const times = (zone: string, dates = zone): ReadingOptions => ({
    ...SQL_SINK_DEFAULTS,
    zones: { times: timeZone(zone), dates: timeZone(dates), zoned: null },
  });
  const connect = (type: 'int32' | 'int64', name: string): ConnectSchema => ({
    type,
    optional: true,
    name: `org.apache.kafka.connect.data.${name}`,
  });
  const timestamp = connect('int64', 'Timestamp');
  const date = connect('int32', 'Date');
  const summer = BigInt(Date.parse('2024-07-01T00:00:00Z'));
  const hours = 3_600_000n;
  const seenOf = (
    schema: ConnectSchema,
    value: ConnectValue,
    options: ReadingOptions,
    more: { type: string; isKey?: boolean },
  ): unknown => {
    const encoder = spyEncoder();
    reading(schema, options, { ...more, encoder }).encode(value);
    return encoder.seen[0];
  };

  test.each([
    ['timestamp(3) without time zone', 2n],
    ['datetime(3)', 2n],
    // They have instants, and numbers are not clocks.
    ['timestamp(3) with time zone', 0n],
    ['timestamp(6)', 0n],
    ['bigint', 0n],
    ['text', 0n],
  ])('an instant in a column of type %s is %s hours ahead', (type, ahead) => {
    const berlin = times('Europe/Berlin');
    expect(seenOf(timestamp, summer, berlin, { type })).toBe(summer + ahead * hours);
    expect(seenOf(timestamp, null, berlin, { type })).toBeNull();
  });

  test('counts of timestamp.fields.list are told so too, times of Debezium are not', () => {
    const type = 'timestamp without time zone';
    const options = (unit: 'microseconds' | 'nanoseconds'): ReadingOptions => ({
      ...times('Europe/Berlin'),
      timestampFields: { names: ['v'], unit },
    });
    const long: ConnectSchema = { type: 'int64', optional: true };
    const micros = summer * 1000n + 1n;
    const nanos = summer * 1_000_000n + 1n;
    expect(seenOf(long, micros, options('microseconds'), { type })).toBe(micros + 2000n * hours);
    expect(seenOf(text, String(nanos), options('nanoseconds'), { type })).toBe(
      nanos + 2_000_000n * hours,
    );
    const own = { ...long, name: 'io.debezium.time.MicroTimestamp' };
    expect(seenOf(own, micros, options('microseconds'), { type })).toBe(micros);
  });

  test('dates have a zone of their own, and are the day before in the west', () => {
    const day = 19_905;
    const type = 'date';
    expect(seenOf(date, day, times('America/New_York'), { type })).toBe(day - 1);
    expect(seenOf(date, day, times('Europe/Berlin'), { type })).toBe(day);
    const utc = {
      ...times('America/New_York'),
      zones: { times: timeZone('-05:00'), dates: null, zoned: null },
    };
    expect(seenOf(date, day, utc, { type })).toBe(day);
  });

  test('a time of day goes round the clock, a duration stays', () => {
    const time = connect('int32', 'Time');
    const berlin = times('Europe/Berlin');
    const type = 'time(3) without time zone';
    const seen = [0, 84_600_000, 86_400_000, -1].map((ms) => seenOf(time, ms, berlin, { type }));
    expect(seen).toEqual([3_600_000, 1_800_000, 86_400_000, -1]);
  });

  test('what stands for infinity stays', () => {
    const newYork = times('America/New_York');
    const type = 'timestamp without time zone';
    for (const value of [2n ** 63n - 1n, -(2n ** 63n), 9_223_372_036_825_200n]) {
      expect(seenOf(timestamp, value, newYork, { type })).toBe(value);
    }
    expect(seenOf(date, 2 ** 31 - 1, newYork, { type: 'date' })).toBe(2 ** 31 - 1);
  });

  test('of keys that clocks show twice the later one is refused', () => {
    const type = 'datetime(3)';
    const berlin = times('Europe/Berlin');
    const [first, second] = ['2024-10-27T00:30:00Z', '2024-10-27T01:30:00Z'].map((iso) =>
      BigInt(Date.parse(iso)),
    ) as [bigint, bigint];
    expect(seenOf(timestamp, first, berlin, { type })).toBe(first + 2n * hours);
    expect(seenOf(timestamp, second, berlin, { type })).toBe(first + 2n * hours);
    expect(seenOf(timestamp, first, berlin, { type, isKey: true })).toBe(first + 2n * hours);
    const twice = /have shown this already/;
    expect(() => seenOf(timestamp, second, berlin, { type, isKey: true })).toThrow(twice);
    // The Azores are an hour west in winter, and on UTC in summer.
    const azores = times('Atlantic/Azores');
    const lastOfSummer = Date.parse('2024-10-27T00:00:00Z') / 86_400_000;
    const key = { type: 'date', isKey: true };
    expect(seenOf(date, lastOfSummer, azores, key)).toBe(lastOfSummer);
    expect(() => seenOf(date, lastOfSummer + 1, azores, key)).toThrow(twice);
    expect(seenOf(date, lastOfSummer + 2, azores, key)).toBe(lastOfSummer + 1);
  });

  test('a default is not put into the DDL, where it would stand unchanged', () => {
    const field = { name: 'v', schema: { ...timestamp, default: 5n } };
    expect(fieldSchema(field, SQL_SINK_DEFAULTS)).toBe(field.schema);
    expect(fieldSchema(field, times('Europe/Berlin'))).toEqual(timestamp);
  });
});

describe('use.time.zone', () => {
  const zoned: ConnectSchema = { ...text, name: 'io.debezium.time.ZonedTimestamp', version: 1 };
  const options: ReadingOptions = {
    ...SQL_SINK_DEFAULTS,
    zones: { times: null, dates: null, zoned: timeZone('Europe/Berlin') },
  };
  const seenOf = (schema: ConnectSchema, value: ConnectValue, more: object): unknown => {
    const encoder = spyEncoder();
    reading(schema, options, { ...more, encoder }).encode(value);
    return encoder.seen[0];
  };
  const instant = '2024-07-01T12:00:00.123456Z';
  const shown = '2024-07-01T14:00:00.123456';

  test.each([
    ['timestamp(6) without time zone', shown],
    ['datetime(6)', shown],
    ['TIMESTAMP', shown],
    // They know the instant, and texts tell it.
    ['timestamp(6) with time zone', instant],
    ['TIMESTAMP WITH TIME ZONE', instant],
    ['timestamp(6)', instant],
    ['varchar(40)', instant],
    ['text', instant],
  ])('an instant in a column of type %s is %s', (type, wanted) => {
    expect(seenOf(zoned, instant, { type })).toBe(wanted);
    expect(seenOf(zoned, null, { type })).toBeNull();
  });

  test('a target whose texts tell their zone keeps it, whatever a column was declared as', () => {
    for (const type of ['TEXT', 'datetime', 'TIMESTAMP']) {
      expect(seenOf(zoned, instant, { type, zoneInTexts: true })).toBe(instant);
    }
  });

  test('times without a zone are those of the source', () => {
    const type = 'timestamp without time zone';
    const micros = 1_719_835_200_123_456n;
    const own: ConnectSchema = { type: 'int64', optional: true };
    for (const name of [
      'io.debezium.time.MicroTimestamp',
      'org.apache.kafka.connect.data.Timestamp',
    ])
      expect(seenOf({ ...own, name }, micros, { type })).toBe(micros);
  });

  test('of keys that clocks show twice the later one is refused', () => {
    const type = 'datetime(6)';
    const first = '2024-10-27T00:30:00Z';
    expect(seenOf(zoned, first, { type, isKey: true })).toBe('2024-10-27T02:30:00.000000');
    expect(() => seenOf(zoned, '2024-10-27T01:30:00Z', { type, isKey: true })).toThrow(
      /have shown this already/,
    );
  });

  test('a default is not put into the DDL, where it would stand unchanged', () => {
    const field = { name: 'v', schema: { ...zoned, default: instant } };
    expect(fieldSchema(field, SQL_SINK_DEFAULTS)).toBe(field.schema);
    expect(fieldSchema(field, options)).toEqual(zoned);
  });
});
