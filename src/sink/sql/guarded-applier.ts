import type { TargetDialect, TargetName } from '../../../dialects/dialect.ts';
import { systemClock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import type { WriterOptions } from './batch-writer.ts';
import { writeBulk } from './batch-writer.ts';
import { GUARD } from './change-columns.ts';
import { GuardedBatch } from './guarded-batch.ts';
import type { PositionGuard } from './position-guard.ts';
import type { RangeWork } from './range-work.ts';
import { changeOf } from './record-change.ts';
import type { PositionReader, RecordPosition } from './record-position.ts';
import { positionReader } from './record-position.ts';
import type { AbsentValues, Cell, Cells, RowPlan } from './row-plan.ts';
import { ABSENT, encodeKey, encodeMarks, encodeRow } from './row-plan.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { ColumnSet, TableModel } from './table-model.ts';
import type { TargetSession } from './target-session.ts';

type GuardedOptions = WriterOptions & Pick<SqlSinkOptions, 'deleteEnabled' | 'truncateEnabled'>;

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
  readonly #readers = new WeakMap<ConnectSchema, PositionReader>();

  constructor(
    dialect: TargetDialect,
    options: GuardedOptions,
    guard: PositionGuard,
    placeholder: AbsentValues,
  ) {
    this.#dialect = dialect;
    this.#options = options;
    this.#guard = guard;
    this.#placeholder = placeholder;
  }

  /** Applies `records[from..to)`: all of them, or it throws and the caller rolls back. */
  async apply(session: TargetSession, work: RangeWork, from: number, to: number): Promise<void> {
    const { model } = work;
    if (model === null) return;
    const batch = new GuardedBatch();
    let source: string | null = null;
    for (let i = from; i < to; i++) {
      const position = this.#add(batch, work, work.records[i] as SinkRecord);
      if (position === null) continue;
      if (source !== null && source !== position.source) throw twoSources(source, position.source);
      source = position.source;
    }
    if (source !== null) await this.#write(session, model, batch, source);
  }

  /** A new generation comes: what is older than it must not come back. */
  async empty(session: TargetSession, model: TableModel): Promise<void> {
    const { name } = model;
    const column = this.#dialect.quote(GUARD.name);
    const { rows } = await session.query(
      `SELECT MAX(${this.#dialect.byBytes(column)}) AS last FROM ${this.#dialect.qualify(name)}`,
    );
    const last = rows[0]?.['last'];
    if (typeof last === 'string') await this.#guard.truncate(session, name, last);
  }

  /** Null: the record changes nothing here. */
  #add(batch: GuardedBatch, work: RangeWork, record: SinkRecord): RecordPosition | null {
    const change = changeOf(record);
    // A tombstone repeats the delete before it.
    if (change.kind === 'skip' || record.value === null) return null;
    if (change.kind === 'delete' && !this.#options.deleteEnabled) return null;
    if (change.kind === 'truncate' && !this.#options.truncateEnabled) return null;
    const position = this.#reader(record.value.schema)(record);
    if (position === null) throw withoutPosition();
    if (change.kind === 'truncate') {
      if (work.shared) throw sharedTable();
      batch.truncate(position.text);
      return position;
    }
    const plan = work.planOf(record);
    if (plan === null) return null;
    if (plan.keyFields.length === 0) throw withoutKey();
    const row = change.kind === 'write' ? change.after : change.before;
    const key = plan.keyFromValue ? row : record.key;
    if (key === null) throw withoutKey();
    const isDelete = change.kind === 'delete';
    const cells = isDelete
      ? plan.blank.slice()
      : encodeRow(plan, change.after, record.absent, this.#placeholder);
    if (cells.includes(ABSENT)) throw partial();
    encodeKey(plan, key, cells);
    encodeMarks(plan, { record, isDelete, nowMicros: systemClock.nowMicros() }, cells);
    setPosition(work.model, cells, position.text);
    if (isDelete) batch.delete(plan, cells, position.text);
    else batch.write(plan, cells, position.text);
    return position;
  }

  async #write(
    session: TargetSession,
    model: TableModel,
    batch: GuardedBatch,
    source: string,
  ): Promise<void> {
    const { name } = model;
    const held = await this.#guard.hold(session, name, source);
    const isNew = batch.truncatedAt > held.truncatedAt;
    const gone = isNew ? batch.truncatedAt : held.truncatedAt;
    if (isNew) await this.#truncate(session, name, gone);
    const rows = [...batch.rowsBehind(gone)];
    const written = rows.filter(([, { columns }]) => columns !== null).map(([key]) => key);
    const deletedAt = await this.#guard.deletedAt(session, name, written);
    const deletes = new Map<ColumnSet, Cells[]>();
    const writes = new Map<ColumnSet, Cells[]>();
    const tombstones: [string, string][] = [];
    for (const [key, row] of rows) {
      if (row.columns === null) {
        append(deletes, guarded(model, row.keyColumns), row.cells);
        tombstones.push([key, row.position]);
      } else if (row.position > (deletedAt.get(key) ?? '')) append(writes, row.columns, row.cells);
    }
    for (const [columns, cells] of deletes) {
      await this.#bulk(session, model, 'deleteByKey', columns, cells);
    }
    await this.#guard.remember(session, name, tombstones);
    for (const [columns, cells] of writes) {
      await this.#bulk(session, model, 'upsert', columns, cells);
    }
  }

  async #truncate(session: TargetSession, name: TargetName, position: string): Promise<void> {
    const column = this.#dialect.quote(GUARD.name);
    const isOlder = `${this.#dialect.byBytes(column)} < ${this.#dialect.literal(position)}`;
    await session.query(
      `DELETE FROM ${this.#dialect.qualify(name)} WHERE ${column} IS NULL OR ${isOlder}`,
    );
    await this.#guard.truncate(session, name, position);
  }

  async #bulk(
    session: TargetSession,
    model: TableModel,
    operation: 'deleteByKey' | 'upsert',
    columns: ColumnSet,
    cells: readonly Cells[],
  ): Promise<void> {
    await writeBulk(session, model, operation, columns, cells, this.#options, GUARD.name);
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

function setPosition(model: TableModel | null, cells: Cell[], position: string): void {
  if (model === null) return;
  const number = model.number(GUARD.name);
  cells[number] = model.encoder(GUARD.schema, number).encode(position);
}

function append(groups: Map<ColumnSet, Cells[]>, columns: ColumnSet, cells: Cells): void {
  const group = groups.get(columns);
  if (group === undefined) groups.set(columns, [cells]);
  else group.push(cells);
}

/** The key with the position, which is the condition. */
function guarded(model: TableModel, keyColumns: RowPlan['keyColumns']): ColumnSet {
  return model.columnSet([...keyColumns, model.number(GUARD.name)]);
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

function partial(): TidemarkError {
  return refused(
    'the change leaves values out, and the row before it may come later',
    'On the source: ALTER TABLE … REPLICA IDENTITY FULL (binlog_row_image=FULL); or set ' +
      'position.guard to false.',
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
