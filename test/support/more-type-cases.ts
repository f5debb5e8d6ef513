import type { TypeCase } from './basic-type-cases.ts';

const NUMBER = '((random() - 0.5) * 10 ^ (random() * 6)::int)::numeric(20,6)';
const POINT = `point(${NUMBER}::float8, ${NUMBER}::float8)`;
const BITS = `(SELECT string_agg((random())::int::text, '') FROM generate_series(1, 16))`;

function bounds(type: string, low: string, high: string): string {
  return `${type}(least(${low}, ${high}), greatest(${low}, ${high}))`;
}

const ranges: readonly TypeCase[] = [
  ['int4range', '(random() * 100)::int'],
  ['int8range', '(random() * 1e15)::bigint'],
  ['numrange', NUMBER],
  ['tsrange', "timestamp '2020-01-01' + random() * interval '9 years'"],
  ['tstzrange', "timestamptz '2020-01-01Z' + random() * interval '9 years'"],
  ['daterange', "date '2020-01-01' + (random() * 1000)::int"],
].flatMap(([type = '', random = '']): TypeCase[] => {
  const multi = type.replace('range', 'multirange');
  const range = `(SELECT ${bounds(type, 'a', 'b')} FROM (SELECT ${random} a, ${random} b) r)`;
  return [
    { type, boundaries: ["'empty'", "'(,)'"], random: range },
    { type: multi, boundaries: ["'{}'", "'{(,)}'"], random: `${multi}(${range})` },
  ];
});

const geometry: readonly TypeCase[] = [
  {
    type: 'point',
    boundaries: ["'(0,0)'", "'(-0,1e300)'", "'(NaN,Infinity)'", "'(-Infinity,5e-324)'"],
    random: POINT,
  },
  {
    type: 'line',
    boundaries: ["'{1,-1,0}'", "'{0.1,2,1e20}'"],
    random: `line(${POINT}, '(1e9,7)')`,
  },
  { type: 'lseg', boundaries: ["'[(1,1),(1,1)]'"], random: `lseg(${POINT}, ${POINT})` },
  {
    type: 'box',
    boundaries: ["'(0,0),(0,0)'", "'(3,4),(1,2)'"],
    random: `box(${POINT}, ${POINT})`,
  },
  {
    type: 'path',
    boundaries: ["'[(0,0),(1,1)]'", "'((0,0),(1,1))'", "'((0,0))'", "'[(0,0),(1,0),(0,0)]'"],
    random: `path(polygon(8, circle(${POINT}, 2)))`,
  },
  {
    type: 'polygon',
    boundaries: ["'((0,0))'", "'((0,0),(1,1),(0,0))'", "'((0,0),(1,1),(2,0))'"],
    random: `polygon(5, circle(${POINT}, 3))`,
  },
  { type: 'circle', boundaries: ["'<(0,0),0>'", "'<(1.5,-2),3>'"], random: `circle(${POINT}, 2)` },
];

const bits: readonly TypeCase[] = [
  { type: 'bit(1)', boundaries: ["B'1'", "B'0'"], random: '(random())::int' },
  { type: 'bit(8)', boundaries: ["B'00000000'", "B'10000001'"], random: '(random() * 255)::int' },
  { type: 'bit(70)', boundaries: [`B'${'01'.repeat(35)}'`], random: '(random() * 2e9)::int' },
  { type: 'bit varying', boundaries: ["B''", "B'0'", "B'000101'"], random: BITS },
  { type: 'bit varying(16)', boundaries: ["B''", "B'0011'"], random: BITS },
];

const system: readonly TypeCase[] = [
  {
    type: '"char"',
    boundaries: ["''", "'q'", "E'\\\\'"],
    random: `chr((33 + random() * 90)::int)`,
  },
  { type: 'pg_lsn', boundaries: ["'0/0'", "'FFFFFFFF/FFFFFFFF'"], random: `'0/0'::pg_lsn + 5e9` },
  {
    type: 'xid',
    boundaries: ["'0'", "'4294967295'"],
    random: `(random() * 1e9)::bigint::text::xid`,
  },
  { type: 'xid8', boundaries: ["'18446744073709551615'"], random: `pg_current_xact_id()` },
  { type: 'tid', boundaries: ["'(0,1)'"], random: `'(7,8)'::tid` },
  { type: 'int2vector', boundaries: ["'1 2 3'", "''"], random: `'4 5'::int2vector` },
  { type: 'oidvector', boundaries: ["'1 4294967295'"], random: `'4 5'::oidvector` },
  { type: 'pg_snapshot', boundaries: ["'10:20:10,14'"], random: 'pg_current_snapshot()' },
  { type: 'regclass', boundaries: ["'pg_class'"], random: `'pg_type'::regclass`, target: 'text' },
];

