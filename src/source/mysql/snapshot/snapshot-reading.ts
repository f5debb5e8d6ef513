import { must } from '../../../foundation/assert.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { ChangeReceiver, SnapshotProgress } from '../../../model/change-event.ts';
import { FetchedRows } from '../../snapshot/fetched-rows.ts';
import type { SnapshotOptions } from '../../snapshot/snapshot-options.ts';
import { ReceiverPace } from '../../snapshot/receiver-pace.ts';
import type { RowSource } from '../../snapshot/snapshot-rows.ts';
import { NO_TABLE, SnapshotRows } from '../../snapshot/snapshot-rows.ts';
import type { BinlogPlace } from '../stream/binlog-offset.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';
import type { ResultWire } from '../wire/result-wire.ts';
import { readTextRow } from '../wire/text-row.ts';
import type { TableToRead } from './mysql-select-override.ts';
import { ChunkEndError, ChunkPlanner } from './chunk-planner.ts';
import type { KeyChunk, MysqlSnapshotLedger } from './mysql-snapshot-ledger.ts';
import { readStamp } from './server-catalog.ts';
import { snapshotOrigin } from './snapshot-statements.ts';

/** Reads what it has locked, and lets go of it. */
export interface LockSession {
  readonly wire: Pick<ResultWire, 'read'>;
  unlock(): Promise<void>;
}

/** What rows are read with. */
export interface ReadingParts {
  readonly receiver: ChangeReceiver;
  readonly clock: Clock;
  readonly options: Pick<SnapshotOptions, 'chunkRows' | 'fetchSize' | 'rowsPerSecond'>;
  readonly place: BinlogPlace;
  readonly tables: readonly TableToRead[];
  readonly ledger: MysqlSnapshotLedger;
  /** Outside of the snapshot: sees tables as they are. */
  readonly control: MysqlQuerier;
  /** A stream follows, beside which the rest of a table can be read. */
  readonly isFollowed: boolean;
  /** snapshot.window; null: any time. */
  readonly hours: { readonly isOpen: boolean } | null;
  /** The session that holds the tables at the beginning locked, until they have been read. */
  readonly locker: LockSession | null;
  readonly onNote: (text: string) => void;
  readonly onProgress: (progress: readonly SnapshotProgress[]) => void;
}

const SAVEPOINT = 'SAVEPOINT tidemark';
/** Lets go of the locks on definitions that were taken since. */
const RELEASE = 'ROLLBACK TO SAVEPOINT tidemark';

/** DDL came in between: what was read so far is of two shapes. */
export class SnapshotRace extends TidemarkError {
  constructor(message: string) {
    super('MYSQL_SNAPSHOT_RACE', message);
    this.name = 'SnapshotRace';
  }
}

