import { expect, test } from 'vitest';
import { readHalves } from '../../src/verify/halved-reading.ts';
import type { KeyTexts, SourceRows } from '../../src/verify/verify-ports.ts';

/** A source with room for so many rows; each of its reads has a later fence. */
function sourceWith(room: number): (keys: readonly KeyTexts[]) => Promise<SourceRows> {
  let reads = 0;
  const readKeys = (keys: readonly KeyTexts[]): Promise<SourceRows> => {
    const held = keys.slice(0, Math.max(room, 1));
    const rows: SourceRows = {
      records: [],
      keys: held,
      read: held.length,
      lastKey: held.at(-1) ?? null,
      more: held.length < keys.length,
      fence: { text: `read ${++reads}`, isBehind: () => true },
    };
    return readHalves(rows, keys, readKeys);
  };
  return readKeys;
}

const KEYS = Array.from({ length: 5 }, (_, i): KeyTexts => [String(i)]);

test('keys of which not all rows fit are read in halves, each once, in their order', async () => {
  const rows = await sourceWith(2)(KEYS);
  expect(rows.keys).toEqual(KEYS);
  // In vain 2 of 5 and 2 of the lower 3; then 2, 1 and 2.
  expect(rows).toMatchObject({ more: false, read: 9, fence: { text: 'read 5' } });
});

test('rows that fit are read once, and one that does not is what there is', async () => {
  expect(await sourceWith(5)(KEYS)).toMatchObject({
    keys: KEYS,
    read: 5,
    fence: { text: 'read 1' },
  });
  expect((await sourceWith(0)(KEYS)).keys).toEqual(KEYS);
});
