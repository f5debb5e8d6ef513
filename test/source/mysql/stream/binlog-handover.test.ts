import { expect, test } from 'vitest';
import type { SourceOffset } from '../../../../src/model/change-event.ts';
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
  expect(problem({ ...ours, 'tidemark.snapshots': '{}' })).toContain('beside the stream');
});