const texts: readonly TypeCase[] = [
  {
    type: 'cidr',
    boundaries: ["'10.0.0.0/8'", "'::/0'"],
    random: `set_masklen('10.1.2.3'::cidr, 24)`,
  },
  { type: 'macaddr', boundaries: ["'ff:ff:ff:ff:ff:ff'"], random: `left(md5(random()::text), 12)` },
  {
    type: 'macaddr8',
    boundaries: ["'00:00:00:00:00:00:00:01'"],
    random: `left(md5(random()::text), 16)`,
  },
  {
    type: 'xml',
    boundaries: ['\'<a x="1">é</a>\'', "'text'"],
    random: `xmlelement(name r, random())`,
  },
  {
    type: 'tsvector',
    boundaries: ["''", `$$'it''s':1A 'b\\c':2,3B$$`],
    random: `to_tsvector('english', md5(random()::text) || ' brown foxes')`,
  },
  { type: 'tsquery', boundaries: [`$$'a' & ( !'b' | 'c':*A )$$`], random: `'a <-> b'::tsquery` },
  { type: 'jsonpath', boundaries: [`'$."a"[*] ? (@ > 1)'`], random: `'strict $.x'::jsonpath` },
  {
    type: 'time with time zone',
    boundaries: ["'12:34:56.789012+00'", "'00:00:00.000001+00'"],
    random: `(timestamp '2020-01-01' + random() * interval '1 day')::time::text || '+00'`,
  },
  {
    type: 'money',
    boundaries: ["'-92233720368547758.08'", "'92233720368547758.07'", "'0.01'", "'-0.01'"],
    random: `((random() - 0.5) * 1e12)::numeric(20,2)`,
  },
];

const json = (column: string): string => `${column}::text::jsonb`;

/** Types of users and extensions; the target has none of these. */
const own: readonly TypeCase[] = [
  { type: 'citext', boundaries: ["'CiText'", "''"], random: 'md5(random()::text)', target: 'text' },
  { type: 'ltree', boundaries: ["'Top.Science'", "''"], random: "'a.b'::ltree", target: 'text' },
  {
    type: 'isbn',
    boundaries: ["'0-393-04002-X'"],
    random: "'1-4133-0454-0'::isbn",
    target: 'text',
  },
  {
    type: 'pair',
    boundaries: [`ROW(1, 'x y', NULL)`, `ROW(NULL, '"', '{1,2}')`],
    random: `ROW((random() * 9)::int, md5(random()::text), '{1}')`,
    target: 'text',
  },
  { type: 'floats', boundaries: ["'[1.5,2.5)'"], random: "'(,3)'::floats", target: 'text' },
  {
    type: 'd_price',
    boundaries: ['1.10', '-9999999999.99'],
    random: 'random() * 1000',
    target: 'numeric(12,2)',
  },
  { type: 'd_mood', boundaries: ["'sad'"], random: "'ok'::d_mood", scalarOnly: true },
  {
    type: 'd_numbers',
    boundaries: ["'{1,NULL,3}'", "'{}'"],
    random: "'{4,5}'::d_numbers",
    scalarOnly: true,
    target: 'integer[]',
  },
  {
    type: 'hstore',
    boundaries: [`'"a"=>"1", "b c"=>"x\\"y", "n"=>NULL'`, "''"],
    random: `hstore(md5(random()::text), 'v')`,
    scalarOnly: true,
    target: 'json',
    shown: (column) => json(`(${column})`),
  },
  {
    type: 'integer[][]',
    boundaries: ["'{{1,2},{3,NULL}}'", "'[0:1][1:1]={{1},{2}}'", "'{}'", "'{7}'"],
    random: "'{{1},{2}}'::int[]",
    scalarOnly: true,
    target: 'integer[]',
  },
  {
    type: 'text[][]',
    boundaries: [`'{{"a,b","NULL"},{NULL,"\\"{}"}}'`],
    random: `array[array[md5(random()::text), NULL]]`,
    scalarOnly: true,
    target: 'text[]',
  },
];

/** What the source needs beside the tables. */
export const MORE_TYPES_SCHEMA = `
  CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION isn; CREATE EXTENSION hstore;
  CREATE TYPE pair AS (a int, b text, c int[]);
  CREATE TYPE floats AS RANGE (subtype = float8);
  CREATE DOMAIN d_price0 AS numeric(12,2); CREATE DOMAIN d_price AS d_price0;
  CREATE DOMAIN d_mood AS mood; CREATE DOMAIN d_numbers AS int[];
`;

/** The rest of the types of PostgreSQL, and types of users and extensions. */
export const MORE_TYPE_CASES: readonly TypeCase[] = [
  ranges,
  geometry,
  bits,
  system,
  texts,
  own,
].flat();
