import { ByteReader, DecodeError } from '../../../foundation/byte-reader.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type {
  ChangeReceiver,
  PostgresRowChange,
  RowOperation,
} from '../../../model/change-event.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { lsn, LSN_ZERO } from '../../../model/lsn.ts';
import { originOf, originOfMessage, unsetRowChange } from '../capture/change-origin.ts';
import { PgoutputDecoder } from '../pgoutput/pgoutput-decoder.ts';
import type {
  BeginMessage,
  CommitMessage,
  LogicalMessage,
  RelationMessage,
  TruncateMessage,
} from '../pgoutput/pgoutput-message.ts';
import { PgoutputKind, POSTGRES_EPOCH_MICROS } from '../pgoutput/pgoutput-control.ts';
import { unneededOperations } from '../capture/postgres-publication.ts';
import type { SkippedOperation } from '../postgres-source-options.ts';
import type { DdlMessages } from './ddl-messages.ts';
import type { RelationCache } from './relation-cache.ts';
import {
  KEEPALIVE,
  readKeepalive,
  XLOG_DATA,
  XLOG_DATA_HEADER_BYTES,
} from '../wire/replication-frame.ts';
import type { ReplicationPosition } from './replication-position.ts';
import { withNewShape } from './shape-check.ts';
import type { CommittedTransaction, StreamedTransactions } from './streamed-transactions.ts';
import type { CopyBothHandler } from '../wire/wire-operation.ts';

/** What a stream hands its events to, and what it keeps track with. */
export interface StreamContext {
  readonly receiver: ChangeReceiver;
  readonly relations: RelationCache;
  readonly position: ReplicationPosition;
  readonly streamed: StreamedTransactions;
  /** Leave out transactions that were replicated here from elsewhere (P117). */
  readonly ownOnly: boolean;
  readonly skippedOperations: readonly SkippedOperation[];
  /** Whether messages of this prefix are captured. */
  readonly wantsMessage: (prefix: string) => boolean;
  readonly clock: Clock;
  /** How often at most the offset moves on while nothing is captured. */
  readonly idleIntervalMs: number;
  /** Absent: no snapshot can run beside the stream. */
  readonly snapshots?: StreamSnapshots;
  /** Who follows DDL that an event trigger tells of; absent: nobody. */
  readonly ddl?: DdlMessages;
  /** For source.xmin; absent: it stays null. */
  readonly xmin?: { readonly value: bigint | null };
  onStarted(): void;
  /** The server wants to hear from us at once (P49). */
  onReplyRequested(): void;
}

/** What reads tables beside the stream, and hands their rows over between its transactions. */
export interface StreamSnapshots {
  transaction(id: number): void;
  /** All before `at` has been handed over; a promise holds the stream back. */
  boundary(at: Lsn): Promise<void> | undefined;
}

/** Never resolves: what stands behind it is not handed over any more. */
const HALTED = new Promise<void>(() => undefined);

/**
 * Turns the frames of one walsender session into calls of the receiver, in commit order. It holds
 * no queue: a row is decoded, handed over and forgotten, and waiting happens in `settle`.
 */
export class PostgresStream implements CopyBothHandler {
  readonly #context: StreamContext;
  readonly #decoder = new PgoutputDecoder();
  readonly #streamed: StreamedTransactions;
  readonly #reader = new ByteReader();
  readonly #skipped: ReadonlySet<RowOperation | 't'>;
  readonly #change: PostgresRowChange;
  #received: Lsn = LSN_ZERO;
  #serverEnd: Lsn = LSN_ZERO;
  #lagMs: number | null = null;
  #idleSinceMs = Number.NEGATIVE_INFINITY;
  #halted = false;
  #replaying = false;
  /** The transaction came from elsewhere, and such ones are not wanted. */
  #foreign = false;
  #waiting = false;

  constructor(context: StreamContext) {
    this.#context = context;
    this.#streamed = context.streamed;
    this.#skipped = new Set(unneededOperations(context.skippedOperations));
    this.#change = unsetRowChange();
  }

  /** The highest position that has come in. */
  get received(): Lsn {
    return this.#received;
  }

  /** The end of the server's WAL as last told. */
  get serverEnd(): Lsn {
    return this.#serverEnd;
  }

