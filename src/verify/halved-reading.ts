import type { KeyTexts, SourceRows } from './verify-ports.ts';

/**
 * Rows of keys of which there was no room for all, read in halves. The fence of the later one lies
 * behind both reads. `first`: what was read in vain.
 */
export async function readHalves(
  first: SourceRows,
  keys: readonly KeyTexts[],
  read: (keys: readonly KeyTexts[]) => Promise<SourceRows>,
): Promise<SourceRows> {
  if (!first.more || keys.length === 1) return first;
  const middle = Math.ceil(keys.length / 2);
  const lower = await read(keys.slice(0, middle));
  const upper = await read(keys.slice(middle));
  return {
    ...upper,
    records: [...lower.records, ...upper.records],
    keys: [...lower.keys, ...upper.keys],
    read: first.read + lower.read + upper.read,
  };
}
