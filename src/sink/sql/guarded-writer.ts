import type { TargetDialect } from '../../../dialects/dialect.ts';
import { must } from '../../foundation/assert.ts';
import { systemClock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { missingRow, readBulk, writeBulk } from './batch-writer.ts';
import type { WriterOptions } from './batch-writer.ts';
import { DELETED, GUARD } from './change-columns.ts';
import type { ChangeColumn } from '../change-metadata.ts';
import type { GuardedBatch, GuardedRow } from './guarded-batch.ts';
import { cellPosition, isPartial, withoutOlder } from './guarded-batch.ts';
import { markAllRows } from './marked-rows.ts';
import type { GuardState, MovedAway, PositionGuard } from './position-guard.ts';
import type { Cell, Cells } from './row-plan.ts';
import { ABSENT } from './row-plan.ts';
import type { RowPosition } from './row-position.ts';
import { formatRowPosition, later, parseRowPosition } from './row-position.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { BulkOperation, ColumnSet, TableModel } from './table-model.ts';
import type { TargetSession } from './target-session.ts';

export type GuardedWriterOptions = WriterOptions & Pick<SqlSinkOptions, 'deleteMode'>;

type Rows = readonly (readonly [key: string, row: GuardedRow])[];

/** `isDeleted`: a delete follows, which marks the row. */
type Writes = readonly (readonly [key: string, row: GuardedRow, isDeleted: boolean])[];

/** Rows of one statement each, by their columns. */
type Groups = Map<ColumnSet, Cells[]>;

/** A row as the target has it: where it and its columns stand. */
type StoredRow = RowPosition & { readonly isDeleted: boolean };

/**
 * Writes what a batch of positioned changes comes to, over rows that are older. As long as all
 * changes of a table were whole rows, each statement looks for itself what is older. From the first
 * that leaves values out, the columns of a row may be of changes of different age: then the rows'
 * positions are read, and what to write is decided here. Nobody else writes meanwhile: `hold`.
 */
export class GuardedWriter {
  readonly #dialect: TargetDialect;
  readonly #options: GuardedWriterOptions;
  readonly #guard: PositionGuard;
  readonly #changes: readonly ChangeColumn[];

  constructor(
    dialect: TargetDialect,
    options: GuardedWriterOptions,
    guard: PositionGuard,
    changes: readonly ChangeColumn[],
  ) {
    this.#dialect = dialect;
    this.#options = options;
    this.#guard = guard;
    this.#changes = changes;
  }

  /** Inside the caller's transaction, which holds the table. */
  async write(
    session: TargetSession,
    model: TableModel,
    batch: GuardedBatch,
    held: GuardState,
  ): Promise<void> {
    const { truncated } = batch;
    if (truncated === null || truncated.position <= held.truncatedAt) {
      await this.#apply(session, model, [...batch.rowsBehind(held.truncatedAt)], held);
      return;
    }
    const rows = [...batch.rowsBehind(held.truncatedAt)];
    const isKept = ([, { position }]: Rows[number]): boolean => position > truncated.position;
    if (this.#options.deleteMode === 'soft') {
      // They were there once, and are marked with the others.
      const earlier = rows.filter((row) => !isKept(row));
      await this.#apply(session, model, earlier, held);
    }
    await this.#truncate(session, model, truncated);
    const truncatedAt = truncated.position;
    await this.#apply(session, model, rows.filter(isKept), { ...held, truncatedAt });
  }

  async #apply(
    session: TargetSession,
    model: TableModel,
    rows: Rows,
    held: GuardState,
  ): Promise<void> {
    const gone = held.truncatedAt;
    const deletes = rows.filter(([, { isDelete }]) => isDelete);
    const written = writesOf(rows, gone);
    const keys = written.map(([key]) => key);
    const deletedAt = await this.#guard.deletedAt(session, model.name, keys);
    const goneAt = (key: string): string => later(gone, deletedAt.get(key)?.position ?? '');
    for (const [key, row] of written) checkMoved(model, row, deletedAt.get(key)?.moved ?? null);
    const writes = written.filter(([key, { position }]) => position > goneAt(key));
    const isSoft = this.#options.deleteMode === 'soft';
    // Deletes go first and free unique values; a mark is for a row that is there.
    if (!isSoft) await this.#delete(session, model, deletes);
    await this.#upsert(session, model, writes, held, goneAt);
    if (isSoft) await this.#delete(session, model, deletes);
  }

  async #upsert(
    session: TargetSession,
    model: TableModel,
    writes: Writes,
    held: GuardState,
    goneAt: (key: string) => string,
  ): Promise<void> {
    const hasPartial = writes.some(([, row]) => isPartial(row));
    if (hasPartial && !held.hasPartialRows) await this.#guard.notePartialRows(session, model.name);
    if (hasPartial || held.hasPartialRows) {
      await this.#writeColumns(session, model, writes, goneAt);
      return;
    }
    const upserts: Groups = new Map();
    for (const [, { columns, cells, position }] of writes) {
      append(upserts, columns, placed(model, cells, position));
    }
    await this.#bulk(session, model, 'upsert', upserts, GUARD.name);
  }

  async #truncate(
    session: TargetSession,
    model: TableModel,
    { position, record }: NonNullable<GuardedBatch['truncated']>,
  ): Promise<void> {
    const { name } = model;
    if (this.#options.deleteMode === 'soft') {
      const facts = { record, isDelete: true, nowMicros: systemClock.nowMicros() };
      await markAllRows(session, this.#dialect, model, this.#changes, facts, position);
    } else {
      const column = this.#dialect.quote(GUARD.name);
      const isOlder = `${this.#dialect.byBytes(column)} < ${this.#dialect.literal(position)}`;
      await session.query(
        `DELETE FROM ${this.#dialect.qualify(name)} WHERE ${column} IS NULL OR ${isOlder}`,
      );
    }
    await this.#guard.truncate(session, name, position);
  }

  /**
   * A row that is marked says itself where it was deleted; of one that is not there, or not any
   * more, the guard remembers it.
   */
  async #delete(session: TargetSession, model: TableModel, rows: Rows): Promise<void> {
    const isSoft = this.#options.deleteMode === 'soft';
    const groups = new Map<ColumnSet, [Cells[], [string, string][]]>();
    for (const [key, { columns, cells, position }] of rows) {
      const [group, positions] = groups.get(columns) ?? [[], []];
      groups.set(columns, [group, positions]);
      group.push(placed(model, cells, position));
      positions.push([key, position]);
    }
    for (const [columns, [cells, positions]] of groups) {
      const one: Groups = new Map([[columns, cells]]);
      const operation = isSoft ? 'update' : 'deleteByKey';
      const found = await this.#bulk(session, model, operation, one, GUARD.name);
      if (isSoft && found === positions.length) continue;
      await this.#guard.remember(session, model.name, positions);
    }
  }

  async #writeColumns(
    session: TargetSession,
    model: TableModel,
    rows: Writes,
    goneAt: (key: string) => string,
  ): Promise<void> {
    const stored = await this.#stored(session, model, rows);
    const upserts: Groups = new Map();
    const updates: Groups = new Map();
    rows.forEach(([key, row, isDeleted], i) => {
      const next = over(model, withoutOlder(row, goneAt(key)), stored[i] ?? null);
      if (next === 'missing' && !isDeleted) throw missingRow();
      if (next === null || next === 'missing') return;
      append(next.isWhole ? upserts : updates, next.columns, next.cells);
    });
    await this.#bulk(session, model, 'update', updates);
    await this.#bulk(session, model, 'upsert', upserts);
  }

  /** What the target has under the keys of these rows, in their order. */
  async #stored(
    session: TargetSession,
    model: TableModel,
    rows: Writes,
  ): Promise<readonly (StoredRow | null)[]> {
    const found: (StoredRow | null)[] = rows.map(() => null);
    const groups = new Map<ColumnSet, number[]>();
    rows.forEach(([, { keyColumns }], i) => {
      const group = groups.get(keyColumns);
      if (group === undefined) groups.set(keyColumns, [i]);
      else group.push(i);
    });
    const deleted = this.#options.deleteMode === 'soft' ? DELETED.name : undefined;
    const asked = { guard: GUARD.name, deleted };
    for (const [columns, numbers] of groups) {
      const cells = numbers.map((i) => rows[i]?.[1].cells ?? []);
      for (const { n, ...row } of await readBulk(session, model, columns, cells, asked)) {
        const position = parseRowPosition(row.position);
        found[numbers[n] ?? -1] = { ...position, isDeleted: row.isDeleted };
      }
    }
    return found;
  }

  async #bulk(
    session: TargetSession,
    model: TableModel,
    operation: BulkOperation,
    groups: Groups,
    guard?: string,
  ): Promise<number> {
    let touched = 0;
    for (const [columns, cells] of groups) {
      touched += await writeBulk(session, model, operation, columns, cells, this.#options, guard);
    }
    return touched;
  }
}

