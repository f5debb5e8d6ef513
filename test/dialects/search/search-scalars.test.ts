import { expect, test } from 'vitest';
import { scalarField, unknownSchema } from '../../../dialects/search/search-scalars.ts';
import { must } from '../../../src/foundation/assert.ts';
import type {
  ConnectSchema,
  ConnectType,
  ConnectValue,
} from '../../../src/model/connect-schema.ts';
import { DECIMAL } from '../../../src/model/connect-schema.ts';

const target = { product: 'elasticsearch' } as const;

function field(type: ConnectType, name?: string, parameters: Record<string, string> = {}) {
  const schema: ConnectSchema = {
    type,
    optional: true,
    parameters,
    ...(name === undefined ? {} : { name }),
  };
  return must(scalarField(schema, target), name ?? type);
}

const ofPostgres = (type: string) => ({ '__tidemark.source.type': type });
const ofMysql = (type: string) => ({ '__tidemark.source.mysql.type': type });

test.each([
  ['text', 'text'],
  ['character varying(40)', 'text'],
  ['tsvector', 'text'],
  ['public.pair', 'text'],
  ['"char"', 'keyword'],
  ['name', 'keyword'],
  ['macaddr8', 'keyword'],
  ['public.isbn', 'keyword'],
  ['bit varying(16)', 'keyword'],
  ['numeric(12,2)', 'double'],
  ['money', 'double'],
  ['inet', 'ip'],
  ['cidr', 'object'],
  ['int8range', 'object'],
  ['', 'text'],
])('a text that is %s in PostgreSQL is %s', (source, wanted) => {
  const { mapping } = field('string', undefined, source === '' ? {} : ofPostgres(source));
  expect(mapping['type'] ?? 'object').toBe(wanted);
});

test.each([
  ['varchar(40)', 'text'],
  ['longtext', 'text'],
  ['decimal(12,2)', 'double'],
  ['inet6', 'ip'],
  ['varbinary(16)', 'keyword'],
  ['mediumblob', 'keyword'],
])('a text that is %s in MySQL is %s', (source, wanted) => {
  expect(field('string', undefined, ofMysql(source)).mapping['type']).toBe(wanted);
});

test('bytes are base64; short ones are found (S17)', () => {
  const bytes = Buffer.from([0, 255]);
  expect(field('bytes').encode(bytes)).toBe('"AP8="');
  expect(field('bytes').mapping).toEqual({ type: 'binary' });
  expect(field('bytes', undefined, ofMysql('binary(16)')).mapping['type']).toBe('keyword');
  expect(field('bytes', undefined, ofMysql('varbinary(500)')).mapping['type']).toBe('binary');
  expect(() => field('bytes').encode('text')).toThrow(/should be bytes/);
});

test.each<[string, ConnectType, Record<string, string>, Exclude<ConnectValue, null>, string]>([
  ['io.debezium.data.EnumSet', 'string', {}, 'a,b', '["a","b"]'],
  ['io.debezium.data.EnumSet', 'string', {}, '', '[]'],
  ['io.debezium.data.Enum', 'string', {}, 'a,b', '"a,b"'],
  ['io.debezium.data.Bits', 'bytes', { length: '9' }, Buffer.from([1]), '"000000001"'],
  [
    'io.debezium.data.Bits',
    'bytes',
    { length: '9', ...ofPostgres('bit varying(9)') },
    Buffer.from([3]),
    '"11"',
  ],
  ['io.debezium.data.Json', 'string', {}, '5', '{"_json":5}'],
  ['io.debezium.time.MicroDuration', 'int64', {}, 1n, '1'],
  ['io.debezium.time.Year', 'int32', {}, 2026, '2026'],
  ['io.debezium.time.Date', 'int32', {}, 0, '"1970-01-01"'],
  [
    DECIMAL,
    'bytes',
    { scale: '0', ...ofMysql('bigint unsigned') },
    { unscaled: 2n ** 64n - 1n, scale: 0 },
    '18446744073709551615',
  ],
])('%s', (name, type, parameters, value, wanted) => {
  expect(field(type, name, parameters).encode(value)).toBe(wanted);
});

test('what is no scalar', () => {
  expect(scalarField({ type: 'struct', optional: true, name: 'own' }, target)).toBeUndefined();
  expect(scalarField({ type: 'array', optional: true }, target)).toBeUndefined();
  expect(unknownSchema({ type: 'array', optional: true })).toMatchObject({ code: 'SINK_SCHEMA' });
});
