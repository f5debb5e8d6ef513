/** A type with its edges and an expression that makes values of it. */
export interface TypeCase {
  readonly type: string;
  /** SQL literals. */
  readonly boundaries: readonly string[];
  /** An SQL expression that gives another value each time. */
  readonly random: string;
  /** The first major version of PostgreSQL that has it. */
  readonly since?: number;
  /** No array column of it. */
  readonly scalarOnly?: boolean;
  /** The type in the target, where it is another. */
  readonly target?: string;
  /** What is compared, on both sides; the text that the database prints by default. */
  readonly shown?: (column: string) => string;
}

const RANDOM_TEXT = `(SELECT string_agg(chr(CASE WHEN random() < 0.8 THEN 32 + (random() * 94)::int
  ELSE 161 + (random() * 5000)::int END), '') FROM generate_series(1, 1 + (random() * 30)::int))`;
const RANDOM_TIMESTAMP = `timestamp '0001-01-01' + random() * interval '9000 years'`;

/** Types that PostgreSQL has by itself, but for those of `moreTypeCases`. */
export const BASIC_TYPE_CASES: readonly TypeCase[] = [
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
  {
    type: 'numeric(3,-2)',
    since: 15,
    boundaries: ['12300', '-99900', '0'],
    random: '(random() * 90000)',
  },
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
