import type { TargetDialect } from '../../../dialects/dialect.ts';
import { must } from '../../foundation/assert.ts';
import type { Struct } from '../../model/connect-schema.ts';
import type { WriterOptions } from './batch-writer.ts';
import { readBulk, writeBulk } from './batch-writer.ts';
import { DELETED, GUARD } from './change-columns.ts';
import { changeCell } from './marked-rows.ts';
import type { PositionGuard } from './position-guard.ts';
import { justBefore, parseRowPosition } from './row-position.ts';
import type { Cells, RowPlan } from './row-plan.ts';
import { encodeKey, keyText } from './row-plan.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { TableModel } from './table-model.ts';
import type { TargetSession } from './target-session.ts';

/** A row's old key, and its new one. */
export interface MovedKeys {
  readonly from: Struct;
  readonly to: Struct;
}

/** Where a row moves: all but its keys. */
export interface MovingTable {
  readonly dialect: TargetDialect;
  readonly model: TableModel;
  readonly plan: RowPlan;
  readonly options: WriterOptions & Pick<SqlSinkOptions, 'deleteMode'>;
}

/**
 * A key change whose create leaves values out: the row goes to its new key as it is, and the
 * create that follows finds there what it does not carry (PITFALLS S4, S5). Where deleted rows
 * stay, a copy of it does: one that was deleted under the new key has nothing to say any more.
 */
export async function moveRow(
  session: TargetSession,
  { dialect, model, plan, options }: MovingTable,
  keys: MovedKeys,
): Promise<void> {
  const textsOf = (cells: Cells): (string | null)[] =>
    plan.keyColumns.map((column) => cells[column] as string | null);
  const names = plan.keyColumns.map((column) => must(model.table.columns[column], 'key').name);
  const [from, to] = [textsOf(keyCells(plan, keys.from)), textsOf(keyCells(plan, keys.to))];
  if (options.deleteMode === 'hard') {
    await session.query(dialect.moveKey(model.table, names, from, to));
    return;
  }
  const gone = changeCell(model, DELETED, true);
  await session.query(dialect.copyRow(model.table, names, from, to, gone));
}

/**
 * The same of a guarded table, if its row is there, and older than the change: it stands just
 * before the change under its new key, so that nothing of what was there before comes back. What it
 * had is remembered under the old key: an older change which has more comes too late.
 */
export async function moveGuardedRow(
  session: TargetSession,
  guard: PositionGuard,
  table: MovingTable,
  keys: MovedKeys,
  position: string,
): Promise<void> {
  const { model, plan, options } = table;
  const { name } = model;
  const cells = [keyCells(plan, keys.from), keyCells(plan, keys.to)] as const;
  const texts = cells.map((one) => keyText(plan.keyColumns, one));
  const deletedAt = await guard.deletedAt(session, name, texts);
  if (texts.some((text) => (deletedAt.get(text)?.position ?? '') >= position)) return;
  const deleted = options.deleteMode === 'soft' ? DELETED.name : undefined;
  const asked = { guard: GUARD.name, deleted };
  const found = await readBulk(session, model, plan.keyColumns, cells, asked);
  const [row, other] = [0, 1].map((wanted) => found.find(({ n }) => n === wanted));
  const stored = parseRowPosition(row?.position ?? null);
  if (row === undefined || row.isDeleted || stored.position >= position) return;
  const moved = justBefore(position);
  if (other !== undefined) {
    if (parseRowPosition(other.position).position >= moved) return;
    await writeBulk(session, model, 'deleteByKey', plan.keyColumns, [cells[1]], options);
  }
  await moveRow(session, table, keys);
  const number = model.number(GUARD.name);
  const placed = cells[1].with(number, model.encoder(GUARD.schema, number).encode(moved));
  const columns = model.columnSet([...plan.keyColumns, number]);
  await writeBulk(session, model, 'update', columns, [placed], options);
  await guard.rememberMove(session, name, must(texts[0], 'key'), { position, stored });
}

function keyCells(plan: RowPlan, key: Struct): Cells {
  const cells = plan.blank.slice();
  encodeKey(plan, key, cells);
  return cells;
}
