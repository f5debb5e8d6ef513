import { expect, test } from 'vitest';
import type { SourceOffset } from '../../../../src/model/change-event.ts';
import {
  encodeSnapshotState,
  newTask,
  NO_SNAPSHOTS,
} from '../../../../src/source/incremental/snapshot-state.ts';
import { binlogHandoverProblem } from '../../../../src/source/mysql/stream/binlog-handover.ts';

function problem(offset: SourceOffset['offset']): string | null {
  return binlogHandoverProblem({ partition: { server: 's' }, offset })?.message ?? null;
}

test('Debezium goes on where no snapshot is under way', () => {
  const place = { file: 'binlog.000001', pos: 4 };
  expect(problem(place)).toBeNull();
  const ours = { ...place, 'tidemark.version': 1 };
  expect(problem({ ...ours, 'tidemark.snapshot': 'completed' })).toBeNull();
  expect(problem({ ...ours, 'tidemark.snapshot': 'running' })).toContain('the first snapshot');
  const task = { schema: 'a', table: 't', purpose: 'incremental', method: 'keys' } as const;
  const open = { ...NO_SNAPSHOTS, tasks: [newTask({ ...task, snapshotId: 'x' })] };
  const stored = encodeSnapshotState(open);
  expect(problem({ ...ours, 'tidemark.snapshots': stored })).toContain('beside the stream');
  // What is remembered of columns that are gone is nobody else's concern.
  const idle = encodeSnapshotState({ ...NO_SNAPSHOTS, dropped: ['a.t.c'] });
  expect(idle).toContain('a.t.c');
  expect(problem({ ...ours, 'tidemark.snapshots': idle })).toBeNull();
});
