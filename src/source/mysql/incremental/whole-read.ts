import type { Clock } from '../../../foundation/clock.ts';
import type { ChangeReceiver } from '../../../model/change-event.ts';
import type { SourceNotification } from '../../../model/source-notification.ts';
import type { TableId } from '../../../model/table-schema.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { BlockingRequest, TableTask } from '../../incremental/snapshot-state.ts';
import { conditionFor, mustFinish, newTask } from '../../incremental/snapshot-state.ts';
import type { SnapshotTasks } from '../../incremental/snapshot-tasks.ts';
import { resolveCollections } from '../../incremental/snapshot-tasks.ts';
import { FetchedRows } from '../../snapshot/fetched-rows.ts';
import { InitialNotices } from '../../snapshot/initial-notices.ts';
import type { SnapshotOptions } from '../../snapshot/snapshot-options.ts';
import { NO_TABLE, SnapshotRows } from '../../snapshot/snapshot-rows.ts';
import type { SnapshotThrottle } from '../../snapshot/snapshot-throttle.ts';
import { quotedTable } from '../snapshot/mysql-select-list.ts';
import { runAll, tableLocks } from '../snapshot/snapshot-sessions.ts';
import type { LogSpot } from '../stream/stream-watches.ts';
import type { ResultWire } from '../wire/result-wire.ts';
import { readTextRow } from '../wire/text-row.ts';
import { snapshotChange } from './chunk-handover.ts';
import type { ChunkFilter } from './chunk-query.ts';
import { wholeQuery } from './chunk-query.ts';
import type { ChunkReader } from './chunk-reader.ts';
import { isStatementError, isTableChanged } from './chunk-reader.ts';
import { isBefore } from './group-visibility.ts';
import type { GroupVisibility } from './group-visibility.ts';
import type { KnownTable } from './table-reading.ts';
import { isKeyed } from './table-reading.ts';

const RETRY_MS = 50;

/** What reading while the stream waits is made with. */
export interface WholeReadParts {
  readonly snapshots: SnapshotOptions;
  readonly receiver: ChangeReceiver;
  readonly clock: Clock;
  /** Before the first row of a shape. */
  tell(schema: KnownTable['schema']): Promise<void> | undefined;
  /** What the stream has brought, as GTIDs; null: it has none. */
  done(): string | null;
  overrideOf(task: TableTask): ChunkFilter;
  notify(notification: SourceNotification): void;
  note(text: string): void;
  warn(text: string): void;
}

/** A table without a key that has its turn. */
export interface WantedTable {
  readonly task: TableTask;
  readonly table: KnownTable;
}

interface TableToRead {
  readonly table: KnownTable;
  readonly filter: ChunkFilter;
  /** It has no key: what came before is taken away by a truncate event, and must all come again. */
  readonly replaces: boolean;
}

interface BegunRead {
  readonly visibility: GroupVisibility;
  /** The session with the lock, where it is held until all is read. */
  readonly locked: ResultWire | null;
  release(): Promise<void>;
}

/**
 * Reads tables whole, in one transaction, while the stream stands still between two groups:
 * blocking snapshots, and tables without a key (ruling 1).
 *
 * Invariant: everything that the stream brought before is in the read, so that a truncate event may
 * stand before the rows of a keyless table; what the read saw beyond that is left out of the stream
 * after it. Which groups those are has to be known exactly: the read begins under a lock of these
 * tables, so that none of them is half-way between the binlog and being visible. It is held for
 * that moment only, but with a table of an engine without snapshots until all is read (B115).
 */
export class WholeRead {
  readonly #parts: WholeReadParts;
  readonly #tasks: SnapshotTasks<KnownTable>;
  readonly #reader: ChunkReader;
  readonly #locker: ChunkReader;
  readonly #throttle: SnapshotThrottle;
  readonly #signal: () => AbortSignal;
  #wanted: WantedTable | null = null;

  constructor(
    parts: WholeReadParts,
    tasks: SnapshotTasks<KnownTable>,
    readers: { readonly reader: ChunkReader; readonly locker: ChunkReader },
    throttle: SnapshotThrottle,
    signal: () => AbortSignal,
  ) {
    this.#parts = parts;
    this.#tasks = tasks;
    this.#reader = readers.reader;
    this.#locker = readers.locker;
    this.#throttle = throttle;
    this.#signal = signal;
  }

  get isWanted(): boolean {
    return this.#wanted !== null;
  }

