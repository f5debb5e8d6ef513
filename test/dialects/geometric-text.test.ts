import { expect, test } from 'vitest';
import { geometricText } from '../../dialects/geometric-text.ts';
import { CIRCLE, GEOMETRY, LINE, POINT, SHAPE } from '../../dialects/semantic-schemas.ts';

// That any text comes back from its struct: postgres-geometry.test.ts.

test('shapes whose structs say which they are', () => {
  const center = { schema: POINT, values: [1.5, -0, null, null] };
  expect(geometricText(center)).toBe('(1.5,-0)');
  expect(geometricText({ schema: LINE, values: [1, -2, NaN] })).toBe('{1,-2,NaN}');
  expect(geometricText({ schema: CIRCLE, values: [center, 2] })).toBe('<(1.5,-0),2>');
});

test('shapes whose extensions say it', () => {
  const wkb = Buffer.alloc(9 + 32);
  wkb.writeDoubleLE(3, 25);
  const shape = (extensions: Readonly<Record<string, string>>): string | null =>
    geometricText({ schema: SHAPE, values: [wkb, null, new Map(Object.entries(extensions))] });
  expect(shape({ type: 'lseg' })).toBe('[(0,0),(3,0)]');
  expect(shape({ type: 'path', closed: 'true' })).toBe('((0,0),(3,0))');
  expect(shape({ type: 'path', closed: 'false' })).toBe('[(0,0),(3,0)]');
  expect(shape({ type: 'other' })).toBeNull();
});

test('what is no built-in shape', () => {
  expect(geometricText({ schema: GEOMETRY, values: [Buffer.alloc(21), 4326] })).toBeNull();
});
