import { expect, test } from 'vitest';
import type {
  ConnectSchema,
  ConnectType,
  ConnectValue,
} from '../../../src/model/connect-schema.ts';
import type { CastType } from '../../../src/transform/connect/cast-value.ts';
import { castValue, isCastType } from '../../../src/transform/connect/cast-value.ts';

const of = (type: ConnectType): ConnectSchema => ({ type, optional: true });

test.each<[ConnectType, ConnectValue, CastType, ConnectValue]>([
  ['float64', 1e20, 'int64', 2n ** 63n - 1n],
  ['float64', -1e20, 'int32', -(2 ** 31)],
  ['float64', NaN, 'int32', 0],
  ['float64', 300.7, 'int8', 44],
  ['int64', 2n ** 40n + 5n, 'int32', 5],
  ['int64', 2n ** 63n - 1n, 'float32', Math.fround(2 ** 63)],
  ['float64', 0.5, 'boolean', false],
  ['string', ' 1.5d ', 'float64', 1.5],
  ['string', 'NaN', 'float32', NaN],
  ['string', '+7', 'int8', 7],
  ['string', 'yes', 'boolean', false],
  ['boolean', true, 'int64', 1n],
  ['int32', null, 'string', null],
])('%s %s as %s', (type, value, target, wanted) => {
  expect(castValue(of(type), value, target)).toEqual(wanted);
});

test.each<[ConnectType, ConnectValue, CastType]>([
  ['string', '128', 'int8'],
  ['string', '1.5', 'int32'],
  ['string', 'x', 'float64'],
  ['bytes', Buffer.from('x'), 'int8'],
  ['array', [1], 'string'],
])('%s %s is no %s', (type, value, target) => {
  expect(() => castValue(of(type), value, target)).toThrow(/^Cast/);
});

test('types that can be cast to', () => {
  expect((['int8', 'string', 'bytes', 'struct'] as const).map(isCastType)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
