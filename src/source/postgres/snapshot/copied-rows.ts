import type { Clock } from '../../../foundation/clock.ts';
import type { Lsn } from '../../../model/lsn.ts';
import type { RowSource } from '../../snapshot/snapshot-rows.ts';
import { NO_TABLE } from '../../snapshot/snapshot-rows.ts';
import { readCopyRow } from './copy-text.ts';

/** Rows of COPY, all of one consistent point. */
export function copiedRows(
  consistentPoint: Lsn,
  clock: Clock,
  transactionId: number | null = null,
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
      commitLsn: consistentPoint,
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
