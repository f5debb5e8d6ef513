import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { CatalogRow, TypeInfo } from '../../../dialects/postgres/postgres-catalog.ts';
import { parseTypes, TYPES_QUERY } from '../../../dialects/postgres/postgres-catalog.ts';
import { parseText } from '../../../dialects/postgres/postgres-text-values.ts';
import { sourceTypeParameters } from '../../../dialects/postgres/postgres-source-type.ts';
import { mapPostgresType } from '../../../dialects/postgres/postgres-types.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { put, startSink } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import { DEFAULT_VALUE_MODES } from '../../../dialects/postgres/postgres-value-modes.ts';
import type { ValueModes } from '../../../dialects/postgres/postgres-value-modes.ts';

/**
 * The way of a value: the server prints it, we read it, the sink writes it into a table of its own
 * making, and the server says whether both are the same. The judge knows nothing of our formats.
 */

const SESSION = `SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'iso_8601'; SET TimeZone = 'UTC';
  SET bytea_output = 'hex'; SET extra_float_digits = 3; SELECT setseed(0.25)`;

interface Case {
  readonly type: string;
  readonly literals: readonly string[];
  readonly random?: string;
  readonly modes?: Partial<ValueModes>;
  /** The first major version of PostgreSQL that has the type. */
  readonly since?: number;
  /** The mode loses something, so that only this much is the same. */
  readonly same?: string;
  /** What a column made without the source's type name is compared as; null: it is not. */
  readonly derivedAs?: string | null;
  /** The column that the source's type makes, where it is another. */
  readonly exactAs?: string;
  readonly dimensions?: number;
}

const TIMES = [
  'infinity',
  '-infinity',
  '1970-01-01 00:00:00',
  '1969-12-31 23:59:59.999999',
  '2024-02-29 12:34:56.789012',
  '0001-01-01 00:00:00',
  '0044-03-15 12:00:00.5 BC',
  '4713-01-01 00:00:00 BC',
  '12345-06-07 08:09:10.111213',
  '290000-12-31 23:59:59.999999',
];
const RANDOM_TIME = `timestamp '0001-01-01' + random() * interval '9000 years'`;

