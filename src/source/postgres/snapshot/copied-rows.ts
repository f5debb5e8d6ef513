import type { Clock } from '../../../foundation/clock.ts';
import type { Lsn } from '../../../model/lsn.ts';
import type { RowSource } from '../../snapshot/snapshot-rows.ts';
import { NO_TABLE } from '../../snapshot/snapshot-rows.ts';
import { readCopyRow } from './copy-text.ts';

/**
 * Rows of COPY, all of one consistent point. `commitLsn`: the stream goes on there, if not at that
 * point.
 */
export function copiedRows(
  consistentPoint: Lsn,
  clock: Clock,
  transactionId: number | null = null,
  commitLsn: Lsn = consistentPoint,
): RowSource {
  return {
    change: {
      op: 'r',
      table: NO_TABLE,
      before: null,
      beforeIsKeyOnly: false,
      after: null,
      family: 'postgres',
      lsn: consistentPoint,
      commitLsn,
      previousCommitLsn: null,
      ordinal: 0,
      transactionId,
      sourceMicros: clock.nowMicros(),
      snapshot: 'true',
    },
    readRow: readCopyRow,
    nowMicros: () => clock.nowMicros(),
  };
}
