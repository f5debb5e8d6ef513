import { expect, test } from 'vitest';
import { wkbText } from '../../../dialects/search/wkb-text.ts';

function wkb(type: number, ...parts: readonly Buffer[]): Buffer {
  const head = Buffer.from([1, 0, 0, 0, 0]);
  head.writeUInt32LE(type, 1);
  return Buffer.concat([head, ...parts]);
}

function count(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, i) => bytes.writeDoubleLE(value, i * 8));
  return bytes;
}

const RING = [count(4), numbers(0, 0, 1, 0, 1, 1, 0, 0)];

test('all shapes, in two dimensions', () => {
  expect(wkbText(wkb(1, numbers(13.4, -52.5)))).toBe('POINT (13.4 -52.5)');
  expect(wkbText(wkb(2, count(2), numbers(0, 0, 1, 1)))).toBe('LINESTRING (0 0, 1 1)');
  expect(wkbText(wkb(3, count(1), ...RING))).toBe('POLYGON ((0 0, 1 0, 1 1, 0 0))');
  expect(wkbText(wkb(4, count(1), wkb(1, numbers(1, 2))))).toBe('MULTIPOINT ((1 2))');
  expect(wkbText(wkb(6, count(1), wkb(3, count(1), ...RING)))).toBe(
    'MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))',
  );
  expect(wkbText(wkb(7, count(1), wkb(1, numbers(1, 2))))).toBe('GEOMETRYCOLLECTION (POINT (1 2))');
  // PostGIS' bits for an SRID and a height, ISO's thousands for a height and a measure.
  expect(wkbText(wkb(0xa000_0001, count(4326), numbers(1, 2, 3)))).toBe('POINT (1 2)');
  expect(wkbText(wkb(3001, numbers(1, 2, 3, 4)))).toBe('POINT (1 2)');
  const big = Buffer.from('00000000013ff00000000000004000000000000000', 'hex');
  expect(wkbText(big)).toBe('POINT (1 2)');
});

test('what has no place on a map, and what is no WKB', () => {
  expect(wkbText(wkb(1, numbers(Number.NaN, Number.NaN)))).toBeNull();
  expect(wkbText(wkb(7, count(0)))).toBeNull();
  expect(wkbText(wkb(8, count(1)))).toBeNull();
  expect(wkbText(wkb(2, count(0xffff_ffff)))).toBeNull();
  expect(wkbText(Buffer.from([1, 1]))).toBeNull();
});
