import { expect, test } from 'vitest';
import { ewkbOf, sridOf } from '../../dialects/ewkb.ts';
import { GEOMETRY, POINT } from '../../dialects/semantic-schemas.ts';

const LITTLE = Buffer.from('0101000000000000000000f03f0000000000000040', 'hex');
const BIG = Buffer.from('00000000013ff00000000000004000000000000000', 'hex');

test('the SRID that stands beside the bytes gets into them', () => {
  const value = { schema: GEOMETRY, values: [LITTLE, 4326] };
  expect(sridOf(value)).toBe(4326);
  expect(ewkbOf(value).toString('hex')).toBe('0101000020e6100000000000000000f03f0000000000000040');
  const big = ewkbOf({ schema: GEOMETRY, values: [BIG, 4326] });
  expect(big.toString('hex')).toBe('0020000001000010e63ff00000000000004000000000000000');
});

test('bytes that have it, or need none, stay as they are', () => {
  const with4326 = ewkbOf({ schema: GEOMETRY, values: [LITTLE, 4326] });
  expect(ewkbOf({ schema: GEOMETRY, values: [with4326, 4326] })).toBe(with4326);
  expect(ewkbOf({ schema: GEOMETRY, values: [LITTLE, null] })).toBe(LITTLE);
  expect(ewkbOf({ schema: POINT, values: [1, 2, LITTLE, 0] })).toBe(LITTLE);
});

test('what is no geometry is refused', () => {
  expect(() => ewkbOf('text')).toThrow(/should be a geometry/);
  expect(() => ewkbOf({ schema: POINT, values: [1, 2, null, null] })).toThrow(/a geometry/);
});
