import { describe, expect, test } from 'vitest';
import type { TypeInfo } from '../../../dialects/postgres/postgres-catalog.ts';
import { mapPostgresType } from '../../../dialects/postgres/postgres-types.ts';
import type { TypeMapping } from '../../../dialects/postgres/postgres-types.ts';
import { DEFAULT_VALUE_MODES } from '../../../dialects/postgres/postgres-value-modes.ts';
import type { ValueModes } from '../../../dialects/postgres/postgres-value-modes.ts';
import { typeInfo } from '../../support/table-fixtures.ts';

const TYPES: TypeInfo[] = [];

function type(info: Partial<TypeInfo> & { readonly name: string }): TypeInfo {
  const made = typeInfo(info.name, { oid: 100 + TYPES.length, ...info });
  TYPES.push(made);
  return made;
}

const numericTypmod = (precision: number, scale: number): number =>
  ((precision << 16) | (scale & 0x7ff)) + 4;

function map(info: TypeInfo, typmod = -1, modes: Partial<ValueModes> = {}): TypeMapping {
  return mapPostgresType(
    { typeOid: info.oid, typmod, typeText: info.name },
    (oid) => TYPES.find((candidate) => candidate.oid === oid),
    { ...DEFAULT_VALUE_MODES, ...modes },
  );
}

/** `type name {parameters}` of the schema and the kind of the format. */
function brief(mapping: TypeMapping): string {
  if (!mapping.supported) return `unsupported ${mapping.typeName}`;
  const { schema, format } = mapping;
  const parameters = schema.parameters === undefined ? '' : ` ${JSON.stringify(schema.parameters)}`;
  const version = schema.version === undefined ? '' : ` v${schema.version}`;
  const name = schema.name === undefined ? '' : ` ${schema.name}`;
  const detail =
    'unit' in format ? ` ${format.unit}` : 'digits' in format ? ` ${format.digits}` : '';
  return `${schema.type}${name}${version}${parameters} | ${format.kind}${detail}`;
}

const NUMERIC = type({ name: 'numeric' });
const TIME = type({ name: 'time' });
const TIMESTAMP = type({ name: 'timestamp' });
const DATE = type({ name: 'date' });
const VARCHAR = type({ name: 'varchar' });
const MOOD = type({ name: 'mood', schema: 'public', kind: 'enum', labels: ['sad', 'ok'] });

