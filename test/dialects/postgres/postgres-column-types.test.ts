import { describe, expect, test } from 'vitest';
import {
  postgresColumnType,
  postgresTypeHolds,
} from '../../../dialects/postgres/postgres-column-types.ts';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';

const target = { schema: 'S', table: 't' };

function typeOf(schema: Partial<ConnectSchema> & Pick<ConnectSchema, 'type'>): string {
  return postgresColumnType({ optional: true, ...schema }, target).ddl;
}

function source(type: string, schema: ConnectSchema): ConnectSchema {
  return { ...schema, parameters: { ...schema.parameters, '__tidemark.source.type': type } };
}

describe('without the type of the source', () => {
  test.each<[Partial<ConnectSchema> & Pick<ConnectSchema, 'type'>, string]>([
    [{ type: 'int8' }, 'smallint'],
    [{ type: 'int64' }, 'bigint'],
    [{ type: 'bytes' }, 'bytea'],
    [
      {
        type: 'bytes',
        name: 'org.apache.kafka.connect.data.Decimal',
        parameters: { scale: '2', 'connect.decimal.precision': '10' },
      },
      'numeric(10,2)',
    ],
    [{ type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal' }, 'numeric'],
    [{ type: 'int64', name: 'io.debezium.time.MicroTimestamp' }, 'timestamp without time zone'],
    [{ type: 'int32', name: 'io.debezium.time.Date' }, 'date'],
    [{ type: 'array', valueSchema: { type: 'int32', optional: true } }, 'integer[]'],
    [
      { type: 'bytes', name: 'io.debezium.data.Bits', parameters: { length: '4' } },
      'bit varying(4)',
    ],
    [{ type: 'struct', name: 'io.debezium.data.geometry.Point' }, 'point'],
    [{ type: 'struct', name: 'io.debezium.data.geometry.Geometry', version: 1 }, 'bytea'],
    [{ type: 'struct', name: 'io.debezium.data.geometry.Geometry', version: 2 }, 'text'],
    [{ type: 'struct', name: 'io.debezium.time.StructuredZonedTime' }, 'time with time zone'],
    [{ type: 'map' }, 'jsonb'],
    [{ type: 'string', name: 'io.debezium.data.Enum', parameters: { allowed: 'a' } }, 'text'],
  ])('%j', (schema, type) => {
    expect(typeOf(schema)).toBe(type);
  });

  test('a struct has no type, and the error says what to do', () => {
    expect(() => typeOf({ type: 'struct', name: 'x.Point' })).toThrow(TidemarkError);
  });
});

describe('with the type of the source', () => {
  test('enums live in the schema of the table, labels with commas included', () => {
    const schema: ConnectSchema = {
      type: 'string',
      optional: true,
      name: 'io.debezium.data.Enum',
      parameters: { allowed: 'a,b, c' },
    };
    expect(postgresColumnType(source('shop.mood', schema), target)).toEqual({
      ddl: '"S"."mood"',
      exact: true,
      enumType: { name: 'mood', labels: ['a', 'b', ' c'] },
    });
    const labels = { '__tidemark.source.labels': '["a","b, c"]' };
    const exact = { ...schema, parameters: { ...schema.parameters, ...labels } };
    expect(postgresColumnType(source('mood', exact), target).enumType?.labels).toEqual([
      'a',
      'b, c',
    ]);
  });

  test('a bytea that travels as base64 becomes text, not bytea', () => {
    expect(
      postgresColumnType(source('bytea', { type: 'string', optional: true }), target).ddl,
    ).toBe('text');
  });

  test('a type that is not known here falls back to the schema', () => {
    const schema: ConnectSchema = { type: 'string', optional: true };
    expect(postgresColumnType(source('geometry(Point,4326)', schema), target).ddl).toBe('text');
    expect(postgresColumnType(source('hstore', schema), target).ddl).toBe('text');
    const shape = {
      type: 'struct',
      optional: true,
      name: 'io.debezium.data.geometry.Geometry',
      version: 2,
    } as const;
    const ddlOf = (type: string): string => postgresColumnType(source(type, shape), target).ddl;
    expect(ddlOf('geometry(Point,4326)')).toBe('bytea');
    expect(ddlOf('gis.geometry')).toBe('bytea');
    expect(ddlOf('box')).toBe('box');
    const list = { type: 'array', optional: true, valueSchema: shape } as const;
    expect(postgresColumnType(source('geometry[]', list), target).ddl).toBe('bytea[]');
  });
});

describe('what a column of the target holds', () => {
  const wanted = (ddl: string) => ({ ddl, enumType: null, exact: true });

  test.each([
    ['bigint', 'integer'],
    ['numeric', 'bigint'],
    ['numeric(10,0)', 'integer'],
    ['numeric(12,4)', 'numeric(10,2)'],
    ['text', 'character varying(10)'],
    ['text', 'integer[]'],
    ['character varying(20)', 'character varying(10)'],
    ['timestamp without time zone', 'timestamp(3) without time zone'],
    ['double precision', 'integer'],
    ['jsonb', 'json'],
    ['public.mood', '"public"."mood"'],
    ['bigint[]', 'integer[]'],
  ])('%s holds %s', (actual, type) => {
    expect(postgresTypeHolds(actual, wanted(type))).toBe(true);
  });

  test.each([
    ['integer', 'bigint'],
    ['numeric(10,2)', 'numeric(10,4)'],
    ['numeric(10,2)', 'numeric'],
    ['numeric(4,0)', 'integer'],
    ['real', 'double precision'],
    ['double precision', 'bigint'],
    ['character varying(5)', 'character varying(10)'],
    ['character varying(5)', 'text'],
    ['timestamp(3) without time zone', 'timestamp without time zone'],
    ['date', 'timestamp without time zone'],
    ['integer', 'integer[]'],
    ['public.mood', '"public"."other"'],
    ['bytea', 'text'],
  ])('%s does not hold %s', (actual, type) => {
    expect(postgresTypeHolds(actual, wanted(type))).toBe(false);
  });

  test('a derived type is left to the server, but for silent rounding (S16)', () => {
    const derived = (ddl: string) => ({ ddl, enumType: null, exact: false });
    expect(postgresTypeHolds('character varying(5)', derived('text'))).toBe(true);
    expect(postgresTypeHolds('numeric(10,1)', derived('numeric(10,2)'))).toBe(false);
  });
});
