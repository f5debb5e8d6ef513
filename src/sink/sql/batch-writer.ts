import type { ColumnValues, CopiedStatement } from '../../../dialects/dialect.ts';
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
  let chunk: (string | null)[][] = columns.map(() => []);
  let count = 0;
  let bytes = 0;
  for (const cells of rows) {
    for (let i = 0; i < columns.length; i++) {
      const cell = cells[columns[i] as number] as string | null;
      chunk[i]?.push(cell);
      if (cell !== null) bytes += cell.length;
    }
    count++;
    if (count >= limits.batchRows || bytes >= limits.batchBytes) {
      yield { rows: count, columns: chunk };
      chunk = columns.map(() => []);
      count = 0;
      bytes = 0;
    }
  }
  if (count > 0) yield { rows: count, columns: chunk };
}

/** Fewer are there sooner as parameters. */
const COPIED_ROWS = 200;

function* copiedLines(
  copied: CopiedStatement,
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
  readonly partials: Map<ColumnSet, Cells[]>;
  readonly marks: Map<ColumnSet, Cells[]>;
}

function missingRow(): TidemarkError {
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
    await writeBulk(session, model, options.insertMode, columns, rows, options);
  }
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
