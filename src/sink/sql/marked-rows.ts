import type { CellText, TargetDialect } from '../../../dialects/dialect.ts';
import { must } from '../../foundation/assert.ts';
import type { ConnectValue } from '../../model/connect-schema.ts';
import type { ChangeColumn, ChangeFacts } from '../change-metadata.ts';
import { DELETED, GUARD } from './change-columns.ts';
import type { TableModel } from './table-model.ts';
import type { TargetSession } from './target-session.ts';

/** A value of one of the columns that tell of changes. */
export function changeCell(
  model: TableModel,
  { name, schema }: ChangeColumn,
  value: ConnectValue,
): CellText {
  const number = model.number(name);
  const column = must(model.table.columns[number], 'column');
  return { column, text: model.encoder(schema, number).encode(value) };
}

/**
 * A truncate where deleted rows stay: all are deleted now; with a position, all that are older.
 * Those that are marked already keep what they say of their own delete.
 */
export async function markAllRows(
  session: TargetSession,
  dialect: TargetDialect,
  model: TableModel,
  changes: readonly ChangeColumn[],
  facts: ChangeFacts,
  position?: string,
): Promise<void> {
  const set = changes.flatMap((column) => {
    const value = column.reader(facts.record.value?.schema ?? null)(facts);
    return value === undefined ? [] : [changeCell(model, column, value)];
  });
  const isThere = changeCell(model, DELETED, false);
  const guard = position === undefined ? undefined : changeCell(model, GUARD, position);
  await session.query(dialect.updateAll(model.table, set, isThere, guard));
}