const CASES: readonly Case[] = [
  { type: 'smallint', literals: ['-32768', '32767'] },
  { type: 'integer', literals: ['-2147483648', '2147483647'] },
  {
    type: 'bigint',
    literals: ['-9223372036854775808', '9223372036854775807', '9007199254740993'],
    random: '(random() * 9e18)::bigint',
  },
  { type: 'oid', literals: ['4294967295'], derivedAs: 'oid' },
  { type: 'numeric(38,10)', literals: ['-0.1', '1234567890123456789012345678.0123456789'] },
  { type: 'numeric(5,-2)', since: 15, literals: ['1234500', '-100', '0'] },
  {
    type: 'numeric',
    literals: ['0', '1e-30', '-123456789012345678901234567890.5', '1.10', '100'],
    // Trailing zeros are not in the record: the original strips them.
    same: 'source::numeric = target::numeric',
  },
  {
    type: 'numeric',
    modes: { decimal: 'string' },
    literals: ['NaN', 'Infinity', '-Infinity', '0.00'],
    derivedAs: null,
  },
  {
    type: 'real',
    literals: ['NaN', 'Infinity', '-Infinity', '-0', '3.4028235e38', '1e-45', '0.1'],
    random: 'random()::real',
  },
  {
    type: 'double precision',
    literals: ['NaN', 'Infinity', '-Infinity', '-0', '1.7976931348623157e308', '5e-324', '0.1'],
    random: 'random()',
  },
  { type: 'boolean', literals: ['t', 'f'] },
  { type: 'text', literals: ['', ' ', 'NULL', 'null', '你好 😀', 'a"b\\c', '{},;', "it's", '\\x'] },
  { type: 'character varying(6)', literals: ['', 'abc   ', '😀😀'] },
  { type: 'character(5)', literals: ['', 'ab', 'abcde'] },
  { type: '"char"', literals: ['q', '\\'] },
  { type: 'name', literals: ['x'.repeat(63)] },
  { type: 'bytea', literals: ['', '\\x00ff10deadbeef', '\\x5c22'] },
  { type: 'uuid', literals: ['6F0E4B0A-4d3c-4a53-9d1f-0a1b2c3d4e5f'] },
  { type: 'json', literals: ['{"b": 2,  "a": [1, null], "a": "\\\\\\""}', '1e400'] },
  { type: 'jsonb', literals: ['{"b": 2, "d": 12345678901234567890.123}', 'null'] },
  {
    type: 'date',
    literals: [
      'infinity',
      '-infinity',
      '1970-01-01',
      '1969-12-31',
      '2024-02-29',
      '0044-03-15 BC',
      '4714-11-24 BC',
      '5874897-12-31',
    ],
    random: `date '0001-01-01' + (random() * 3650000)::int`,
  },
  { type: 'time without time zone', literals: ['00:00', '24:00', '23:59:59.999999'] },
  { type: 'time(3) without time zone', literals: ['24:00', '23:59:59.999'] },
  {
    type: 'time with time zone',
    literals: ['12:00:00.5+05:30'],
    same: "source::timetz AT TIME ZONE 'UTC' = target::timetz AT TIME ZONE 'UTC'",
  },
  { type: 'timestamp without time zone', literals: TIMES, random: RANDOM_TIME },
  { type: 'timestamp(3) without time zone', literals: TIMES, random: RANDOM_TIME },
  {
    type: 'timestamp without time zone',
    modes: { timePrecision: 'nanoseconds' },
    literals: ['infinity', '-infinity', '1700-01-01 00:00:00.000001', '2262-04-11 23:47:16.854775'],
  },
  {
    type: 'timestamp without time zone',
    modes: { timePrecision: 'isostring' },
    literals: TIMES.filter((text) => !text.includes('infinity')),
    random: RANDOM_TIME,
  },
  { type: 'timestamp with time zone', literals: TIMES, random: RANDOM_TIME },
  { type: 'timestamp(0) with time zone', literals: TIMES },
  {
    type: 'interval',
    modes: { interval: 'string' },
    literals: ['0', '1 year -2 mons 3 days -04:05:06.789', '178000 years', '-00:00:00.000001'],
    same: 'source::interval = target::interval',
  },
  {
    type: 'interval',
    literals: ['0', '26:00:00.000001', '-00:00:00.001'],
    same: 'extract(epoch FROM source::interval) = extract(epoch FROM target::interval)',
  },
  { type: 'inet', literals: ['192.168.1.5/24', '::1'] },
  { type: 'int4range', literals: ['[1,5)', 'empty'] },
  { type: 'mood', literals: ['sad', 'happy, or not', 'a"b'] },
  { type: 'mood[]', literals: ['{sad,"happy, or not"}', '{}'], derivedAs: 'text[]' },
  { type: 'integer[]', literals: ['{}', '{1,NULL,-3}'] },
  { type: 'bigint[]', literals: ['{9223372036854775807,NULL}'] },
  { type: 'text[]', literals: ['{}', '{a,"b c","q\\"x",NULL,"NULL",""," ","a,b","{}","\\\\"}'] },
  { type: 'numeric(10,2)[]', literals: ['{1.10,NULL,-2.20}'] },
  { type: 'double precision[]', literals: ['{NaN,Infinity,-0,0.1}'] },
  { type: 'timestamp without time zone[]', literals: ['{"2024-02-29 12:34:56.789012",NULL}'] },
  { type: 'date[]', literals: ['{2024-02-29,"0044-03-15 BC",infinity}'] },
  { type: 'bytea[]', literals: ['{"\\\\x00ff",NULL}'] },
  { type: 'uuid[]', literals: ['{6f0e4b0a-4d3c-4a53-9d1f-0a1b2c3d4e5f}'] },
  { type: 'jsonb[]', literals: ['{"{\\"a\\": [1, \\"x\\"]}"}'] },
];

