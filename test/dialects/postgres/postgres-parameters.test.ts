import { describe, expect, test } from 'vitest';
import type { TargetColumn } from '../../../dialects/dialect.ts';
import { parseGeometric } from '../../../dialects/postgres/postgres-geometry.ts';
import {
  DOUBLE_VECTOR,
  GEOMETRY,
  POINT,
  SHAPE,
  SPARSE_VECTOR,
} from '../../../dialects/semantic-schemas.ts';
import { postgresEncoder } from '../../../dialects/postgres/postgres-parameters.ts';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';

function columnOf(castType: string): TargetColumn {
  return {
    name: 'c',
    type: castType,
    castType,
    isArray: castType.endsWith('[]'),
    notNull: false,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  };
}

function encode(schema: Omit<ConnectSchema, 'optional'>, castType: string, value: ConnectValue) {
  return postgresEncoder({ optional: true, ...schema }, columnOf(castType)).encode(value);
}

describe('texts for the server', () => {
  test('integers keep every digit (S15)', () => {
    expect(encode({ type: 'int64' }, 'bigint', 9007199254740993n)).toBe('9007199254740993');
    expect(encode({ type: 'int64' }, 'bigint', null)).toBeNull();
  });

  test('floats keep sign and specials', () => {
    const values = [Number.NaN, Infinity, -Infinity, -0, 0.1];
    expect(values.map((value) => encode({ type: 'float64' }, 'double precision', value))).toEqual([
      'NaN',
      'Infinity',
      '-Infinity',
      '-0',
      '0.1',
    ]);
  });

  test('decimals are plain, also as words of the string mode', () => {
    const decimal = { type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal' } as const;
    expect(encode(decimal, 'numeric', { unscaled: 1n, scale: -3 })).toBe('1000');
    expect(encode({ type: 'string' }, 'numeric', 'POSITIVE_INFINITY')).toBe('Infinity');
    expect(encode({ type: 'string' }, 'text', 'POSITIVE_INFINITY')).toBe('POSITIVE_INFINITY');
  });

  test('bytes as hex (S17), bits most significant first', () => {
    expect(encode({ type: 'bytes' }, 'bytea', Buffer.from([0, 255]))).toBe(String.raw`\x00ff`);
    const bits = {
      type: 'bytes',
      name: 'io.debezium.data.Bits',
      parameters: { length: '10' },
    } as const;
    expect(encode(bits, 'bit', Buffer.from([0b101, 0b10]))).toBe('1000000101');
  });

  test('bits of one are a digit, those of a varbit are not filled up', () => {
    expect(encode({ type: 'boolean' }, '"bit"', true)).toBe('1');
    const parameters = { length: '16' };
    const varbit = { type: 'bytes', name: 'io.debezium.data.Bits', parameters } as const;
    expect(encode(varbit, 'bit varying', Buffer.from([0b101]))).toBe('101');
    expect(encode(varbit, 'bit varying', Buffer.alloc(0))).toBe('');
  });

  test('hstore from JSON and from a map, and a map as JSON', () => {
    const json = { type: 'string', name: 'io.debezium.data.Json' } as const;
    expect(encode(json, 'public.hstore', '{"a":"1","n":null}')).toBe('"a"=>"1", "n"=>NULL');
    const entries = new Map([['a', null]]);
    expect(encode({ type: 'map' }, 'x.hstore', entries)).toBe('"a"=>NULL');
    expect(encode({ type: 'map' }, 'jsonb', entries)).toBe('{"a":null}');
  });

  test('shapes, geometries and vectors', () => {
    const point = parseGeometric('point', POINT, '(1,-2)');
    expect(encode(POINT, 'point', point)).toBe('(1,-2)');
    const wkb = Buffer.from('0101000000000000000000f03f0000000000000040', 'hex');
    const geometry = { schema: GEOMETRY, values: [wkb, null] };
    expect(encode(GEOMETRY, 'public.geometry', geometry)).toBe(wkb.toString('hex').toUpperCase());
    expect(encode(GEOMETRY, 'bytea', geometry)).toBe(`\\x${wkb.toString('hex')}`);
    // With extensions, as beside built-in shapes and since Debezium 3.7.
    const extended = { schema: SHAPE, values: [wkb, null, null] };
    expect(encode(SHAPE, 'public.geometry', extended)).toBe(wkb.toString('hex').toUpperCase());
    expect(encode(SHAPE, 'text', extended)).toBe(wkb.toString('hex').toUpperCase());
    expect(encode(SHAPE, 'bytea', extended)).toBe(`\\x${wkb.toString('hex')}`);
    const box = parseGeometric('box', SHAPE, '(1,1),(0,0)');
    expect(encode(SHAPE, 'box', box)).toBe('(1,1),(0,0)');
    expect(encode(SHAPE, 'bytea', box)).toBe(`\\x${(box.values[0] as Buffer).toString('hex')}`);
    expect(encode(DOUBLE_VECTOR, 'public.vector', [1, 2.5])).toBe('[1,2.5]');
    expect(encode(DOUBLE_VECTOR, 'double precision[]', [1, 2.5])).toBe('{1,2.5}');
    const sparse = { schema: SPARSE_VECTOR, values: [3, new Map([[1, 0.5]])] };
    expect(encode(SPARSE_VECTOR, 'public.sparsevec', sparse)).toBe('{1:0.5}/3');
  });

  test('arrays: of boxes, and in arrays', () => {
    const box = parseGeometric('box', SHAPE, '(1,1),(0,0)');
    const boxes = { type: 'array', valueSchema: SHAPE } as const;
    expect(encode(boxes, 'box[]', [box, box])).toBe('{"(1,1),(0,0)";"(1,1),(0,0)"}');
    const row: ConnectSchema = {
      type: 'array',
      optional: true,
      valueSchema: { type: 'string', optional: true },
    };
    const rows = [
      ['a"', null],
      ['', '{}'],
    ];
    expect(encode({ type: 'array', valueSchema: row }, 'text[]', rows)).toBe(
      String.raw`{{"a\"",NULL},{"","{}"}}`,
    );
  });

  test('durations hour by hour, to the ends of 64 bits', () => {
    const schema = { type: 'int64', name: 'io.debezium.time.MicroDuration' } as const;
    const text = (value: bigint): unknown => encode(schema, 'interval', value);
    expect(text(93_600_000_001n)).toBe('26:00:00.000001');
    expect(text(-1_000n)).toBe('-00:00:00.001000');
    expect(text(-9223372036854775808n)).toBe('-2562047788:00:54.775808');
    expect(encode(schema, 'bigint', 5n)).toBe('5');
  });

  test('a time in a column of numbers stays its number', () => {
    const schema = { type: 'int64', name: 'io.debezium.time.MicroTimestamp' } as const;
    expect(encode(schema, 'bigint', 5n)).toBe('5');
    expect(encode(schema, 'timestamp without time zone', 5n)).toBe('1970-01-01 00:00:00.000005');
  });

  test('a value of another type is an error without the value', () => {
    expect(() => encode({ type: 'int32' }, 'integer', 'secret')).toThrow(TidemarkError);
    expect(() => encode({ type: 'int32' }, 'integer', 'secret')).not.toThrow(/secret/);
    expect(() => encode({ type: 'string' }, 'text', 5)).toThrow(/string/);
  });

  test('what cannot be written is refused when it is compiled', () => {
    expect(() => encode({ type: 'struct', name: 'x' }, 'jsonb', null)).toThrow(TidemarkError);
  });
});
