import { must } from '../../src/foundation/assert.ts';
import type { ConnectSchema, Struct } from '../../src/model/connect-schema.ts';
import type { GeometricShape } from '../../src/model/table-schema.ts';
import { conversionError } from '../value-conversion.ts';

/*
 * The built-in geometric types as Debezium's structs; `geometricText` leads back. Finite shapes
 * are little-endian WKB; what WKB cannot say (which type it was, whether a path is closed) stands
 * in `extensions`.
 */

type Point = readonly [x: number, y: number];

const NUMBER = String.raw`-?(?:[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|Infinity)|NaN`;
const POINT = `\\((?:${NUMBER}),(?:${NUMBER})\\)`;
const POINTS = `${POINT}(?:,${POINT})*`;
const FORMS: Readonly<Record<GeometricShape, RegExp>> = {
  point: new RegExp(`^${POINT}$`),
  line: new RegExp(`^\\{(?:${NUMBER}),(?:${NUMBER}),(?:${NUMBER})\\}$`),
  lseg: new RegExp(`^\\[${POINT},${POINT}\\]$`),
  box: new RegExp(`^${POINT},${POINT}$`),
  path: new RegExp(`^(?:\\(${POINTS}\\)|\\[${POINTS}\\])$`),
  polygon: new RegExp(`^\\(${POINTS}\\)$`),
  circle: new RegExp(`^<${POINT},(?:${NUMBER})>$`),
};
const NUMBERS = new RegExp(NUMBER, 'g');

/** A geometric text as the struct of its schema. */
export function parseGeometric(shape: GeometricShape, schema: ConnectSchema, text: string): Struct {
  if (!FORMS[shape].test(text)) throw conversionError(`the text is not a ${shape}`);
  const numbers = [...text.matchAll(NUMBERS)].map(([number]) => Number(number));
  if (shape === 'line') return { schema, values: numbers };
  const points = pairs(numbers);
  const first = must(points[0], 'a point');
  switch (shape) {
    case 'point':
      return pointStruct(schema, first);
    case 'circle': {
      const center = must(schema.fields?.[0], 'a center').schema;
      return { schema, values: [pointStruct(center, first), must(numbers[2], 'a radius')] };
    }
    case 'box':
      return shapeStruct(schema, polygonWkb(corners(first, must(points[1], 'two'))), {
        type: 'box',
      });
    case 'polygon':
      return shapeStruct(schema, polygonWkb(closed(points)), { type: 'polygon' });
    case 'lseg':
      return shapeStruct(schema, lineWkb(points), { type: 'lseg' });
    case 'path':
      return shapeStruct(schema, lineWkb(points), {
        type: 'path',
        closed: String(text.startsWith('(')),
      });
  }
}

/** PostGIS prints EWKB in hexadecimal: the SRID stands in it and is told beside it (P103). */
export function parseEwkb(schema: ConnectSchema, text: string): Struct {
  if (!/^(?:[0-9A-Fa-f]{2}){5,}$/.test(text)) throw conversionError('the text is not EWKB');
  const wkb = Buffer.from(text, 'hex');
  const little = wkb[0] === 1;
  const type = little ? wkb.readUInt32LE(1) : wkb.readUInt32BE(1);
  const hasSrid = (type & 0x20000000) !== 0 && wkb.length >= 9;
  const srid = !hasSrid ? null : little ? wkb.readInt32LE(5) : wkb.readInt32BE(5);
  const extensions = schema.fields?.length === 3 ? [null] : [];
  return { schema, values: [wkb, srid, ...extensions] };
}

function pairs(numbers: readonly number[]): readonly Point[] {
  const points: Point[] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2) {
    points.push([numbers[i] as number, numbers[i + 1] as number]);
  }
  return points;
}

function pointStruct(schema: ConnectSchema, [x, y]: Point): Struct {
  return { schema, values: [x, y, wkb(1, [], [[x, y]]), null] };
}

function shapeStruct(
  schema: ConnectSchema,
  bytes: Buffer,
  extensions: Readonly<Record<string, string>>,
): Struct {
  return { schema, values: [bytes, null, new Map(Object.entries(extensions))] };
}

function corners([x1, y1]: Point, [x2, y2]: Point): readonly Point[] {
  return [
    [x1, y1],
    [x1, y2],
    [x2, y2],
    [x2, y1],
    [x1, y1],
  ];
}

/**
 * The first point again at the end, also where it stands there already: only so can a reader know
 * that the last one was added.
 */
function closed(points: readonly Point[]): readonly Point[] {
  return points.length < 2 ? points : [...points, points[0] as Point];
}

function lineWkb(points: readonly Point[]): Buffer {
  return wkb(2, [points.length], points);
}

function polygonWkb(ring: readonly Point[]): Buffer {
  return wkb(3, [1, ring.length], ring);
}

function wkb(type: number, counts: readonly number[], points: readonly Point[]): Buffer {
  const bytes = Buffer.alloc(5 + counts.length * 4 + points.length * 16);
  bytes[0] = 1;
  let at = bytes.writeUInt32LE(type, 1);
  for (const count of counts) at = bytes.writeUInt32LE(count, at);
  for (const [x, y] of points) {
    at = bytes.writeDoubleLE(x, at);
    at = bytes.writeDoubleLE(y, at);
  }
  return bytes;
}
