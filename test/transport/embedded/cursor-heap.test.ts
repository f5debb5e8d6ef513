import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CursorHeap } from '../../../src/transport/embedded/cursor-heap.ts';
import type { PartitionCursor } from '../../../src/transport/embedded/partition-cursor.ts';

test('gives what sorting all sequences gives, with the bound up to which a cursor may go', () => {
  const lists = fc.array(fc.uniqueArray(fc.nat({ max: 1000 }), { minLength: 1 }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(lists, (drawn) => {
      // A sequence belongs to one partition.
      const taken = new Set<number>();
      const lanes = drawn
        .map((list) => list.filter((n) => !taken.has(n) && taken.add(n)).toSorted((a, b) => a - b))
        .filter((list) => list.length > 0);
      const heap = new CursorHeap();
      const sequencesOf = new Map<PartitionCursor, number[]>();
      for (const [partition, lane] of lanes.entries()) {
        const cursor = { partition } as PartitionCursor;
        sequencesOf.set(cursor, [...lane]);
        heap.add(cursor, lane[0] as number);
      }
      const merged: number[] = [];
      for (let cursor = heap.lowest; cursor !== undefined; cursor = heap.lowest) {
        const own = sequencesOf.get(cursor) ?? [];
        const others = [...sequencesOf].filter(([one]) => one !== cursor);
        const bound = Math.min(Infinity, ...others.map(([, [next = Infinity]]) => next));
        expect(heap.second).toBe(bound);
        while (own[0] !== undefined && own[0] < bound) merged.push(own.shift() as number);
        heap.moveLowest(own[0] ?? Number.POSITIVE_INFINITY);
      }
      expect(merged).toEqual([...taken].toSorted((a, b) => a - b));
      expect(heap.second).toBe(Number.POSITIVE_INFINITY);
    }),
  );
});
