import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ComparableRow, MergeDifference } from '../../src/demo/merge-rows.ts';
import { mergeRows } from '../../src/demo/merge-rows.ts';

async function* stream(rows: readonly ComparableRow[]): AsyncGenerator<ComparableRow> {
  yield* rows;
}

async function merge(
  source: Record<string, string>,
  target: Record<string, string>,
): Promise<MergeDifference[]> {
  const sorted = (side: Record<string, string>): ComparableRow[] =>
    Object.entries(side)
      .map(([key, content]) => ({ key, content }))
      .toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const found: MergeDifference[] = [];
  for await (const difference of mergeRows(stream(sorted(source)), stream(sorted(target)))) {
    found.push(difference);
  }
  return found;
}

test('tells missing, extra and different rows apart', async () => {
  expect(await merge({ a: '1', b: '2', d: '4' }, { b: '2', c: '3', d: '5' })).toEqual([
    { kind: 'missing', key: 'a', source: '1' },
    { kind: 'extra', key: 'c', target: '3' },
    { kind: 'different', key: 'd', source: '4', target: '5' },
  ]);
});

test('follows the order of bytes, which is not that of JavaScript beyond the BMP', async () => {
  // U+FF5E sorts after U+1F6D2 by UTF-16 units, before it by UTF-8 bytes.
  expect(await merge({ '～': '1', '🛒': '2' }, { '🛒': '2' })).toEqual([
    { kind: 'missing', key: '～', source: '1' },
  ]);
});

test('finds exactly what a comparison in memory finds', async () => {
  const side = fc.dictionary(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom('1', '2'),
  );
  await fc.assert(
    fc.asyncProperty(side, side, async (source, target) => {
      const found = await merge(source, target);
      const keys = new Set([...Object.keys(source), ...Object.keys(target)]);
      const expected = [...keys].filter((key) => source[key] !== target[key]);
      expect(found.map(({ key }) => key).toSorted()).toEqual(expected.toSorted());
    }),
  );
});

test('long values are shown from shortly before their difference', async () => {
  const [found] = await merge({ a: `${'x'.repeat(5000)}1` }, { a: `${'x'.repeat(5000)}2` });
  expect(found).toEqual({
    kind: 'different',
    key: 'a',
    source: `…${'x'.repeat(50)}1`,
    target: `…${'x'.repeat(50)}2`,
  });
  const [missing] = await merge({ a: 'y'.repeat(5000) }, {});
  expect(missing).toMatchObject({ source: `${'y'.repeat(200)}…` });
});
