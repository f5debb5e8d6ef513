import type {
  AddedRows,
  BulkStatement,
  ColumnValues,
  CopiedStatement,
} from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { KeyedBatch, KeyedRow } from './keyed-batch.ts';
import type { KeylessBatch } from './keyless-batch.ts';
import type { Cells } from './row-plan.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { BulkOperation, ColumnSet, TableModel } from './table-model.ts';
import type { StatementResult, TargetSession } from './target-session.ts';

export type WriterOptions = Pick<SqlSinkOptions, 'insertMode' | 'batchRows' | 'batchBytes'>;

/** Cells as arrays per column, cut by rows and by bytes (PITFALLS S22). */
export function* columnChunks(
  columns: ColumnSet,
  rows: readonly Cells[],
  limits: Pick<SqlSinkOptions, 'batchRows' | 'batchBytes'>,
): Generator<{ readonly rows: number; readonly columns: readonly ColumnValues[] }> {
  let left = rows.length;
  let chunk = emptyColumns(columns, Math.min(left, limits.batchRows));
  let count = 0;
  let bytes = 0;
  for (const cells of rows) {
    for (let i = 0; i < columns.length; i++) {
      const cell = cells[columns[i] as number] as string | null;
      (chunk[i] as (string | null)[])[count] = cell;
      if (cell !== null) bytes += cell.length;
    }
    count++;
    left--;
    if (count >= limits.batchRows || bytes >= limits.batchBytes || left === 0) {
      for (const values of chunk) values.length = count;
      yield { rows: count, columns: chunk };
      chunk = emptyColumns(columns, Math.min(left, limits.batchRows));
      count = 0;
      bytes = 0;
    }
  }
}

/** With their room: an array that grows leaves as much garbage as it has in the end. */
function emptyColumns(columns: ColumnSet, rows: number): (string | null)[][] {
  return columns.map(() => {
    const values: (string | null)[] = [];
    values.length = rows;
    return values;
  });
}

/** Fewer are there sooner as parameters. */
export const COPIED_ROWS = 200;

function* copiedLines(
  copied: CopiedStatement | AddedRows,
  columns: ColumnSet,
  rows: readonly Cells[],
): Generator<string> {
  for (const cells of rows) yield copied.line(cells, columns);
}

/**
 * Runs one bulk statement over all rows; returns how many rows the target touched. `guard`: the
 * column whose text has to be older where a row is.
 */
export async function writeBulk(
  session: TargetSession,
  model: TableModel,
  operation: BulkOperation,
  columns: ColumnSet,
  rows: readonly Cells[],
  options: WriterOptions,
  guard?: string,
): Promise<number> {
  if (rows.length === 0) return 0;
  const statement = model.statement(operation, columns, guard);
  if (statement.copied !== undefined && rows.length >= COPIED_ROWS) {
    const loaded = session.load?.(statement.copied, copiedLines(statement.copied, columns, rows));
    if (loaded !== undefined && loaded !== null) return loaded;
  }
  // A character is up to three bytes, and the statement's own signs stand between the values.
  const batchBytes = Math.min(options.batchBytes, session.statementBytesMax / 4);
  const batchRows = rowsOf(session, operation, options);
  let touched = 0;
  let running: Promise<StatementResult> | null = null;
  for (const chunk of columnChunks(columns, rows, { batchRows, batchBytes })) {
    // Built while the target works on the chunk before.
    const sql = statement.bind(chunk.columns);
    if (running !== null) touched += (await running).rowCount;
    running = session.query(sql);
  }
  if (running !== null) touched += (await running).rowCount;
  return touched;
}

/** A row that was found by its key. */
export interface FoundRow {
  /** Which of the keys that were asked for. */
  readonly n: number;
  /** What the guard's column has. */
  readonly position: string | null;
  readonly isDeleted: boolean;
}

/** Keys of one question. */
const ASKED_ROWS = 500;

/** Finds rows by the key that their cells have: where they stand, and whether they are marked. */
export async function readBulk(
  session: TargetSession,
  model: TableModel,
  columns: ColumnSet,
  rows: readonly Cells[],
  { guard, deleted }: { readonly guard: string; readonly deleted: string | undefined },
): Promise<readonly FoundRow[]> {
  const statement = model.statement('find', columns, guard, deleted);
  const batchBytes = session.statementBytesMax / 4;
  const found: FoundRow[] = [];
  let from = 0;
  for (const chunk of columnChunks(columns, rows, { batchRows: ASKED_ROWS, batchBytes })) {
    const answer = await session.query(statement.bind(chunk.columns));
    for (const { n, position, gone } of answer.rows) {
      const text = typeof position === 'string' ? position : null;
      found.push({ n: from + Number(n), position: text, isDeleted: Number(gone) === 1 });
    }
    from += chunk.rows;
  }
  return found;
}

/** A search of the whole table is not made more often than it has to be. */
function rowsOf(
  { statementRowsMax = Infinity }: TargetSession,
  operation: BulkOperation,
  { batchRows }: WriterOptions,
): number {
  return operation === 'deleteOneEach' ? batchRows : Math.min(batchRows, statementRowsMax);
}

function append(groups: Map<ColumnSet, Cells[]>, columns: ColumnSet, cells: Cells): void {
  const group = groups.get(columns);
  if (group === undefined) groups.set(columns, [cells]);
  else group.push(cells);
}

