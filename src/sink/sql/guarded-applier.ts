import type { TargetDialect } from '../../../dialects/dialect.ts';
import { systemClock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import type { ChangeColumn } from '../change-metadata.ts';
import { GUARD } from './change-columns.ts';
import { GuardedBatch } from './guarded-batch.ts';
import type { GuardedWriterOptions } from './guarded-writer.ts';
import { GuardedWriter } from './guarded-writer.ts';
import type { MovedKeys } from './moved-row.ts';
import { moveGuardedRow } from './moved-row.ts';
import type { GuardState, PositionGuard } from './position-guard.ts';
import type { RangeWork } from './range-work.ts';
import { changeOf, isNewRow } from '../record-change.ts';
import type { PositionReader, RecordPosition } from './record-position.ts';
import { positionReader } from './record-position.ts';
import type { AbsentValues, Cells, RowPlan } from './row-plan.ts';
import { encodeKey, encodeMarks, encodeRow, isKeyedByRecord } from './row-plan.ts';
import { justBefore, parseRowPosition } from './row-position.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { ColumnSet, TableModel } from './table-model.ts';
import type { TargetSession } from './target-session.ts';

type GuardedOptions = GuardedWriterOptions &
  Pick<SqlSinkOptions, 'deleteEnabled' | 'truncateEnabled'>;

type Move = MovedKeys & { readonly plan: RowPlan };

/**
 * Applies records by their positions, not by the order in which they come (ruling 4): a row is
 * written only over an older one, never over one that is as new. What was deleted is remembered in
 * the target for a time, so that an older change does not bring it back.
 */
export class GuardedApplier {
  readonly #dialect: TargetDialect;
  readonly #options: GuardedOptions;
  readonly #guard: PositionGuard;
  readonly #placeholder: AbsentValues;
  readonly #writer: GuardedWriter;
  readonly #readers = new WeakMap<ConnectSchema, PositionReader>();

  constructor(
    dialect: TargetDialect,
    options: GuardedOptions,
    guard: PositionGuard,
    {
      changes,
      placeholder,
    }: { readonly changes: readonly ChangeColumn[]; readonly placeholder: AbsentValues },
  ) {
    this.#dialect = dialect;
    this.#options = options;
    this.#guard = guard;
    this.#placeholder = placeholder;
    this.#writer = new GuardedWriter(dialect, options, guard, changes);
  }

  /** Applies `records[from..to)`: all of them, or it throws and the caller rolls back. */
  async apply(session: TargetSession, work: RangeWork, from: number, to: number): Promise<void> {
    const { model } = work;
    if (model === null) return;
    let batch = this.#newBatch();
    let source: string | null = null;
    for (let i = from; i < to; i++) {
      const record = work.records[i] as SinkRecord;
      const position = this.#positionOf(record);
      if (position === null) continue;
      if (source !== null && source !== position.source) throw twoSources(source, position.source);
      source = position.source;
      const move = this.#moveOf(work, record);
      if (move !== null) {
        // The row moves as what came before has left it; then its delete does what any other does.
        const held = await this.#write(session, model, batch, source);
        batch = this.#newBatch();
        if (position.text > held.truncatedAt) {
          const table = { dialect: this.#dialect, model, plan: move.plan, options: this.#options };
          await moveGuardedRow(session, this.#guard, table, move, position.text);
        }
      }
      this.#add(batch, work, model, record, position.text);
    }
    if (source !== null) await this.#write(session, model, batch, source);
  }

  #newBatch(): GuardedBatch {
    return new GuardedBatch(this.#options.deleteMode === 'soft');
  }

  async #write(
    session: TargetSession,
    model: TableModel,
    batch: GuardedBatch,
    source: string,
  ): Promise<GuardState> {
    const held = await this.#guard.hold(session, model.name, source);
    await this.#writer.write(session, model, batch, held);
    return held;
  }

  /** A row that goes to another key with values which the create does not carry. */
  #moveOf(work: RangeWork, { key, movedTo, ...record }: SinkRecord): Move | null {
    if (movedTo === undefined || key === null) return null;
    const plan = work.planOf({ ...record, key });
    return plan !== null && isKeyedByRecord(plan) ? { plan, from: key, to: movedTo } : null;
  }

  /** A new generation comes: what is older than it must not come back. */
  async empty(session: TargetSession, model: TableModel): Promise<void> {
    const { name } = model;
    const column = this.#dialect.quote(GUARD.name);
    const { rows } = await session.query(
      `SELECT MAX(${this.#dialect.byBytes(column)}) AS last FROM ${this.#dialect.qualify(name)}`,
    );
    const last = rows[0]?.['last'];
    if (typeof last !== 'string') return;
    await this.#guard.truncate(session, name, parseRowPosition(last).position);
  }

  /** Null: the record changes nothing here. */
  #positionOf(record: SinkRecord): RecordPosition | null {
    const { kind } = changeOf(record);
    // A tombstone repeats the delete before it.
    if (kind === 'skip' || record.value === null) return null;
    if (kind === 'delete' && !this.#options.deleteEnabled) return null;
    if (kind === 'truncate' && !this.#options.truncateEnabled) return null;
    const position = this.#reader(record.value.schema)(record);
    if (position === null) throw withoutPosition();
    return position;
  }

  #add(
    batch: GuardedBatch,
    work: RangeWork,
    model: TableModel,
    record: SinkRecord,
    position: string,
  ): void {
    const change = changeOf(record);
    if (change.kind === 'skip') return;
    if (change.kind === 'truncate') {
      if (work.shared) throw sharedTable();
      batch.truncate(position, record);
      return;
    }
    const plan = work.planOf(record);
    if (plan === null) return;
    if (plan.keyFields.length === 0) throw withoutKey();
    const row = change.kind === 'write' ? change.after : change.before;
    const key = plan.keyFromValue ? row : record.key;
    if (key === null) throw withoutKey();
    const isDelete = change.kind === 'delete';
    const cells = isDelete
      ? plan.blank.slice()
      : encodeRow(plan, change.after, record.absent, this.#placeholder);
    encodeKey(plan, key, cells);
    encodeMarks(plan, { record, isDelete, nowMicros: systemClock.nowMicros() }, cells);
    if (isDelete) {
      const isSoft = this.#options.deleteMode === 'soft';
      const columns = isSoft ? marked(model, plan, cells) : guarded(model, plan.keyColumns);
      batch.delete(plan, cells, position, columns);
    } else {
      // What a row that is new leaves out is none of whatever was there before.
      batch.write(plan, cells, position, isNewRow(record) ? justBefore(position) : '');
    }
  }

  #reader(schema: ConnectSchema): PositionReader {
    let reader = this.#readers.get(schema);
    if (reader === undefined) {
      reader = positionReader(schema);
      this.#readers.set(schema, reader);
    }
    return reader;
  }
}

/** The key with the position, which is the condition. */
function guarded(model: TableModel, keyColumns: RowPlan['keyColumns']): ColumnSet {
  return model.columnSet([...keyColumns, model.number(GUARD.name)]);
}

/** What a delete says of a row that stays. */
function marked(model: TableModel, plan: RowPlan, cells: Cells): ColumnSet {
  const told = plan.marks.map(({ column }) => column).filter((i) => cells[i] !== undefined);
  return model.columnSet([...plan.keyColumns, ...told, model.number(GUARD.name)]);
}

function refused(message: string, cure: string): TidemarkError {
  return new TidemarkError('SINK_RECORD', `position.guard: ${message}`, { cure });
}

function withoutPosition(): TidemarkError {
  return refused(
    'the record says nowhere where it stands in its source',
    'Send envelopes, or the header __tidemark.position; or set position.guard to false.',
  );
}

function withoutKey(): TidemarkError {
  return refused(
    'the records have no key, by which rows could be found',
    'Give the table a key (message.key.columns of the source), or set position.guard to false.',
  );
}

function sharedTable(): TidemarkError {
  return refused(
    'a truncate for a table which other topics write to as well',
    'Set truncate.enabled to false, or give each topic its own table.',
  );
}

function twoSources(first: string, second: string): TidemarkError {
  return refused(
    `changes of the sources ${JSON.stringify(first)} and ${JSON.stringify(second)} in one table ` +
      'cannot be compared',
    'Give each source a table of its own, or set position.guard to false.',
  );
}
