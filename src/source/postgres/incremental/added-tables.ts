import { tableName } from '../../../model/table-schema.ts';
import type { KnownTables } from '../../incremental/known-tables.ts';
import type { PreparedCapture } from '../capture/capture-preparation.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { Querier } from '../wire/catalog-session.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import { rowKeyColumns } from './row-key-columns.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import { newTask } from '../../incremental/snapshot-state.ts';

/** What `addedTables` looks at besides the names. */
interface AddingParts {
  readonly options: Pick<PostgresSourceOptions, 'snapshotMode' | 'snapshots'>;
  readonly capture: Pick<PreparedCapture, 'joined'>;
  warn(message: string): void;
}

/**
 * Tasks for captured tables that were not captured before: they are read by themselves, and nothing
 * else is read again. Invariant: no read of theirs begins while a transaction is open that may have
 * changed them before they were published; the stream would not have its changes (P72). Warns of
 * tables that were captured before under their name, and yet were not published.
 */
export async function addedTables(
  known: KnownTables,
  captured: readonly CapturedTable[],
  parts: AddingParts,
  querier: Querier,
): Promise<readonly TableTask[]> {
  const before = known.load();
  if (before === null) return [];
  const { options, capture } = parts;
  const names = new Set(before);
  const missed = capture.joined.filter((name) => names.has(name));
  if (missed.length > 0) {
    parts.warn(
      `the publication did not send ${missed.join(', ')} before this start: made anew, or taken ` +
        'out of it. Changes since then did not come; snapshot again what must be complete',
    );
  }
  if (options.snapshotMode === 'no_data') return [];
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
