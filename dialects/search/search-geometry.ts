import type { JsonObject } from '../../src/foundation/lossless-json.ts';
import { isJsonObject } from '../../src/foundation/lossless-json.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import { asNumber, asStruct, mismatch } from '../connect-values.ts';
import { sridOf } from '../ewkb.ts';
import { shapeText } from '../exact-texts.ts';
import { doubleJson } from './search-numbers.ts';
import type { SearchField, SearchTarget, Value } from './search-target.ts';
import { KEPT, KEYWORD, orElse } from './search-target.ts';
import { wkbText } from './wkb-text.ts';

/*
 * Geometries. Of PostGIS and MySQL: `{"srid": 4326, "wkb": "…", "shape": "POINT (13.4 52.5)"}`. The
 * bytes are exact; `shape` (geo_shape) is for the index, and is there where the coordinates are
 * degrees of WGS 84: SRID 4326, and PostGIS' geography. Others have no place on the globe that
 * anybody could tell. A shape that the server cannot index (a polygon that crosses itself) it
 * leaves out (`ignore_malformed`). Longitude comes first in bytes of all of them: MySQL 9.7 stores
 * it so, too, whose texts of SRID 4326 begin with the latitude.
 *
 * A point of PostgreSQL is `{"x": 1, "y": 2}`, its other shapes are their texts.
 */

const WGS84 = 4326;
const POSTGIS = /^(?:[^(]+\.)?geometry\b/;

function shapeMapping(target: SearchTarget): JsonObject {
  return orElse(target, { type: 'geo_shape', ignore_malformed: true }, KEPT);
}

function geometryMapping(target: SearchTarget): JsonObject {
  const [srid, wkb] = [{ type: 'long' }, { type: 'binary' }];
  return { properties: { srid, wkb, shape: shapeMapping(target) } };
}

function part(value: Value, name: string): ConnectValue {
  const struct = asStruct(value);
  const at = (struct.schema.fields ?? []).findIndex((field) => field.name === name);
  return struct.values[at] ?? null;
}

function bytesOf(value: Value): Buffer {
  const wkb = part(value, 'wkb');
  if (Buffer.isBuffer(wkb)) return wkb;
  throw mismatch('a geometry', value);
}

/** In EWKB the SRID may stand in the bytes only. */
function sridIn(wkb: Buffer): number {
  if (wkb.length < 9) return 0;
  const isLittle = wkb[0] === 1;
  const word = isLittle ? wkb.readUInt32LE(1) : wkb.readUInt32BE(1);
  if ((word & 0x2000_0000) === 0) return 0;
  return isLittle ? wkb.readUInt32LE(5) : wkb.readUInt32BE(5);
}

function shapeMember(wkb: Buffer, srid: number): string {
  const text = srid === WGS84 ? wkbText(wkb) : null;
  return text === null ? '' : `,"shape":"${text}"`;
}

function geometryField(target: SearchTarget, ownSrid: number): SearchField {
  return {
    mapping: geometryMapping(target),
    encode: (value) => {
      const wkb = bytesOf(value);
      const srid = sridOf(value) || sridIn(wkb) || ownSrid;
      const shape = shapeMember(wkb, srid);
      return `{"srid":${srid},"wkb":"${wkb.toString('base64')}"${shape}}`;
    },
  };
}

function pointShape(x: ConnectValue, y: ConnectValue): string {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return '';
  return `,"shape":"POINT (${asNumber(x)} ${asNumber(y)})"`;
}

function pointField(target: SearchTarget): SearchField {
  const axis: JsonObject = { type: 'double', ignore_malformed: true };
  return {
    mapping: {
      properties: { x: axis, y: axis, srid: { type: 'long' }, shape: shapeMapping(target) },
    },
    encode: (value) => {
      const [x, y] = [part(value, 'x'), part(value, 'y')];
      const point = `"x":${doubleJson(x)},"y":${doubleJson(y)}`;
      const srid = sridOf(value);
      if (srid === 0) return `{${point}}`;
      const shape = srid === WGS84 ? pointShape(x, y) : '';
      return `{${point},"srid":${srid}${shape}}`;
    },
  };
}

function textOf(value: Value): string {
  const text = shapeText(asStruct(value));
  if (text !== null) return JSON.stringify(text);
  throw mismatch('a shape', value);
}

const SHAPE_TEXT: SearchField = { mapping: KEYWORD, encode: textOf };

/** Debezium 3.7 has one schema for both, and does not tell the type of its source by default. */
function eitherField(target: SearchTarget): SearchField {
  const { mapping, encode } = geometryField(target, 0);
  const properties = isJsonObject(mapping['properties']) ? mapping['properties'] : {};
  return {
    mapping: { properties: { text: KEYWORD, ...properties } },
    encode: (value) => {
      const text = shapeText(asStruct(value));
      return text === null ? encode(value) : `{"text":${JSON.stringify(text)}}`;
    },
  };
}

/** Shapes and sparse vectors; undefined: the struct is something else. */
export function shapeField(schema: ConnectSchema, target: SearchTarget): SearchField | undefined {
  const { name = '' } = schema;
  switch (name) {
    case 'io.debezium.data.geometry.Geography':
      return geometryField(target, WGS84);
    case 'io.debezium.data.geometry.Geometry': {
      const source = schema.parameters?.[POSTGRES_SOURCE_TYPE];
      if (schema.version === 1) return geometryField(target, 0);
      if (source === undefined) return eitherField(target);
      return POSTGIS.test(source) ? geometryField(target, 0) : SHAPE_TEXT;
    }
    case 'io.debezium.data.geometry.Point':
      return pointField(target);
    default:
      return /^io\.debezium\.data\.(?:geometry\.|Sparse)/.test(name) ? SHAPE_TEXT : undefined;
  }
}
