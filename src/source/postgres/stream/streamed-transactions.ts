import { readdir, rm, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DecodeError } from '../../../foundation/byte-reader.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { PgoutputKind } from '../pgoutput/pgoutput-control.ts';
import type {
  ControlMessage,
  PreparedMessage,
  StreamCommitMessage,
} from '../pgoutput/pgoutput-message.ts';
import { SpoolMemory, TransactionSpool } from './transaction-spool.ts';

/** What all open transactions together keep in memory before they go to files. */
const MEMORY_BYTES = 16 * 1024 * 1024;
const SUFFIX = '.spool';

/** Types (`Y`) tell nothing that the catalog does not. */
const SPOOLED: ReadonlySet<number> = new Set([
  PgoutputKind.insert,
  PgoutputKind.update,
  PgoutputKind.delete,
  PgoutputKind.truncate,
  PgoutputKind.relation,
  PgoutputKind.message,
]);

interface SpooledRelation {
  readonly relationId: number;
  /** When it came, among all Relation messages of the session. */
  readonly order: number;
  readonly offset: number;
}

/** One transaction that is not committed yet. */
export interface OpenTransaction {
  readonly xid: number;
  readonly spool: TransactionSpool;
  relations: SpooledRelation[];
  /** It was replicated here from elsewhere. */
  foreign: boolean;
}

/** A spooled transaction, and how it was committed. */
export interface CommittedTransaction {
  readonly open: OpenTransaction;
  readonly commitLsn: Lsn;
  readonly endLsn: Lsn;
  readonly commitMicros: bigint;
}

interface BaseRelation {
  /** As it came, from its kind on. */
  readonly message: Buffer;
  readonly order: number;
}

/**
 * The transactions that the server sends before they have ended: streamed ones (P78), by their top
 * xid, and prepared ones, by xid and name. What was spooled is worthless to another session, which
 * gets it again from its start (P79): files of an earlier one are deleted.
 *
 * Relation messages inside belong to that transaction until it commits (P80); `staleAfter` tells
 * which shapes a replay must not leave behind, because the server has sent newer ones meanwhile.
 */
export class StreamedTransactions implements AsyncDisposable {
  readonly #folder: string;
  readonly #name: string;
  readonly #memory: SpoolMemory;
  readonly #streamed = new Map<number, OpenTransaction>();
  readonly #prepared = new Map<string, { open: OpenTransaction; prepareLsn: Lsn }>();
  readonly #base = new Map<number, BaseRelation>();
  #current: OpenTransaction | null = null;
  /** The current one comes in blocks, where each message tells its own xid (P2). */
  #inBlock = false;
  #order = 0;

  /** `name` keeps the files of different slots apart; it is a slot's name, so safe in a path. */
  constructor(folder: string, name: string, memoryBytes: number = MEMORY_BYTES) {
    this.#folder = folder;
    this.#name = name;
    this.#memory = new SpoolMemory(memoryBytes);
  }

  /** How many are open. */
  get count(): number {
    return this.#streamed.size + this.#prepared.size;
  }

  /** The one whose messages are coming in now. */
  get current(): OpenTransaction | null {
    return this.#current;
  }