describe('mapPostgresType', () => {
  test.each([
    ['int2', 'int16 | integer'],
    ['int4', 'int32 | integer'],
    ['int8', 'int64 | integer'],
    ['oid', 'int64 | integer'],
    ['float4', 'float32 | float'],
    ['float8', 'float64 | float'],
    ['bool', 'boolean | boolean'],
    ['text', 'string | string'],
    ['bpchar', 'string | string'],
    ['char', 'string | byte-text'],
    ['name', 'string | string'],
    ['inet', 'string | string'],
    ['bytea', 'bytes | bytea'],
    ['uuid', 'string io.debezium.data.Uuid v1 | string'],
    ['json', 'string io.debezium.data.Json v1 | string'],
    ['jsonb', 'string io.debezium.data.Json v1 | string'],
    ['xml', 'string io.debezium.data.Xml v1 | string'],
    ['tsvector', 'string io.debezium.data.Tsvector v1 | string'],
    ['interval', 'int64 io.debezium.time.MicroDuration v1 | micro-duration'],
    ['timetz', 'string io.debezium.time.ZonedTime v1 | zoned-time'],
    ['timestamptz', 'string io.debezium.time.ZonedTimestamp v1 | zoned-timestamp 6'],
    ['money', 'bytes org.apache.kafka.connect.data.Decimal v1 {"scale":"2"} | money'],
    ['point', 'struct io.debezium.data.geometry.Point v1 | geometric'],
    ['line', 'struct io.debezium.data.geometry.Line v1 | geometric'],
    ['box', 'struct io.debezium.data.geometry.Geometry v2 | geometric'],
    ['circle', 'struct io.debezium.data.geometry.Circle v1 | geometric'],
    ['varbit', 'bytes io.debezium.data.Bits v1 {"length":"2147483647"} | bits'],
    ['xid', 'string | string'],
    ['int2vector', 'string | string'],
    ['tsquery', 'string | string'],
    ['jsonpath', 'string | string'],
    ['pg_lsn', 'string | string'],
    ['regclass', 'string | string'],
    ['pg_brin_bloom_summary', 'unsupported pg_brin_bloom_summary'],
  ])('%s', (name, expected) => {
    expect(brief(map(type({ name })))).toBe(expected);
  });

  test('types of extensions only by their extension', () => {
    const known = { schema: 'public', extension: 'ltree' };
    expect(brief(map(type({ name: 'ltree', ...known })))).toBe(
      'string io.debezium.data.Ltree v1 | string',
    );
    const citext = type({ name: 'citext', schema: 'x', extension: 'citext' });
    expect(brief(map(citext))).toBe('string | string');
    const hstore = type({ name: 'hstore', schema: 'public', extension: 'hstore' });
    expect(brief(map(hstore))).toBe('string io.debezium.data.Json v1 | hstore');
    expect(brief(map(hstore, -1, { hstore: 'map' }))).toBe('map | hstore');
    expect(brief(map(type({ name: 'text', schema: 'public' })))).toBe('unsupported text');
  });

  test('PostGIS and pgvector by the names of their types', () => {
    const named = (name: string): string => brief(map(type({ name, schema: 'gis' })));
    expect(named('geometry')).toBe('struct io.debezium.data.geometry.Geometry v1 | ewkb');
    expect(named('geography')).toBe('struct io.debezium.data.geometry.Geography v1 | ewkb');
    expect(named('vector')).toBe('array io.debezium.data.DoubleVector v1 | vector');
    expect(named('halfvec')).toBe('array io.debezium.data.FloatVector v1 | vector');
    expect(named('sparsevec')).toBe(
      'struct io.debezium.data.SparseDoubleVector v1 | sparse-vector',
    );
  });

  test('an unknown type is refused, or carries its text', () => {
    const cube = type({ name: 'cube', schema: 'public', extension: 'cube' });
    expect(brief(map(cube))).toBe('unsupported cube');
    const includeUnknown = true;
    expect(brief(map(cube, -1, { includeUnknown }))).toBe('bytes | opaque');
    expect(brief(map(cube, -1, { includeUnknown, binary: 'hex' }))).toBe('string | opaque');
  });

  test('bits: one is a boolean, more are bytes with their length', () => {
    const bit = type({ name: 'bit' });
    expect(brief(map(bit, 1))).toBe('boolean | bit');
    expect(brief(map(bit, 8))).toBe('bytes io.debezium.data.Bits v1 {"length":"8"} | bits');
    const varbit = type({ name: 'varbit' });
    expect(brief(map(varbit, 16))).toBe('bytes io.debezium.data.Bits v1 {"length":"16"} | bits');
    expect(brief(map(varbit, 16, { bitVarying: 'string' }))).toBe('string | string');
  });

  test('money follows the modes of decimals, and the digits of the server', () => {
    const money = type({ name: 'money', moneyDigits: 0 });
    expect(map(money, -1, { moneyFractionDigits: 3 })).toMatchObject({
      schema: { parameters: { scale: '3' } },
      format: { kind: 'money', as: 'decimal', printed: 0, scale: 3 },
    });
    expect(brief(map(money, -1, { decimal: 'double' }))).toBe('float64 | money');
    expect(brief(map(money, -1, { decimal: 'string' }))).toBe('string | money');
  });

  test.each([
    ['date', -1, 'StructuredDate', 6],
    ['time', 3, 'StructuredTime', 3],
    ['timetz', -1, 'StructuredZonedTime', 6],
    ['timestamp', 0, 'StructuredTimestamp', 0],
    ['timestamptz', 6, 'StructuredZonedTimestamp', 6],
    ['interval', (0x7fff << 16) | 0xffff, 'StructuredDuration', 6],
    ['interval', (0x7fff << 16) | 2, 'StructuredDuration', 2],
  ])('structured %s(%s)', (name, typmod, schema, digits) => {
    expect(brief(map(type({ name }), typmod, { timePrecision: 'structured' }))).toBe(
      `struct io.debezium.time.${schema} v1 | structured ${digits}`,
    );
  });

  test('numeric by its modifier', () => {
    const decimal = (scale: number, precision: number): string =>
      `bytes org.apache.kafka.connect.data.Decimal v1 ` +
      `{"scale":"${scale}","connect.decimal.precision":"${precision}"} | decimal`;
    expect(brief(map(NUMERIC, numericTypmod(10, 2)))).toBe(decimal(2, 10));
    expect(brief(map(NUMERIC, numericTypmod(5, 0)))).toBe(decimal(0, 5));
    // PostgreSQL 15: eleven bits with a sign, which the original takes for 2046.
    expect(brief(map(NUMERIC, numericTypmod(3, -2)))).toBe(decimal(-2, 3));
    expect(brief(map(NUMERIC, numericTypmod(1000, 1000)))).toBe(decimal(1000, 1000));
    const variable = map(NUMERIC);
    expect(brief(variable)).toBe(
      'struct io.debezium.data.VariableScaleDecimal v1 | variable-decimal',
    );
    expect(variable.supported && variable.schema.doc).toBe('Variable scaled decimal');
    expect(brief(map(NUMERIC, -1, { decimal: 'double' }))).toBe('float64 | decimal-double');
    expect(brief(map(NUMERIC, -1, { decimal: 'string' }))).toBe('string | decimal-string');
  });

  const date = (name: string): string => `int32 ${name} v1 | date`;
  const int32 = (name: string): string => `int32 ${name} v1 | time ms`;
  const int64 = (name: string, rest: string): string => `int64 ${name} v1 | ${rest}`;
  const DAYS = date('io.debezium.time.Date');
  const MILLIS = int64('io.debezium.time.Timestamp', 'timestamp ms');
  const MICROS = int64('io.debezium.time.MicroTimestamp', 'timestamp us');
  const MICRO_TIME = int64('io.debezium.time.MicroTime', 'time us');
  const NANOS = int64('io.debezium.time.NanoTimestamp', 'timestamp ns');
  const NANO_TIME = int64('io.debezium.time.NanoTime', 'time ns');
  const CONNECT_TIME = int32('org.apache.kafka.connect.data.Time');
  const CONNECT = int64('org.apache.kafka.connect.data.Timestamp', 'timestamp ms');
  test.each([
    ['adaptive', DAYS, int32('io.debezium.time.Time'), MICRO_TIME, MILLIS, MICROS],
    ['adaptive_time_microseconds', DAYS, MICRO_TIME, MICRO_TIME, MILLIS, MICROS],
    ['microseconds', DAYS, MICRO_TIME, MICRO_TIME, MICROS, MICROS],
    ['nanoseconds', DAYS, NANO_TIME, NANO_TIME, NANOS, NANOS],
    [
      ...(['connect', date('org.apache.kafka.connect.data.Date')] as const),
      ...([CONNECT_TIME, CONNECT_TIME, CONNECT, CONNECT] as const),
    ],
    [
      ...(['isostring', 'string io.debezium.time.IsoDate v1 | iso-date'] as const),
      'string io.debezium.time.IsoTime v1 | iso-time',
      'string io.debezium.time.IsoTime v1 | iso-time',
      'string io.debezium.time.IsoTimestamp v1 | iso-timestamp',
      'string io.debezium.time.IsoTimestamp v1 | iso-timestamp',
    ],
  ] as const)('times in mode %s', (timePrecision, days, time3, time, timestamp3, timestamp) => {
    const modes = { timePrecision };
    expect(brief(map(DATE, -1, modes))).toBe(days);
    expect(brief(map(TIME, 3, modes))).toBe(time3);
    expect(brief(map(TIME, -1, modes))).toBe(time);
    expect(brief(map(TIMESTAMP, 3, modes))).toBe(timestamp3);
    expect(brief(map(TIMESTAMP, -1, modes))).toBe(timestamp);
  });

  test('the modes of bytea and interval', () => {
    const bytea = type({ name: 'bytea' });
    expect(brief(map(bytea, -1, { binary: 'base64' }))).toBe('string | bytea');
    expect(brief(map(type({ name: 'interval' }), -1, { interval: 'string' }))).toBe(
      'string io.debezium.time.Interval v1 | interval-string',
    );
  });

  test('an enum has its labels in order', () => {
    expect(brief(map(MOOD))).toBe('string io.debezium.data.Enum v1 {"allowed":"sad,ok"} | string');
  });

  test('domains are followed to the root, with the nearest modifier (P84)', () => {
    const domain = { schema: 'public', kind: 'domain' } as const;
    const base = { baseOid: NUMERIC.oid, baseTypmod: numericTypmod(12, 2) };
    const inner = type({ name: 'd_money2', ...domain, ...base });
    const outer = type({ name: 'd_nested', ...domain, baseOid: inner.oid });
    expect(brief(map(outer))).toContain('"scale":"2","connect.decimal.precision":"12"');
    const mood = type({ name: 'd_mood', ...domain, baseOid: MOOD.oid });
    expect(brief(map(mood))).toContain('io.debezium.data.Enum');
  });

  test('arrays of several dimensions: text, or nested', () => {
    const array = type({ name: '_int4', category: 'A', elementOid: type({ name: 'int4' }).oid });
    const mapped = (dimensions: number, arrays: ValueModes['arrays']): TypeMapping =>
      mapPostgresType(
        { typeOid: array.oid, typmod: -1, typeText: 'integer[]', dimensions },
        (oid) => TYPES.find((candidate) => candidate.oid === oid),
        { ...DEFAULT_VALUE_MODES, arrays },
      );
    expect(brief(mapped(1, 'text'))).toBe('array | array');
    expect(brief(mapped(0, 'text'))).toBe('array | array');
    expect(brief(mapped(2, 'text'))).toBe('string | string');
    expect(brief(mapped(1, 'all_text'))).toBe('string | string');
    expect(mapped(3, 'nested')).toMatchObject({
      schema: {
        type: 'array',
        valueSchema: { type: 'array', valueSchema: { valueSchema: { type: 'int32' } } },
      },
      format: { kind: 'array', dimensions: 3, element: { kind: 'integer' } },
    });
  });

  test('arrays: optional elements, but required labels of an enum, if so configured', () => {
    const array = type({ name: '_numeric', category: 'A', elementOid: NUMERIC.oid });
    expect(map(array, numericTypmod(10, 2))).toMatchObject({
      schema: { type: 'array', valueSchema: { type: 'bytes', optional: true } },
      format: { kind: 'array', delimiter: ',', element: { kind: 'decimal', scale: 2 } },
    });
    const moods = type({ name: '_mood', category: 'A', elementOid: MOOD.oid });
    expect(map(moods)).toMatchObject({ schema: { valueSchema: { optional: true } } });
    expect(map(moods, -1, { enumElementsOptional: false })).toMatchObject({
      schema: { valueSchema: { optional: false } },
    });
    const short = type({ name: 'd_short', kind: 'domain', baseOid: VARCHAR.oid, baseTypmod: 14 });
    const shorts = type({ name: '_d_short', category: 'A', elementOid: short.oid });
    expect(map(shorts)).toMatchObject({ schema: { valueSchema: { type: 'string' } } });
    const points = type({ name: '_point', category: 'A', elementOid: type({ name: 'point' }).oid });
    expect(map(points)).toMatchObject({ schema: { valueSchema: { type: 'struct' } } });
    const over = type({ name: 'd_array', kind: 'domain', baseOid: array.oid });
    const nested = type({ name: '_d_array', category: 'A', elementOid: over.oid });
    expect(map(nested)).toMatchObject({ schema: { valueSchema: { type: 'string' } } });
  });

  test('rows and ranges are texts; an unknown oid is unsupported', () => {
    expect(brief(map(type({ name: 'comp', kind: 'composite' })))).toBe('string | string');
    expect(brief(map(type({ name: 'int4range', kind: 'range' })))).toBe('string | string');
    expect(brief(map(type({ name: 'int4multirange', kind: 'multirange' })))).toBe(
      'string | string',
    );
    expect(brief(map({ ...NUMERIC, oid: 9 }))).toBe('unsupported numeric');
  });
});

