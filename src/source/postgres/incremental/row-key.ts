import type { ColumnInfo, TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import type { RowImage } from '../../../model/row-image.ts';
import { ValueKind } from '../../../model/row-image.ts';

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

/**
 * The key of a row as text, from the images of a change or of a COPY; null when a part is neither
 * in the row nor in its old image. Equal keys have equal texts: both sessions print alike (P104).
 */
export function rowKey(
  image: RowImage,
  fallback: RowImage | null,
  indexes: readonly number[],
): string | null {
  let key = '';
  for (const index of indexes) {
    const value = valueAt(image, index) ?? (fallback === null ? null : valueAt(fallback, index));
    if (value === null) return null;
    key += `${value.length}:${value}`;
  }
  return key;
}

/** Its parts again, to be asked for. */
export function rowKeyValues(key: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < key.length;) {
    const colon = key.indexOf(':', at);
    const end = colon + 1 + Number(key.slice(at, colon));
    values.push(key.slice(colon + 1, end));
    at = end;
  }
  return values;
}

function valueAt(image: RowImage, index: number): string | null {
  return image.kinds[index] === ValueKind.text ? (image.text(index) ?? null) : null;
}

/** No column was left out as unchanged TOAST. */
export function isComplete(image: RowImage): boolean {
  for (let i = 0; i < image.count; i++) if (image.kinds[i] === ValueKind.absent) return false;
  return true;
}
