/*
 * WKB and EWKB as WKT, in two dimensions: what the geo_shape of both search products reads. Heights
 * and measures are left out of it; the bytes stand beside it in the document.
 */

const Z = 0x8000_0000;
const M = 0x4000_0000;
const SRID = 0x2000_0000;
const DEPTH_MAX = 16;

/** Null: empty, curved, without numbers, or no WKB. */
export function wkbText(bytes: Buffer): string | null {
  try {
    return new WkbReader(bytes).geometry(0).text;
  } catch (error) {
    if (error instanceof RangeError || error instanceof Unreadable) return null;
    throw error;
  }
}

/** Not to be shown as WKT. */
class Unreadable extends Error {}

const NAMES = [
  '',
  'POINT',
  'LINESTRING',
  'POLYGON',
  'MULTIPOINT',
  'MULTILINESTRING',
  'MULTIPOLYGON',
  'GEOMETRYCOLLECTION',
];

class WkbReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  geometry(depth: number): { readonly text: string; readonly body: string } {
    if (depth > DEPTH_MAX) throw new Unreadable();
    const isLittle = this.#bytes.readUInt8(this.#at++) === 1;
    const word = this.#word(isLittle);
    if ((word & SRID) !== 0) this.#word(isLittle);
    // ISO's WKB counts 1000 for Z, 2000 for M; PostGIS sets bits.
    const plain = word & 0x0fff_ffff;
    const iso = Math.floor(plain / 1000);
    const name = NAMES[plain % 1000] ?? '';
    const hasZ = (word & Z) !== 0 || iso === 1 || iso === 3;
    const hasM = (word & M) !== 0 || iso === 2 || iso === 3;
    const skipped = (hasZ ? 8 : 0) + (hasM ? 8 : 0);
    if (name === '' || iso > 3) throw new Unreadable();
    const body = this.#body(name, isLittle, skipped, depth);
    return { text: `${name} ${body}`, body };
  }

  #body(name: string, isLittle: boolean, skipped: number, depth: number): string {
    const points = (): string => this.#list(isLittle, () => this.#point(isLittle, skipped));
    switch (name) {
      case 'POINT':
        return `(${this.#point(isLittle, skipped)})`;
      case 'LINESTRING':
        return points();
      case 'POLYGON':
        return this.#list(isLittle, points);
      case 'GEOMETRYCOLLECTION':
        return this.#list(isLittle, () => this.geometry(depth + 1).text);
      default:
        return this.#list(isLittle, () => this.geometry(depth + 1).body);
    }
  }

  #list(isLittle: boolean, item: () => string): string {
    const count = this.#word(isLittle);
    // Each takes four bytes at least: a count from elsewhere shall not ask for memory.
    if (count === 0 || count * 4 > this.#bytes.length - this.#at) throw new Unreadable();
    return `(${Array.from({ length: count }, item).join(', ')})`;
  }

  #point(isLittle: boolean, skipped: number): string {
    const [x, y] = [this.#double(isLittle), this.#double(isLittle)];
    this.#at += skipped;
    if (!Number.isFinite(x) || !Number.isFinite(y)) throw new Unreadable();
    return `${x} ${y}`;
  }

  #word(isLittle: boolean): number {
    const word = isLittle ? this.#bytes.readUInt32LE(this.#at) : this.#bytes.readUInt32BE(this.#at);
    this.#at += 4;
    return word;
  }

  #double(isLittle: boolean): number {
    const value = isLittle
      ? this.#bytes.readDoubleLE(this.#at)
      : this.#bytes.readDoubleBE(this.#at);
    this.#at += 8;
    return value;
  }
}