  /** Bytes from there to that end. */
  get behind(): bigint {
    const behind = this.#serverEnd - this.#received;
    return behind > 0n ? behind : 0n;
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
    return this.#keepalive(lsn(keepalive.walEnd), keepalive.replyRequested);
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

  #keepalive(walEnd: Lsn, replyRequested: boolean): Promise<void> | undefined {
    this.noteServerEnd(walEnd);
    const { position, clock, idleIntervalMs } = this.#context;
    if (!position.inTransaction && this.#streamed.current === null) {
      if (walEnd > this.#received) this.#received = walEnd;
      const now = clock.monotonicMs();
      // Each step becomes a durable write somewhere: not for every keepalive.
      if (now - this.#idleSinceMs >= idleIntervalMs && position.idle(walEnd)) {
        this.#idleSinceMs = now;
      }
    }
    if (replyRequested) this.#context.onReplyRequested();
    return position.inTransaction ? undefined : this.#boundary(walEnd);
  }

  #boundary(at: Lsn): Promise<void> | undefined {
    const wait = this.#context.snapshots?.boundary(at);
    return wait === undefined ? undefined : this.#whileWaiting(wait);
  }

  #data(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    const at = lsn(bytes.readBigUInt64BE(start + 1));
    if (at > this.#received) this.#received = at;
    const body = start + XLOG_DATA_HEADER_BYTES;
    if (this.#streamed.current !== null) {
      const kept = this.#streamed.add(at, bytes, body, end);
      if (kept !== false) return kept;
    }
    return this.#dispatch(bytes, body, end, at);
  }

