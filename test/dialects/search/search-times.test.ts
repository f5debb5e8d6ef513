import { expect, test } from 'vitest';
import { timeField } from '../../../dialects/search/search-times.ts';
import { STRUCTURED } from '../../../dialects/semantic-schemas.ts';
import { must } from '../../../src/foundation/assert.ts';
import type { ConnectType, ConnectValue } from '../../../src/model/connect-schema.ts';

function shown(type: ConnectType, name: string, value: Exclude<ConnectValue, null>): string {
  const field = must(timeField({ type, optional: true, name }), name);
  return `${JSON.stringify(field.mapping['type']).slice(1, -1)} ${field.encode(value)}`;
}

test('times are ISO 8601 with all digits (S18)', () => {
  expect(shown('int32', 'io.debezium.time.Date', 18_321)).toBe('date "2020-02-29"');
  expect(shown('int32', 'org.apache.kafka.connect.data.Date', -1)).toBe('date "1969-12-31"');
  expect(shown('int64', 'io.debezium.time.MicroTimestamp', 1n)).toBe(
    'date "1970-01-01T00:00:00.000001"',
  );
  expect(shown('int64', 'io.debezium.time.NanoTimestamp', -1n)).toBe(
    'date "1969-12-31T23:59:59.999999999"',
  );
  expect(shown('int64', 'io.debezium.time.Timestamp', 1n)).toBe('date "1970-01-01T00:00:00.001"');
  expect(shown('string', 'io.debezium.time.ZonedTimestamp', '2020-02-29T12:00:00+05:53:28')).toBe(
    'date "2020-02-29T06:06:32.000000Z"',
  );
  expect(shown('string', 'io.debezium.time.IsoTimestamp', '2020-02-29T12:00:00.5Z')).toBe(
    'date "2020-02-29T12:00:00.5"',
  );
  expect(shown('int64', 'io.debezium.time.MicroTime', 86_400_000_000n)).toBe('keyword "24:00:00"');
  expect(shown('int64', 'io.debezium.time.MicroTime', -1n)).toBe('keyword "-00:00:00.000001"');
  expect(shown('string', 'io.debezium.time.Interval', 'P1Y')).toBe('keyword "P1Y"');
});

test('microseconds have a field of their own, whose years end', () => {
  const field = timeField({
    type: 'int64',
    optional: true,
    name: 'io.debezium.time.MicroTimestamp',
  });
  expect(field?.mapping).toEqual({
    type: 'date',
    ignore_malformed: true,
    fields: { nanos: { type: 'date_nanos', ignore_malformed: true } },
  });
});

test('what no calendar has stays as it is', () => {
  expect(shown('int32', 'io.debezium.time.Date', 2_147_483_647)).toBe('date "infinity"');
  expect(shown('string', 'io.debezium.time.IsoDate', '0000-00-00')).toBe('date "0000-00-00"');
  expect(shown('string', 'io.debezium.time.IsoDate', 'a "b"')).toBe(String.raw`date "a \"b\""`);
  expect(shown('int64', 'io.debezium.time.MicroTimestamp', -62_167_219_200_000_001n)).toBe(
    'date "-0001-12-31T23:59:59.999999"',
  );
});

test('structured times are the same texts', () => {
  const date = must(timeField(STRUCTURED.date), 'date');
  const values = [2020, 2, 29, null];
  expect(date.encode({ schema: STRUCTURED.date, values })).toBe('"2020-02-29"');
  expect(() => date.encode({ schema: { type: 'struct', optional: true }, values: [] })).toThrow(
    /structured time/,
  );
  expect(timeField({ type: 'int32', optional: true })).toBeUndefined();
});
