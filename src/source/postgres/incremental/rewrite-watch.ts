import { createHash } from 'node:crypto';
import type { CatalogRow } from '../../../../dialects/postgres/postgres-catalog.ts';
import { number, text } from '../../../../dialects/postgres/postgres-catalog.ts';
import type {
  StoredColumn,
  StoredRows,
  StoredRowsChange,
} from '../../../../dialects/postgres/postgres-stored-rows.ts';
import {
  namedTablesQuery,
  readStoredRows,
  storedRowsChange,
  storedRowsQuery,
} from '../../../../dialects/postgres/postgres-stored-rows.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { RewriteFact } from '../../../model/table-shape.ts';
import type { StoredTables } from '../../incremental/known-tables.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import { newTask } from '../../incremental/snapshot-state.ts';
import { columnIncluded } from '../capture/capture-filter.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import type { RewriteLook } from '../stream/table-shape-watch.ts';
import type { FinishedReads } from './finished-reads.ts';
import { rowKeyColumns } from './row-key-columns.ts';

/** Between two looks at the catalog: it is read for all captured tables. */
const INTERVAL_MS = 2000;

/** What the watch is made with. */
export interface RewriteWatchParts {
  readonly options: PostgresSourceOptions;
  readonly clock: Clock;
  /** What the catalog said last, kept durably for each table; absent: in memory only. */
  readonly stored?: StoredTables | undefined;
  readonly snapshots: RewrittenReads;
  /** The publication sends computed columns. */
  sendsGenerated(): boolean;
  note(text: string): void;
  warn(text: string): void;
}

/** Who reads tables again. */
export interface RewrittenReads {
  readonly captured: readonly CapturedTable[];
  /** A task that there is already is none. */
  readAgain(tasks: readonly TableTask[]): void;
  readonly finished: Pick<FinishedReads, 'isDone' | 'isDurable' | 'keep'>;
  /** Nothing is read: the name of a task would lead nowhere. */
  readonly isTrial?: boolean;
}

interface Pending {
  readonly snapshotId: string;
  readonly rows: StoredRows;
}

/**
 * Sees in the catalog that stored rows of captured tables were changed by DDL (ruling 5): ALTER …
 * USING, a volatile default, partitions that come or go. The stream tells none of it, nor that the
 * table was altered at all while nobody writes to it.
 *
 * Invariant: what is stored of a table is replaced only when it was read again, durably. Until then
 * the next start finds the change once more, and its task under the same name, or its end.
 */
export class RewriteWatch implements RewriteLook {
  readonly #parts: RewriteWatchParts;
  readonly #known = new Map<string, StoredRows>();
  readonly #digests = new Map<string, string>();
  readonly #pending = new Map<string, Pending>();
  readonly #facts = new Map<string, RewriteFact>();
  #isTold = false;
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(parts: RewriteWatchParts) {
    this.#parts = parts;
  }

