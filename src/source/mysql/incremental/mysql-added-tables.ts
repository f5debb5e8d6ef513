import { tableName } from '../../../model/table-schema.ts';
import type { KnownTables } from '../../incremental/known-tables.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import { newTask } from '../../incremental/snapshot-state.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import type { KnownTable } from './table-reading.ts';
import { isKeyed } from './table-reading.ts';

/**
 * Tasks for captured tables that were not captured before: they are read by themselves, and nothing
 * else is read again. Their changes come from the stored position on, as those of all tables do.
 */
export function addedTables(
  known: KnownTables,
  captured: readonly KnownTable[],
  options: Pick<MysqlSourceOptions, 'snapshots' | 'snapshotMode'>,
): readonly TableTask[] {
  const before = known.load();
  if (before === null || options.snapshotMode === 'no_data') return [];
  const names = new Set(before);
  return captured
    .filter(({ schema }) => {
      const name = tableName(schema.id);
      return !names.has(name) && name !== options.snapshots.signalTable;
    })
    .map((table) => {
      const { schema, table: name } = table.schema.id;
      const method = isKeyed(table) ? 'keys' : 'whole';
      return newTask({ schema, table: name, purpose: 'initial', method, snapshotId: 'added' });
    });
}
