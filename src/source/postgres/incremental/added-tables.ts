import { tableName } from '../../../model/table-schema.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { Querier } from '../wire/catalog-session.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import { rowKeyColumns } from './row-key.ts';
import type { TableTask } from './snapshot-state.ts';
import { newTask } from './snapshot-state.ts';

/** Which tables have been captured before, kept durably by the runtime. */
export interface KnownTables {
  /** Names `schema.table`; null: nothing was ever kept. */
  load(): readonly string[] | null;
  store(names: readonly string[]): Promise<void>;
}

/**
 * Tasks for captured tables that were not captured before: they are read by themselves, and nothing
 * else is read again. Invariant: no read of theirs begins while a transaction is open that may have
 * changed them before they were published; the stream would not have its changes (P72).
 */
export async function addedTables(
  known: KnownTables,
  captured: readonly CapturedTable[],
  options: Pick<PostgresSourceOptions, 'snapshotMode' | 'snapshots'>,
  querier: Querier,
): Promise<readonly TableTask[]> {
  const before = known.load();
  if (before === null || options.snapshotMode === 'no_data') return [];
  const names = new Set(before);
  const added = captured.filter(({ schema }) => {
    const name = tableName(schema.id);
    return !names.has(name) && name !== options.snapshots.signalTable;
  });
  if (added.length === 0) return [];
  const sql = 'SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text';
  const notBefore = Number((await querier.query(sql))[0]?.rows[0]?.[0]);
  return added.map(({ schema: { id }, info }) => {
    const method = rowKeyColumns(info) === null ? 'whole' : 'keys';
    const table = { schema: id.schema, table: id.table, snapshotId: 'added' };
    return newTask({ ...table, purpose: 'initial', method }, { notBefore });
  });
}
