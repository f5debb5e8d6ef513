import { expect, test } from 'vitest';
import { valueFit } from '../../src/evolution/value-fit.ts';
import { type ConnectSchema, type ConnectValue, DECIMAL } from '../../src/model/connect-schema.ts';

const of = (type: ConnectSchema['type'], more: Partial<ConnectSchema> = {}): ConnectSchema => ({
  type,
  optional: false,
  ...more,
});
const decimal = (scale: number) =>
  of('bytes', { name: DECIMAL, parameters: { scale: `${scale}` } });
const named = (type: ConnectSchema['type'], name: string) => of(type, { name });
const members = (allowed: string, name = 'io.debezium.data.Enum') =>
  of('string', { name, parameters: { allowed } });
const [millis, micros] = ['Timestamp', 'MicroTimestamp'].map((name) =>
  named('int64', `io.debezium.time.${name}`),
) as [ConnectSchema, ConnectSchema];

test.each<readonly [ConnectSchema, ConnectSchema, ConnectValue, ConnectValue | undefined]>([
  [of('int64'), of('int32'), 7n, 7],
  [of('int64'), of('int32'), 2n ** 31n, undefined],
  [of('int16'), of('int64'), -3, -3n],
  [of('int16'), of('int8'), 128, undefined],
  [of('int32'), of('string'), -12, '-12'],
  [of('int64'), of('string'), 9_007_199_254_740_993n, '9007199254740993'],
  [of('string'), of('int32'), '42', 42],
  [of('string'), of('int32'), '042', undefined],
  [of('string'), of('int32'), '-0', undefined],
  [of('string'), of('int32'), '1e3', undefined],
  [of('string'), of('int64'), '9223372036854775808', undefined],
  [of('float64'), of('int32'), 2, 2],
  [of('float64'), of('int32'), 2.5, undefined],
  [of('float64'), of('int32'), -0, undefined],
  [of('float64'), of('float32'), 0.5, 0.5],
  [of('float64'), of('float32'), 0.1, undefined],
  [of('float64'), of('float32'), Number.NaN, Number.NaN],
  [of('int64'), of('float64'), 2n ** 53n + 1n, undefined],
  [decimal(4), decimal(2), { unscaled: 12_300n, scale: 4 }, { unscaled: 123n, scale: 2 }],
  [decimal(4), decimal(2), { unscaled: 12_345n, scale: 4 }, undefined],
  [decimal(2), of('int32'), { unscaled: 700n, scale: 2 }, 7],
  [decimal(2), of('int32'), { unscaled: 701n, scale: 2 }, undefined],
  [decimal(2), of('string'), { unscaled: 701n, scale: 2 }, '7.01'],
  [of('int32'), decimal(2), 7, { unscaled: 700n, scale: 2 }],
  [micros, millis, 5000n, 5n],
  [micros, millis, 5001n, undefined],
  [millis, micros, 5n, 5000n],
  [members('a,b,c'), members('a,b'), 'b', 'b'],
  [members('a,b,c'), members('a,b'), 'c', undefined],
  [members('a\\,b,c'), members('a\\,b'), 'a,b', 'a,b'],
  [of('string'), members('a,b,c', 'io.debezium.data.EnumSet'), 'a,c', 'a,c'],
  [of('string'), members('a,b', 'io.debezium.data.EnumSet'), 'a,c', undefined],
  [members('a,b'), of('string'), 'b', 'b'],
  [of('string'), of('string', { optional: true }), null, null],
  [of('string', { optional: true }), of('string'), null, undefined],
])('%j as %j: %s is %s', (from, to, value, expected) => {
  expect(valueFit(from, to)?.(value)).toEqual(expected);
});

test.each([
  [of('boolean'), of('int32')],
  [of('bytes'), of('string')],
  [micros, of('int64')],
  [of('int64'), micros],
  [named('int32', 'io.debezium.time.Date'), of('string')],
  [of('array', { valueSchema: of('int32') }), of('array', { valueSchema: of('string') })],
])('nobody knows how %j becomes %j', (from, to) => {
  expect(valueFit(from, to)).toBeNull();
});
