import { ByteReader, DecodeError } from '../../foundation/byte-reader.ts';
import type { Clock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type {
  ChangeReceiver,
  RowChange,
  RowOperation,
  TruncateChange,
} from '../../model/change-event.ts';
import type { Lsn } from '../../model/lsn.ts';
import { lsn, LSN_ZERO } from '../../model/lsn.ts';
import type { TableSchema } from '../../model/table-schema.ts';
import { PgoutputDecoder } from './pgoutput-decoder.ts';
import type {
  BeginMessage,
  CommitMessage,
  RelationMessage,
  TruncateMessage,
} from './pgoutput-message.ts';
import { PgoutputKind } from './pgoutput-control.ts';
import type { SkippedOperation } from './postgres-source-options.ts';
import type { RelationCache } from './relation-cache.ts';
import {
  KEEPALIVE,
  readKeepalive,
  XLOG_DATA,
  XLOG_DATA_HEADER_BYTES,
} from './replication-frame.ts';
import type { ReplicationPosition } from './replication-position.ts';
import type { CopyBothHandler } from './wire-operation.ts';

/** What a stream hands its events to, and what it keeps track with. */
export interface StreamContext {
  readonly receiver: ChangeReceiver;
  readonly relations: RelationCache;
  readonly position: ReplicationPosition;
  readonly skippedOperations: readonly SkippedOperation[];
  readonly clock: Clock;
  /** How often at most the offset moves on while nothing is captured. */
  readonly idleIntervalMs: number;
  onStarted(): void;
  /** The server wants to hear from us at once (P49). */
  onReplyRequested(): void;
}

/** Never resolves: what stands behind it is not handed over any more. */
const HALTED = new Promise<void>(() => undefined);

/** No table, and never seen: set before the first use. */
const NO_TABLE: TableSchema = {
  id: { catalog: '', schema: '', table: '' },
  version: 0,
  columns: [],
  keyColumns: [],
  replicaIdentity: 'nothing',
};

/**
 * Turns the frames of one walsender session into calls of the receiver, in commit order. It holds
 * no queue: a row is decoded, handed over and forgotten, and waiting happens in `settle`.
 */
export class PostgresStream implements CopyBothHandler {
  readonly #context: StreamContext;
  readonly #decoder = new PgoutputDecoder();
  readonly #reader = new ByteReader();
  readonly #skipped: ReadonlySet<RowOperation | 't'>;
  readonly #change: RowChange;
  #received: Lsn = LSN_ZERO;
  #serverEnd: Lsn = LSN_ZERO;
  #lagMs: number | null = null;
  #idleSinceMs: number;
  #halted = false;
  #waiting = false;

  constructor(context: StreamContext) {
    this.#context = context;
    this.#skipped = new Set(context.skippedOperations);
    this.#idleSinceMs = Number.NEGATIVE_INFINITY;
    this.#change = {
      op: 'c',
      table: NO_TABLE,
      before: null,
      beforeIsKeyOnly: false,
      after: null,
      lsn: LSN_ZERO,
      commitLsn: LSN_ZERO,
      previousCommitLsn: null,
      ordinal: 0,
      transactionId: null,
      sourceMicros: 0n,
      snapshot: 'false',
    };
  }

  /** The highest position that has come in. */
  get received(): Lsn {
    return this.#received;
  }

  /** The end of the server's WAL as last told. */
  get serverEnd(): Lsn {
    return this.#serverEnd;
  }

  /** Between commit and receipt of the last transaction. */
  get lagMs(): number | null {
    return this.#lagMs;
  }

  /** False while the receiver holds us up. */
  get isReading(): boolean {
    return !this.#waiting;
  }

  /** From now on nothing is handed over; the connection stays, for the last confirmation. */
  halt(): void {
    this.#halted = true;
  }

  /** The server's WAL end, learnt elsewhere: the stream itself tells only what it has read. */
  noteServerEnd(end: Lsn): void {
    if (end > this.#serverEnd) this.#serverEnd = end;
  }

  started(): void {
    this.#context.onStarted();
  }

  frame(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    if (this.#halted) return HALTED;
    const kind = bytes[start];
    if (kind === XLOG_DATA && end - start > XLOG_DATA_HEADER_BYTES) {
      return this.#data(bytes, start, end);
    }
    if (kind !== KEEPALIVE) {
      throw new DecodeError(`copy-both frame ${String(kind)}`, bytes.subarray(start, end), 0);
    }
    this.#reader.reset(bytes, start + 1, end);
    const keepalive = readKeepalive(this.#reader);
    this.#keepalive(lsn(keepalive.walEnd), keepalive.replyRequested);
    return undefined;
  }

  settle(more: boolean): Promise<void> | undefined {
    if (this.#halted) return HALTED;
    const wait = this.#context.receiver.settle(more);
    return wait === undefined ? undefined : this.#whileWaiting(wait);
  }

  async #whileWaiting(wait: Promise<void>): Promise<void> {
    this.#waiting = true;
    try {
      await wait;
    } finally {
      this.#waiting = false;
    }
  }

  #keepalive(walEnd: Lsn, replyRequested: boolean): void {
    this.noteServerEnd(walEnd);
    const { position, clock, idleIntervalMs } = this.#context;
    if (!position.inTransaction) {
      if (walEnd > this.#received) this.#received = walEnd;
      const now = clock.monotonicMs();
      // Each step becomes a durable write somewhere: not for every keepalive.
      if (now - this.#idleSinceMs >= idleIntervalMs && position.idle(walEnd)) {
        this.#idleSinceMs = now;
      }
    }
    if (replyRequested) this.#context.onReplyRequested();
  }

  #data(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    const at = lsn(bytes.readBigUInt64BE(start + 1));
    if (at > this.#received) this.#received = at;
    const kind = this.#decoder.open(bytes, start + XLOG_DATA_HEADER_BYTES, end);
    switch (kind) {
      case PgoutputKind.insert:
        this.#row('c', at);
        return undefined;
      case PgoutputKind.update:
        this.#row('u', at);
        return undefined;
      case PgoutputKind.delete:
        this.#row('d', at);
        return undefined;
      default:
        return this.#control(at);
    }
  }

  #row(op: RowOperation, at: Lsn): void {
    const { position, relations, receiver } = this.#context;
    if (!position.event(at)) return;
    const decoder = this.#decoder;
    const relation = relations.lookup(decoder.relationId);
    if (relation === undefined) {
      throw new TidemarkError('DECODE', `a row of the unknown relation ${decoder.relationId}`);
    }
    if (relation.table === null || this.#skipped.has(op)) return;
    decoder.rows(relation.columnCount);
    const change = this.#change;
    change.op = op;
    change.table = relation.table;
    change.before = decoder.hasBefore ? decoder.before : null;
    change.beforeIsKeyOnly = decoder.beforeIsKeyOnly;
    change.after = decoder.hasAfter ? decoder.after : null;
    change.lsn = at;
    change.ordinal = position.ordinal;
    receiver.row(change);
  }

  #control(at: Lsn): Promise<void> | undefined {
    const message = this.#decoder.control();
    switch (message.kind) {
      case 'begin':
        this.#begin(message);
        return undefined;
      case 'commit':
        this.#commit(message);
        return undefined;
      case 'relation':
        return this.#relation(message, at);
      case 'truncate':
        this.#truncate(message, at);
        return undefined;
      case 'type':
      case 'origin':
      case 'message':
        return undefined;
      default:
        // Neither asked for; a two_phase slot sends prepared transactions unasked.
        throw new TidemarkError('PG_SLOT_MISMATCH', `the slot sends ${message.kind} messages`, {
          cure: 'The slot was created with two_phase: use a slot without it.',
        });
    }
  }

  #begin({ finalLsn, commitMicros, xid }: BeginMessage): void {
    const { position, clock } = this.#context;
    position.begin(finalLsn, commitMicros, xid);
    this.#lagMs = Math.max(0, clock.nowMs() - Number(commitMicros / 1000n));
    const change = this.#change;
    change.commitLsn = finalLsn;
    change.previousCommitLsn = position.previousCommitLsn;
    change.transactionId = xid;
    change.sourceMicros = commitMicros;
  }

  #commit({ commitLsn, endLsn }: CommitMessage): void {
    if (endLsn > this.#received) this.#received = endLsn;
    this.noteServerEnd(endLsn);
    if (!this.#context.position.commit(commitLsn, endLsn)) return;
    const change = this.#change;
    change.lsn = commitLsn;
    this.#context.receiver.committed(change);
  }

  #relation(message: RelationMessage, at: Lsn): Promise<void> | undefined {
    return this.#context.relations.skip(message) ? undefined : this.#learn(message, at);
  }

  async #learn(message: RelationMessage, at: Lsn): Promise<void> {
    const change = await this.#context.relations.learn(message, at);
    if (change !== null && !this.#halted) await this.#context.receiver.schemaChanged(change);
  }

  #truncate({ relationIds }: TruncateMessage, at: Lsn): void {
    const { position, relations, receiver } = this.#context;
    for (const relationId of relationIds) {
      if (!position.event(at)) continue;
      const table = relations.lookup(relationId)?.table;
      if (table === undefined) {
        throw new TidemarkError('DECODE', `truncate of the unknown relation ${relationId}`);
      }
      if (table === null || this.#skipped.has('t')) continue;
      const change: TruncateChange = {
        ...originOf(this.#change),
        lsn: at,
        ordinal: position.ordinal,
        table,
      };
      receiver.truncate(change);
    }
  }
}

function originOf(change: RowChange): Omit<TruncateChange, 'table'> {
  const { lsn: at, commitLsn, previousCommitLsn, ordinal } = change;
  const { transactionId, sourceMicros, snapshot } = change;
  return {
    lsn: at,
    commitLsn,
    previousCommitLsn,
    ordinal,
    transactionId,
    sourceMicros,
    snapshot,
  };
}
