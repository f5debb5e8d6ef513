import type { TableSchema } from '../../model/table-schema.ts';
import { tableName } from '../../model/table-schema.ts';
import type { SnapshotOptions } from './snapshot-options.ts';

/**
 * The tables that a first snapshot reads, in their order. The others are streamed all the same. The
 * signal table is not read, as in the original: what stands there was for somebody before.
 * `rowsOf`: about how many rows a table has.
 */
export function tablesToRead<T extends { readonly schema: Pick<TableSchema, 'id'> }>(
  captured: readonly T[],
  options: SnapshotOptions,
  rowsOf: (table: T) => number,
): readonly T[] {
  const { includeTables, signalTable, orderByRowCount } = options;
  const chosen = captured.filter(({ schema }) => {
    const name = tableName(schema.id);
    if (name === signalTable) return false;
    return includeTables.length === 0 || includeTables.some((pattern) => pattern.test(name));
  });
  if (orderByRowCount === 'disabled') return chosen;
  const sign = orderByRowCount === 'ascending' ? 1 : -1;
  return chosen.toSorted((a, b) => sign * (rowsOf(a) - rowsOf(b)));
}
