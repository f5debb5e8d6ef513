import type { ColumnInfo, TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';

/**
 * The columns that tell rows of a table apart in every image of the stream: what the replica
 * identity sends of an old row must hold them. Null: the table has no such key.
 */
export function rowKeyColumns(table: TableInfo): readonly string[] | null {
  const indexes = table.uniqueIndexes.filter((index) => index.immediate);
  const primary = indexes.find((index) => index.primary);
  const identity = indexes.find((index) => index.replicaIdentity);
  const chosen =
    table.replicaIdentity === 'index'
      ? identity
      : (primary ??
        (table.replicaIdentity === 'full'
          ? indexes.find((index) => index.columns.every((n) => columnOf(table, n)?.notNull))
          : undefined));
  const names = chosen?.columns.map((n) => columnOf(table, n)?.name);
  return names === undefined || names.includes(undefined) ? null : (names as string[]);
}

function columnOf(table: TableInfo, number: number): ColumnInfo | undefined {
  return table.columns.find((column) => column.number === number);
}