interface NextRow {
  readonly cells: Cells;
  readonly columns: ColumnSet;
  /** It says all of the row: there may be none. */
  readonly isWhole: boolean;
}

/**
 * The row has gone to another key, with what it had then: a change from before that which has more
 * of it would be lost, and the row under its new key be wrong without a word.
 */
function checkMoved(model: TableModel, row: GuardedRow, moved: MovedAway | null): void {
  if (moved === null || row.position > moved.position) return;
  const { stored } = moved;
  const hasMore =
    row.position > stored.position || belated(model, row, { ...stored, isDeleted: false }) !== null;
  if (!hasMore) return;
  throw new TidemarkError(
    'SINK_RECORD',
    'position.guard: a change of a row comes behind the change of its key, which left values out',
    {
      cure: 'On the source: ALTER TABLE … REPLICA IDENTITY FULL; then snapshot the table anew.',
    },
  );
}

/** What there is to write, and what is deleted behind it. */
function writesOf(rows: Rows, gone: string): Writes {
  return rows.flatMap(([key, row]): Writes => {
    if (!row.isDelete) return [[key, row, false]];
    const { before } = row;
    return before === null || before.position <= gone ? [] : [[key, before, true]];
  });
}

/**
 * What is to be written of a row over what is stored; null: nothing. `missing`: values that it
 * leaves out are nowhere (ruling 2: they are never written as null, nor taken from another row).
 */
