import { quoteQualified } from '../../../../dialects/postgres/postgres-identifiers.ts';
import { must } from '../../../foundation/assert.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { ChangeReceiver } from '../../../model/change-event.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { formatLsn } from '../../../model/lsn.ts';
import type { SourceNotification } from '../../../model/source-notification.ts';
import type { TableId, TableSchema } from '../../../model/table-schema.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { PostgresWire } from '../wire/postgres-wire.ts';
import { InitialNotices } from '../../snapshot/initial-notices.ts';
import type { RelationCache } from '../stream/relation-cache.ts';
import type { ReplicationPosition } from '../stream/replication-position.ts';
import { rowKeyColumns } from './row-key-columns.ts';
import { overrideOf } from '../snapshot/select-override.ts';
import { FetchedRows } from '../../snapshot/fetched-rows.ts';
import { SnapshotRows } from '../../snapshot/snapshot-rows.ts';
import { copiedRows } from '../snapshot/copied-rows.ts';
import type { StorageFingerprints } from '../snapshot/snapshot-reader.ts';
import { storageFingerprints } from '../snapshot/snapshot-reader.ts';
import type { SnapshotThrottle } from '../../snapshot/snapshot-throttle.ts';
import type { BlockingRequest, TableTask } from '../../incremental/snapshot-state.ts';
import { conditionFor, isTaskOf, mustFinish, newTask } from '../../incremental/snapshot-state.ts';
import type { SnapshotTasks } from '../../incremental/snapshot-tasks.ts';
import { resolveCollections } from '../../incremental/snapshot-tasks.ts';
import type { OlderTransactions } from './older-transactions.ts';
import type { RecentTransactions } from './snapshot-visibility.ts';
import { SNAPSHOT, SnapshotVisibility } from './snapshot-visibility.ts';
import { wholeQuery } from './window-chunk.ts';
import type { WindowReader } from './window-reader.ts';
import { isStatementError, READ_UNTIL, reachable } from './window-reader.ts';

const RETRY_MS = 50;

/** What reading while the stream waits is made with. */
export interface WholeReadParts {
  readonly options: Pick<PostgresSourceOptions, 'snapshots'>;
  readonly receiver: ChangeReceiver;
  readonly relations: RelationCache;
  readonly position: ReplicationPosition;
  readonly clock: Clock;
  /** The tables as the server has them now. */
  describe(signal: AbortSignal): Promise<DescribedTables>;
  /** Lets the server tell its position. */
  ask(): void;
  notify(notification: SourceNotification): void;
  note(text: string): void;
  warn(text: string): void;
}

/** Tables that may be read, and their storage and shape from before they were described. */
export interface DescribedTables {
  readonly tables: readonly CapturedTable[];
  readonly fingerprints: StorageFingerprints;
}

/** What is to be read of the tables that there are; null: not now. */
type Choice = (tables: readonly CapturedTable[]) => Promise<readonly TableToRead[] | null>;

interface Begun {
  readonly wire: PostgresWire;
  readonly snapshot: string;
  readonly inRecovery: boolean;
}

interface TableToRead {
  readonly captured: CapturedTable;
  readonly schema: TableSchema;
  readonly condition: string | null;
  readonly statement: string | null;
  /** It has no key: what came before is taken away by a truncate event, and must all come again. */
  readonly replaces: boolean;
}

/**
 * Reads tables whole, in one transaction, while the stream stands still between two transactions:
 * blocking snapshots, and tables without a key (ruling 1).
 *
 * Invariant: everything that the stream brought before is in the read, so that a truncate event may
 * stand before the rows of a keyless table; what the read saw beyond that is left out of the stream
 * after it, until the stand that `seen` names.
 */