  /** There is something to be read now. */
  get isDue(): boolean {
    return this.isWanted || (this.#tasks.state.blocking.length > 0 && this.#throttle.isOpen);
  }

  /** A blocking snapshot waits for its hours. */
  get isLate(): boolean {
    return this.#tasks.state.blocking.length > 0 && !this.#throttle.isOpen;
  }

  want(table: WantedTable): void {
    this.#wanted = table;
  }

  /** Called between two groups of the stream, which waits. */
  async run(at: LogSpot, known: readonly KnownTable[]): Promise<void> {
    for (const request of this.#throttle.isOpen ? this.#tasks.state.blocking : []) {
      await this.#blocking(request, at, known);
    }
    const wanted = this.#wanted;
    try {
      if (wanted !== null && this.#tasks.has(wanted.task)) await this.#keyless(wanted, at);
    } finally {
      this.#wanted = null;
    }
  }

  async #keyless({ task, table }: WantedTable, at: LogSpot): Promise<void> {
    const filter = this.#parts.overrideOf(task);
    const replaces = !isKeyed(table) && task.condition === null;
    try {
      const rows = await this.#read([{ table, filter, replaces }], at, () =>
        this.#tasks.update(task, { emptied: true }),
      );
      this.#tasks.update(task, { rows });
      this.#tasks.finish(task, 'SUCCEEDED');
    } catch (error) {
      if (await this.#isAhead(error, at)) return;
      if (!isStatementError(error) || mustFinish(this.#tasks.latest(task) ?? task)) throw error;
      const name = tableName(table.schema.id);
      this.#parts.warn(`the snapshot of ${name} is given up: ${String(error)}`);
      this.#tasks.finish(task, 'SQL_EXCEPTION');
    }
  }

  async #blocking(
    request: BlockingRequest,
    at: LogSpot,
    known: readonly KnownTable[],
  ): Promise<void> {
    const chosen = resolveCollections(request, known);
    const tables = chosen.map((table) => {
      // Of a blocking snapshot the condition is a whole SELECT, as in the original.
      const statement = conditionFor(request, table.schema.id);
      const replaces = statement === null && !isKeyed(table);
      return { table, filter: { condition: null, statement }, replaces };
    });
    const notices = new InitialNotices((notification) => this.#parts.notify(notification));
    const names = chosen.map(({ schema }) => tableName(schema.id)).join(', ');
    this.#parts.note(`the blocking snapshot ${request.snapshotId} of ${names} begins`);
    notices.started();
    try {
      const emptied = (id: TableId): void => this.#emptied(request, id);
      const rows = tables.length > 0 ? await this.#read(tables, at, emptied, notices) : 0;
      this.#parts.note(`the blocking snapshot ${request.snapshotId} is complete: ${rows} rows`);
      this.#tasks.blockingDone(request, true);
      notices.completed();
    } catch (error) {
      if (await this.#isAhead(error, at)) return;
      if (!isStatementError(error)) throw error;
      this.#parts.warn(`the blocking snapshot of ${names} is given up: ${String(error)}`);
      this.#tasks.blockingDone(request, false);
      notices.aborted();
    }
  }

  /** The server's tables may be others than those that the stream knows yet: it is read later. */
  async #isAhead(error: unknown, at: LogSpot): Promise<boolean> {
    if (isTableChanged(error)) return true;
    if (!isStatementError(error)) return false;
    const signal = this.#signal();
    const { file, position: pos } = await this.#reader.status(
      await this.#reader.wire(signal),
      signal,
    );
    return isBefore(at, { file, pos });
  }

  /** Should the read not come to its end, the table is read by itself. */
  #emptied({ snapshotId }: BlockingRequest, { schema, table }: TableId): void {
    const task = { schema, table, purpose: 'incremental', method: 'whole', snapshotId } as const;
    this.#tasks.add([newTask(task, { emptied: true })]);
  }

  /** Invariant: that a table was emptied and the truncate event enter one append. */
  async #read(
    tables: readonly TableToRead[],
    at: LogSpot,
    emptied: (table: TableId) => void,
    notices: InitialNotices | null = null,
  ): Promise<number> {
    const signal = this.#signal();
    const wire = await this.#reader.wire(signal);
    const begun = await this.#begin(wire, tables, at, signal);
    try {
      for (const { table } of tables) await this.#parts.tell(table.schema);
      const replaced = tables.filter(({ replaces }) => replaces);
      for (const { table } of replaced) {
        this.#truncate(table, at);
        emptied(table.schema.id);
      }
      const rows = await this.#rows({ wire, ...begun }, tables, at, notices, signal);
      await wire.query('COMMIT', signal);
      await begun.release();
      const status = await this.#reader.status(wire, signal);
      const until = `${status.file}:${status.position}`;
      const entries = replaced.map(({ table: { schema } }) => ({
        schema: schema.id.schema,
        table: schema.id.table,
        snapshot: begun.visibility.text,
        inRecovery: false,
        until,
      }));
      this.#tasks.setSeen([...this.#tasks.state.seen, ...entries]);
      return rows;
    } catch (error) {
      await this.#reader.close();
      await this.#locker.close();
      throw error;
    }
  }

