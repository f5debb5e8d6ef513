import { hash } from 'node:crypto';
import { must } from '../foundation/assert.ts';

const PARTS = 256;
const SLOTS_FIRST = 16;
/** Of all slots, three quarters are taken before there are twice as many. */
const FULL = 0.75;
const FREE = 0;

/**
 * Ids that were seen, by 53 bits of a digest: 11 to 22 bytes for each. In 256 tables, so that none
 * is large when it grows. That an id which was not seen is taken for one that was is as likely as
 * one in 9 · 10^15 for each that was seen: among a billion, one in nine million.
 */
export class SeenIds {
  readonly #parts = Array.from({ length: PARTS }, () => new Float64Array(SLOTS_FIRST));
  readonly #counts = new Uint32Array(PARTS);

  add(id: string): void {
    const [part, value] = placeOf(id);
    const slots = this.#tableOf(part);
    const at = slotOf(slots, value);
    if (slots[at] === value) return;
    slots[at] = value;
    const count = (this.#counts[part] as number) + 1;
    this.#counts[part] = count;
    if (count <= slots.length * FULL) return;
    const grown = new Float64Array(slots.length * 2);
    for (const old of slots) if (old !== FREE) grown[slotOf(grown, old)] = old;
    this.#parts[part] = grown;
  }

  has(id: string): boolean {
    const [part, value] = placeOf(id);
    const slots = this.#tableOf(part);
    return slots[slotOf(slots, value)] === value;
  }

  #tableOf(part: number): Float64Array<ArrayBuffer> {
    return must(this.#parts[part], 'there are as many as a byte has values');
  }
}

function placeOf(id: string): readonly [part: number, value: number] {
  const digest = hash('sha1', id, 'buffer');
  const high = digest.readUIntBE(1, 6);
  // None is the sign of a free slot.
  return [digest.readUInt8(0), high * 32 + (digest.readUInt8(7) & 31) || 1];
}

/** Where the value stands, or would. */
function slotOf(slots: Float64Array, value: number): number {
  for (let at = value % slots.length; ; at = (at + 1) % slots.length) {
    if (slots[at] === value || slots[at] === FREE) return at;
  }
}