  async look(querier: Querier): Promise<void> {
    if (this.#parts.clock.monotonicMs() >= this.#dueMs) await this.lookNow(querier);
  }

  takeFacts(): ReadonlyMap<string, RewriteFact> {
    const facts = new Map(this.#facts);
    this.#facts.clear();
    return facts;
  }

  async lookNow(querier: Querier): Promise<void> {
    this.#dueMs = this.#parts.clock.monotonicMs() + INTERVAL_MS;
    await this.#settle();
    const byOid = new Map(
      this.#parts.snapshots.captured.map((table) => [table.info.oid, table] as const),
    );
    const count = byOid.size;
    if (count === 0) return;
    const sql = storedRowsQuery([...byOid.keys()], [...this.#digests.values()]);
    for (const row of await catalogRows(querier, sql)) {
      const table = byOid.get(number(row, 'oid'));
      if (table !== undefined && isNamed(row, table)) byOid.delete(table.info.oid);
      if (table !== undefined) await this.#look(table, row);
    }
    await this.#lookForOthers(querier, [...byOid.values()]);
    const pending = [...this.#pending.values()];
    this.#parts.snapshots.finished.keep(new Set(pending.map(({ snapshotId }) => snapshotId)));
    if (!this.#isTold) this.#parts.note(`watches the files of ${count} tables`);
    this.#isTold = true;
  }

  async #look(table: CapturedTable, row: CatalogRow): Promise<void> {
    const before = this.#lastOf(table);
    const { digest, rows } = readStoredRows(row, before);
    this.#digests.set(tableName(table.schema.id), digest);
    if (rows !== null) await this.#seen(table, before, rows);
  }

  /** Tables that have the names now which captured ones had: those were dropped, or renamed. */
  async #lookForOthers(querier: Querier, gone: readonly CapturedTable[]): Promise<void> {
    if (gone.length === 0) return;
    const names = gone.map(({ schema: { id } }) => ({ schema: id.schema, table: id.table }));
    const others = await catalogRows(querier, namedTablesQuery(names));
    if (others.length === 0) return;
    const oids = others.map((row) => number(row, 'oid'));
    for (const row of await catalogRows(querier, storedRowsQuery(oids, []))) {
      const table = gone.find((one) => isNamed(row, one));
      if (table !== undefined) await this.#look(table, row);
    }
  }

  #lastOf({ schema: { id } }: CapturedTable): StoredRows | undefined {
    const name = tableName(id);
    return this.#pending.get(name)?.rows ?? this.#before(name);
  }

  async #seen(
    table: CapturedTable,
    before: StoredRows | undefined,
    now: StoredRows,
  ): Promise<void> {
    const { schema: schemaName, table: bareName } = table.schema.id;
    const name = tableName(table.schema.id);
    const { options } = this.#parts;
    const sendsGenerated = this.#parts.sendsGenerated();
    const told = ({ name: column, generated }: StoredColumn): boolean =>
      (!generated || sendsGenerated) && columnIncluded(options, schemaName, bareName, column);
    const trusts = options.snapshots.ddlRewrites === 'trust_widening';
    const change = before === undefined ? null : changeOf(before, now, told, trusts);
    if (change === null || options.snapshots.ddlRewrites === 'warn') {
      if (change !== null) this.#warn(name, change.reason, now, null);
      const pending = this.#pending.get(name);
      if (pending === undefined) await this.#store(name, now);
      else this.#pending.set(name, { ...pending, rows: now });
      return;
    }
    const snapshotId = `ddl-${digestOf(now)}`;
    this.#pending.set(name, { snapshotId, rows: now });
    // By the life before, which came to tell it no more.
    if (this.#parts.snapshots.finished.isDone(snapshotId)) return;
    this.#warn(name, change.reason, now, snapshotId);
    const keyed = rowKeyColumns(table.info) !== null;
    this.#parts.snapshots.readAgain([
      newTask(
        {
          schema: schemaName,
          table: bareName,
          purpose: 'incremental',
          method: keyed && !change.rowsGo ? 'keys' : 'whole',
          snapshotId,
        },
        { remembered: true, ...(change.rowsGo ? { replaces: true } : {}) },
      ),
    ]);
  }

  #before(name: string): StoredRows | undefined {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const text = this.#parts.stored?.load(name) ?? null;
    if (text === null) return undefined;
    const stored = JSON.parse(text) as StoredRows;
    this.#known.set(name, stored);
    return stored;
  }

  async #settle(): Promise<void> {
    for (const [name, { snapshotId, rows }] of this.#pending) {
      if (!this.#parts.snapshots.finished.isDurable(snapshotId)) continue;
      await this.#store(name, rows);
      this.#pending.delete(name);
      this.#parts.note(`${name} was read again after DDL (${snapshotId})`);
    }
  }

  async #store(name: string, rows: StoredRows): Promise<void> {
    this.#known.set(name, rows);
    await this.#parts.stored?.store(name, JSON.stringify(rows));
  }

  #warn(table: string, reason: string, now: StoredRows, snapshotId: string | null): void {
    const task = this.#parts.snapshots.isTrial === true ? '' : ` (${snapshotId})`;
    const follows =
      snapshotId === null
        ? 'targets keep what they have (ddl.rewrites=warn): snapshot the table anew'
        : `the table is read again beside the stream${task}`;
    this.#facts.set(table, { id: digestOf(now), reason, follows });
    this.#parts.warn(
      `DDL changed stored rows of ${table}, which no event tells: ${reason}; ${follows}`,
    );
  }
}

/** A stream goes on with the same server only, where a table keeps its oid also over pg_upgrade. */
function changeOf(
  before: StoredRows,
  now: StoredRows,
  told: (column: StoredColumn) => boolean,
  trustsWidening: boolean,
): StoredRowsChange | null {
  if (before.oid === now.oid) return storedRowsChange(before, now, told, trustsWidening);
  return { rowsGo: true, reason: 'another table has that name now' };
}

/** The table still has the name by which it is captured. */
function isNamed(row: CatalogRow, { schema: { id } }: CapturedTable): boolean {
  return text(row, 'schema') === id.schema && text(row, 'table') === id.table;
}

/** The same for the same state, so that a restart finds its own task. */
function digestOf(rows: StoredRows): string {
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 12);
}
