import { expect, test } from 'vitest';
import { intervalText, timeScalar, unsignedYear } from '../../../dialects/duckdb/duckdb-times.ts';
import type { ConnectValue } from '../../../src/model/connect-schema.ts';
import { duckdbMemory } from '../../support/duckdb-memory.ts';

const time = (name: string, source?: Record<string, string>) =>
  timeScalar({
    type: 'int64',
    optional: true,
    name: `io.debezium.time.${name}`,
    ...(source === undefined ? {} : { parameters: source }),
  });

const MYSQL_TIME = { '__tidemark.source.mysql.type': 'time(6)' };
const POSTGRES = { '__tidemark.source.type': 'timestamp without time zone' };

const CASES: readonly (readonly [
  name: string,
  source: Record<string, string> | undefined,
  value: ConnectValue,
  type: string,
  shown: string,
])[] = [
  ['Date', undefined, 19_000, 'DATE', '2022-01-08'],
  ['Date', undefined, 2_147_483_647, 'DATE', 'infinity'],
  ['Date', undefined, -2_440_588, 'DATE', '4714-11-24 (BC)'],
  ['IsoDate', undefined, '+12345-01-02Z', 'DATE', '12345-01-02'],
  ['MicroTime', undefined, 86_400_000_000, 'TIME', '24:00:00'],
  ['NanoTime', undefined, 1_000_000_001n, 'TIME_NS', '00:00:01.000000001'],
  ['NanoTime', POSTGRES, 1_000_001_000n, 'TIME', '00:00:01.000001'],
  ['MicroTimestamp', undefined, -1n, 'TIMESTAMP', '1969-12-31 23:59:59.999999'],
  ['MicroTimestamp', undefined, 2n ** 63n - 1n, 'TIMESTAMP', 'infinity'],
  ['Timestamp', undefined, 1n, 'TIMESTAMP', '1970-01-01 00:00:00.001'],
  ['NanoTimestamp', undefined, 1n, 'TIMESTAMP_NS', '1970-01-01 00:00:00.000000001'],
  ['NanoTimestamp', POSTGRES, 1000n, 'TIMESTAMP', '1970-01-01 00:00:00.000001'],
  [
    'ZonedTimestamp',
    undefined,
    '2024-07-01T10:00:00.5+02:00',
    'TIMESTAMP WITH TIME ZONE',
    '2024-07-01 08:00:00.5+00',
  ],
  ['ZonedTime', undefined, '10:00:00.5Z', 'TIME WITH TIME ZONE', '10:00:00.5+00'],
  ['MicroDuration', undefined, -1n, 'INTERVAL', '-00:00:00.000001'],
  ['Interval', undefined, 'P1Y-2M3DT4H-5M-6.5S', 'INTERVAL', '10 months 3 days 03:54:53.5'],
  ['MicroTime', MYSQL_TIME, -3_020_399_000_001, 'INTERVAL', '-838:59:59.000001'],
  ['IsoTime', MYSQL_TIME, '-838:59:59.5', 'INTERVAL', '-838:59:59.5'],
];

test.each(CASES)('%s (%j) of %s is a %s: %s (S18)', async (name, source, value, type, shown) => {
  using database = await duckdbMemory();
  const scalar = time(name, source);
  expect(scalar?.ddl).toBe(type);
  const text = scalar?.text(value) ?? '';
  expect(await database.texts(`SELECT CAST('${text}' AS ${type})`)).toEqual([shown]);
});

test('what has no end is refused where DuckDB has no such value', () => {
  expect(() => intervalText('infinity')).toThrow(/no infinite interval/);
  expect(() => time('MicroDuration')?.text(2n ** 63n - 1n)).toThrow(/no infinite interval/);
});

test('a year past 9999 has no sign, and others are none of times', () => {
  expect(unsignedYear('+10000-01-01')).toBe('10000-01-01');
  expect(unsignedYear('-0043-03-15')).toBe('-0043-03-15');
  expect(time('Year')).toBeUndefined();
});
