import { expect, test } from 'vitest';
import { scalarOf } from '../../../dialects/duckdb/duckdb-scalars.ts';
import {
  GEOMETRY,
  POINT,
  SHAPE,
  SPARSE_VECTOR,
  STRUCTURED,
  VARIABLE_SCALE_DECIMAL,
} from '../../../dialects/semantic-schemas.ts';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';

type Wanted = Omit<ConnectSchema, 'optional'>;

function stored(schema: Wanted, value: Exclude<ConnectValue, null>): string {
  const { ddl, text } = scalarOf({ optional: true, ...schema });
  return `${ddl} ${text(value)}`;
}

const typeOf = (schema: Wanted): string => scalarOf({ optional: true, ...schema }).ddl;

const decimal = (parameters: Record<string, string>): Wanted => ({
  type: 'bytes',
  name: 'org.apache.kafka.connect.data.Decimal',
  parameters,
});
const ofPrecision = (precision: number, scale: number): Wanted =>
  decimal({ scale: String(scale), 'connect.decimal.precision': String(precision) });
const ofMysql = (type: string, wanted: Wanted): Wanted => ({
  ...wanted,
  parameters: { ...wanted.parameters, '__tidemark.source.mysql.type': type },
});

test('numbers keep every digit, as a DECIMAL or as a text (S15, S16)', () => {
  expect(stored({ type: 'int64' }, -(2n ** 63n))).toBe('BIGINT -9223372036854775808');
  expect(stored({ type: 'float64' }, Number.NaN)).toBe('DOUBLE NaN');
  expect(stored({ type: 'float32' }, -0)).toBe('FLOAT -0');
  expect(stored({ type: 'boolean' }, true)).toBe('BOOLEAN true');
  expect(stored(ofPrecision(10, 2), { unscaled: 150n, scale: 2 })).toBe('DECIMAL(10,2) 1.5');
  expect(typeOf(ofPrecision(38, 38))).toBe('DECIMAL(38,38)');
  expect(typeOf(ofPrecision(39, 2))).toBe('VARCHAR');
  // A negative scale, and one past the precision.
  expect(stored(ofPrecision(3, -2), { unscaled: 5n, scale: -2 })).toBe('DECIMAL(5,0) 500');
  expect(typeOf(ofPrecision(2, 4))).toBe('DECIMAL(4,4)');
  expect(typeOf(decimal({ scale: '2' }))).toBe('VARCHAR');
  expect(typeOf(decimal({ scale: '2', '__tidemark.source.type': 'money' }))).toBe('DECIMAL(19,2)');
  const value = { schema: VARIABLE_SCALE_DECIMAL, values: [2, Buffer.from([100])] };
  expect(stored(VARIABLE_SCALE_DECIMAL, value)).toBe('VARCHAR 1');
});

test.each([
  ['tinyint(1)', 'int16', 'TINYINT'],
  ['tinyint unsigned', 'int16', 'UTINYINT'],
  ['smallint unsigned', 'int32', 'USMALLINT'],
  ['mediumint', 'int32', 'INTEGER'],
  ['int unsigned zerofill', 'int64', 'UINTEGER'],
  ['bigint unsigned', 'int64', 'UBIGINT'],
] as const)('%s of MySQL is %s', (source, type, wanted) => {
  expect(typeOf(ofMysql(source, { type }))).toBe(wanted);
});

test('what only MySQL tells: precise numbers, members, and no boolean in a number (S19)', () => {
  const precise = ofMysql('bigint unsigned', decimal({ scale: '0' }));
  expect(stored(precise, { unscaled: 2n ** 64n - 1n, scale: 0 })).toBe(`UBIGINT ${2n ** 64n - 1n}`);
  expect(typeOf(ofMysql('decimal(30,10)', decimal({ scale: '10' })))).toBe('DECIMAL(30,10)');
  expect(typeOf(ofMysql('decimal(65,30)', decimal({ scale: '30' })))).toBe('VARCHAR');
  expect(typeOf(ofMysql('tinyint(1)', { type: 'boolean' }))).toBe('BOOLEAN');
  const member: Wanted = { type: 'string', name: 'io.debezium.data.Enum' };
  expect(typeOf(ofMysql("enum('a','it''s')", member))).toBe("ENUM('a', 'it''s', '')");
  expect(typeOf({ ...member, parameters: { allowed: 'a,b' } })).toBe('VARCHAR');
  const own = { allowed: 'a,b', '__tidemark.source.type': 'mood' };
  expect(typeOf({ ...member, parameters: own })).toBe("ENUM('a', 'b')");
  const exact = { ...own, '__tidemark.source.labels': '["a,b"]' };
  expect(typeOf({ ...member, parameters: exact })).toBe("ENUM('a,b')");
});

test('bytes, bits and texts (S17, S19)', () => {
  expect(stored({ type: 'bytes' }, Buffer.from([0, 255]))).toBe('BLOB AP8=');
  expect(stored({ type: 'string' }, "it's\0")).toBe("VARCHAR it's\0");
  const bits = (length: string, source = 'bit(9)'): Wanted => ({
    type: 'bytes',
    name: 'io.debezium.data.Bits',
    parameters: { length, '__tidemark.source.type': source },
  });
  expect(stored(bits('9'), Buffer.from([0b101, 1]))).toBe('BIT 100000101');
  expect(stored(bits('9'), Buffer.from([1]))).toBe('BIT 000000001');
  expect(stored(bits('16', 'bit varying(16)'), Buffer.from([3]))).toBe('VARCHAR 11');
});

test('shapes: a point is a STRUCT, others are texts or EWKB', () => {
  const point = { schema: POINT, values: [1.5, -0, null, null] };
  expect(stored(POINT, point)).toBe('STRUCT(x DOUBLE, y DOUBLE) {"x":"1.5","y":"-0"}');
  expect(() => stored(POINT, { schema: POINT, values: [1, 2, null, 4326] })).toThrow(/SRID/);
  expect(typeOf(ofMysql('point', POINT))).toBe('BLOB');
  expect(typeOf(SHAPE)).toBe('VARCHAR');
  const wkb = Buffer.from([1]);
  expect(stored({ ...GEOMETRY, version: 1 }, { schema: GEOMETRY, values: [wkb, null] })).toBe(
    'BLOB AQ==',
  );
  expect(typeOf(SPARSE_VECTOR)).toBe('VARCHAR');
});

test('structured times are times', () => {
  expect(typeOf(STRUCTURED.date)).toBe('DATE');
  const values = (STRUCTURED.duration.fields ?? []).map(({ name }) => (name === 'days' ? 3 : 0));
  expect(stored(STRUCTURED.duration, { schema: STRUCTURED.duration, values })).toBe(
    'INTERVAL 0 months 3 days 0 microseconds',
  );
  const zoned = STRUCTURED['zoned-time'];
  const parts = (zoned.fields ?? []).map(({ name }) => (name === 'hour' ? 10 : 0));
  expect(stored(zoned, { schema: zoned, values: parts })).toBe('TIME WITH TIME ZONE 10:00:00+00');
});

test('what nobody knows is refused', () => {
  const schema = { type: 'struct', name: 'some.Thing', fields: [] } as const;
  expect(() => typeOf(schema)).toThrow(/no type of DuckDB for the schema some\.Thing/);
});
