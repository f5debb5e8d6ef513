import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { geometricText } from '../../../dialects/geometric-text.ts';
import { parseEwkb, parseGeometric } from '../../../dialects/postgres/postgres-geometry.ts';
import { CIRCLE, GEOMETRY, LINE, POINT, SHAPE } from '../../../dialects/semantic-schemas.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import type { GeometricShape } from '../../../src/model/table-schema.ts';

const SCHEMAS: Readonly<Record<GeometricShape, ConnectSchema>> = {
  point: POINT,
  line: LINE,
  circle: CIRCLE,
  lseg: SHAPE,
  box: SHAPE,
  path: SHAPE,
  polygon: SHAPE,
};

describe('parseGeometric', () => {
  test('a point as recorded from Debezium 3.6.0', () => {
    const wkb = Buffer.from('AQEAAAAAAAAAAAD4PwAAAAAAAALA', 'base64');
    expect(parseGeometric('point', POINT, '(1.5,-2.25)').values).toEqual([1.5, -2.25, wkb, null]);
  });

  test('a box is a ring of its corners', () => {
    const { values } = parseGeometric('box', SHAPE, '(3,4),(1,2)');
    const [wkb, srid, extensions] = values;
    expect(srid).toBeNull();
    expect(extensions).toEqual(new Map([['type', 'box']]));
    const bytes = wkb as Buffer;
    expect([bytes.readUInt32LE(1), bytes.readUInt32LE(5), bytes.readUInt32LE(9)]).toEqual([
      3, 1, 5,
    ]);
    const numbers = Array.from({ length: 10 }, (_, i) => bytes.readDoubleLE(13 + i * 8));
    expect(numbers).toEqual([3, 4, 3, 2, 1, 2, 1, 4, 3, 4]);
  });

  test('a path tells whether it is closed', () => {
    const closed = (text: string): unknown => parseGeometric('path', SHAPE, text).values[2];
    expect(closed('((0,0),(1,1))')).toEqual(
      new Map(Object.entries({ type: 'path', closed: 'true' })),
    );
    expect(closed('[(0,0),(1,1)]')).toEqual(
      new Map(Object.entries({ type: 'path', closed: 'false' })),
    );
  });

  test.each<[GeometricShape, string]>([
    ['point', '(1,2'],
    ['lseg', '(1,2),(3,4)'],
    ['circle', '<(1,2)>'],
    ['line', '(1,2,3)'],
    ['polygon', '()'],
  ])('refuses what is not a %s', (shape, text) => {
    expect(() => parseGeometric(shape, SCHEMAS[shape], text)).toThrow(`not a ${shape}`);
  });

  const number = fc.oneof(
    fc.double({ noNaN: true }).map((value) => (Object.is(value, -0) ? '-0' : String(value))),
    fc.constantFrom('NaN', 'Infinity', '-Infinity', '1e+300', '0'),
  );
  const point = fc.tuple(number, number).map(([x, y]) => `(${x},${y})`);
  const points = fc.array(point, { minLength: 1, maxLength: 5 }).map((list) => list.join(','));
  test.each<[GeometricShape, fc.Arbitrary<string>]>([
    ['point', point],
    ['line', fc.tuple(number, number, number).map((list) => `{${list.join(',')}}`)],
    ['lseg', fc.tuple(point, point).map((list) => `[${list.join(',')}]`)],
    ['box', fc.tuple(point, point).map((list) => list.join(','))],
    [
      'path',
      fc.oneof(
        points.map((list) => `(${list})`),
        points.map((list) => `[${list}]`),
      ),
    ],
    ['polygon', points.map((list) => `(${list})`)],
    ['circle', fc.tuple(point, number).map(([center, radius]) => `<${center},${radius}>`)],
  ])('%s: the text comes back from the struct', (shape, text) => {
    fc.assert(
      fc.property(text, (original) => {
        expect(geometricText(parseGeometric(shape, SCHEMAS[shape], original))).toBe(original);
      }),
    );
  });
});

describe('parseEwkb (P103)', () => {
  test('with the extensions of Debezium 3.7', () => {
    const text = '0101000000000000000000F03F0000000000000040';
    expect(parseEwkb(SHAPE, text).values).toEqual([Buffer.from(text, 'hex'), null, null]);
  });

  test.each([
    // Recorded from Debezium 3.6.0: WKB with the SRID in it, and beside it.
    ['0101000020E6100000B515FBCBEED76540787AA52C435C42C0', 4326],
    ['0101000000000000000000F03F0000000000000040', null],
    ['0020000001000010E6400000000000000040080000000000000', null],
    ['0020000001000010E640000000000000004008000000000000', 4326],
  ])('%s', (text, srid) => {
    if (text.length % 2 === 1) {
      expect(() => parseEwkb(GEOMETRY, text)).toThrow(/not EWKB/);
      return;
    }
    expect(parseEwkb(GEOMETRY, text).values).toEqual([Buffer.from(text, 'hex'), srid]);
  });
});
