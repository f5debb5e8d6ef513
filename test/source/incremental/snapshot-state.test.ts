import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  conditionFor,
  decodeSnapshotState,
  encodeSnapshotState,
  isSnapshotOpen,
  isTaskOf,
  matches,
  newTask,
  nextRange,
  NO_SNAPSHOTS,
  withRange,
} from '../../../src/source/incremental/snapshot-state.ts';

const task = newTask({
  schema: 's',
  table: 't',
  purpose: 'initial',
  method: 'pages',
  snapshotId: 'x',
});

test('nothing under way is not written; what is comes back', () => {
  expect(encodeSnapshotState(NO_SNAPSHOTS)).toBeNull();
  expect(decodeSnapshotState(null)).toEqual(NO_SNAPSHOTS);
  const state = { ...NO_SNAPSHOTS, tasks: [task] };
  expect(decodeSnapshotState(encodeSnapshotState(state))).toEqual(state);
  expect(encodeSnapshotState({ ...NO_SNAPSHOTS, paused: true })).not.toBeNull();
});

test('what is done is kept, and no snapshot that somebody would have to go on with', () => {
  const text = encodeSnapshotState({ ...NO_SNAPSHOTS, done: ['ddl-1'] });
  expect(decodeSnapshotState(text).done).toEqual(['ddl-1']);
  expect(isSnapshotOpen(text)).toBe(false);
  // As versions wrote it that did not know of it.
  const { done, ...older } = { ...NO_SNAPSHOTS, tasks: [task] };
  expect(done).toEqual([]);
  const read = decodeSnapshotState(JSON.stringify({ version: 1, ...older }));
  expect(read).toEqual({ ...NO_SNAPSHOTS, tasks: [task] });
});

test('a newer version is refused', () => {
  expect(() => decodeSnapshotState('{"version":2}')).toThrow('newer version');
});

test('a table that has shrunk below what was read of it has no blocks beyond its end', () => {
  expect(
    nextRange(
      {
        done: [
          [0, 28],
          [36, 40],
        ],
        pages: 30,
      },
      5,
    ),
  ).toEqual([28, 30]);
  expect(
    nextRange(
      {
        done: [
          [0, 30],
          [36, 40],
        ],
        pages: 30,
      },
      5,
    ),
  ).toBeNull();
});

test('ranges cover exactly what was read, in whatever order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(40), { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      (order, step) => {
        let done: readonly (readonly [number, number])[] = [];
        const read = new Set<number>();
        for (const first of order) {
          done = withRange(done, first, first + step);
          for (let page = first; page < first + step; page++) read.add(page);
        }
        const covered = done.flatMap(([a, b]) => Array.from({ length: b - a }, (_, i) => a + i));
        expect(covered).toEqual([...read].toSorted((a, b) => a - b));
        const next = nextRange({ done, pages: 30 }, 5);
        const missing = Array.from({ length: 30 }, (_, i) => i).filter((page) => !read.has(page));
        if (missing.length === 0) {
          expect(next).toBeNull();
        } else {
          expect(next?.[0]).toBe(missing[0]);
          const pages = Array.from({ length: (next?.[1] ?? 0) - (next?.[0] ?? 0) }, (_, i) => i);
          expect(pages.every((i) => missing.includes((next?.[0] ?? 0) + i))).toBe(true);
        }
      },
    ),
  );
});

test('collections are patterns or plain names', () => {
  expect(matches('public.a', 'public.a')).toBe(true);
  expect(matches('"public"."a"', 'public.a')).toBe(true);
  expect(matches('public\\..*', 'public.b')).toBe(true);
  expect(matches('public.a', 'public.ab')).toBe(false);
  expect(matches('(', 'public.a')).toBe(false);
  const id = { catalog: 'd', schema: 's', table: 't' };
  const request = { snapshotId: 'x', collections: [], conditions: [['s.t', 'n > 1']] as const };
  expect(conditionFor(request, id)).toBe('n > 1');
  expect(conditionFor(request, { ...id, table: 'u' })).toBeNull();
  expect(isTaskOf(task, id)).toBe(true);
});
