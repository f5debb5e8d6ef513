import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parseTypes, TYPES_QUERY } from '../../../dialects/postgres/postgres-catalog.ts';
import type { CatalogRow, TypeInfo } from '../../../dialects/postgres/postgres-catalog.ts';
import { parseText } from '../../../dialects/postgres/postgres-text-values.ts';
import { mapPostgresType } from '../../../dialects/postgres/postgres-types.ts';
import {
  bytesToBigInt,
  formatDecimal,
  isDecimal,
  isStruct,
} from '../../../src/model/connect-schema.ts';
import type { ConnectValue } from '../../../src/model/connect-schema.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { DEFAULT_VALUE_MODES } from '../../../dialects/postgres/postgres-value-modes.ts';
import type { ValueModes } from '../../../dialects/postgres/postgres-value-modes.ts';

/**
 * The server prints values, we read them, and the server says whether what we read is the value:
 * no calendar and no number format of ours takes part in the judgement.
 */

const RANDOM_ROWS = 300;

/** The session of a reader (PITFALLS P86). */
const SESSION = `SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'iso_8601'; SET TimeZone = 'UTC';
  SET bytea_output = 'hex'; SET extra_float_digits = 3; SELECT setseed(0.5)`;

interface Case {
  /** As in a column definition. */
  readonly type: string;
  readonly literals: readonly string[];
  /** SQL of a random value. */
  readonly random?: string;
  /** SQL over `original` and `value` (text): they are the same. */
  readonly same: string;
  readonly modes?: Partial<ValueModes>;
  /** The first major version of PostgreSQL that has the type. */
  readonly since?: number;
}

const micros = (base: string): string => `${base} + make_interval(
  days => (value::bigint / 86400000000)::int,
  secs => (value::bigint % 86400000000)::float8 / 1000000)`;
const RANDOM_TIMESTAMP = `timestamp '0001-01-01' + random() * interval '9000 years'`;

const TIMESTAMPS = [
  '2020-02-29 12:34:56.789012',
  '1969-12-31 23:59:59.999999',
  '1970-01-01',
  '0001-01-01',
  '4713-01-01 00:00:00 BC',
  '0044-03-15 12:00:00.5 BC',
  '0001-12-31 23:59:59.1 BC',
  '12345-06-07 08:09:10.111213',
  '1582-10-10 00:00:00',
  '9999-12-31 23:59:59.999999',
  '1900-02-28 00:00:00',
  '2000-02-29 00:00:00',
  '2254-12-31 23:59:59',
  '2255-01-01',
];

const ZONED_SAME = `original::timestamptz = (
  CASE WHEN value ~ '^(-[0-9]|0000)' THEN
    lpad((1 + abs(substring(value from '^-?[0-9]+')::int))::text, 4, '0')
      || substring(value from '^-?[0-9]+(.*)$') || ' BC'
  ELSE ltrim(value, '+') END)::timestamptz`;