  /** One pgoutput message, of a frame or spooled. */
  #dispatch(bytes: Buffer, start: number, end: number, at: Lsn): Promise<void> | undefined {
    const kind = this.#decoder.open(bytes, start, end);
    switch (kind) {
      case PgoutputKind.insert:
        return this.#row('c', at);
      case PgoutputKind.update:
        return this.#row('u', at);
      case PgoutputKind.delete:
        return this.#row('d', at);
      default:
        if (kind === PgoutputKind.relation) return this.#relation(bytes.subarray(start, end), at);
        // In front of the message stands the time of sending. (Not of a spooled one: unused there.)
        return this.#control(at, start < 8 ? 0n : bytes.readBigInt64BE(start - 8));
    }
  }

  #row(op: RowOperation, at: Lsn): Promise<void> | undefined {
    const { position, relations, receiver } = this.#context;
    if (!position.event(at) || this.#foreign) return undefined;
    const decoder = this.#decoder;
    const relation = relations.lookup(decoder.relationId);
    if (relation === undefined) {
      throw new TidemarkError('DECODE', `a row of the unknown relation ${decoder.relationId}`);
    }
    if (relation.table === null || this.#skipped.has(op)) return undefined;
    decoder.rows(relation.columnCount);
    const change = this.#change;
    change.op = op;
    change.table = relation.table;
    change.before = decoder.hasBefore ? decoder.before : null;
    change.beforeIsKeyOnly = decoder.beforeIsKeyOnly;
    change.after = decoder.hasAfter ? decoder.after : null;
    change.lsn = at;
    change.ordinal = position.ordinal;
    if (relation.check?.fits(change) === false) {
      return withNewShape(relations, decoder.relationId, change, receiver, position);
    }
    if (relation.watch === null || relation.watch.row(change)) receiver.row(change);
    return undefined;
  }

  /** `sentAt`: the server's clock when it sent this. */
  #control(at: Lsn, sentAt: bigint): Promise<void> | undefined {
    const message = this.#decoder.control();
    switch (message.kind) {
      case 'begin':
        this.#begin(message);
        return undefined;
      case 'commit':
        return this.#commit(message);
      case 'truncate':
        this.#truncate(message, at);
        return undefined;
      case 'message':
        return this.#message(message, at, sentAt + POSTGRES_EPOCH_MICROS);
      case 'origin':
        if (this.#streamed.noteOrigin()) return undefined;
        this.#foreign = this.#context.ownOnly;
        this.#change.replicatedFrom = { name: message.name, lsn: message.commitLsn };
        return undefined;
      case 'type':
        return undefined;
      case 'stream-commit':
      case 'commit-prepared': {
        const ended = this.#streamed.committed(message, this.#context.position.endLsn);
        return ended === null ? undefined : this.#whileWaiting(this.#replay(ended));
      }
      default: {
        const wait = this.#streamed.control(message);
        this.#context.position.hold(this.#streamed.oldestPrepared);
        if (wait === false) throw new TidemarkError('DECODE', `${message.kind} is not expected`);
        return wait;
      }
    }
  }

  /** A transaction that was spooled is committed: from here on it is one like any other. */
  async #replay({ open, ...commit }: CommittedTransaction): Promise<void> {
    const { receiver, position } = this.#context;
    const { commitLsn, commitMicros } = commit;
    this.#replaying = true;
    this.#begin({ kind: 'begin', finalLsn: commitLsn, commitMicros, xid: open.xid });
    this.#foreign = open.foreign && this.#context.ownOnly;
    await open.spool.read({
      message: (bytes, start, end, at) =>
        this.#halted ? HALTED : this.#dispatch(bytes, start, end, at),
      blockEnd: async () => {
        if (!this.#halted) await receiver.settle(true);
        return !this.#halted;
      },
    });
    if (this.#halted) return HALTED;
    await this.#commit({ kind: 'commit', ...commit });
    for (const relation of this.#streamed.staleAfter(open)) {
      await this.#dispatch(relation, 0, relation.length, commitLsn);
    }
    await this.#streamed.close(open);
    position.hold(this.#streamed.oldestPrepared);
    this.#replaying = false;
    return undefined;
  }

  #begin({ finalLsn, commitMicros, xid }: BeginMessage): void {
    const { position, clock } = this.#context;
    position.begin(finalLsn, commitMicros, xid);
    this.#foreign = false;
    this.#context.snapshots?.transaction(xid);
    this.#lagMs = Math.max(0, clock.nowMs() - Number(commitMicros / 1000n));
    const change = this.#change;
    change.commitLsn = finalLsn;
    change.previousCommitLsn = position.previousCommitLsn;
    change.transactionId = xid;
    change.replicatedFrom = null;
    change.xmin = this.#context.xmin?.value ?? null;
    change.sourceMicros = commitMicros;
  }

  #commit(commit: CommitMessage): Promise<void> | undefined {
    const telling = this.#context.ddl?.settle();
    if (telling === undefined) return this.#committed(commit);
    return this.#whileWaiting(telling.then(() => this.#committed(commit)));
  }

  #committed({ commitLsn, endLsn }: CommitMessage): Promise<void> | undefined {
    if (this.#halted) return HALTED;
    if (endLsn > this.#received) this.#received = endLsn;
    this.noteServerEnd(endLsn);
    if (this.#context.position.commit(commitLsn, endLsn)) {
      const change = this.#change;
      change.lsn = commitLsn;
      this.#context.receiver.committed(change);
    }
    return this.#boundary(endLsn);
  }

  #relation(bytes: Buffer, at: Lsn): Promise<void> | undefined {
    const { relations } = this.#context;
    if (!this.#replaying) this.#streamed.noteBase(bytes);
    const until = this.#replaying ? this.#change.commitLsn : null;
    if (this.#streamed.count > 0 && relations.repeats(bytes, until)) return undefined;
    if (until === null && relations.isOld(bytes, this.#change.transactionId)) return undefined;
    const message = this.#decoder.control();
    if (message.kind !== 'relation' || relations.skip(message)) return undefined;
    // Messages that no change stands in for come without a place: it is that of their transaction.
    return this.#learn(message, Buffer.from(bytes), at > 0n ? at : this.#change.commitLsn);
  }

  async #learn(message: RelationMessage, bytes: Buffer, at: Lsn): Promise<void> {
    const { relations, receiver, position } = this.#context;
    const { transactionId } = this.#change;
    await relations.inTurn(async () => {
      const change = await relations.learn(message, at, transactionId);
      relations.told(message.relationId, bytes);
      if (change === null || this.#halted) return;
      const { nextOrdinal: ordinal, isNextDone: again } = position;
      const event = { ...originOf(this.#change), lsn: at, ordinal };
      const placed = position.inTransaction ? { ...change, event, again } : change;
      await relations.hand(placed, transactionId, receiver);
    });
  }

  #truncate({ relationIds }: TruncateMessage, at: Lsn): void {
    const { position, relations, receiver } = this.#context;
    for (const relationId of relationIds) {
      if (!position.event(at) || this.#foreign) continue;
      const relation = relations.lookup(relationId);
      const table = relation?.table;
      if (table === undefined) {
        throw new TidemarkError('DECODE', `truncate of the unknown relation ${relationId}`);
      }
      if (table === null || this.#skipped.has('t')) continue;
      const change = { ...originOf(this.#change), lsn: at, ordinal: position.ordinal, table };
      if (relation?.watch?.truncate(change) === false) continue;
      receiver.truncate(change);
    }
  }

  /** Of a message between transactions only the place is known: the clock is the sender's. */
  #message(message: LogicalMessage, at: Lsn, sentMicros: bigint): Promise<void> | undefined {
    const { position, receiver, wantsMessage, ddl } = this.#context;
    const { prefix, content, transactional } = message;
    // Also one that counts as done: what follows from it is known by its place.
    ddl?.take(message, { ...this.#change, lsn: message.lsn });
    if (transactional) {
      if (!position.event(at) || this.#foreign || !wantsMessage(prefix)) return undefined;
    } else if (!wantsMessage(prefix) || !position.message(message.lsn)) return undefined;
    const own = { prefix, content, transactional };
    if (transactional) {
      const origin = { ...originOf(this.#change), lsn: at, ordinal: position.ordinal };
      return receiver.message({ ...origin, ...own });
    }
    const origin = originOfMessage(message.lsn, position.previousCommitLsn, sentMicros);
    const xmin = this.#context.xmin?.value ?? null;
    return receiver.message({ ...origin, ...own, xmin });
  }
}
