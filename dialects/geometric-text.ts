import type { ConnectValue, Struct } from '../src/model/connect-schema.ts';
import { isStruct } from '../src/model/connect-schema.ts';

type Point = readonly [x: number, y: number];

/**
 * The text of a struct of a built-in geometric type of PostgreSQL, as a database of that family
 * takes it and others keep it; null: it is something else.
 */
export function geometricText(value: Struct): string | null {
  const name = value.schema.name?.replace('io.debezium.data.geometry.', '');
  const [first, second, third] = value.values;
  if (name === 'Point') return pointText([Number(first), Number(second)]);
  if (name === 'Line') return `{${[first, second, third].map(number).join(',')}}`;
  if (name === 'Circle' && first !== undefined && isStruct(first)) {
    const [x, y] = first.values;
    return `<${pointText([Number(x), Number(y)])},${number(second)}>`;
  }
  if (name !== 'Geometry' || !Buffer.isBuffer(first) || !(third instanceof Map)) return null;
  return shapeText(first, third as ReadonlyMap<string, ConnectValue>);
}

function shapeText(bytes: Buffer, extensions: ReadonlyMap<string, ConnectValue>): string | null {
  const type = extensions.get('type');
  const points = pointsOf(bytes, type === 'box' || type === 'polygon' ? 13 : 9);
  const list = (all: readonly Point[]): string => all.map(pointText).join(',');
  switch (type) {
    case 'box':
      return points.length < 3 ? null : list([points[0] as Point, points[2] as Point]);
    case 'polygon':
      return `(${list(points.length < 2 ? points : points.slice(0, -1))})`;
    case 'lseg':
      return `[${list(points)}]`;
    case 'path':
      return extensions.get('closed') === 'true' ? `(${list(points)})` : `[${list(points)}]`;
    default:
      return null;
  }
}

function pointsOf(bytes: Buffer, from: number): readonly Point[] {
  const points: Point[] = [];
  for (let at = from; at + 16 <= bytes.length; at += 16) {
    points.push([bytes.readDoubleLE(at), bytes.readDoubleLE(at + 8)]);
  }
  return points;
}

function pointText([x, y]: Point): string {
  return `(${number(x)},${number(y)})`;
}

function number(value: ConnectValue | undefined): string {
  return Object.is(value, -0) ? '-0' : String(Number(value));
}