const CASES: readonly Case[] = [
  {
    type: 'smallint',
    literals: ['-32768', '32767', '0'],
    random: `(random() * 65535 - 32768)::int::smallint`,
    same: 'original::smallint = value::smallint',
  },
  {
    type: 'integer',
    literals: ['-2147483648', '2147483647'],
    random: `(random() * 4294967295 - 2147483648)::bigint::int`,
    same: 'original::int = value::int',
  },
  {
    type: 'bigint',
    literals: ['-9223372036854775808', '9223372036854775807', '9007199254740993'],
    random: `(random() * 9e18)::bigint`,
    same: 'original::bigint = value::bigint',
  },
  { type: 'oid', literals: ['0', '4294967295'], same: 'original::oid = value::oid' },
  {
    type: 'numeric(38,10)',
    literals: ['0', '-0.1', '1234567890123456789012345678.0123456789', '1.10'],
    random: `(random() - 0.5)::numeric * 1e15`,
    same: 'original::numeric = value::numeric AND original = value',
  },
  {
    type: 'numeric(12,2)',
    literals: ['9999999999.99', '-9999999999.99', '0.01'],
    random: `(random() - 0.5)::numeric * 1e9`,
    same: 'original = value',
  },
  {
    type: 'numeric(3,-2)',
    since: 15,
    literals: ['12300', '-99900', '0'],
    same: 'original::numeric = value::numeric',
  },
  {
    type: 'numeric',
    literals: [
      '0',
      '100.00',
      '1e30',
      '-1e-30',
      '1e1000',
      '12345678901234567890.12345678901234567890',
    ],
    random: `(random() - 0.5)::numeric * power(10::numeric, (random() * 40 - 20)::int)`,
    same: 'original::numeric = value::numeric',
  },
  {
    type: 'real',
    literals: ['NaN', 'Infinity', '-Infinity', '-0', '1e-45', '3.4028235e38', '0.1', '16777217'],
    random: `((random() - 0.5) * power(10::float8, random() * 70 - 35))::real`,
    same: 'float4send(original::real) = float4send(value::float8::real)',
  },
  {
    type: 'double precision',
    literals: ['NaN', 'Infinity', '-Infinity', '-0', '5e-324', '1.7976931348623157e308', '0.1'],
    random: `(random() - 0.5) * power(10::float8, random() * 600 - 300)`,
    same: 'float8send(original::float8) = float8send(value::float8)',
  },
  { type: 'boolean', literals: ['true', 'false'], same: 'original::boolean = value::boolean' },
  {
    type: 'text',
    literals: ['', ' ', 'NULL', 'text 你好 😀', 'a"b\\c'],
    random: 'md5(random()::text)',
    same: 'original = value',
  },
  {
    type: 'char(5)',
    literals: ['', 'ab', 'abcde'],
    same: 'original = value AND length(value) = 5',
  },
  { type: '"char"', literals: ['', 'q', '\\'], same: 'original::"char" = value::"char"' },
  { type: 'name', literals: ['n', 'x'.repeat(63)], same: 'original::name = value::name' },
  {
    type: 'bytea',
    literals: ['', '\\x00ff10deadbeef'],
    random: `decode(md5(random()::text), 'hex')`,
    same: `original::bytea = decode(value, 'hex')`,
  },
  { type: 'uuid', literals: ['6F0E4B0A-4d3c-4a53-9d1f-0a1b2c3d4e5f'], same: 'original = value' },
  {
    type: 'json',
    literals: ['{"b": 2,  "a": [1, null], "a": 3}', '1e400'],
    same: 'original = value',
  },
  {
    type: 'jsonb',
    literals: ['{"b": 2, "d": 12345678901234567890.123}', 'null'],
    same: 'original::jsonb = value::jsonb',
  },
  {
    type: 'date',
    literals: [...TIMESTAMPS.map((text) => text.replace(/ \d\d:.*\d/, '')), '5874897-12-31'],
    random: `date '0001-01-01' + (random() * 3650000)::int`,
    same: `original::date = date '1970-01-01' + value::int`,
  },
  {
    type: 'time',
    literals: ['00:00', '23:59:59.999999', '00:00:00.000001'],
    random: `time '00:00' + random() * interval '24 hours'`,
    same: `original::time = ${micros(`time '00:00'`)}`,
  },
  {
    type: 'time(3)',
    literals: ['12:34:56.789', '00:00:00.1'],
    same: `original::time = time '00:00' + (value || ' milliseconds')::interval`,
  },
  {
    type: 'timestamp',
    literals: [...TIMESTAMPS, '294246-12-31 23:59:59.999999'],
    random: RANDOM_TIMESTAMP,
    same: `original::timestamp = ${micros(`timestamp '1970-01-01'`)}`,
  },
  {
    type: 'timestamp(3)',
    literals: [...TIMESTAMPS, '294276-12-31 23:59:59.999'],
    random: RANDOM_TIMESTAMP,
    same: `extract(epoch from original::timestamp) * 1000 = value::numeric`,
  },
  {
    type: 'timestamp',
    modes: { timePrecision: 'connect' },
    literals: TIMESTAMPS,
    random: RANDOM_TIMESTAMP,
    same: `floor(extract(epoch from original::timestamp) * 1000) = value::numeric`,
  },
  {
    type: 'timestamp',
    modes: { timePrecision: 'nanoseconds' },
    literals: ['1700-01-01 00:00:00.000001', '2262-04-11 23:47:16.854775'],
    random: `timestamp '1970-01-01' + (random() - 0.5) * interval '500 years'`,
    same: `extract(epoch from original::timestamp) * 1000000000 = value::numeric`,
  },
  {
    type: 'timestamptz',
    literals: [...TIMESTAMPS, 'infinity', '-infinity'],
    random: `(${RANDOM_TIMESTAMP}) AT TIME ZONE 'UTC'`,
    same: ZONED_SAME,
  },
  { type: 'timestamptz(3)', literals: TIMESTAMPS, random: `now()`, same: ZONED_SAME },
  {
    type: 'timetz',
    literals: ['12:34:56.789012+02', '23:59:59.999999-12', '00:00:01+14', '01:02:03+05:53:28'],
    same: `(original::timetz AT TIME ZONE 'UTC')::time = replace(value, 'Z', '')::time`,
  },
  {
    type: 'interval',
    literals: ['0', '1 year 2 mons 3 days 04:05:06.789', '-1 year -2 mons +3 days -04:05:06.789'],
    random: `make_interval(0, (random() * 40 - 20)::int, 0, (random() * 900 - 450)::int,
      0, 0, round(((random() - 0.5) * 1e5)::numeric, 6)::float8)`,
    same: `value::numeric = extract(microseconds from original::interval)
      + extract(minute from original::interval) * 60000000
      + extract(hour from original::interval) * 3600000000
      + extract(day from original::interval) * 86400000000
      + (extract(year from original::interval) * 12 + extract(month from original::interval))
        * 2629800000000`,
  },
  {
    type: 'interval',
    modes: { interval: 'string' },
    literals: ['0', '1 year 2 mons 3 days 04:05:06.789', '-00:00:00.5', '1 mon -2 days 3 hours'],
    same: 'original::interval::text = value::interval::text',
  },
  { type: 'inet', literals: ['192.168.1.5/24', '::1'], same: 'original::inet = value::inet' },
  { type: 'int4range', literals: ['[1,5]', 'empty'], same: 'original = value' },
  {
    type: 'integer[]',
    literals: ['{}', '{1,NULL,-3}', '[0:1]={7,8}'],
    same: `to_jsonb(original::int[]) = value::jsonb`,
  },
  {
    type: 'text[]',
    literals: ['{}', '{a,"b c","q\\"x",NULL,"NULL",""," ","a,b","{}","\\\\"}'],
    random: `array[md5(random()::text), NULL, '"' || chr((random() * 90 + 32)::int)]`,
    same: `to_jsonb(original::text[]) = value::jsonb`,
  },
  {
    type: 'numeric(10,2)[]',
    literals: ['{1.10,NULL,-2.20}'],
    same: `to_jsonb(original::numeric(10,2)[]) = (
      SELECT jsonb_agg(e::numeric(10,2)) FROM jsonb_array_elements_text(value::jsonb) e)`,
  },
  { type: 'd_price', literals: ['12.34'], same: 'original = value' },
  { type: 'mood', literals: ['sad', 'happy, or not'], same: 'original = value' },
];

