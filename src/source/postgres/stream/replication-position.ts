import { TidemarkError } from '../../../foundation/errors.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { formatLsn } from '../../../model/lsn.ts';
import type { ReplicationOffset, SentBefore } from './replication-offset.ts';

/**
 * Where the stream stands, and what of it was done before the last stop. The server resends whole
 * transactions (P46) and may resend finished ones (P44): finished ones are left out, of a
 * half-published one the first events. Invariant: `offset()` never goes back.
 */
export class ReplicationPosition {
  #offset: ReplicationOffset;
  #offsetIsCurrent = true;
  #endLsn: Lsn;
  #previousCommitLsn: Lsn | null;
  #lastLsn: Lsn;
  #lsnBefore: Lsn;
  /** Of a half-published transaction that has not come again yet. */
  #expectedCommitLsn: Lsn | null;
  #inTransaction = false;
  #commitLsn: Lsn;
  #commitMicros: bigint | null;
  #transactionId: number | null;
  #ordinal = 0;
  /** Events of the open transaction with a lower ordinal lie before the offset already. */
  #skipBelow = 0;
  #eventsDone: number;
  #heldLsn: Lsn | null = null;
  /** Of the run before: until the stream has passed its end, prepared transactions come again. */
  #resumedHold: { readonly lsn: Lsn; readonly until: Lsn } | null;

  /** Of the first transaction that comes, if it is that one. */
  #sentBefore: SentBefore | null;
  /** The same while that transaction is open. */
  #sentNow: SentBefore | null = null;
  #sentAtPlace = 0;

  constructor(resume: ReplicationOffset) {
    this.#offset = resume;
    this.#sentBefore = resume.sentBefore ?? null;
    this.#endLsn = resume.endLsn;
    this.#previousCommitLsn = resume.previousCommitLsn;
    this.#lastLsn = resume.lastLsn;
    this.#lsnBefore = resume.lastLsn;
    this.#expectedCommitLsn = resume.openCommitLsn;
    this.#commitLsn = resume.openCommitLsn ?? resume.endLsn;
    this.#commitMicros = resume.commitMicros;
    this.#transactionId = resume.transactionId;
    this.#eventsDone = resume.eventsDone;
    const held = resume.heldLsn ?? null;
    this.#resumedHold = held === null ? null : { lsn: held, until: resume.endLsn };
  }

  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  get endLsn(): Lsn {
    return this.#endLsn;
  }

  get previousCommitLsn(): Lsn | null {
    return this.#previousCommitLsn;
  }

  /** Ordinal of the event that `event` has just counted. */
  get ordinal(): number {
    return this.#ordinal - 1;
  }

  /** Ordinal of the event that the open transaction brings next. */
  get nextOrdinal(): number {
    return this.#ordinal;
  }

  /** That event lies before the offset. */
  get isNextDone(): boolean {
    return this.#ordinal < this.#skipBelow;
  }

