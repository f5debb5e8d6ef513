import { expect, test } from 'vitest';
import { postgresColumnType } from '../../../dialects/postgres/postgres-column-types.ts';
import { postgresEncoder } from '../../../dialects/postgres/postgres-parameters.ts';
import { GEOMETRY, POINT } from '../../../dialects/semantic-schemas.ts';
import type { TargetColumn } from '../../../dialects/dialect.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';

type Wanted = Omit<ConnectSchema, 'optional'>;

function typeOf(source: string, schema: Wanted): string {
  const parameters = { ...schema.parameters, '__tidemark.source.mysql.type': source };
  const optional = { ...schema, optional: true, parameters };
  return postgresColumnType(optional, { schema: 's', table: 't' }).ddl;
}

const time = (name: string, type: Wanted['type'] = 'int64'): Wanted => ({
  type,
  name: `io.debezium.time.${name}`,
});

test.each<[string, Wanted, string]>([
  ['tinyint unsigned', { type: 'int16' }, 'smallint'],
  ['smallint unsigned', { type: 'int32' }, 'integer'],
  ['int(10) unsigned', { type: 'int64' }, 'bigint'],
  ['bigint unsigned', { type: 'int64' }, 'numeric(20,0)'],
  ['tinyint(1)', { type: 'boolean' }, 'boolean'],
  ['char(5)', { type: 'string' }, 'character varying(5)'],
  ['varchar(20)', { type: 'string' }, 'character varying(20)'],
  ['text', { type: 'string' }, 'text'],
  ['time(3)', time('MicroTime'), 'interval'],
  ['time', { type: 'int32', name: 'org.apache.kafka.connect.data.Time' }, 'interval'],
  ['datetime(2)', time('Timestamp'), 'timestamp(2) without time zone'],
  // The same word as PostgreSQL's, with another meaning.
  ['timestamp(6)', time('ZonedTimestamp', 'string'), 'timestamp(6) with time zone'],
  ['year', time('Year', 'int32'), 'integer'],
  ["enum('a','b')", { type: 'string', name: 'io.debezium.data.Enum' }, 'text'],
  ["set('a','b')", { type: 'string', name: 'io.debezium.data.EnumSet' }, 'text'],
  ['varbinary(9)', { type: 'bytes' }, 'bytea'],
  ['json', { type: 'string', name: 'io.debezium.data.Json' }, 'json'],
  ['point', POINT, 'bytea'],
  [
    'bit(9)',
    { type: 'bytes', name: 'io.debezium.data.Bits', parameters: { length: '9' } },
    'bit varying(9)',
  ],
  ['inet6', { type: 'string' }, 'inet'],
  ['uuid', { type: 'string', name: 'io.debezium.data.Uuid' }, 'uuid'],
  ['int); DROP TABLE x; --', { type: 'int32' }, 'integer'],
])('%s becomes what holds it (S19)', (source, schema, type) => {
  expect(typeOf(source, schema)).toBe(type);
});

test('a TIME of 838 hours is an interval; the SRID of a geometry goes into its bytes', () => {
  const column = (castType: string) => ({ castType, type: castType }) as TargetColumn;
  const encode = (schema: Wanted, castType: string, value: never) =>
    postgresEncoder({ ...schema, optional: true }, column(castType)).encode(value);
  const micros = -3_020_399_000_001n as never;
  expect(encode(time('MicroTime'), 'interval', micros)).toBe('-838:59:59.000001');
  const geometry = GEOMETRY;
  const wkb = Buffer.from('0101000000000000000000f03f0000000000000040', 'hex');
  const value = { schema: { ...geometry, optional: true }, values: [wkb, 4326] } as never;
  const ewkb = String.raw`\x0101000020e6100000000000000000f03f0000000000000040`;
  expect(encode(geometry, 'bytea', value)).toBe(ewkb);
  // A point of PostgreSQL has none: it would be lost there.
  const point = (srid: number | null) =>
    ({ schema: { ...POINT, optional: true }, values: [1, 2, wkb, srid] }) as never;
  expect(encode(POINT, 'bytea', point(4326))).toBe(ewkb);
  expect(encode(POINT, 'point', point(null))).toBe('(1,2)');
  expect(() => encode(POINT, 'point', point(4326))).toThrow(/SRID/);
});

test('zeros in front of a BIT stay', () => {
  const bits = { type: 'bytes', name: 'io.debezium.data.Bits' } as const;
  const parameters = { length: '9', '__tidemark.source.mysql.type': 'bit(9)' };
  const column = { castType: 'bit varying', type: 'bit varying(9)' } as TargetColumn;
  const encoder = postgresEncoder({ ...bits, optional: true, parameters }, column);
  expect(encoder.encode(Buffer.from([1]))).toBe('000000001');
});
