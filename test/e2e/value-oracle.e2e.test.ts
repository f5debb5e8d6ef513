import { expect, test } from 'vitest';

import { Daemon } from '../support/daemon.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';
import { randomFrom } from '../support/ledger-load.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261121);
const RANDOM_ROWS = 200;

interface TypeCase {
  readonly type: string;
  /** SQL literals. */
  readonly boundaries: readonly string[];
  /** An SQL expression that gives another value each time. */
  readonly random: string;
  /** No array column of it. */
  readonly scalarOnly?: boolean;
}

const RANDOM_TEXT = `(SELECT string_agg(chr(CASE WHEN random() < 0.8 THEN 32 + (random() * 94)::int
  ELSE 161 + (random() * 5000)::int END), '') FROM generate_series(1, 1 + (random() * 30)::int))`;
const RANDOM_TIMESTAMP = `timestamp '0001-01-01' + random() * interval '9000 years'`;

/** Every supported type with its edges: what the server prints must come out as the same value. */
const CASES: readonly TypeCase[] = [
  {
    type: 'smallint',
    boundaries: ['-32768', '32767', '0'],
    random: '(random() * 65535 - 32768)::int',
  },
  {
    type: 'integer',
    boundaries: ['-2147483648', '2147483647'],
    random: '(random() * 4e9 - 2e9)::bigint',
  },
  {
    type: 'bigint',
    boundaries: ['-9223372036854775808', '9223372036854775807', '9007199254740993'],
    random: '((random() - 0.5) * 1.8e19)::numeric(20)::bigint',
  },
  {
    type: 'oid',
    boundaries: ['0', '4294967295', '2147483648'],
    random: '(random() * 4e9)::bigint',
  },
  {
    type: 'numeric(12,2)',
    boundaries: ['-9999999999.99', '9999999999.99', '0.01', '-0.01', '0'],
    random: '((random() - 0.5) * 1e10)',
  },
  {
    type: 'numeric(38,10)',
    boundaries: ['9999999999999999999999999999.9999999999', '-0.0000000001', '1'],
    random: '((random() - 0.5)::numeric * 1e27)',
  },
  {
    type: 'numeric',
    boundaries: ['1.0', '1.00', '-1e-20', '1e40', '123456789012345678901234567890.123456789'],
    random: '((random() - 0.5)::numeric * 10 ^ (random() * 30)::int)',
  },
  { type: 'numeric(3,-2)', boundaries: ['12300', '-99900', '0'], random: '(random() * 90000)' },
  {
    type: 'real',
    boundaries: ["'NaN'", "'Infinity'", "'-Infinity'", '1e-45', '3.4028235e38', "'-0'", '0.1'],
    random: '((random() - 0.5) * 10 ^ (random() * 60 - 30))::real',
  },
  {
    type: 'double precision',
    boundaries: [
      "'NaN'",
      "'Infinity'",
      "'-Infinity'",
      '5e-324',
      '1.7976931348623157e308',
      "'-0'",
      '0.1',
    ],
    random: '(random() - 0.5) * 10 ^ (random() * 300 - 150)',
  },
  { type: 'boolean', boundaries: ['true', 'false'], random: 'random() < 0.5' },
  {
    type: 'text',
    boundaries: [
      "''",
      "'NULL'",
      "E'a\\nb\\t\\\\c\\rd\\x01'",
      "'\"{},'",
      "'𝔘ñï çödé'",
      "repeat('long ', 2000)",
    ],
    random: RANDOM_TEXT,
  },
  {
    type: 'character varying(40)',
    boundaries: ["''", "' a '"],
    random: `left(${RANDOM_TEXT}, 40)`,
  },
  {
    type: 'character(5)',
    boundaries: ["''", "'a'", "'abcde'"],
    random: `left(md5(random()::text), 4)`,
  },
  { type: 'name', boundaries: ["'n'", "'with space'"], random: `left(md5(random()::text), 10)` },
  {
    type: 'bytea',
    boundaries: ["''", "'\\x00ff10'", "'\\x5c6e'"],
    random: `decode(md5(random()::text), 'hex')`,
  },
  {
    type: 'date',
    boundaries: [
      "'infinity'",
      "'-infinity'",
      "'4713-01-01 BC'",
      "'5874897-12-31'",
      "'0001-01-01 BC'",
      "'1582-10-10'",
    ],
    random: `(${RANDOM_TIMESTAMP})::date`,
  },
  {
    type: 'time without time zone',
    boundaries: ["'24:00:00'", "'00:00'", "'23:59:59.999999'"],
    random: `(${RANDOM_TIMESTAMP})::time`,
  },
  {
    type: 'time(3) without time zone',
    boundaries: ["'24:00:00'", "'01:02:03.456'"],
    random: `(${RANDOM_TIMESTAMP})::time`,
  },
  {
    type: 'timestamp without time zone',
    boundaries: [
      "'infinity'",
      "'-infinity'",
      "'4713-01-01 00:00:00 BC'",
      "'292277-01-01 23:59:59.999999'",
      "'1969-12-31 23:59:59.999999'",
    ],
    random: RANDOM_TIMESTAMP,
  },
  {
    type: 'timestamp(0) without time zone',
    boundaries: ["'1969-12-31 23:59:59'"],
    random: RANDOM_TIMESTAMP,
  },
  {
    type: 'timestamp(3) without time zone',
    boundaries: ["'infinity'", "'1969-12-31 23:59:59.999'"],
    random: RANDOM_TIMESTAMP,
  },
  {
    type: 'timestamp with time zone',
    boundaries: [
      "'infinity'",
      "'-infinity'",
      "'2020-02-29 12:00+05:53:28'",
      "'0044-03-15 12:00:00 BC'",
      "'99999-01-01'",
    ],
    random: `(${RANDOM_TIMESTAMP}) AT TIME ZONE 'UTC'`,
  },
  {
    type: 'interval',
    boundaries: [
      "'1 mon -2 days +03:00:00'",
      "'-1 year'",
      "'00:00:00.000001'",
      "'178000000 years'",
      "'0'",
    ],
    random: `make_interval(years => (random()*50)::int, months => (random()*12)::int,
      days => (random()*40 - 20)::int, secs => random()*1e5 - 5e4)`,
  },
  {
    type: 'uuid',
    boundaries: ["'00000000-0000-0000-0000-000000000000'"],
    random: 'gen_random_uuid()',
  },
  {
    type: 'json',
    boundaries: [`'{"a": 1, "a": 2}'`, `' [1.0, 12345678901234567890] '`, `'"\\u0000"'`, "'null'"],
    random: `json_build_object('t', ${RANDOM_TEXT}, 'n', random())`,
  },
  {
    type: 'jsonb',
    boundaries: [`'{"b": [null, 1e400]}'`, "'null'"],
    random: `jsonb_build_object('t', ${RANDOM_TEXT})`,
  },
  {
    type: 'mood',
    boundaries: ["'sad'", '\'so, so "fine"\''],
    random: "(ARRAY['sad','ok'])[1 + (random())::int]::mood",
  },
  {
    type: 'inet',
    boundaries: ["'10.0.0.1'", "'10.0.0.0/8'", "'::1'"],
    random: `('10.0.0.0'::inet + (random() * 1e6)::bigint)`,
  },
];

