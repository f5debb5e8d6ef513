import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import { conversionError } from '../value-conversion.ts';

const SRID_BYTES = 4;
/** Order of bytes, type, x, y. */
const POINT_BYTES = 21;
const FLOAT_BYTES = 4;

/**
 * SRID and WKB, as the server stores them (PITFALLS B85), as the original's struct; SRID 0 says
 * that there is none. Of points the coordinates stand beside, in the order in which they are
 * stored.
 */
export function parseRawGeometry(schema: ConnectSchema, text: string): Struct {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < SRID_BYTES + 5) throw conversionError('the bytes are no geometry');
  const srid = bytes.readUInt32LE(0) | 0;
  const wkb = bytes.subarray(SRID_BYTES);
  const place: ConnectValue[] = [wkb, srid === 0 ? null : srid];
  if (schema.fields?.[0]?.name !== 'x') return { schema, values: place };
  const little = wkb[0] === 1;
  const type = little ? wkb.readUInt32LE(1) : wkb.readUInt32BE(1);
  if (type !== 1 || wkb.length !== POINT_BYTES) throw conversionError('the geometry is no point');
  const [x, y] = [5, 13].map((at) => (little ? wkb.readDoubleLE(at) : wkb.readDoubleBE(at)));
  return { schema, values: [x as number, y as number, ...place] };
}

/** VECTOR: floats, little-endian (PITFALLS B86). */
export function parseRawVector(text: string): readonly number[] {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length % FLOAT_BYTES !== 0) throw conversionError('the bytes are no vector');
  return Array.from({ length: bytes.length / FLOAT_BYTES }, (_, i) =>
    bytes.readFloatLE(i * FLOAT_BYTES),
  );
}

const EWKB_SRID = 0x2000_0000;
const EWKB_DIMENSIONS = 0xc000_0000;

/** A struct's WKB as the server stores it, its SRID in front; the reverse of `parseRawGeometry`. */
export function storedGeometry({ schema, values }: Struct): Buffer {
  const field = (name: string): ConnectValue =>
    values[(schema.fields ?? []).findIndex((one) => one.name === name)] ?? null;
  const wkb = field('wkb');
  if (!Buffer.isBuffer(wkb) || wkb.length < 5) throw conversionError('a geometry has no WKB');
  const little = wkb[0] === 1;
  const type = little ? wkb.readUInt32LE(1) : wkb.readUInt32BE(1);
  const plain = type & 0xffff;
  if ((type & EWKB_DIMENSIONS) !== 0 || plain > 7) {
    throw conversionError('MySQL has geometries of two dimensions only');
  }
  const given = field('srid');
  let srid = typeof given === 'number' ? given : 0;
  let body = wkb.subarray(5);
  if ((type & EWKB_SRID) !== 0) {
    srid = little ? wkb.readUInt32LE(5) : wkb.readUInt32BE(5);
    body = wkb.subarray(9);
  }
  const head = Buffer.alloc(SRID_BYTES + 5);
  head.writeUInt32LE(srid >>> 0, 0);
  head[SRID_BYTES] = little ? 1 : 0;
  if (little) head.writeUInt32LE(plain, SRID_BYTES + 1);
  else head.writeUInt32BE(plain, SRID_BYTES + 1);
  return Buffer.concat([head, body]);
}
