import type { TargetDialect } from '../../../dialects/dialect.ts';
import { must, unreachable } from '../../foundation/assert.ts';
import { systemClock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { Struct } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import type { ChangeColumn } from '../change-metadata.ts';
import { ColumnApplier } from './column-applier.ts';
import { GuardedApplier } from './guarded-applier.ts';
import { HistoryWriter } from './history-writer.ts';
import { KeyedBatch } from './keyed-batch.ts';
import { KeylessBatch } from './keyless-batch.ts';
import { markAllRows } from './marked-rows.ts';
import { moveRow } from './moved-row.ts';
import { coordinatesOf } from './log-coordinates.ts';
import type { PositionGuard } from './position-guard.ts';
import type { RangeWork } from './range-work.ts';
import type { RecordChange } from '../record-change.ts';
import { changeOf, isNewRow, isUpdate } from '../record-change.ts';
import type { AbsentValues, Cell, Cells, RowPlan } from './row-plan.ts';
import { ABSENT, encodeKey, encodeMarks, encodeRow, isKeyedByRecord } from './row-plan.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { TableModel } from './table-model.ts';
import { writeKeyed, writeKeyless } from './batch-writer.ts';
import type { TargetSession } from './target-session.ts';
import type { TopicWork } from './topic-progress.ts';

export type ApplierOptions = Pick<
  SqlSinkOptions,
  'insertMode' | 'deleteEnabled' | 'deleteMode' | 'truncateEnabled' | 'batchRows' | 'batchBytes'
>;

/** Reduces records of one topic and writes what is left, inside the caller's transaction. */
export class RangeApplier {
  readonly #dialect: TargetDialect;
  readonly #options: ApplierOptions;
  readonly #changes: readonly ChangeColumn[];
  readonly #placeholder: AbsentValues;
  readonly #history: HistoryWriter;
  readonly #guarded: GuardedApplier | null;
  /** Null: rows are marked, which only the general way does. */
  readonly #columns: ColumnApplier | null;
  /** Of the range that is being applied. */
  #nowMicros = 0n;

  constructor(
    dialect: TargetDialect,
    options: ApplierOptions,
    changes: readonly ChangeColumn[],
    placeholder: AbsentValues,
    guard: PositionGuard | null,
  ) {
    this.#dialect = dialect;
    this.#changes = changes;
    this.#options = options;
    this.#placeholder = placeholder;
    const isMarked = options.deleteMode !== 'hard' || changes.length > 0;
    this.#columns = isMarked ? null : new ColumnApplier(options, placeholder);
    this.#history = new HistoryWriter(dialect, options, placeholder);
    this.#guarded =
      guard === null ? null : new GuardedApplier(dialect, options, guard, { changes, placeholder });
  }

  /** Empties the table of a topic, of which a new generation begins (ruling 3). */
  async empty(session: TargetSession, { progress, generation }: TopicWork): Promise<void> {
    const { topic, table } = progress;
    const { model, history } = table;
    if (history !== null) await this.#history.empty(session, history, { topic, generation });
    if (model === null) return;
    await this.#guarded?.empty(session, model);
    await session.query(this.#dialect.empty(model.table));
  }

  /** Applies `records[from..to)`: all of them, or it throws and the caller rolls back. */
  async apply(session: TargetSession, work: RangeWork, from: number, to: number): Promise<void> {
    const { model, history, records } = work;
    if (history !== null) await this.#history.write(session, history, records, from, to);
    if (model === null) return;
    if (this.#guarded !== null) return this.#guarded.apply(session, work, from, to);
    const next = (await this.#columns?.apply(session, work, from, to)) ?? from;
    if (next < to) await this.#applyRows(session, work, model, next, to);
  }

  /** Row by row, whatever they are. */
  async #applyRows(
    session: TargetSession,
    work: RangeWork,
    model: TableModel,
    from: number,
    to: number,
  ): Promise<void> {
    let batch: KeyedBatch | KeylessBatch | null = null;
    this.#nowMicros = systemClock.nowMicros();
    for (let i = from; i < to; i++) {
      const record = work.records[i] as SinkRecord;
      const change = changeOf(record);
      if (change.kind === 'skip' || this.#isSwitchedOff(change)) continue;
      if (change.kind === 'truncate') {
        if (work.shared) throw this.#sharedTable(model);
        if (this.#options.deleteMode === 'soft') {
          // What the batch wrote before is marked as well: it was there once.
          if (batch !== null) await this.#write(session, model, batch);
          batch = null;
          const facts = { record, isDelete: true, nowMicros: this.#nowMicros };
          await markAllRows(session, this.#dialect, model, this.#changes, facts);
          continue;
        }
        batch ??= new KeyedBatch(model);
        batch.truncate();
        continue;
      }
      const plan = work.planOf(record);
      if (plan === null) continue;
      if (record.movedTo !== undefined && change.kind === 'delete' && isKeyedByRecord(plan)) {
        if (batch !== null) await this.#write(session, model, batch);
        batch = null;
        const keys = { from: must(record.key, 'planned'), to: record.movedTo };
        const table = { dialect: this.#dialect, model, plan, options: this.#options };
        await moveRow(session, table, keys);
        // The row under its old key stays, marked as any other that is deleted.
        if (this.#options.deleteMode === 'hard') continue;
      }
      // Rows without key are compared whole: those of another shape are another batch.
      if (batch !== null && !takes(batch, plan)) {
        await this.#write(session, model, batch);
        batch = null;
      }
      batch ??=
        plan.keyFields.length === 0
          ? new KeylessBatch(plan.columns, plan.ownColumns)
          : new KeyedBatch(model);
      if (batch instanceof KeyedBatch) this.#keyed(batch, plan, record, change);
      else this.#keyless(batch, plan, record, change);
    }
    if (batch !== null) await this.#write(session, model, batch);
  }

  #isSwitchedOff(change: RecordChange): boolean {
    if (change.kind === 'delete') return !this.#options.deleteEnabled;
    return change.kind === 'truncate' && !this.#options.truncateEnabled;
  }

  /** A truncate of one source must not take the rows of another (PITFALLS S21). */
  #sharedTable(model: TableModel): TidemarkError {
    return new TidemarkError(
      'SINK_RECORD',
      `a truncate for ${this.#dialect.qualify(model.name)}, which other topics write to as well`,
      { cure: 'Set truncate.enabled to false, or give each topic its own table.' },
    );
  }

  #keyed(
    batch: KeyedBatch,
    plan: RowPlan,
    record: SinkRecord,
    change: RecordChange & { kind: 'write' | 'delete' },
  ): void {
    if (change.kind === 'delete') {
      // Each change is a row of its own: none of them is the one that is deleted.
      if (plan.keyFromLog) return;
      const key = plan.keyFromValue ? change.before : record.key;
      if (key === null) {
        // A tombstone after its delete says nothing new where keys come from values.
        if (record.value === null) return;
        throw new TidemarkError('SINK_RECORD', 'a delete has neither key nor before image', {
          cure: 'Set pk.mode to record_key.',
        });
      }
      const cells = plan.blank.slice();
      encodeKey(plan, key, cells);
      if (this.#options.deleteMode === 'hard') batch.delete(plan, cells);
      else {
        this.#mark(plan, record, cells, true);
        batch.mark(plan, cells);
      }
      return;
    }
    const cells = encodeRow(plan, change.after, record.absent, this.#placeholder);
    encodeKey(plan, keyStruct(plan, change.after, record), cells);
    this.#mark(plan, record, cells, false);
    batch.write(plan, cells, isNewRow(record));
  }

  #mark(plan: RowPlan, record: SinkRecord, cells: Cell[], isDelete: boolean): void {
    if (plan.marks.length === 0) return;
    encodeMarks(plan, { record, isDelete, nowMicros: this.#nowMicros }, cells);
  }

  #keyless(
    batch: KeylessBatch,
    plan: RowPlan,
    record: SinkRecord,
    change: RecordChange & { kind: 'write' | 'delete' },
  ): void {
    switch (change.kind) {
      case 'delete':
        if (record.value === null) return;
        batch.remove(this.#wholeRow(plan, change.before, record));
        return;
      case 'write': {
        const cells = encodeRow(plan, change.after, record.absent, this.#placeholder);
        if (!isUpdate(record)) {
          if (cells.includes(ABSENT)) throw incomplete('an insert without key lacks values');
          this.#mark(plan, record, cells, false);
          batch.add(cells);
          return;
        }
        const before = this.#wholeRow(plan, change.before, record);
        batch.remove(before);
        // The whole before image also has what was not sent again.
        const whole = cells.map((cell, i) => (cell === ABSENT ? before[i] : cell));
        this.#mark(plan, record, whole, false);
        batch.add(whole);
        return;
      }
      default:
        unreachable(change);
    }
  }

  #wholeRow(plan: RowPlan, before: Struct | null, record: SinkRecord): Cells {
    if (before === null) {
      throw incomplete('an update or delete of a table without key has no before image');
    }
    const cells = encodeRow(plan, before, NONE, this.#placeholder);
    if (cells.includes(ABSENT)) throw incomplete(`the before image is not whole (${record.topic})`);
    return cells;
  }

  async #write(
    session: TargetSession,
    model: TableModel,
    batch: KeyedBatch | KeylessBatch,
  ): Promise<void> {
    if (batch.truncated) await session.query(this.#dialect.empty(model.table));
    if (batch instanceof KeyedBatch) await writeKeyed(session, model, batch, this.#options);
    else await writeKeyless(session, model, batch, this.#options);
  }
}

const NONE: readonly string[] = [];

function keyStruct(plan: RowPlan, row: Struct, record: SinkRecord): Struct {
  if (plan.keyFromLog) return coordinatesOf(record);
  return plan.keyFromValue ? row : must(record.key, 'planned');
}

function takes(batch: KeyedBatch | KeylessBatch, plan: RowPlan): boolean {
  if (plan.keyFields.length > 0) return batch instanceof KeyedBatch && batch.takes(plan);
  return batch instanceof KeylessBatch && batch.columns === plan.columns;
}

function incomplete(message: string): TidemarkError {
  return new TidemarkError('SINK_RECORD', message, {
    cure: 'On the source: ALTER TABLE … REPLICA IDENTITY FULL; or give the table a primary key.',
  });
}
