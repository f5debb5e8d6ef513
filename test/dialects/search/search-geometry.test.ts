import { expect, test } from 'vitest';
import { shapeField } from '../../../dialects/search/search-geometry.ts';
import { GEOGRAPHY, GEOMETRY, LINE, POINT, SHAPE } from '../../../dialects/semantic-schemas.ts';
import { must } from '../../../src/foundation/assert.ts';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';

const target = { product: 'opensearch' } as const;
const wkb = Buffer.from('0101000000000000000000f03f0000000000000040', 'hex');

function shown(schema: ConnectSchema, ...values: ConnectValue[]): unknown {
  const field = must(shapeField(schema, target), 'field');
  return JSON.parse(field.encode({ schema, values })) as unknown;
}

test('bytes are kept; degrees of WGS 84 are a shape, too', () => {
  const bytes = wkb.toString('base64');
  expect(shown(GEOMETRY, wkb, 4326)).toEqual({ srid: 4326, wkb: bytes, shape: 'POINT (1 2)' });
  expect(shown(GEOMETRY, wkb, 3857)).toEqual({ srid: 3857, wkb: bytes });
  expect(shown(GEOMETRY, wkb, null)).toEqual({ srid: 0, wkb: bytes });
  expect(shown(GEOGRAPHY, wkb, null)).toMatchObject({ srid: 4326, shape: 'POINT (1 2)' });
  const ewkb = Buffer.concat([Buffer.from('0101000020e6100000', 'hex'), wkb.subarray(5)]);
  expect(shown(GEOMETRY, ewkb, null)).toMatchObject({ srid: 4326, shape: 'POINT (1 2)' });
});

test('points', () => {
  expect(shown(POINT, 1, 2, wkb, null)).toEqual({ x: 1, y: 2 });
  expect(shown(POINT, Number.NaN, Infinity, wkb, null)).toEqual({ x: 'NaN', y: 'Infinity' });
  expect(shown(POINT, 1, 2, wkb, 4326)).toEqual({ x: 1, y: 2, srid: 4326, shape: 'POINT (1 2)' });
});

test('other shapes of PostgreSQL are their texts', () => {
  expect(shown(LINE, 1, -1, 0)).toBe('{1,-1,0}');
  const parameters = { '__tidemark.source.type': 'geometry(Point,4326)' };
  expect(shown({ ...SHAPE, parameters }, wkb, 4326, null)).toMatchObject({ shape: 'POINT (1 2)' });
  const ofLseg = { ...SHAPE, parameters: { '__tidemark.source.type': 'lseg' } };
  expect(() => shown(ofLseg, wkb, null, new Map())).toThrow(/a shape/);
  // Another program's records do not tell which of both it is.
  expect(shown(SHAPE, wkb, 4326, null)).toMatchObject({ shape: 'POINT (1 2)' });
  const line = Buffer.concat([Buffer.alloc(9), Buffer.alloc(32)]);
  expect(shown(SHAPE, line, null, new Map([['type', 'lseg']]))).toEqual({ text: '[(0,0),(0,0)]' });
  expect(shapeField({ type: 'struct', optional: true, name: 'x' }, target)).toBeUndefined();
});
