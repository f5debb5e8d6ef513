import { TidemarkError } from '../../foundation/errors.ts';

/** Flags of PostGIS in the type word of extended WKB. */
const HAS_Z = 0x8000_0000;
const HAS_M = 0x4000_0000;
const HAS_SRID = 0x2000_0000;

/** Geometries in geometries, and points in rings: more than anybody has. */
const DEPTH_MAX = 32;

/** Whether the SRID stands in the bytes. */
export function isExtended(wkb: Buffer): boolean {
  return wkb.length >= 5 && (typeWord(wkb, 0) & HAS_SRID) !== 0;
}

/** The same geometry without its SRID. */
export function toPlain(wkb: Buffer): Buffer {
  if (!isExtended(wkb) || wkb.length < 9) return wkb;
  const plain = Buffer.concat([wkb.subarray(0, 5), wkb.subarray(9)]);
  setTypeWord(plain, (typeWord(wkb, 0) & ~HAS_SRID) >>> 0);
  return plain;
}

/** The same geometry with its SRID. */
export function toExtended(wkb: Buffer, srid: number): Buffer {
  if (isExtended(wkb) || wkb.length < 5) return wkb;
  const inside = Buffer.alloc(4);
  if (isLittle(wkb, 0)) inside.writeInt32LE(srid);
  else inside.writeInt32BE(srid);
  const extended = Buffer.concat([wkb.subarray(0, 5), inside, wkb.subarray(5)]);
  setTypeWord(extended, (typeWord(wkb, 0) | HAS_SRID) >>> 0);
  return extended;
}

/** The same geometry with x and y in each other's place. Throws TRANSFORM for broken bytes. */
export function swapped(wkb: Buffer): Buffer {
  const bytes = Buffer.from(wkb);
  try {
    const end = swapGeometry(bytes, 0, 0);
    if (end === bytes.length) return bytes;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new TidemarkError('TRANSFORM', `a geometry of ${wkb.length} bytes is no WKB`);
}

/** Returns where the geometry ends. */
function swapGeometry(bytes: Buffer, start: number, depth: number): number {
  if (depth > DEPTH_MAX) throw new RangeError('too deep');
  const little = isLittle(bytes, start);
  const word = typeWord(bytes, start);
  const { type, size } = shapeOf(word);
  let at = start + 5 + ((word & HAS_SRID) === 0 ? 0 : 4);
  const count = (): number => {
    const found = little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
    at += 4;
    return found;
  };
  const points = (number: number): void => {
    if (number * size > bytes.length - at) throw new RangeError('too few bytes');
    for (let i = 0; i < number; i++, at += size) swapPair(bytes, at);
  };
  switch (type) {
    case 1:
      points(1);
      return at;
    case 2:
      points(count());
      return at;
    case 3:
    case 17: {
      // A triangle has rings like a polygon.
      const rings = count();
      for (let i = 0; i < rings; i++) points(count());
      return at;
    }
    default: {
      const parts = count();
      for (let i = 0; i < parts; i++) at = swapGeometry(bytes, at, depth + 1);
      return at;
    }
  }
}

/** Number of the type, and bytes of a point; dimensions come as flags or as thousands (ISO). */
function shapeOf(word: number): { readonly type: number; readonly size: number } {
  const plain = word & 0x0fff_ffff;
  const thousands = Math.floor(plain / 1000);
  const hasZ = (word & HAS_Z) !== 0 || thousands === 1 || thousands === 3;
  const hasM = (word & HAS_M) !== 0 || thousands === 2 || thousands === 3;
  return { type: plain % 1000, size: 16 + (hasZ ? 8 : 0) + (hasM ? 8 : 0) };
}

function swapPair(bytes: Buffer, at: number): void {
  const x = Buffer.from(bytes.subarray(at, at + 8));
  bytes.copyWithin(at, at + 8, at + 16);
  x.copy(bytes, at + 8);
}

function isLittle(bytes: Buffer, start: number): boolean {
  return bytes.readUInt8(start) === 1;
}

function typeWord(bytes: Buffer, start: number): number {
  return isLittle(bytes, start) ? bytes.readUInt32LE(start + 1) : bytes.readUInt32BE(start + 1);
}

function setTypeWord(bytes: Buffer, word: number): void {
  if (isLittle(bytes, 0)) bytes.writeUInt32LE(word, 1);
  else bytes.writeUInt32BE(word, 1);
}
