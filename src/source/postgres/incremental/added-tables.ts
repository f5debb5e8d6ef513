import { tableName } from '../../../model/table-schema.ts';
import type { KnownTables } from '../../incremental/known-tables.ts';
import type { PreparedCapture } from '../capture/capture-preparation.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import { rowKeyColumns } from './row-key-columns.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import { newTask } from '../../incremental/snapshot-state.ts';

/** What is looked at besides the names. */
export interface AddingParts {
  readonly options: Pick<PostgresSourceOptions, 'snapshotMode' | 'snapshots'>;
  readonly capture: Pick<PreparedCapture, 'joined'>;
  readonly knownTables?: KnownTables | undefined;
  warn(message: string): void;
}

/** What the publication sends since this start, or since one that did not get far. */
export interface AddedTables {
  /** Transactions that are open may have changed them before: `OlderTransactions`. */
  readonly any: boolean;
  /** They are read by themselves, and nothing else is read again. */
  readonly tasks: readonly TableTask[];
}

/**
 * Captured tables that were not captured before. Warns of those that were captured under their
 * name, and yet were not published.
 */
export function addedTables(parts: AddingParts, captured: readonly CapturedTable[]): AddedTables {
  const { options, capture } = parts;
  const known = parts.knownTables?.load() ?? null;
  if (known === null) return { any: capture.joined.length > 0, tasks: [] };
  const names = new Set(known);
  const missed = capture.joined.filter((name) => names.has(name));
  if (missed.length > 0) {
    parts.warn(
      `the publication did not send ${missed.join(', ')} before this start: made anew, or taken ` +
        'out of it. Changes since then did not come; snapshot again what must be complete',
    );
  }
  const added = captured.filter(({ schema }) => {
    const name = tableName(schema.id);
    return !names.has(name) && name !== options.snapshots.signalTable;
  });
  const any = added.length + capture.joined.length > 0;
  return { any, tasks: options.snapshotMode === 'no_data' ? [] : added.map(taskOf) };
}

function taskOf({ schema: { id }, info }: CapturedTable): TableTask {
  const method = rowKeyColumns(info) === null ? 'whole' : 'keys';
  const table = { schema: id.schema, table: id.table, snapshotId: 'added' };
  return newTask({ ...table, purpose: 'initial', method });
}