function over(
  model: TableModel,
  row: GuardedRow,
  stored: StoredRow | null,
): NextRow | 'missing' | null {
  const isThere = stored !== null && !stored.isDeleted;
  if (stored !== null && row.position <= stored.position) {
    return isThere ? belated(model, row, stored) : null;
  }
  const older = new Map<string, string>();
  const columns: number[] = [];
  for (const column of row.columns) {
    const isAbsent = row.cells[column] === ABSENT;
    const from = isAbsent ? row.since : cellPosition(row, column);
    if (!isAbsent && from === row.position) {
      columns.push(column);
      continue;
    }
    const { name } = must(model.table.columns[column], 'column');
    const there = isThere ? (stored.older.get(name) ?? stored.position) : null;
    if (isAbsent && (there === null || there < row.since)) return 'missing';
    const isKept = isAbsent || (there !== null && there >= from);
    if (!isKept) columns.push(column);
    older.set(name, isKept ? (there ?? '') : from);
  }
  const isWhole = columns.length === row.columns.length;
  const cells = placed(model, row.cells, formatRowPosition({ position: row.position, older }));
  return { cells, columns: isWhole ? row.columns : model.columnSet(columns), isWhole };
}

/** An older change that has values which newer ones left out. */
function belated(model: TableModel, row: GuardedRow, stored: StoredRow): NextRow | null {
  const older = new Map(stored.older);
  const columns: number[] = [];
  for (const [name, from] of stored.older) {
    if (!model.has(name)) continue;
    const column = model.number(name);
    const cell = row.cells[column];
    const own = cellPosition(row, column);
    if (cell === undefined || cell === ABSENT || own <= from) continue;
    columns.push(column);
    older.set(name, own);
  }
  if (columns.length === 0) return null;
  const text = formatRowPosition({ position: stored.position, older });
  const all = [...row.keyColumns, ...columns, model.number(GUARD.name)];
  return { cells: placed(model, row.cells, text), columns: model.columnSet(all), isWhole: false };
}

/** The cells with their position. */
function placed(model: TableModel, cells: Cells, position: string): Cells {
  const number = model.number(GUARD.name);
  const all: Cell[] = cells.slice();
  all[number] = model.encoder(GUARD.schema, number).encode(position);
  return all;
}

function append(groups: Groups, columns: ColumnSet, cells: Cells): void {
  const group = groups.get(columns);
  if (group === undefined) groups.set(columns, [cells]);
  else group.push(cells);
}
