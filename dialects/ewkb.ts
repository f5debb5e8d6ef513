import type { ConnectValue } from '../src/model/connect-schema.ts';
import { isStruct } from '../src/model/connect-schema.ts';
import { mismatch } from './connect-values.ts';

const EWKB_SRID = 0x2000_0000;

/** The SRID beside the bytes of a geometry; 0: it has none. */
export function sridOf(value: ConnectValue): number {
  const srid = part(value, 'srid');
  return typeof srid === 'number' ? srid : 0;
}

/**
 * The bytes of a geometry of any family as PostGIS has them: MySQL's WKB has no SRID in it, which
 * stands beside, PostGIS's has.
 */
export function ewkbOf(value: ConnectValue): Buffer {
  const wkb = part(value, 'wkb');
  if (!Buffer.isBuffer(wkb)) throw mismatch('a geometry', value);
  const srid = sridOf(value);
  return srid === 0 ? wkb : withSrid(wkb, srid);
}

function part(value: ConnectValue, name: string): ConnectValue {
  if (!isStruct(value)) return null;
  const at = (value.schema.fields ?? []).findIndex((field) => field.name === name);
  return value.values[at] ?? null;
}

function withSrid(wkb: Buffer, srid: number): Buffer {
  const little = wkb[0] === 1;
  const type = little ? wkb.readUInt32LE(1) : wkb.readUInt32BE(1);
  if ((type & EWKB_SRID) !== 0) return wkb;
  const head = Buffer.alloc(9);
  head[0] = little ? 1 : 0;
  const words = [(type | EWKB_SRID) >>> 0, srid >>> 0];
  words.forEach((word, i) => {
    if (little) head.writeUInt32LE(word, 1 + 4 * i);
    else head.writeUInt32BE(word, 1 + 4 * i);
  });
  return Buffer.concat([head, wkb.subarray(5)]);
}
