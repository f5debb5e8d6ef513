import { expect, test } from 'vitest';
import {
  CIRCLE,
  FLOAT_VECTOR,
  GEOGRAPHY,
  GEOMETRY,
  POINT,
  SHAPE,
  SPARSE_VECTOR,
  VARIABLE_SCALE_DECIMAL,
} from '../../../dialects/semantic-schemas.ts';
import { numberScalar, scalarOf } from '../../../dialects/sqlite/sqlite-scalars.ts';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';

type Wanted = Omit<ConnectSchema, 'optional'>;

function stored(schema: Wanted, value: Exclude<ConnectValue, null>): string {
  const { storage, text } = scalarOf({ optional: true, ...schema });
  return `${storage} ${text(value)}`;
}

const decimal: Wanted = { type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal' };
const bits = (length: number, source?: string): Wanted => ({
  type: 'bytes',
  name: 'io.debezium.data.Bits',
  parameters: {
    length: String(length),
    ...(source === undefined ? {} : { '__tidemark.source.type': source }),
  },
});

test('numbers keep every digit, and one number has one text (S15, S16)', () => {
  expect(stored({ type: 'int64' }, -(2n ** 63n))).toBe('INTEGER -9223372036854775808');
  expect(stored({ type: 'int8' }, -128)).toBe('INTEGER -128');
  expect(stored({ type: 'boolean' }, true)).toBe('INTEGER 1');
  expect(stored({ type: 'float64' }, 5e-324)).toBe('REAL 5e-324');
  expect(stored({ type: 'float32' }, Infinity)).toBe('REAL Infinity');
  expect(() => stored({ type: 'float64' }, Number.NaN)).toThrow(/no NaN/);
  const big = 2n ** 64n - 1n;
  expect(stored(decimal, { unscaled: big, scale: 0 })).toBe(`TEXT ${big}`);
  const numbers = [5n, 50n, 500n].map((unscaled, scale) => stored(decimal, { unscaled, scale }));
  expect(new Set(numbers)).toEqual(new Set(['TEXT 5']));
  expect(stored(decimal, { unscaled: 1000n, scale: 0 })).toBe('TEXT 1000');
  expect(stored(decimal, { unscaled: -1050n, scale: 3 })).toBe('TEXT -1.05');
  expect(stored(decimal, { unscaled: 1n, scale: -3 })).toBe('TEXT 1000');
  const variable = { schema: VARIABLE_SCALE_DECIMAL, values: [2, Buffer.from([100])] };
  expect(stored(VARIABLE_SCALE_DECIMAL, variable)).toBe('TEXT 1');
});

test('bytes, bits and texts (S17, S19)', () => {
  expect(stored({ type: 'bytes' }, Buffer.from([0, 255]))).toBe('BLOB 00ff');
  expect(stored({ type: 'string' }, "it's\0")).toBe("TEXT it's\0");
  expect(stored(bits(9), Buffer.from([0b01010101, 1]))).toBe('TEXT 101010101');
  expect(stored(bits(9), Buffer.from([1]))).toBe('TEXT 000000001');
  expect(stored(bits(16, 'bit varying(16)'), Buffer.from([3]))).toBe('TEXT 11');
});

test('arrays and maps are JSON', () => {
  const array = (valueSchema: Wanted): Wanted => ({
    type: 'array',
    valueSchema: { optional: true, ...valueSchema },
  });
  expect(stored(array({ type: 'int64' }), [2n ** 63n - 1n, null])).toBe(
    'TEXT [9223372036854775807, null]',
  );
  expect(stored(array({ type: 'float64' }), [-0, Number.NaN, 1e300])).toBe(
    'TEXT [-0, "NaN", 1e+300]',
  );
  expect(stored(array(decimal), [{ unscaled: 10n, scale: 2 }])).toBe('TEXT ["0.1"]');
  expect(stored(array({ type: 'boolean' }), [true, false])).toBe('TEXT [true, false]');
  expect(stored(array({ type: 'bytes' }), [Buffer.from('a')])).toBe('TEXT ["YQ=="]');
  expect(stored(array(array({ type: 'string' })), [['a"b', null], []])).toBe(
    String.raw`TEXT [["a\"b", null], []]`,
  );
  const map: Wanted = { type: 'map', valueSchema: { type: 'string', optional: true } };
  expect(
    stored(
      map,
      new Map([
        ['a', 'x'],
        ['b', null],
      ] as const),
    ),
  ).toBe('TEXT {"a": "x", "b": null}');
  expect(stored(FLOAT_VECTOR, [1, 2.5])).toBe('TEXT [1, 2.5]');
});

test('shapes of PostgreSQL are texts, geometries of PostGIS and MySQL their EWKB', () => {
  const wkb = Buffer.from('0101000000000000000000f03f0000000000000040', 'hex');
  const hex = wkb.toString('hex');
  expect(stored({ ...GEOMETRY, version: 1 }, { schema: GEOMETRY, values: [wkb, 0] })).toBe(
    `BLOB ${hex}`,
  );
  expect(stored(GEOGRAPHY, { schema: GEOGRAPHY, values: [wkb, 0] })).toBe(`BLOB ${hex}`);
  const point = { schema: POINT, values: [1, 2, wkb, null] };
  expect(stored(POINT, point)).toBe('TEXT (1,2)');
  const ofMysql = { ...POINT, parameters: { '__tidemark.source.mysql.type': 'point' } };
  expect(stored(ofMysql, point)).toBe(`BLOB ${hex}`);
  expect(() => stored(POINT, { schema: POINT, values: [1, 2, wkb, 4326] })).toThrow(/SRID/);
  expect(scalarOf(SHAPE).storage).toBe('TEXT');
  expect(stored(CIRCLE, { schema: CIRCLE, values: [point, 3] })).toBe('TEXT <(1,2),3>');
  const entries = new Map([[1, 0.5]]);
  expect(stored(SPARSE_VECTOR, { schema: SPARSE_VECTOR, values: [5, entries] })).toBe(
    'TEXT {1:0.5}/5',
  );
});

test('a struct of somebody is refused, and a value of another kind', () => {
  const own: Wanted = { type: 'struct', name: 'own', fields: [] };
  expect(() => scalarOf({ optional: true, ...own })).toThrow(/no type of SQLite for .* own/);
  expect(() => stored({ type: 'boolean' }, 'x')).toThrow(/should be a boolean/);
  expect(() => stored({ type: 'bytes' }, 'x')).toThrow(/should be bytes/);
  expect(() => stored(decimal, 1)).toThrow(/should be a Decimal/);
});

test('times are whole numbers too', () => {
  const micros: ConnectSchema = {
    type: 'int64',
    optional: true,
    name: 'io.debezium.time.MicroTime',
  };
  expect(numberScalar(micros)?.text(7n)).toBe('7');
  expect(numberScalar({ type: 'string', optional: true })).toBeUndefined();
});