  /** Before the first one: makes the folder, deletes what an earlier life left behind. */
  async prepare(): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      for (const file of await readdir(this.#folder)) {
        if (file.startsWith(`${this.#name}-`) && file.endsWith(SUFFIX)) {
          await rm(path.join(this.#folder, file), { force: true });
        }
      }
    } catch (error) {
      throw new TidemarkError('SPOOL_FAILED', `${this.#folder}: ${String(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * Keeps `bytes[start, end)` when it is a message of the current transaction; false: it is not,
   * and has to be looked at.
   */
  add(at: Lsn, bytes: Buffer, start: number, end: number): Promise<void> | undefined | false {
    const open = this.#current;
    const kind = bytes[start];
    if (open === null || kind === undefined || !SPOOLED.has(kind)) return false;
    if (!this.#inBlock) return this.#addPrepared(open, at, kind, bytes, start, end);
    const body = start + 5;
    if (end - body < 4) throw new DecodeError('a spooled message', bytes.subarray(start, end), 1);
    if (kind === PgoutputKind.relation) {
      const relationId = bytes.readUInt32BE(body);
      open.relations.push({ relationId, order: ++this.#order, offset: open.spool.size });
    }
    return open.spool.add(bytes.readUInt32BE(start + 1), at, kind, bytes, body, end);
  }

  /**
   * A transaction that is sent at PREPARE uses the shapes of all others, and is sent without those
   * that were told before: the spool takes them along, as they are now.
   */
  #addPrepared(
    open: OpenTransaction,
    at: Lsn,
    kind: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): Promise<void> | undefined | false {
    if (kind === PgoutputKind.relation) return false;
    const add = (): Promise<void> | undefined =>
      open.spool.add(open.xid, at, kind, bytes, start + 1, end);
    let wait: Promise<void> | undefined;
    for (const relationId of relationIdsOf(kind, bytes, start + 1, end)) {
      const base = this.#base.get(relationId);
      if (base === undefined) continue;
      if (open.relations.some((r) => r.relationId === relationId && r.order === base.order)) {
        continue;
      }
      open.relations.push({ relationId, order: base.order, offset: open.spool.size });
      const { message } = base;
      const keep = (): Promise<void> | undefined =>
        open.spool.add(open.xid, at, PgoutputKind.relation, message, 1, message.length);
      wait = wait === undefined ? keep() : wait.then(keep);
    }
    return wait === undefined ? add() : wait.then(add);
  }

  /** What begins, ends or drops a transaction that is not committed; false: something else. */
  control(message: ControlMessage): Promise<void> | undefined | false {
    switch (message.kind) {
      case 'stream-start':
        this.#current = this.#open(message.xid, message.first);
        this.#inBlock = true;
        return undefined;
      case 'stream-stop':
        this.#current = null;
        return undefined;
      case 'stream-abort':
        return this.#abort(message.xid, message.subxid);
      case 'begin-prepare':
        this.#current = this.#open(message.xid, true);
        this.#inBlock = false;
        return undefined;
      case 'prepare':
      case 'stream-prepare':
        this.#current = null;
        this.#prepared.set(preparedKey(message.xid, message.gid), {
          open: this.#take(message.xid),
          prepareLsn: message.lsn,
        });
        this.#streamed.delete(message.xid);
        return undefined;
      case 'rollback-prepared': {
        const ended = this.#prepared.get(preparedKey(message.xid, message.gid));
        return ended === undefined ? undefined : this.close(ended.open);
      }
      default:
        return false;
    }
  }

  #open(xid: number, first: boolean): OpenTransaction {
    const known = this.#streamed.get(xid);
    if (known !== undefined) return known;
    if (!first) {
      throw new TidemarkError('DECODE', `a block of ${xid} whose beginning did not come`);
    }
    const file = path.join(this.#folder, `${this.#name}-${xid}${SUFFIX}`);
    const open = {
      xid,
      spool: new TransactionSpool(file, this.#memory),
      relations: [],
      foreign: false,
    };
    this.#streamed.set(xid, open);
    return open;
  }

  /** A Relation message outside of blocks, that is for every transaction that is not streamed. */
  noteBase(bytes: Buffer): void {
    const message = Buffer.from(bytes);
    if (message.length < 5) throw new DecodeError('a Relation message', message, 1);
    this.#base.set(message.readUInt32BE(1), { message, order: ++this.#order });
  }

  /** The Relation messages that were newer than what a replay has just learnt. */
  staleAfter(open: OpenTransaction): readonly Buffer[] {
    const last = new Map(open.relations.map(({ relationId, order }) => [relationId, order]));
    return [...last].flatMap(([relationId, order]) => {
      const base = this.#base.get(relationId);
      return base !== undefined && base.order > order ? [base.message] : [];
    });
  }

  /** The current transaction came from elsewhere; false: there is no current one. */
  noteOrigin(): boolean {
    if (this.#current === null) return false;
    this.#current.foreign = true;
    return true;
  }

  /** All of it, or the subtransaction `subxid`, was rolled back. */
  #abort(xid: number, subxid: number): Promise<void> | undefined {
    const open = this.#streamed.get(xid);
    if (open === undefined) return undefined;
    if (xid === subxid) return this.close(open);
    const cut = (): void => {
      open.relations = open.relations.filter(({ offset }) => offset < open.spool.size);
    };
    const wait = open.spool.abort(subxid);
    if (wait !== undefined) return wait.then(cut);
    cut();
    return undefined;
  }

  /**
   * What has been committed, to be read again and closed. Null: a prepared transaction that ended
   * before `since`, where the offset stands.
   */
  committed(
    message: StreamCommitMessage | PreparedMessage,
    since: Lsn,
  ): CommittedTransaction | null {
    if (message.kind === 'stream-commit') {
      const { commitLsn, endLsn, commitMicros } = message;
      return { open: this.#take(message.xid), commitLsn, endLsn, commitMicros };
    }
    const { xid, gid, lsn: commitLsn, endLsn, micros: commitMicros } = message;
    const open = this.#prepared.get(preparedKey(xid, gid))?.open;
    if (open !== undefined) return { open, commitLsn, endLsn, commitMicros };
    if (commitLsn < since) return null;
    throw new TidemarkError(
      'PG_SLOT_MISMATCH',
      `the prepared transaction ${gid} was committed, and its changes did not come`,
      { cure: 'Snapshot anew: drop the slot and reset the offset of this pipeline.' },
    );
  }

  #take(xid: number): OpenTransaction {
    const open = this.#streamed.get(xid);
    if (open !== undefined) return open;
    throw new TidemarkError('DECODE', `the end of ${xid}, whose beginning did not come`);
  }

  /** Where the server has to begin again, so that no prepared transaction is missed. */
  get oldestPrepared(): Lsn | null {
    let oldest: Lsn | null = null;
    for (const { prepareLsn } of this.#prepared.values()) {
      if (oldest === null || prepareLsn < oldest) oldest = prepareLsn;
    }
    return oldest;
  }

  /** Drops the transaction and its file. */
  async close(open: OpenTransaction): Promise<void> {
    this.#streamed.delete(open.xid);
    for (const [key, prepared] of this.#prepared) {
      if (prepared.open === open) this.#prepared.delete(key);
    }
    await open.spool.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#current = null;
    const all = [...this.#streamed.values(), ...[...this.#prepared.values()].map((p) => p.open)];
    await Promise.all(all.map((open) => this.close(open)));
  }
}

function preparedKey(xid: number, gid: string): string {
  return `${xid} ${gid}`;
}

/** Which relations the message is about; a transaction mostly touches the same few. */
function relationIdsOf(kind: number, bytes: Buffer, body: number, end: number): readonly number[] {
  if (kind === PgoutputKind.message) return [];
  if (kind !== PgoutputKind.truncate) {
    if (end - body < 4) throw new DecodeError('a row change', bytes.subarray(body, end), 0);
    return [bytes.readUInt32BE(body)];
  }
  const ids: number[] = [];
  for (let at = body + 5; at + 4 <= end; at += 4) ids.push(bytes.readUInt32BE(at));
  return ids;
}