/** Errors that mean that a table is not what it was, or is about to be another (PITFALLS B114). */
const CHANGED_TABLE = /\(error (1412|1146|1054|1051|1932|1205),/;

/** Whether the error says that a table was changed. */
export function isChangedTable(error: unknown): error is Error {
  return (
    error instanceof SnapshotRace ||
    (error instanceof TidemarkError && CHANGED_TABLE.test(error.message))
  );
}

/**
 * Shares the chunks of a snapshot among its connections and keeps the receiver's pace.
 *
 * A connection holds a lock on a table's definition only while it reads a chunk: DDL that waits
 * for a lock has everybody else wait behind it. A table that was changed between two chunks is not
 * read on, because what its new rows would be seen as is up to the engine; the rest of it is read
 * beside the stream. Without a stream locks are held to the end, and a change begins all anew.
 */
export class SnapshotReading {
  readonly #parts: ReadingParts;
  readonly #planner: ChunkPlanner;
  readonly #rows: SnapshotRows;
  readonly #pace: ReceiverPace;
  /** Ends with the read of a locked table that is under way. */
  #lockedRead: Promise<undefined> = Promise.resolve(undefined);
  #lockedLeft: number;
  /** No table was given up. */
  #isWhole = true;

  constructor(parts: ReadingParts) {
    this.#parts = parts;
    const { tables, receiver, clock, options, place } = parts;
    this.#lockedLeft = tables.filter(({ isUnversioned }) => isUnversioned).length;
    this.#rows = new SnapshotRows(
      tables.map(({ schema, definition, estimatedRows }) => ({
        schema,
        tupleColumns: definition.columns.length,
        // Those that are found are added one by one.
        chunks: 1,
        rowsEstimated: estimatedRows,
      })),
      receiver,
      selectedRows(place, clock),
    );
    this.#pace = new ReceiverPace(parts, this.#rows, options.rowsPerSecond);
    this.#planner = new ChunkPlanner(tables, options.chunkRows, (table) => {
      this.#rows.moreChunks(table);
    });
    this.#pace.tell();
  }

  /** Reads until no chunk is left, or the snapshot is let go. */
  async read(wire: ResultWire, signal: AbortSignal): Promise<void> {
    const { isFollowed } = this.#parts;
    if (isFollowed) await wire.query(SAVEPOINT, signal);
    while (!this.#isReleased()) {
      const chunk = await this.#next(wire, signal);
      if (chunk === null) return;
      if (chunk !== 'changed') await this.#tryChunk(wire, chunk, signal);
      if (isFollowed) await wire.query(RELEASE, signal);
      if (chunk !== 'changed') await this.#unlocked(chunk);
      this.#pace.tell();
      await this.#pace.settle(signal);
    }
  }

  /** No more rows follow, or none in this snapshot. True: all have been read. */
  finish(): boolean {
    // The last rows are still held back, and what they complete with them.
    if (this.#isWhole) this.#rows.finish();
    else this.#rows.letGo();
    this.#pace.tell();
    return this.#parts.ledger.isComplete;
  }

  /** Tables that are locked are read in one piece each. */
  async #unlocked({ table }: KeyChunk): Promise<void> {
    const { tables, locker } = this.#parts;
    if (tables[table]?.isUnversioned !== true) return;
    this.#lockedLeft--;
    if (this.#lockedLeft === 0) await locker?.unlock();
  }

  #isReleased(): boolean {
    const { isFollowed, hours, onNote } = this.#parts;
    if (!isFollowed || hours === null || hours.isOpen) return false;
    if (this.#isWhole) onNote('outside of snapshot.window: the rest is read beside the stream');
    this.#isWhole = false;
    return true;
  }

  async #next(wire: ResultWire, signal: AbortSignal): Promise<KeyChunk | 'changed' | null> {
    try {
      return await this.#planner.next(wire, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ChunkEndError)) throw error;
      this.#changed(error.table, error.cause);
      return 'changed';
    }
  }

  async #tryChunk(wire: ResultWire, chunk: KeyChunk, signal: AbortSignal): Promise<void> {
    try {
      await this.#chunk(wire, chunk, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#changed(chunk.table, error);
    }
  }

  /** @throws the error, if it is another one, or no stream follows */
  #changed(table: number, error: unknown): void {
    const { isFollowed, tables, onNote } = this.#parts;
    if (!isFollowed || !isChangedTable(error)) throw error;
    const { database, name } = must(tables[table], 'a table that is read').definition;
    this.#planner.giveUp(table);
    this.#isWhole = false;
    onNote(`${database}.${name}: ${error.message}; the rest of it is read beside the stream`);
  }

  async #chunk(wire: ResultWire, chunk: KeyChunk, signal: AbortSignal): Promise<void> {
    const { control, tables } = this.#parts;
    const { definition, stamp } = must(tables[chunk.table], 'a table that is read');
    const rows = this.#rows.openChunk(chunk.table, () => {
      this.#parts.ledger.done(chunk, this.#rows.handedOver(chunk.table));
    });
    const fetched = new FetchedRows(rows, {
      size: this.#parts.options.fetchSize,
      settle: (count) => {
        this.#pace.count(count);
        return this.#pace.settle(signal);
      },
    });
    await this.#fetch(wire, chunk, fetched, signal);
    // Now that its definition is locked; some engines do not tell.
    if ((await readStamp(control, definition, signal)) !== stamp) {
      throw new SnapshotRace(`${definition.database}.${definition.name} was made anew`);
    }
    rows.close();
  }

  /**
   * Whoever updates a locked table stands in front of all who would read it (PITFALLS B115), but
   * not of who has the lock: that session reads, one table after the other. It can enter no table
   * that a SELECT of the options may name.
   */
  async #fetch(
    wire: ResultWire,
    chunk: KeyChunk,
    rows: FetchedRows,
    signal: AbortSignal,
  ): Promise<void> {
    const { locker, tables } = this.#parts;
    const query = this.#planner.query(chunk);
    const table = must(tables[chunk.table], 'a table that is read');
    if (locker === null || !table.isUnversioned || table.statement !== null) {
      await wire.read(query, rows, signal);
      return;
    }
    const before = this.#lockedRead;
    const turn = Promise.withResolvers<undefined>();
    this.#lockedRead = turn.promise;
    try {
      await before;
      await locker.wire.read(query, rows, signal);
    } finally {
      turn.resolve(undefined);
    }
  }
}

const MICROS_PER_SECOND = 1_000_000n;

/** Rows of SELECTs in the text protocol, all of one place; told in whole seconds, as events are. */
export function selectedRows(place: BinlogPlace, clock: Clock): RowSource {
  const nowMicros = (): bigint => {
    const micros = clock.nowMicros();
    return micros - (micros % MICROS_PER_SECOND);
  };
  return {
    change: {
      ...snapshotOrigin(place, nowMicros()),
      op: 'r',
      table: NO_TABLE,
      before: null,
      beforeIsKeyOnly: false,
      after: null,
    },
    readRow: readTextRow,
    nowMicros,
  };
}

/** Why the others failed is only the echo of the one that failed first. */
export function firstCause(reasons: readonly unknown[]): unknown {
  const own = reasons.find(
    (reason) => !(reason instanceof TidemarkError && reason.code === 'MYSQL_CONNECTION_LOST'),
  );
  return own ?? reasons[0];
}
