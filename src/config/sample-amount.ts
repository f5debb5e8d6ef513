/** How much of each table is looked at. */
export type SampleAmount = { readonly rows: number } | { readonly percent: number };

/** A number that chooses places at random is below. */
export const MOST_SEED = 2 ** 31;

/** `100000`, or a part: `1%`; undefined when it is neither. */
export function parseSampleAmount(text: string): SampleAmount | undefined {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  if (match === null) return undefined;
  const number = Number(match[1]);
  if (match[2] === '%') return number > 0 && number <= 100 ? { percent: number } : undefined;
  return Number.isSafeInteger(number) && number > 0 ? { rows: number } : undefined;
}
