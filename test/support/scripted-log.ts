import type {
  ChangeReceiver,
  SourceOffset,
  SourceReader,
  SourceStatus,
} from '../../src/model/change-event.ts';
import { formatLsn, type Lsn, lsn, parseLsn } from '../../src/model/lsn.ts';
import { tableName, type TableSchema } from '../../src/model/table-schema.ts';
import {
  fromSourceOffset,
  restartLsn,
  toSourceOffset,
} from '../../src/source/postgres/stream/replication-offset.ts';
import { ReplicationPosition } from '../../src/source/postgres/stream/replication-position.ts';
import { rowChange } from './keyed-table.ts';

/** A row in the shape that its table has then, or a truncate. */
export interface LoggedEvent {
  readonly table: TableSchema;
  /** Null: the table is truncated. */
  readonly id: number | null;
}

export type LoggedTransaction = readonly LoggedEvent[];

/** Bytes of the log that a transaction takes. */
const STEP = 1000;

const commitOf = (index: number): Lsn => lsn(BigInt((index + 1) * STEP));

export function endOf(index: number): Lsn {
  return lsn(BigInt((index + 1) * STEP + 10));
}

/** Where an event of a transaction stands. */
export function placeOf(index: number, at: number): Lsn {
  return lsn(BigInt(index * STEP + 20 + at));
}

/** The offset of the first snapshot, which reads nothing. */
export function beforeLog(): SourceOffset {
  return toSourceOffset('shop', {
    systemIdentifier: '1',
    timeline: 1,
    slot: 's',
    fingerprint: 'f',
    endLsn: lsn(10n),
    openCommitLsn: null,
    eventsDone: 0,
    previousCommitLsn: null,
    lastLsn: lsn(10n),
    transactionId: null,
    commitMicros: null,
    snapshot: 'completed',
  });
}

/** What its life is told with. */
export interface LogReaderEvents {
  /** All has been handed over; told again and again until the life is aborted. */
  atEnd(): void;
  /** Throws what the reader is to fail with. */
  begins(): void;
  /** Between two transactions the server tells that it has nothing more up to some place. */
  readonly keepalives: boolean;
  /** The server may forget what lies before. Throws where it must not. */
  confirmed(at: Lsn): void;
}

/** Reads a log in memory as a reader of PostgreSQL does: whole transactions, by their commits. */
export class LogReader implements SourceReader {
  readonly #log: readonly LoggedTransaction[];
  readonly #tables: readonly TableSchema[];
  readonly #events: LogReaderEvents;
  /** After so many events the receiver is asked for room. */
  readonly #chunk: number;
  #position: ReplicationPosition | null = null;
  #unchanged: SourceOffset | null = null;
  #received: Lsn = lsn(0n);

  constructor(
    log: readonly LoggedTransaction[],
    tables: readonly TableSchema[],
    chunk: number,
    events: LogReaderEvents,
  ) {
    this.#log = log;
    this.#tables = tables;
    this.#chunk = chunk;
    this.#events = events;
  }

  async run(
    receiver: ChangeReceiver,
    stored: SourceOffset | null,
    signal: AbortSignal,
  ): Promise<void> {
    this.#events.begins();
    const from = stored ?? beforeLog();
    this.#unchanged = from;
    if (stored === null) {
      await receiver.snapshotStarted(this.#tables, from);
      await receiver.snapshotCompleted(from);
    }
    const resume = fromSourceOffset(from);
    await receiver.logOpened?.('log', true);
    const position = new ReplicationPosition(resume);
    this.#position = position;
    const told = new Map<string, TableSchema>();
    let events = 0;
    for (const [index, transaction] of this.#log.entries()) {
      if (endOf(index) <= restartLsn(resume)) continue;
      position.begin(commitOf(index), BigInt(index), index + 1);
      for (const [at, { table, id }] of transaction.entries()) {
        const place = placeOf(index, at);
        this.#received = place > this.#received ? place : this.#received;
        const name = tableName(table.id);
        const previous = told.get(name) ?? null;
        const { nextOrdinal: ordinal, isNextDone: again } = position;
        if (previous !== table) {
          told.set(name, table);
          const event = { ...originOf(index, place, position), ordinal };
          const change = { table, previous, position: formatLsn(place) };
          await receiver.schemaChanged({ ...change, event, again });
        }
        if (signal.aborted) return;
        if (position.event(place)) tell(receiver, { table, id }, index, place, position);
        // Of a log that comes event by event nothing more is there yet: what came is written.
        if (++events % this.#chunk === 0) await receiver.settle(this.#chunk > 1);
        if (signal.aborted) return;
      }
      const isNew = position.commit(commitOf(index), endOf(index));
      this.#received = endOf(index);
      if (isNew) receiver.committed(originOf(index, endOf(index), position));
      if (this.#events.keepalives) position.idle(lsn(endOf(index) + 5n));
      await receiver.settle(events % this.#chunk === 0);
      if (signal.aborted) return;
    }
    position.idle(this.#end());
    this.#received = this.#end();
    await this.#wait(receiver, signal);
  }

  /** Behind it the log may go on. */
  #end(): Lsn {
    return lsn(endOf(this.#log.length - 1) + 5n);
  }

  /** Nothing comes any more, and the receiver is asked now and then, as by keepalives. */
  async #wait(receiver: ChangeReceiver, signal: AbortSignal): Promise<void> {
    for (let looks = 0; !signal.aborted; looks++) {
      await receiver.settle(false);
      if (looks > 0) this.#events.atEnd();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  offset(): SourceOffset {
    return this.#position === null
      ? (this.#unchanged ?? beforeLog())
      : toSourceOffset('shop', this.#position.offset());
  }

  confirm(offset: SourceOffset): void {
    this.#events.confirmed(restartLsn(fromSourceOffset(offset)));
  }

  logEnd(): string {
    return formatLsn(this.#end());
  }

  hasReceived(end: string): boolean {
    return this.#received >= parseLsn(end);
  }

  status(): SourceStatus {
    const place = { confirmed: null, received: null, connected: true };
    return { phase: 'streaming', snapshot: [], lagBytes: 0n, lagMs: 0, ...place };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function originOf(index: number, at: Lsn, position: ReplicationPosition) {
  const {
    op: _,
    table: __,
    before: ___,
    after: ____,
    beforeIsKeyOnly: _____,
    ...origin
  } = rowChange(NOBODY, 'c', null, null);
  return {
    ...origin,
    lsn: at,
    commitLsn: commitOf(index),
    previousCommitLsn: position.previousCommitLsn,
    transactionId: index + 1,
    ordinal: position.ordinal,
  };
}

const NOBODY: TableSchema = {
  id: { catalog: '', schema: '', table: '' },
  version: 0,
  columns: [],
  keyColumns: [],
  replicaIdentity: 'default',
};

/** What a column has: `id` and `n` numbers, of which `n` tells large ones as words. */
export function loggedText(column: string, id: number): string {
  if (column === 'id') return String(id);
  return column === 'n' && id < 100 ? String(id) : `${column}${id}`;
}

function tell(
  receiver: ChangeReceiver,
  { table, id }: LoggedEvent,
  index: number,
  at: Lsn,
  position: ReplicationPosition,
): void {
  const origin = originOf(index, at, position);
  if (id === null) {
    receiver.truncate({ ...origin, table });
    return;
  }
  const row = table.columns.map(({ name }) => loggedText(name, id));
  receiver.row({ ...rowChange(table, 'c', null, row), ...origin });
}