export class WholeRead {
  readonly #parts: WholeReadParts;
  readonly #tasks: SnapshotTasks<CapturedTable>;
  readonly #reader: WindowReader;
  readonly #recent: RecentTransactions;
  readonly #older: OlderTransactions;
  readonly #signal: () => AbortSignal;
  readonly #throttle: SnapshotThrottle;
  /** A table without a key that has its turn. */
  #wanted: TableTask | null = null;

  constructor(
    parts: WholeReadParts,
    tasks: SnapshotTasks<CapturedTable>,
    reader: WindowReader,
    recent: RecentTransactions,
    older: OlderTransactions,
    throttle: SnapshotThrottle,
    signal: () => AbortSignal,
  ) {
    this.#parts = parts;
    this.#tasks = tasks;
    this.#reader = reader;
    this.#recent = recent;
    this.#older = older;
    this.#throttle = throttle;
    this.#signal = signal;
  }

  get isWanted(): boolean {
    return this.#wanted !== null;
  }

  /** There is something to be read now. */
  get isDue(): boolean {
    return this.isWanted || this.#dueRequests().length > 0;
  }

  /** A blocking snapshot waits for its hours. */
  get isLate(): boolean {
    return this.#tasks.state.blocking.length > 0 && !this.#throttle.isOpen;
  }

  /** Afterwards the server is asked for its position: what was late is read at the next one. */
  async untilHours(signal: AbortSignal): Promise<void> {
    await this.#throttle.waited(signal);
    this.#parts.ask();
  }

  want(task: TableTask): void {
    this.#wanted = task;
  }

  /** Called between two transactions of the stream, which waits. */
  async run(at: Lsn): Promise<void> {
    for (const request of this.#dueRequests()) await this.#blocking(request, at);
    const wanted = this.#wanted;
    if (wanted !== null && this.#tasks.has(wanted)) await this.#keyless(wanted, at);
    this.#wanted = null;
  }

  /** The stream would stand still while an older transaction is waited for. */
  #dueRequests(): readonly BlockingRequest[] {
    const isTime = this.#throttle.isOpen && !this.#older.mayBeOpen;
    return isTime ? this.#tasks.state.blocking : [];
  }

  async #keyless(task: TableTask, at: Lsn): Promise<void> {
    const { condition, purpose } = task;
    const { overrides } = this.#parts.options.snapshots;
    let isThere = true;
    const choose: Choice = async (all) => {
      const captured = all.find(({ schema }) => isTaskOf(task, schema.id));
      isThere = captured !== undefined;
      if (captured === undefined) return null;
      const schema = await this.#adopted(captured);
      // Of a first snapshot: the rows of its SELECT, as if it had been taken now.
      const statement = purpose === 'initial' ? overrideOf(overrides, schema.id) : null;
      const isWanted = task.replaces === true || rowKeyColumns(captured.info) === null;
      const replaces = isWanted && condition === null;
      return [{ captured, schema, condition, statement, replaces }];
    };
    try {
      const emptied = (): void => this.#tasks.update(task, { emptied: true });
      const rows = await this.#read(choose, at, emptied);
      // Others have to end before; then it has its turn again.
      if (rows === null && isThere) return;
      if (rows === null) {
        this.#tasks.finish(task, 'UNKNOWN_SCHEMA');
        return;
      }
      this.#tasks.update(task, { rows });
      this.#tasks.finish(task, 'SUCCEEDED');
    } catch (error) {
      if (!isStatementError(error) || mustFinish(this.#tasks.latest(task) ?? task)) throw error;
      const name = `${task.schema}.${task.table}`;
      this.#parts.warn(`the snapshot of ${name} is given up: ${String(error)}`);
      this.#tasks.finish(task, 'SQL_EXCEPTION');
    } finally {
      this.#wanted = null;
    }
  }

  async #blocking(request: BlockingRequest, at: Lsn): Promise<void> {
    const { overrides } = this.#parts.options.snapshots;
    const notices = new InitialNotices((notification) => this.#parts.notify(notification));
    let names = '';
    const choose: Choice = async (all) => {
      const chosen = resolveCollections(request, all);
      const tables: TableToRead[] = [];
      for (const captured of chosen) {
        const schema = await this.#adopted(captured);
        // Of a blocking snapshot the condition is a whole SELECT, as in the original.
        const statement = conditionFor(request, schema.id) ?? overrideOf(overrides, schema.id);
        const replaces = statement === null && rowKeyColumns(captured.info) === null;
        tables.push({ captured, schema, condition: null, statement, replaces });
      }
      const isFirst = names === '';
      names = chosen.map(({ schema }) => tableName(schema.id)).join(', ');
      if (!isFirst) return tables;
      this.#parts.note(`the blocking snapshot ${request.snapshotId} of ${names} begins`);
      notices.started();
      return tables;
    };
    try {
      const emptied = ({ id }: TableSchema): void => this.#emptied(request, id);
      const rows = await this.#read(choose, at, emptied, notices);
      if (rows === null) return;
      this.#parts.note(`the blocking snapshot ${request.snapshotId} is complete: ${rows} rows`);
      this.#tasks.blockingDone(request, true);
      notices.completed();
    } catch (error) {
      if (!isStatementError(error)) throw error;
      this.#parts.warn(`the blocking snapshot of ${names} is given up: ${String(error)}`);
      this.#tasks.blockingDone(request, false);
      notices.aborted();
    }
  }

  /** Should the read not come to its end, the table is read by itself. */
  #emptied({ snapshotId }: BlockingRequest, { schema, table }: TableId): void {
    const task = { schema, table, purpose: 'incremental', method: 'whole', snapshotId } as const;
    this.#tasks.add([newTask(task, { emptied: true })]);
  }

  /** The table's shape is what its rows have from here on. */
  #adopted(table: CapturedTable): Promise<TableSchema> {
    const { relations, receiver, position } = this.#parts;
    return relations.adopted(table, () => position.endLsn, receiver);
  }

