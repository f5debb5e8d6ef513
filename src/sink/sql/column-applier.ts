import type { SinkRecord } from '../../model/sink-record.ts';
import type { RecordChange } from '../record-change.ts';
import { changeOf, isNewRow } from '../record-change.ts';
import { COPIED_ROWS, writeBulk } from './batch-writer.ts';
import type { Taken } from './column-batch.ts';
import { ColumnBatch } from './column-batch.ts';
import type { RangeWork } from './range-work.ts';
import type { AbsentValues, RowPlan } from './row-plan.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { TableModel } from './table-model.ts';
import type { TargetSession } from './target-session.ts';

type ColumnOptions = Pick<
  SqlSinkOptions,
  'insertMode' | 'deleteEnabled' | 'truncateEnabled' | 'batchRows' | 'batchBytes'
>;

/**
 * Applies the usual records, rows with all of their values, column by column: to targets that take
 * rows as vectors. It goes as far as they go; what is special in any way is the general way's, and
 * both write the same (a property test holds them equal).
 */
export class ColumnApplier {
  readonly #options: ColumnOptions;
  readonly #placeholder: AbsentValues;

  constructor(options: ColumnOptions, placeholder: AbsentValues) {
    this.#options = options;
    this.#placeholder = placeholder;
  }

  /** Resolves to the first record that is left for the general way. */
  async apply(session: TargetSession, work: RangeWork, from: number, to: number): Promise<number> {
    const { model } = work;
    if (model === null || this.#options.insertMode !== 'upsert') return from;
    let at = from;
    while (to - at >= COPIED_ROWS) {
      const { batch, end, isRefused } = this.#collect(work, model, at, to);
      // Few are there sooner as parameters, and what is in no batch has written nothing yet.
      if (batch === null || end - at < COPIED_ROWS) return at;
      await this.#write(session, model, batch);
      at = end;
      if (isRefused) break;
    }
    return at;
  }

  /** Takes records up to `end`. */
  #collect(
    { records, planOf }: RangeWork,
    model: TableModel,
    from: number,
    to: number,
  ): { batch: ColumnBatch | null; end: number; isRefused: boolean } {
    const { batchRows, batchBytes } = this.#options;
    let batch: ColumnBatch | null = null;
    for (let i = from; i < to; i++) {
      if (batch !== null && (batch.rows >= batchRows || batch.bytes >= batchBytes)) {
        return { batch, end: i, isRefused: false };
      }
      const record = records[i] as SinkRecord;
      const change = changeOf(record);
      if (change.kind === 'skip' || this.#isSwitchedOff(change)) continue;
      const plan = isUsual(record, change) ? planOf(record) : undefined;
      if (plan === null) continue;
      if (plan === undefined || !isKeyed(plan)) return { batch, end: i, isRefused: true };
      let taken: Taken;
      if (change.kind === 'write') {
        if (batch === null) {
          if (model.statement('upsert', plan.columns).stage === undefined) {
            return { batch, end: i, isRefused: true };
          }
          batch = new ColumnBatch(plan, this.#placeholder);
        }
        taken = plan === batch.plan ? write(batch, record, change) : 'next';
      } else taken = batch === null ? 'refused' : remove(batch, plan, record, change);
      if (taken !== 'taken') return { batch, end: i, isRefused: taken === 'refused' };
    }
    return { batch, end: to, isRefused: false };
  }

  #isSwitchedOff({ kind }: RecordChange): boolean {
    if (kind === 'delete') return !this.#options.deleteEnabled;
    return kind === 'truncate' && !this.#options.truncateEnabled;
  }

  /** Deletes go first, and rows that were there before those that are new: see `writeKeyed`. */
  async #write(session: TargetSession, model: TableModel, batch: ColumnBatch): Promise<void> {
    const { columns, keyColumns } = batch.plan;
    const deleted = batch.deleted();
    await writeBulk(session, model, 'deleteByKey', keyColumns, deleted, this.#options);
    const { rows, added } = batch.written();
    const upsert = model.statement('upsert', columns);
    if (upsert.stage === undefined || rows.length === 0) return;
    const { fresh } = upsert;
    const isWorthIt = added.length >= COPIED_ROWS && fresh !== undefined;
    if (isWorthIt && session.mayAdd?.(fresh.name) === true) {
      if (added.length < rows.length) {
        const isNew = new Set(added);
        const others = rows.filter((row) => !isNew.has(row));
        await session.query(upsert.stage(batch.columnsOf(others)));
      }
      const sql = fresh.stage(batch.columnsOf(added));
      if ((await session.addFresh?.(fresh.name, sql)) === true) return;
    }
    await session.query(upsert.stage(batch.columnsOf(rows)));
  }
}

type RowChange = RecordChange & { kind: 'write' | 'delete' };

/** A row with all of its values, or the end of one. */
function isUsual(record: SinkRecord, change: RecordChange): change is RowChange {
  if (change.kind === 'write') return record.absent.length === 0;
  return change.kind === 'delete' && record.movedTo === undefined;
}

function isKeyed({ keyFields, keyFromLog, marks }: RowPlan): boolean {
  return keyFields.length > 0 && !keyFromLog && marks.length === 0;
}

function write(
  batch: ColumnBatch,
  record: SinkRecord,
  { after }: RecordChange & { kind: 'write' },
): Taken {
  const key = batch.plan.keyFromValue ? after : record.key;
  return key === null ? 'refused' : batch.write(key, after, isNewRow(record));
}

function remove(
  batch: ColumnBatch,
  plan: RowPlan,
  record: SinkRecord,
  change: RecordChange,
): Taken {
  const before = change.kind === 'delete' ? change.before : null;
  const key = plan.keyFromValue ? before : record.key;
  if (key !== null) return batch.delete(plan, key);
  // A tombstone after its delete says nothing new where keys come from values.
  return record.value === null ? 'taken' : 'refused';
}
