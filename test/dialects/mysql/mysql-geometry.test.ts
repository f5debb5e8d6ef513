import { describe, expect, test } from 'vitest';
import { parseRawGeometry, parseRawVector } from '../../../dialects/mysql/mysql-geometry.ts';
import { GEOMETRY, POINT } from '../../../dialects/semantic-schemas.ts';

const text = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1');
const WKB = '0101000000000000000000f83f00000000000002c0';

describe('parseRawGeometry (PITFALLS B85)', () => {
  // ST_GeomFromText('POINT(1.5 -2.25)') of MariaDB 10.11.18.
  test('a point', () => {
    const { values } = parseRawGeometry(POINT, text(`00000000${WKB}`));
    expect(values).toEqual([1.5, -2.25, Buffer.from(WKB, 'hex'), null]);
  });

  test('any shape, with its SRID', () => {
    const { values } = parseRawGeometry(GEOMETRY, text(`e6100000${WKB}`));
    expect(values).toEqual([Buffer.from(WKB, 'hex'), 4326]);
  });

  test('big-endian WKB', () => {
    const wkb = '00000000013ff8000000000000c002000000000000';
    expect(parseRawGeometry(POINT, text(`00000000${wkb}`)).values.slice(0, 2)).toEqual([
      1.5, -2.25,
    ]);
  });

  test('no geometry, no point', () => {
    expect(() => parseRawGeometry(GEOMETRY, '')).toThrow(/no geometry/);
    expect(() => parseRawGeometry(POINT, text(`00000000${WKB.slice(0, -2)}`))).toThrow(/no point/);
    const line = WKB.replace('0101', '0102');
    expect(() => parseRawGeometry(POINT, text(`00000000${line}`))).toThrow(/no point/);
  });
});

test('parseRawVector reads floats, little-endian (PITFALLS B86)', () => {
  expect(parseRawVector(text('0000803f00002040000040c0'))).toEqual([1, 2.5, -3]);
  expect(() => parseRawVector('abc')).toThrow(/no vector/);
});