interface KeyedGroups {
  readonly deletes: Map<ColumnSet, Cells[]>;
  readonly writes: Map<ColumnSet, Cells[]>;
  /** Those writes whose rows are most likely new. */
  readonly added: Map<ColumnSet, Cells[]>;
  readonly partials: Map<ColumnSet, Cells[]>;
  readonly marks: Map<ColumnSet, Cells[]>;
}

/** Ruling 2: a row that leaves values out is never inserted. */
export function missingRow(): TidemarkError {
  return new TidemarkError(
    'SINK_RECORD',
    'an update leaves out unchanged large values, and the target does not have its row',
    {
      cure: 'On the source: ALTER TABLE … REPLICA IDENTITY FULL; then snapshot the table anew.',
    },
  );
}

function group(rows: Iterable<KeyedRow>, options: WriterOptions): KeyedGroups {
  const groups: KeyedGroups = {
    deletes: new Map(),
    writes: new Map(),
    added: new Map(),
    partials: new Map(),
    marks: new Map(),
  };
  for (const row of rows) {
    if (row.columns === null) {
      append(groups.deletes, row.keyColumns, row.cells);
    } else if (row.isMark) {
      append(groups.marks, row.columns, row.cells);
    } else if (row.partial) {
      // Ruling 2: never inserted with null or a stand-in.
      if (row.afterDelete) throw missingRow();
      append(groups.partials, row.columns, row.cells);
    } else {
      if (row.afterDelete && options.insertMode === 'insert') {
        append(groups.deletes, row.keyColumns, row.cells);
      }
      append(groups.writes, row.columns, row.cells);
      if (row.isNew) append(groups.added, row.columns, row.cells);
    }
  }
  return groups;
}

/**
 * Writes a reduced batch. Each key stands in it once, so the order between statements matters only
 * for other unique indexes: deletes go first and free their values.
 */
export async function writeKeyed(
  session: TargetSession,
  model: TableModel,
  batch: KeyedBatch,
  options: WriterOptions,
): Promise<void> {
  const groups = group(batch.rows, options);
  for (const [columns, rows] of groups.deletes) {
    await writeBulk(session, model, 'deleteByKey', columns, rows, options);
  }
  for (const [columns, rows] of groups.partials) {
    const found = await writeBulk(session, model, 'update', columns, rows, options);
    if (found < rows.length && options.insertMode !== 'update') throw missingRow();
  }
  for (const [columns, rows] of groups.marks) {
    await writeBulk(session, model, 'update', columns, rows, options);
  }
  for (const [columns, rows] of groups.writes) {
    const added = groups.added.get(columns) ?? [];
    if (await areAdded(session, model, columns, { rows, added }, options)) continue;
    await writeBulk(session, model, options.insertMode, columns, rows, options);
  }
}

/**
 * Writes rows of which most are new, the others first: they may free a unique value. False: all are
 * to be written, in their order. Two keys whose texts differ may be one to the target, and then the
 * later has to win; that the new ones were taken shows that there are none.
 */
async function areAdded(
  session: TargetSession,
  model: TableModel,
  columns: ColumnSet,
  { rows, added }: { readonly rows: readonly Cells[]; readonly added: readonly Cells[] },
  options: WriterOptions,
): Promise<boolean> {
  if (added.length < COPIED_ROWS) return false;
  const add = wayToAdd(session, model.statement(options.insertMode, columns), options);
  if (add === null) return false;
  if (added.length < rows.length) {
    const isNew = new Set(added);
    const others = rows.filter((cells) => !isNew.has(cells));
    await writeBulk(session, model, options.insertMode, columns, others, options);
  }
  return add(columns, added);
}

/** False: nothing was added. */
type Add = (columns: ColumnSet, rows: readonly Cells[]) => Promise<boolean>;

/** Null: the session has none, or the target has refused such rows a short while ago. */
function wayToAdd(
  session: TargetSession,
  { added, fresh }: BulkStatement,
  options: WriterOptions,
): Add | null {
  const name = added?.copy ?? fresh?.name;
  if (name === undefined || session.mayAdd?.(name) !== true) return null;
  if (added !== undefined) {
    return async (columns, rows) =>
      (await session.add?.(added, copiedLines(added, columns, rows))) ?? false;
  }
  return async (columns, rows) => {
    for (const chunk of columnChunks(columns, rows, options)) {
      // What was added before is written over, as all of them are then.
      const sql = fresh?.bind(chunk.columns);
      if (sql === undefined || (await session.addFresh?.(name, sql)) !== true) return false;
    }
    return true;
  };
}

/** Removes and adds rows of a table without key. */
export async function writeKeyless(
  session: TargetSession,
  model: TableModel,
  batch: KeylessBatch,
  options: WriterOptions,
): Promise<void> {
  const removed = batch.removed();
  // One scan of the table serves all: cutting the batch would scan it again.
  const unlimited = { ...options, batchRows: Infinity, batchBytes: Infinity };
  const gone = await writeBulk(
    session,
    model,
    'deleteOneEach',
    batch.ownColumns,
    removed,
    unlimited,
  );
  if (gone < removed.length) {
    throw new TidemarkError(
      'SINK_RECORD',
      'an update or delete of a table without key: no row of the target equals its before image',
      { cure: 'Somebody changed the target. Snapshot the table anew.' },
    );
  }
  await writeBulk(session, model, 'insert', batch.columns, batch.added(), options);
}