const columns = CASES.flatMap((kind, i) => [
  `c${i} ${kind.type}`,
  ...(kind.scalarOnly === true ? [] : [`a${i} ${kind.type}[]`]),
]);

const SCHEMA = `
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'so, so "fine"');
  CREATE TABLE every_type (id int PRIMARY KEY, ${columns.join(', ')});
  CREATE TABLE not_null (id bigint PRIMARY KEY, n numeric(10,2) NOT NULL DEFAULT 1.5,
    t text NOT NULL DEFAULT 'it''s');
`;

/** Boundary row number n: each column takes its own n-th boundary, then nulls, then empties. */
function insertBoundary(id: number, n: number): string {
  const names: string[] = [];
  const values: string[] = [];
  CASES.forEach((kind, i) => {
    const value = kind.boundaries[n];
    names.push(`c${i}`);
    values.push(value === undefined ? 'NULL' : cast(value, kind));
    if (kind.scalarOnly === true) return;
    names.push(`a${i}`);
    values.push(value === undefined ? (n % 2 === 0 ? `'{}'` : 'NULL') : arrayOf(kind, value));
  });
  return `INSERT INTO every_type (id, ${names.join(', ')}) VALUES (${id}, ${values.join(', ')})`;
}

function cast(literal: string, kind: TypeCase): string {
  return `CAST(${literal} AS ${kind.type})`;
}