const STRUCTURED = { timePrecision: 'structured' } as const;
const CLOCKS = ['24:00:00', '00:00:00', '01:02:03.456789'];

/** The same types in other modes. */
const MODES: readonly Case[] = [
  { type: 'date', modes: STRUCTURED, literals: TIMES.map((text) => text.replace(/ \S*\d/, '')) },
  { type: 'time without time zone', modes: STRUCTURED, literals: CLOCKS },
  { type: 'time(3) without time zone', modes: STRUCTURED, literals: CLOCKS, derivedAs: null },
  {
    type: 'time with time zone',
    modes: STRUCTURED,
    literals: ['24:00:00-15:59', '01:02:03.5+05:53:28', '12:00+00'],
  },
  { type: 'timestamp without time zone', modes: STRUCTURED, literals: TIMES },
  { type: 'timestamp with time zone', modes: STRUCTURED, literals: TIMES },
  {
    type: 'interval',
    modes: STRUCTURED,
    literals: ['0', '-1 year 2 mons -3 days 04:05:06.789', '-00:00:00.000001', '178000000 years'],
  },
  { type: 'date[]', modes: STRUCTURED, literals: ['{2024-02-29,NULL,infinity}', '{}'] },
  ...(['isostring', 'microseconds'] as const).map((timePrecision): Case => ({
    type: 'timestamp without time zone',
    modes: { timePrecision },
    literals: TIMES,
  })),
  {
    type: 'timestamp without time zone',
    modes: { timePrecision: 'nanoseconds' },
    literals: ['infinity', '-infinity', '1700-01-01 00:00:00.000001', '2262-04-11 23:47:16'],
  },
  { type: 'time without time zone', modes: { timePrecision: 'isostring' }, literals: CLOCKS },
  { type: 'time without time zone', modes: { timePrecision: 'nanoseconds' }, literals: CLOCKS },
  {
    type: 'numeric',
    modes: { decimal: 'string' },
    literals: ['NaN', 'Infinity', '-Infinity', '1.00', '1e40'],
    derivedAs: null,
  },
  ...(['precise', 'string', 'double'] as const).map((decimal): Case => ({
    type: 'money',
    modes: { decimal },
    literals: ['0', '-0.01', '12345678.90'],
    derivedAs: null,
  })),
  {
    type: 'bit varying(16)',
    modes: { bitVarying: 'bits' },
    literals: ['0011', '1010', '1'],
    same: `ltrim(source, '0') = target`,
  },
  {
    type: 'integer[]',
    modes: { arrays: 'nested' },
    dimensions: 2,
    literals: ['{{1,2},{3,NULL}}', '{}'],
    derivedAs: 'integer[]',
  },
  {
    type: 'text[]',
    modes: { arrays: 'nested' },
    dimensions: 3,
    literals: [String.raw`{{{a,"b\"c"},{NULL,"{}"}}}`],
    derivedAs: 'text[]',
  },
  {
    type: 'text[]',
    modes: { arrays: 'all_text' },
    literals: ['{{a,NULL}}', '[0:1]={x,y}'],
    derivedAs: 'text',
  },
  {
    type: 'hstore',
    modes: { hstore: 'map' },
    literals: ['"a"=>"1", "n"=>NULL', ''],
    exactAs: 'jsonb',
    derivedAs: 'jsonb',
    same: 'hstore_to_jsonb(source::hstore) = target::jsonb',
  },
  {
    type: 'cube',
    modes: { includeUnknown: true },
    literals: ['(1,2)', '(1),(2)'],
    exactAs: 'bytea',
    derivedAs: 'bytea',
    same: `source = convert_from(target::bytea, 'UTF8')`,
  },
];

const AVAILABLE = [...CASES, ...MODES].filter(
  ({ since = 14 }) => inject('postgres').major >= since,
);

