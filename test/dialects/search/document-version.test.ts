import { expect, test } from 'vitest';
import { documentVersion } from '../../../dialects/search/document-version.ts';
import { formatPosition } from '../../../src/model/change-position.ts';

function version(epoch: number, commit: bigint, ordinal: number): bigint {
  return BigInt(
    documentVersion({ position: formatPosition({ epoch, commit, ordinal }), offset: 9 }),
  );
}

/** A small linear congruential generator: the same numbers each time. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ;) {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    yield state;
  }
}

test('versions rise with positions of one row (S8, ruling 4)', () => {
  const random = numbers(8);
  const next = (below: number): number => Number(random.next().value) % below;
  for (let i = 0; i < 2_000; i++) {
    const epoch = 1 + next(250);
    const commit = (BigInt(next(2 ** 22)) << 32n) + BigInt(next(2 ** 31));
    const ordinal = next(2 ** 20);
    const here = version(epoch, commit, ordinal);
    expect(version(epoch, commit, ordinal + 1 + next(100))).toBeGreaterThanOrEqual(here);
    // 64 bytes on: as near as two commits can be that change one row.
    expect(version(epoch, commit + 64n, 1)).toBeGreaterThan(here);
    expect(version(epoch + 1, 0n, 0)).toBeGreaterThan(here);
    expect(here).toBeGreaterThan(2n ** 55n);
    expect(here).toBeLessThan(2n ** 63n);
  }
});

test('changes of a short transaction are told apart, and so is what a snapshot read', () => {
  const all = Array.from({ length: 33 }, (_, i) => version(1, 2n ** 32n, i));
  expect(new Set(all).size).toBe(33);
  expect(all.toSorted((a, b) => Number(a - b))).toEqual(all);
  expect(version(1, 0n, 0xffff_ffff) & 63n).toBe(58n);
  expect(version(1, 0n, 63)).toBe(version(1, 0n, 32));
});

test('past their end changes are refused, not folded', () => {
  expect(version(255, 2n ** 55n - 1n, 0xffff_ffff)).toBeLessThan(2n ** 63n);
  expect(() => version(256, 0n, 0)).toThrow(/at their end/);
  expect(() => version(1, 2n ** 55n, 0)).toThrow(/at their end/);
});

test('without a position the offset, below all positions', () => {
  expect(documentVersion({ offset: 0 })).toBe('0');
  expect(documentVersion({ offset: 2 ** 53 - 1 })).toBe('9007199254740991');
  expect(version(1, 0n, 0)).toBeGreaterThan(2n ** 53n);
  const position = formatPosition({ epoch: 1, commit: 64n, ordinal: 7 });
  for (const text of ['x', `${position.slice(0, -1)}x`, `${position}0`]) {
    expect(documentVersion({ position, offset: 1 })).toBe(String((2n ** 49n + 1n) * 64n + 7n));
    expect(() => documentVersion({ position: text, offset: 1 })).toThrow(/no position/);
  }
});