function arrayOf(kind: TypeCase, value: string): string {
  const others = kind.boundaries.map((other) => cast(other, kind));
  // Elements of an enum array may not be null in the record's schema.
  const nothing = kind.type === 'mood' ? [] : [`NULL::${kind.type}`];
  return `ARRAY[${[cast(value, kind), ...nothing, ...others].join(', ')}]`;
}

function insertRandom(firstId: number, count: number): string {
  const names = CASES.map((_, i) => `c${i}`);
  const values = CASES.map((kind) => `(${kind.random})::${kind.type}`);
  return `INSERT INTO every_type (id, ${names.join(', ')})
    SELECT g, ${values.join(', ')} FROM generate_series(${firstId}, ${firstId + count - 1}) g`;
}

test(`every value of every supported type arrives as the value it was (seed ${SEED})`, async () => {
  await using pipeline = await daemonPipeline({ schema: SCHEMA });
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  const boundaries = Math.max(...CASES.map((kind) => kind.boundaries.length)) + 2;
  const seed = randomFrom(SEED)() * 2 - 1;
  const write = async (firstId: number): Promise<void> => {
    await source.query('SELECT setseed($1)', [seed]);
    for (let n = 0; n < boundaries; n++) await source.query(insertBoundary(firstId + n, n));
    await source.query(insertRandom(firstId + boundaries, RANDOM_ROWS));
  };
  // The same values once by way of the snapshot, once by way of the stream (P104).
  await write(1);
  await using daemon = Daemon.start(pipeline);
  await daemon.until((status) => status.source.phase === 'streaming');
  await write(10_001);
  await source.query('INSERT INTO not_null VALUES (1, 2.25, $1), (2, DEFAULT, DEFAULT)', ['x']);
  await source.query('INSERT INTO not_null (id) VALUES (3)');
  await daemon.until(
    (status) => status.sinks[0]?.applied === 2 * (boundaries + RANDOM_ROWS) + 3 || parked(status),
  );

  const held = (await daemon.status())?.sinks[0]?.parked;
  if (held?.length !== 0) expect.fail(`${JSON.stringify(held)}\n${daemon.output}`);
  for (const table of ['every_type', 'not_null']) {
    const types = `SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull
      FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 ORDER BY attnum`;
    expect((await warehouse.query(types)).rows).toEqual((await source.query(types)).rows);
    // As the database prints them: one column at a time, so that a difference names its type.
    for (const { attname } of (await source.query<{ attname: string }>(types)).rows) {
      const values = `SELECT id, ${shown(attname, table)} AS value FROM ${table} ORDER BY id`;
      const [wanted, got] = [await source.query(values), await warehouse.query(values)];
      const kind = CASES[Number(attname.slice(1))]?.type ?? attname;
      expect(got.rows, `${table}.${attname} (${kind})`).toEqual(wanted.rows);
    }
  }
  expect(await daemon.stop()).toBe(0);
});

/**
 * As the database prints the column. Of numeric without scale, records carry the value and not its
 * trailing zeros (as Debezium's VariableScaleDecimal does), so they are taken off on both sides.
 */
function shown(column: string, table: string): string {
  const kind = CASES[Number(column.slice(1))];
  if (table !== 'every_type' || kind?.type !== 'numeric') return `"${column}"::text`;
  return column.startsWith('c')
    ? `trim_scale("${column}")::text`
    : `(SELECT array_agg(trim_scale(e)) FROM unnest("${column}") e)::text`;
}

function parked(status: {
  readonly sinks: readonly { readonly parked: readonly unknown[] }[];
}): boolean {
  return status.sinks.some((sink) => sink.parked.length > 0);
}