describe('value.mode debezium', () => {
  const debezium = { values: 'debezium' } as const;
  const arrayOf = (element: TypeInfo): TypeInfo =>
    type({ name: `_${element.name}`, elementOid: element.oid });
  const cutOf = (element: TypeInfo, modes: Partial<ValueModes>): unknown => {
    const mapping = map(arrayOf(element), -1, modes);
    const format = mapping.supported ? mapping.format : null;
    return format?.kind === 'array' && 'cut' in format.element ? format.element.cut : undefined;
  };

  test('times in arrays lose digits; by themselves they do not', () => {
    const timetz = type({ name: 'timetz' });
    expect(cutOf(TIME, debezium)).toBe('ms');
    expect(cutOf(TIME, { ...debezium, timePrecision: 'isostring' })).toBe('ms');
    expect(cutOf(timetz, debezium)).toBe('s');
    expect(cutOf(TIME, {})).toBeUndefined();
    expect(map(TIME, -1, debezium)).toEqual(map(TIME));
  });

  test('geometry is optional, whatever its column says', () => {
    const geometry = type({ name: 'geometry', schema: 'public', extension: 'postgis' });
    const geography = type({ name: 'geography', schema: 'public', extension: 'postgis' });
    expect(map(geometry, -1, debezium)).toMatchObject({ schema: { optional: true } });
    expect(map(geography, -1, debezium)).toMatchObject({ schema: { optional: false } });
    expect(map(geometry)).toMatchObject({ schema: { optional: false } });
  });

  test('the release decides about extensions of geometry and infinities of timestamps', () => {
    const geometry = type({ name: 'geometry', schema: 'public', extension: 'postgis' });
    const later = { ...debezium, release: '3.7' } as const;
    expect(brief(map(geometry, -1, later))).toContain('Geometry v2');
    expect(brief(map(geometry, -1, debezium))).toContain('Geometry v1');
    expect(map(TIMESTAMP, 3, later)).toMatchObject({ format: { unit: 'ms', infinities: '3.7' } });
    expect(map(TIMESTAMP, -1, later)).toMatchObject({ format: { infinities: '3.7' } });
    expect(map(TIMESTAMP, -1, debezium)).toEqual(map(TIMESTAMP));
  });

  test('a structured interval year to month tells its modifier', () => {
    const interval = type({ name: 'interval' });
    const structured = { ...debezium, timePrecision: 'structured' } as const;
    const yearToMonth = (6 << 16) | 0xffff;
    expect(brief(map(interval, yearToMonth, structured))).toMatch(/structured 65535$/);
    expect(brief(map(interval, -1, structured))).toMatch(/structured 6$/);
  });

  test.each(['tsquery', 'xid', 'regclass'])('%s is bytes if unknown types are wanted', (name) => {
    const unknown = type({ name });
    expect(brief(map(unknown, -1, { ...debezium, includeUnknown: true }))).toBe('bytes | opaque');
    expect(brief(map(unknown, -1, debezium))).toBe('string | string');
    expect(brief(map(unknown, -1, { includeUnknown: true }))).toBe('string | string');
  });

  test('rows and multiranges, too, but not ranges', () => {
    const all = { ...debezium, includeUnknown: true };
    expect(brief(map(type({ name: 'r', kind: 'composite' }), -1, all))).toBe('bytes | opaque');
    expect(brief(map(type({ name: 'm', kind: 'multirange' }), -1, all))).toBe('bytes | opaque');
    expect(brief(map(type({ name: 'n', kind: 'range' }), -1, all))).toBe('string | string');
  });
});