  begin(finalLsn: Lsn, commitMicros: bigint, xid: number): void {
    if (this.#inTransaction) throw outOfOrder('Begin inside a transaction');
    this.#inTransaction = true;
    this.#ordinal = 0;
    this.#commitLsn = finalLsn;
    if (finalLsn < this.#endLsn) {
      this.#skipBelow = Number.POSITIVE_INFINITY;
      return;
    }
    const expected = this.#expectedCommitLsn;
    if (expected !== null && finalLsn !== expected) throw vanished(expected, finalLsn);
    this.#skipBelow = expected === null ? 0 : this.#eventsDone;
    this.#commitMicros = commitMicros;
    this.#transactionId = xid;
    if (expected === null) this.#eventsDone = 0;
    // Debezium had it in its hands when it stopped, so it is the first that comes, or was not sent.
    const sent = this.#sentBefore;
    this.#sentNow = sent?.transactionId === xid ? sent : null;
    if (this.#sentNow === null) this.#sentBefore = null;
    this.#sentAtPlace = 0;
  }

  /** Counts an event; false: it lies before the offset and must not be handed over again. */
  event(lsn: Lsn): boolean {
    const ordinal = this.#ordinal++;
    if (ordinal < this.#skipBelow) return false;
    if (!this.#inTransaction) throw outOfOrder('a change outside a transaction');
    if (this.#sentNow !== null && this.#wasSent(this.#sentNow, lsn)) return false;
    this.#eventsDone = ordinal + 1;
    this.#lsnBefore = this.#lastLsn;
    this.#lastLsn = lsn;
    this.#offsetIsCurrent = false;
    return true;
  }

  /** The event that `event` has just counted has to wait: no offset is to lie behind it yet. */
  takeBack(): void {
    this.#ordinal--;
    this.#eventsDone = this.#ordinal;
    this.#lastLsn = this.#lsnBefore;
    this.#offsetIsCurrent = false;
  }

  #wasSent(sent: SentBefore, lsn: Lsn): boolean {
    return lsn < sent.lsn || (lsn === sent.lsn && this.#sentAtPlace++ < sent.events);
  }

  /**
   * A message between transactions, which is all there is at its place: true = it is new, and the
   * offset now lies behind it. `end` is the end of its WAL record.
   */
  message(end: Lsn): boolean {
    if (this.#inTransaction) throw outOfOrder('a message of its own inside a transaction');
    const expected = this.#expectedCommitLsn;
    if (expected !== null && end > expected) throw vanished(expected, end);
    if (expected !== null || end <= this.#endLsn) return false;
    this.#endLsn = end;
    this.#lastLsn = end;
    this.#previousCommitLsn = end;
    this.#transactionId = null;
    this.#offsetIsCurrent = false;
    return true;
  }

  /** True: events of this transaction, or its end, are new to the receiver. */
  commit(commitLsn: Lsn, endLsn: Lsn): boolean {
    if (!this.#inTransaction || commitLsn !== this.#commitLsn) {
      throw outOfOrder(`Commit of ${formatLsn(commitLsn)}`);
    }
    this.#inTransaction = false;
    if (this.#skipBelow === Number.POSITIVE_INFINITY) return false;
    if (this.#ordinal < this.#skipBelow) throw shorter(commitLsn, this.#ordinal, this.#skipBelow);
    this.#expectedCommitLsn = null;
    this.#sentNow = null;
    this.#sentBefore = null;
    if (this.#ordinal > 0) this.#previousCommitLsn = commitLsn;
    this.#eventsDone = 0;
    this.#endLsn = endLsn;
    this.#offsetIsCurrent = false;
    return this.#ordinal > 0;
  }

  /**
   * The server has nothing for us before `walEnd`. True: the offset moved, so that WAL of other
   * databases and tables need not be kept (P51); never inside a transaction (P52).
   */
  idle(walEnd: Lsn): boolean {
    if (this.#inTransaction || this.#expectedCommitLsn !== null) return false;
    if (walEnd <= this.#endLsn) return false;
    this.#endLsn = walEnd;
    this.#offsetIsCurrent = false;
    return true;
  }

  /**
   * Where the server has to begin again because of prepared transactions that wait for their end;
   * null: where the offset ends.
   */
  hold(at: Lsn | null): void {
    if (at === this.#heldLsn) return;
    this.#heldLsn = at;
    this.#offsetIsCurrent = false;
  }

  #held(): Lsn | null {
    const resumed = this.#resumedHold;
    if (resumed === null) return this.#heldLsn;
    if (this.#endLsn <= resumed.until) return resumed.lsn;
    this.#resumedHold = null;
    return this.#heldLsn;
  }

  /** The same object until the position changes. */
  offset(): ReplicationOffset {
    if (this.#offsetIsCurrent) return this.#offset;
    this.#offsetIsCurrent = true;
    this.#offset = {
      ...this.#offset,
      endLsn: this.#endLsn,
      heldLsn: this.#held(),
      openCommitLsn: this.#eventsDone > 0 ? this.#commitLsn : null,
      eventsDone: this.#eventsDone,
      previousCommitLsn: this.#previousCommitLsn,
      lastLsn: this.#lastLsn,
      transactionId: this.#transactionId,
      commitMicros: this.#commitMicros,
      // Once an event of it went out, the count says what is done.
      sentBefore: this.#eventsDone > 0 ? null : this.#sentBefore,
    };
    return this.#offset;
  }
}

function outOfOrder(what: string): TidemarkError {
  return new TidemarkError('DECODE', `${what}: the stream is out of order`);
}

const CURE =
  'Restore publication, filters and options as they were and start again, or snapshot anew.';

function vanished(expected: Lsn, found: Lsn): TidemarkError {
  return new TidemarkError(
    'PG_SLOT_MISMATCH',
    `the half-published transaction of ${formatLsn(expected)} did not come again; ` +
      `the slot went on with ${formatLsn(found)}`,
    { cure: CURE },
  );
}

function shorter(commitLsn: Lsn, found: number, done: number): TidemarkError {
  return new TidemarkError(
    'PG_SLOT_MISMATCH',
    `the transaction of ${formatLsn(commitLsn)} came again with ${found} events, ` +
      `of which ${done} had been published`,
    { cure: CURE },
  );
}
