import { tableName } from '../../../model/table-schema.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { SnapshotOptions } from './snapshot-options.ts';

/**
 * The tables that a first snapshot reads, in their order. The others are streamed all the same. The
 * signal table is not read, as in the original: what stands there was for somebody before.
 */
export function tablesToRead(
  captured: readonly CapturedTable[],
  options: SnapshotOptions,
): readonly CapturedTable[] {
  const { includeTables, signalTable, orderByRowCount } = options;
  const chosen = captured.filter(({ schema }) => {
    const name = tableName(schema.id);
    if (name === signalTable) return false;
    return includeTables.length === 0 || includeTables.some((pattern) => pattern.test(name));
  });
  if (orderByRowCount === 'disabled') return chosen;
  const sign = orderByRowCount === 'ascending' ? 1 : -1;
  const rowsOf = ({ storage }: CapturedTable): number =>
    storage.reduce((sum, part) => sum + Math.max(0, part.estimatedRows), 0);
  return chosen.toSorted((a, b) => sign * (rowsOf(a) - rowsOf(b)));
}