describe('every value arrives as it was', () => {
  let database: TestDatabase;
  const types = new Map<number, TypeInfo>();

  beforeAll(async () => {
    database = await freshDatabase();
    await database.query(
      `CREATE EXTENSION hstore; CREATE EXTENSION cube;
       CREATE SCHEMA src; CREATE TYPE mood AS ENUM ('sad', 'happy, or not', 'a"b')`,
    );
    const rows = await database.query<{ row: CatalogRow }>(
      `SELECT (SELECT jsonb_object_agg(key, value #>> '{}') FROM jsonb_each(to_jsonb(q))) AS row
       FROM (${TYPES_QUERY}) q`,
    );
    for (const type of parseTypes(rows.map(({ row }) => row))) types.set(type.oid, type);
    // The target makes its own.
    await database.query('CREATE SCHEMA shape');
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
  });

  test.each(
    AVAILABLE.flatMap((entry, i) =>
      (entry.derivedAs === null ? [true] : [true, false]).map((exact) => ({
        entry,
        exact,
        table: `t${i}_${exact ? 'exact' : 'derived'}`,
        title: `${entry.type} #${i} ${exact ? "by the source's type" : 'by the schema'}`,
      })),
    ),
  )('$title', async ({ entry, exact, table }) => {
    const literals = entry.literals.map((text) => `('${text.replaceAll("'", "''")}')`).join(',');
    const random =
      entry.random === undefined
        ? ''
        : `INSERT INTO src.${table} (v)
           SELECT (${entry.random})::${entry.type} FROM generate_series(1, 200);`;
    const printed = await database.query<{ id: number; v: string; oid: string; typmod: number }>(
      `${SESSION}; CREATE TABLE src.${table} (id serial PRIMARY KEY, v ${entry.type});
       INSERT INTO src.${table} (v) VALUES ${literals}; ${random}
       SELECT id, format('%s', v) AS v, atttypid::int8::text AS oid, atttypmod AS typmod
       FROM src.${table}, pg_attribute
       WHERE attrelid = 'src.${table}'::regclass AND attname = 'v' ORDER BY id`,
    );
    const info = {
      typeOid: Number(printed[0]?.oid),
      typmod: Number(printed[0]?.typmod),
      typeText: entry.type,
      dimensions: entry.dimensions ?? 1,
    };
    const lookup = (oid: number): TypeInfo | undefined => types.get(oid);
    const mapped = mapPostgresType(info, lookup, { ...DEFAULT_VALUE_MODES, ...entry.modes });
    if (!mapped.supported) throw new Error(`${entry.type} is not supported`);
    const { schema, format } = mapped;
    const parameters = exact ? sourceTypeParameters({ ...info, name: 'v' }, lookup) : {};
    const topic = new SinkTopic({
      table,
      columns: [
        column('id', 'integer', { type: 'int32', optional: false }),
        {
          name: 'v',
          schema: {
            ...schema,
            optional: true,
            parameters: { ...schema.parameters, ...parameters },
          },
        },
      ],
      key: ['id'],
    });
    await using sink = await startSink(database, { name: table });
    await put(
      sink,
      printed.map(({ id, v }) => topic.read({ id, v: parseText(format, schema, v) })),
    );
    expect(sink.status().parked).toEqual([]);
    if (exact) {
      const [made] = await database.query(
        `SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute
         WHERE attrelid = 'public.${table}'::regclass AND attname = 'v'`,
      );
      expect(made?.['type']).toBe(entry.exactAs ?? entry.type);
    }
    const as = (exact ? entry.exactAs : entry.derivedAs) ?? entry.type;
    const same = entry.same ?? 'source = target';
    const different = await database.query(
      `${SESSION}; SELECT * FROM (
         SELECT id, s.v::text AS source, (t.v::text::${as})::text AS target
         FROM src.${table} s FULL JOIN public.${table} t USING (id)) both_sides
       WHERE (${same}) IS NOT TRUE`,
    );
    expect(different).toEqual([]);
  });
});
