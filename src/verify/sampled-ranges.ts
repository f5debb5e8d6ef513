import type { SampleAmount } from '../config/sample-amount.ts';

/** How much of each table is compared, and which part of it. */
export interface Sample {
  readonly amount: SampleAmount;
  /** The same seed takes the same places of a table that has not changed. */
  readonly seed: number;
}

/** Rows that are passed over, behind the range before, and rows that are compared then. */
export interface SampledRange {
  readonly skip: number;
  readonly rows: number;
}

/** Enough places to see a gap or a bad hour of the table; each costs a search of the index. */
const RANGE_ROWS = 500;
const RANGES_LEAST = 10;
const RANGES_MOST = 500;

/**
 * Ranges in the order of the key, each place as likely as any other, and none twice. Null: the
 * table has no more rows than are wanted, or nobody knows how many.
 */
export function sampledRanges(
  tableRows: number,
  { amount, seed }: Sample,
): readonly SampledRange[] | null {
  const wanted =
    'rows' in amount ? amount.rows : Math.ceil((Math.max(0, tableRows) * amount.percent) / 100);
  if (wanted >= tableRows || wanted === 0) return null;
  const most = Math.min(RANGES_MOST, wanted);
  const count = Math.min(most, Math.max(RANGES_LEAST, Math.round(wanted / RANGE_ROWS)));
  const random = randomFrom(seed);
  // Where each begins if those before it had no rows: then they cannot meet.
  const places = Array.from({ length: count }, () =>
    Math.floor(random() * (tableRows - wanted + 1)),
  ).toSorted((a, b) => a - b);
  return places.map((place, i) => ({
    skip: place - (places[i - 1] ?? 0),
    // The rest of the division goes to the first ones.
    rows: Math.floor(wanted / count) + (i < wanted % count ? 1 : 0),
  }));
}

/** Numbers from 0 up to 1 (mulberry32): a seed that is printed gives them again. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
