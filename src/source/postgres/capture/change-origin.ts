import type { PostgresOrigin, PostgresRowChange } from '../../../model/change-event.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { LSN_ZERO } from '../../../model/lsn.ts';

/** Where a change stands, as an object that may be kept: the change itself is used again. */
export function originOf(change: PostgresRowChange): PostgresOrigin {
  const { lsn, commitLsn, previousCommitLsn, ordinal } = change;
  const { transactionId, xmin = null, replicatedFrom = null, sourceMicros, snapshot } = change;
  return {
    family: 'postgres',
    lsn,
    commitLsn,
    previousCommitLsn,
    ordinal,
    transactionId,
    xmin,
    replicatedFrom,
    sourceMicros,
    snapshot,
  };
}

/** Where a message between transactions stands: alone, at the end of its WAL record. */
export function originOfMessage(
  lsn: Lsn,
  previousCommitLsn: Lsn | null,
  sentMicros: bigint,
): PostgresOrigin {
  return {
    family: 'postgres',
    lsn,
    commitLsn: lsn,
    previousCommitLsn,
    ordinal: 0,
    transactionId: null,
    sourceMicros: sentMicros,
    snapshot: 'false',
  };
}

/** A change that is filled before its first use, and then over and over. */
export function unsetRowChange(): PostgresRowChange {
  return {
    op: 'c',
    table: {
      id: { catalog: '', schema: '', table: '' },
      version: 0,
      columns: [],
      keyColumns: [],
      replicaIdentity: 'nothing',
    },
    before: null,
    beforeIsKeyOnly: false,
    after: null,
    family: 'postgres',
    lsn: LSN_ZERO,
    commitLsn: LSN_ZERO,
    previousCommitLsn: null,
    ordinal: 0,
    transactionId: null,
    xmin: null,
    replicatedFrom: null,
    sourceMicros: 0n,
    snapshot: 'false',
  };
}
