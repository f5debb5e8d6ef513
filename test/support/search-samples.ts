import { GEOMETRY, POINT } from '../../dialects/semantic-schemas.ts';
import { parseText } from '../../dialects/text-values.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { BASIC_TYPE_CASES } from './basic-type-cases.ts';
import { MORE_TYPE_CASES } from './more-type-cases.ts';
import { mysqlArrivals } from './mysql-arrivals.ts';
import type { SourceType } from './type-mapping.ts';
import { SOURCES } from './type-mapping.ts';

/** A type of a source as its records have it, with values at its ends. */
export interface SearchSample {
  /** Of the field: `mysql decimal(12,2)` without what no name may have. */
  readonly name: string;
  /** As the source has it. */
  readonly type: string;
  readonly schema: ConnectSchema;
  readonly values: readonly ConnectValue[];
}

/** What the server prints where that is not to be seen in the literal. */
const PRINTED: Readonly<Record<string, readonly string[]>> = {
  boolean: ['t', 'f'],
  'timestamp with time zone': [
    'infinity',
    '2020-02-29 06:06:32.000001+00',
    '2020-02-29 06:06:32.000002+00',
    '0044-03-15 12:00:00+00 BC',
    '99999-01-01 00:00:00+00',
  ],
  bytea: ['\\x', '\\x00ff10'],
  numeric: ['1.0', '-0.00000000000000000001', '123456789012345678901234567890.123456789'],
  interval: ['P1M-2DT3H', 'P-1Y', 'PT0.000001S', 'PT0S'],
  text: ['', 'NULL', 'a\nb\t\\c\rd\u0001', '"{},', '𝔘ñï çödé', 'long '.repeat(2000)],
  json: ['{"a": 1, "a": 2}', ' [1.0,\n 12345678901234567890] ', '"\\u0000"', 'null'],
  jsonb: ['{"b": [null, 1e400]}', '{"a": {"b": "x"}}', '5'],
  mood: ['sad', 'so, so "fine"'],
  money: ['-$92,233,720,368,547,758.08', '$0.01'],
  '"char"': ['', 'q'],
  tsvector: ['', "'b\\\\c':2,3B 'it''s':1A"],
  tsquery: ["'a' & ( !'b' | 'c':*A )"],
  xml: ['<a x="1">é</a>'],
  jsonpath: ['$."a"[*]?(@ > 1)'],
  inet: ['10.0.0.1', '10.0.0.0/8', '::1'],
  cidr: ['10.0.0.0/8', '::/0', '::ffff:1.2.3.4/128'],
  numrange: ['empty', '(,)', '[1.5,2)', `(${'9'.repeat(400)},)`, '(1,1.00000000000000000001)'],
  tsrange: ['empty', '["2020-01-01 00:00:00.000001","2020-01-01 00:00:00.000002")'],
  tstzrange: ['(,)', '["2020-01-01 00:00:00+00","2020-06-01 12:00:00.5+00"]'],
  daterange: ['[2020-01-01,2020-02-01)', '["0044-03-15 BC",12345-01-01)', '(,infinity)'],
  int4multirange: ['{}', '{(,)}', '{[1,3),[5,7)}'],
  hstore: ['"a"=>"1", "b c"=>"x\\"y", "n"=>NULL, ""=>"e"', ''],
  pair: ['(1,"x y",)'],
  isbn: ['0-393-04002-X'],
  regclass: ['pg_class'],
  d_numbers: ['{1,NULL,3}', '{}'],
  'integer[][]': ['{{1,2},{3,NULL}}'],
  'text[][]': ['{{"a,b","NULL"},{NULL,"\\"{}"}}'],
};

function literalText(literal: string): readonly string[] {
  const quoted = /^B?'([^'\\]*)'$/.exec(literal)?.[1];
  if (quoted !== undefined) return [quoted];
  return /^-?[\d.]+(?:e[+-]?\d+)?$/.test(literal) ? [literal] : [];
}

/** Values that the source's own reading makes of the texts that its server prints. */
function postgresValues(source: SourceType): readonly ConnectValue[] {
  const { type, samples } = source;
  const found = [...BASIC_TYPE_CASES, ...MORE_TYPE_CASES].find((each) => each.type === type);
  const shown = samples.length > 0 ? samples.map(({ text }) => text) : undefined;
  const literals = (found?.boundaries ?? []).flatMap(literalText);
  const texts = PRINTED[type] ?? shown ?? literals;
  return texts.map((text) => read(source, text));
}

function read({ type, form }: Pick<SourceType, 'type' | 'form'>, text: string): ConnectValue {
  try {
    return parseText(form.format, form.schema, text);
  } catch (error) {
    throw new Error(`${type}: ${text}`, { cause: error });
  }
}

const LINE = Buffer.from(
  '01020000000200000000000000000000000000000000000000000000000000f03f000000000000f03f',
  'hex',
);
const WKB_POINT = Buffer.from('0101000000000000000000f83f0000000000000040', 'hex');

/** What has no text that could be written down: bytes, shapes, vectors. */
const RAW: Readonly<Record<string, readonly ConnectValue[]>> = {
  'raw-bit': [true, false],
  'raw-bits': [Buffer.from([0x55, 1]), Buffer.alloc(0)],
  'raw-bytes': [Buffer.from([0, 255, 39, 92]), Buffer.alloc(0)],
  'raw-vector': [[1, 2.5, Math.fround(-0.1)]],
};

function rawValues({ form }: SourceType): readonly ConnectValue[] | undefined {
  const { schema, format } = form;
  if (format.kind !== 'raw-geometry') return RAW[format.kind];
  return schema.name === POINT.name
    ? [4326, null].map((srid) => ({ schema, values: [1.5, 2, WKB_POINT, srid] }))
    : [4326, null].map((srid) => ({ schema: { ...GEOMETRY, ...schema }, values: [LINE, srid] }));
}

function mysqlValues(source: SourceType): readonly ConnectValue[] {
  const raw = rawValues(source);
  if (raw !== undefined) return raw;
  const { family, type } = source;
  const arrivals =
    family === 'mariadb' ? mysqlArrivals(family, '11.4') : mysqlArrivals('mysql', '9.7');
  const literals = arrivals.flatMap((each) => (each.type === type ? each.values : []));
  const texts = literals.flatMap((literal) => {
    const inner = /^'((?:[^']|'')*)'$/.exec(literal)?.[1];
    const text = inner?.replaceAll("''", "'").replaceAll(/\\(.)/g, '$1') ?? literal;
    return text.startsWith('REPEAT(') ? ['é'.repeat(3000)] : [text];
  });
  return texts.map((text) => read(source, text));
}

/** Each type of each source; arrays of PostgreSQL with the values of their elements. */
export function searchSamples(): readonly SearchSample[] {
  return Object.values(SOURCES)
    .flat()
    .map((source) => ({
      name: `${source.family} ${source.type}`.replaceAll('.', ' '),
      type: source.type,
      schema: source.form.schema,
      values: valuesOf(source),
    }));
}

function valuesOf(source: SourceType): readonly ConnectValue[] {
  if (source.family !== 'postgres') return mysqlValues(source);
  const isArray = source.type.endsWith('[]') && !source.type.endsWith('[][]');
  if (!isArray) return postgresValues(source);
  const element = SOURCES.postgres.find(({ type }) => `${type}[]` === source.type);
  return element === undefined ? [] : [[...postgresValues(element), null], []];
}