const AVAILABLE = CASES.filter(({ since = 14 }) => inject('postgres').major >= since);

/** The value as text that `same` takes; composed ones as JSON. */
function rendered(value: ConnectValue): string {
  if (Object.is(value, -0)) return '-0';
  if (value === null || typeof value === 'string') return value ?? 'null';
  if (typeof value !== 'object') return String(value);
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (isDecimal(value)) return formatDecimal(value);
  if (isStruct(value)) {
    const [scale, unscaled] = value.values as readonly [number, Buffer];
    return formatDecimal({ scale, unscaled: bytesToBigInt(unscaled) });
  }
  const items = value as readonly ConnectValue[];
  return JSON.stringify(
    items.map((item) => (item === null || typeof item === 'number' ? item : rendered(item))),
  );
}

describe('the server agrees with what we read of its texts', () => {
  let database: TestDatabase;
  const types = new Map<number, TypeInfo>();

  beforeAll(async () => {
    database = await freshDatabase();
    await database.query(`CREATE DOMAIN d_price0 AS numeric(12,2);
      CREATE DOMAIN d_price AS d_price0;
      CREATE TYPE mood AS ENUM ('sad', 'happy, or not')`);
    for (const type of parseTypes(await rowsAsText(database, TYPES_QUERY)))
      types.set(type.oid, type);
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
  });

  test.each(AVAILABLE.map((entry, i) => ({ entry, name: `${entry.type} #${i}`, i })))(
    '$name',
    async ({ entry, i }) => {
      // One column is made of each type, so that the catalog tells us type and modifier.
      const table = `t_${i}`;
      const literals = entry.literals.map((text) => `('${text.replaceAll("'", "''")}')`).join(',');
      const random =
        entry.random === undefined
          ? ''
          : `INSERT INTO ${table} SELECT (${entry.random})::${entry.type}
               FROM generate_series(1, ${RANDOM_ROWS});`;
      const printed = await database.query(`${SESSION}; CREATE TABLE ${table} (v ${entry.type});
        INSERT INTO ${table} VALUES ${literals}; ${random}
        SELECT format('%s', v) AS text, a.atttypid::int8::text AS oid, a.atttypmod::text AS typmod
          FROM ${table}, pg_attribute a
         WHERE a.attrelid = '${table}'::regclass AND a.attname = 'v'`);
      expect(printed.length).toBeGreaterThanOrEqual(entry.literals.length);
      const mapped = mapPostgresType(
        {
          typeOid: Number(printed[0]?.['oid']),
          typmod: Number(printed[0]?.['typmod']),
          typeText: entry.type,
        },
        (oid) => types.get(oid),
        { ...DEFAULT_VALUE_MODES, ...entry.modes },
      );
      if (!mapped.supported) throw new Error(`${entry.type} is not supported`);
      const originals = printed.map((row) => row['text'] as string);
      const values = originals.map((text) =>
        rendered(parseText(mapped.format, mapped.schema, text)),
      );
      const different = await database.query(
        `SELECT original, value FROM unnest($1::text[], $2::text[]) AS u(original, value)
          WHERE (${entry.same}) IS NOT TRUE`,
        [originals, values],
      );
      expect(different).toEqual([]);
    },
  );
});

async function rowsAsText(database: TestDatabase, sql: string): Promise<CatalogRow[]> {
  const rows = await database.query<{ row: Record<string, unknown> }>(
    `SELECT to_jsonb(q) AS row FROM (${sql}) q`,
  );
  return rows.map(({ row }) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        value === null || typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  );
}
