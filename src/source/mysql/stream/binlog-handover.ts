import { TidemarkError } from '../../../foundation/errors.ts';
import type { SourceOffset } from '../../../model/change-event.ts';
import { isSnapshotOpen } from '../../incremental/snapshot-state.ts';

/**
 * Why Debezium could not go on from an offset of ours; null: it can. A group of which a part is
 * published it reads again from its beginning.
 */
export function binlogHandoverProblem({ offset }: SourceOffset): TidemarkError | null {
  if ((offset['tidemark.version'] ?? null) === null) return null;
  const isFirst = offset['tidemark.snapshot'] === 'running';
  const state = offset['tidemark.snapshots'] ?? null;
  if (!isFirst && !isSnapshotOpen(state === null ? null : String(state))) return null;
  const open = isFirst ? 'the first snapshot' : 'a snapshot beside the stream';
  const message = `Debezium cannot take over: ${open} is under way, and it knows nothing of it`;
  return new TidemarkError('HANDOVER_REFUSED', message, {
    cure:
      'Let the daemon run until it is complete (tidemark status), or stop it by ' +
      'tidemark signal <file> stop-snapshot; then stop the daemon.',
  });
}