  /**
   * How many rows there were; null: not now. Invariant: that a table was emptied and the truncate
   * event enter one append. Invariant: rows are read in the shape that their table has under the
   * read's own lock; what was known of it before may be older than the stream.
   */
  async #read(
    choose: Choice,
    at: Lsn,
    emptied: (table: TableSchema) => void,
    notices: InitialNotices | null = null,
  ): Promise<number | null> {
    const signal = this.#signal();
    let tables: readonly TableToRead[] | null = null;
    let begun: Begun | null = null;
    while (begun === null) {
      const described = await this.#parts.describe(signal);
      // A table has joined the publication: what ran before that is waited for elsewhere.
      if (this.#older.mayBeOpen) return null;
      tables = await choose(described.tables);
      if (tables === null || tables.length === 0) return tables === null ? null : 0;
      begun = await this.#begin(tables, described.fingerprints, signal);
    }
    return this.#readBegun(must(tables, 'begun with them'), begun, at, emptied, notices);
  }

  async #readBegun(
    tables: readonly TableToRead[],
    begun: Begun,
    at: Lsn,
    emptied: (table: TableSchema) => void,
    notices: InitialNotices | null,
  ): Promise<number> {
    const signal = this.#signal();
    const { wire, snapshot, inRecovery } = begun;
    try {
      const replaced = tables.filter(({ replaces }) => replaces);
      for (const { schema } of replaced) {
        this.#truncate(schema, at);
        emptied(schema);
      }
      const rows = await this.#copy(tables, at, begun, notices, signal);
      const ended = await wire.query(`COMMIT; ${READ_UNTIL}`, signal);
      const until = formatLsn(reachable(ended.at(-1)?.rows[0]?.[0] ?? ''));
      const entries = replaced.map(({ schema: { id } }) => ({
        schema: id.schema,
        table: id.table,
        snapshot,
        inRecovery,
        until,
      }));
      this.#tasks.setSeen([...this.#tasks.state.seen, ...entries]);
      return rows;
    } catch (error) {
      await this.#reader.close();
      throw error;
    }
  }

  /**
   * Locks first: a table that is rewritten after the snapshot would look empty (P67). Null: one is
   * no longer what it was described as.
   */
  async #begin(
    tables: readonly TableToRead[],
    described: StorageFingerprints,
    signal: AbortSignal,
  ): Promise<Begun | null> {
    const names = tables.map(({ captured: { info } }) => quoteQualified(info.schema, info.name));
    for (;;) {
      const wire = await this.#reader.wire(signal);
      const results = await wire.query(
        `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
         LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE; ${SNAPSHOT}`,
        signal,
      );
      const [snapshot, recovery] = results.at(-1)?.rows[0] ?? [];
      const inRecovery = recovery === 't';
      const visibility = new SnapshotVisibility(snapshot ?? '', inRecovery);
      const isCurrent = this.#recent.allSeen(visibility, this.#recent.count);
      if (isCurrent) {
        const captured = tables.map((table) => table.captured);
        const locked = await storageFingerprints(wire, captured, signal);
        const isSame = [...locked].every(([oid, print]) => described.get(oid) === print);
        if (isSame) return { wire, snapshot: snapshot ?? '', inRecovery };
      }
      await wire.query('ROLLBACK', signal);
      if (isCurrent) return null;
      await this.#parts.clock.sleep(RETRY_MS, signal);
      signal.throwIfAborted();
    }
  }

  async #copy(
    tables: readonly TableToRead[],
    at: Lsn,
    { wire, snapshot }: Begun,
    notices: InitialNotices | null,
    signal: AbortSignal,
  ): Promise<number> {
    const { receiver, clock, position, options } = this.#parts;
    const rows = new SnapshotRows(
      tables.map(({ captured, schema }) => ({
        schema,
        tupleColumns: captured.tupleColumns.length,
        chunks: 1,
        rowsEstimated: Math.max(0, captured.info.estimatedRows),
      })),
      receiver,
      copiedRows(position.previousCommitLsn ?? at, clock, firstUnseen(snapshot), position.endLsn),
    );
    const names = tables.map(({ schema }) => tableName(schema.id));
    for (const [index, { captured, condition, statement }] of tables.entries()) {
      notices?.tableBegun(names[index] ?? '', names.join(','));
      const chunk = rows.openChunk(index);
      const fetched = new FetchedRows(chunk, {
        size: options.snapshots.fetchSize,
        settle: (count) => {
          rows.tick();
          this.#throttle.count(count);
          return both(receiver.settle(true), this.#throttle.pause(signal));
        },
      });
      const query = wholeQuery({ captured, keyColumns: [], condition, statement });
      await wire.copyOut(query, fetched, signal);
      chunk.close();
      notices?.progressed(rows.progress());
    }
    rows.finish();
    notices?.progressed(rows.progress());
    return rows.progress().reduce((sum, table) => sum + table.rowsDone, 0);
  }

  #truncate(table: TableSchema, at: Lsn): void {
    const { receiver, position, clock } = this.#parts;
    const lsn = position.previousCommitLsn ?? at;
    receiver.truncate({
      table,
      family: 'postgres',
      lsn,
      commitLsn: position.endLsn,
      previousCommitLsn: position.previousCommitLsn,
      ordinal: -1,
      transactionId: null,
      sourceMicros: clock.nowMicros(),
      snapshot: 'false',
    });
  }
}

function both(
  one: Promise<void> | undefined,
  other: Promise<void> | undefined,
): Promise<void> | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Promise.all([one, other]).then(() => undefined);
}

/** Of `xmin:xmax:…`, the xmax: it stands in `source.txId`, as with the rows of a first snapshot. */
function firstUnseen(snapshot: string): number | null {
  const [, xmax = ''] = snapshot.split(':');
  return /^\d+$/.test(xmax) ? Number(BigInt.asUintN(32, BigInt(xmax))) : null;
}