  /** Until the snapshot has all that the stream has brought. */
  async #begin(
    wire: ResultWire,
    tables: readonly TableToRead[],
    at: LogSpot,
    signal: AbortSignal,
  ): Promise<BegunRead> {
    const exact = !this.#reader.hasSnapshots || tables.some(({ replaces }) => replaces);
    for (;;) {
      const release = exact ? await this.#lock(tables, signal) : () => Promise.resolve();
      const visibility = await this.#reader.beginSnapshot(wire, signal);
      const holdsOn = exact && !(await this.#haveSnapshots(wire, tables, signal));
      if (!holdsOn) await release();
      if (visibility.covers(at, this.#parts.done())) {
        return holdsOn
          ? { visibility, release, locked: await this.#locker.wire(signal) }
          : { visibility, release: () => Promise.resolve(), locked: null };
      }
      await wire.query('ROLLBACK', signal);
      await release();
      await this.#parts.clock.sleep(RETRY_MS, signal);
      signal.throwIfAborted();
    }
  }

  async #lock(tables: readonly TableToRead[], signal: AbortSignal): Promise<() => Promise<void>> {
    const locker = await this.#locker.wire(signal);
    const names = tables.map(({ table }) => table.definition);
    await runAll(locker, tableLocks(this.#reader.server, names), signal);
    let held = true;
    return async () => {
      if (held) await locker.query('UNLOCK TABLES', signal);
      held = false;
    };
  }

  async #haveSnapshots(
    wire: ResultWire,
    tables: readonly TableToRead[],
    signal: AbortSignal,
  ): Promise<boolean> {
    for (const { table } of tables) {
      const sql = `SHOW CREATE TABLE ${quotedTable(table.definition)}`;
      const text = (await wire.query(sql, signal)).rows[0]?.[1] ?? '';
      if (!/\bENGINE=(?:InnoDB|ROCKSDB)\b/i.test(text)) return false;
    }
    return true;
  }

  async #rows(
    { wire, locked }: Pick<BegunRead, 'locked'> & { readonly wire: ResultWire },
    tables: readonly TableToRead[],
    at: LogSpot,
    notices: InitialNotices | null,
    signal: AbortSignal,
  ): Promise<number> {
    const { receiver, clock, snapshots } = this.#parts;
    const rows = new SnapshotRows(
      tables.map(({ table }) => ({
        schema: table.schema,
        tupleColumns: table.definition.columns.length,
        chunks: 1,
        rowsEstimated: 0,
      })),
      receiver,
      {
        change: snapshotChange(NO_TABLE, at, clock),
        readRow: readTextRow,
        nowMicros: () => clock.nowMicros(),
      },
    );
    const names = tables.map(({ table }) => tableName(table.schema.id));
    for (const [index, { table, filter }] of tables.entries()) {
      notices?.tableBegun(names[index] ?? '', names.join(','));
      const chunk = rows.openChunk(index);
      const fetched = new FetchedRows(chunk, {
        size: snapshots.fetchSize,
        settle: (count) => {
          rows.tick();
          this.#throttle.count(count);
          return both(receiver.settle(true), this.#throttle.pause(signal));
        },
      });
      // Whoever updates a locked table stands in front of all who would read it (B115), but not of
      // who has the lock. That session can enter no table that a SELECT of its own may name.
      const session = filter.statement === null ? (locked ?? wire) : wire;
      await session.read(wholeQuery(table, filter), fetched, signal);
      chunk.close();
      notices?.progressed(rows.progress());
    }
    rows.finish();
    notices?.progressed(rows.progress());
    return rows.progress().reduce((sum, table) => sum + table.rowsDone, 0);
  }

  #truncate({ schema }: KnownTable, at: LogSpot): void {
    const { receiver, clock } = this.#parts;
    const { op: _, before: __, after: ___, ...origin } = snapshotChange(schema, at, clock);
    receiver.truncate({ ...origin, ordinal: -1, snapshot: 'false' });
  }
}

function both(
  one: Promise<void> | undefined,
  other: Promise<void> | undefined,
): Promise<void> | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Promise.all([one, other]).then(() => undefined);
}
