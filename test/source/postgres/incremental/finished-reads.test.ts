import { expect, test } from 'vitest';
import {
  encodeSnapshotState,
  NO_SNAPSHOTS,
} from '../../../../src/source/incremental/snapshot-state.ts';
import { FinishedReads } from '../../../../src/source/postgres/incremental/finished-reads.ts';

/** Tasks of which `done` have come to their end. */
function tasksWith(done: readonly string[]) {
  const tasks = {
    state: { done },
    keepDone: (wanted: ReadonlySet<string>) => {
      tasks.state = { done: tasks.state.done.filter((id) => wanted.has(id)) };
    },
  };
  return tasks;
}

const textOf = (...done: readonly string[]): string | null =>
  encodeSnapshotState({ ...NO_SNAPSHOTS, done });

test('an end is durable with the offset that has it, and not before', () => {
  const tasks = tasksWith([]);
  const finished = new FinishedReads(tasks);
  finished.confirmed(textOf());
  tasks.state = { done: ['ddl-1'] };
  const stands = (): readonly boolean[] => [finished.isDone('ddl-1'), finished.isDurable('ddl-1')];
  expect(stands()).toEqual([true, false]);
  // The append that was under way when it came to its end.
  finished.confirmed(textOf());
  expect(stands()).toEqual([true, false]);
  finished.confirmed(textOf('ddl-1'));
  expect(stands()).toEqual([true, true]);
  finished.keep(new Set());
  expect(stands()).toEqual([false, false]);
});

test('what the offset of a start has is durable', () => {
  const finished = new FinishedReads(tasksWith(['ddl-1']));
  expect([finished.isDurable('ddl-1'), finished.isDurable('ddl-2')]).toEqual([true, false]);
});
