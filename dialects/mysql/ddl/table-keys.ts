import type { KeySyntax } from './ddl-syntax.ts';
import type { ColumnDefinition, TableDefinition, TableKey } from './table-definition.ts';

/** Adds keys in the order of a statement; those without a name are named as the server does it. */
export function addKeys(present: readonly TableKey[], added: readonly KeySyntax[]): TableKey[] {
  const keys = [...present];
  for (const { kind, name, parts, ifNotExists } of added) {
    const isPrimary = kind === 'primary';
    if (ifNotExists && name !== null && keys.some((key) => isNamed(key, name))) continue;
    if (isPrimary && keys.some((key) => key.kind === 'primary')) continue;
    const first = parts[0]?.column ?? 'functional_index';
    keys.push({
      kind: kind === 'foreign' ? 'index' : kind,
      name: isPrimary ? 'PRIMARY' : (name ?? freeName(keys, first)),
      parts,
    });
  }
  return keys;
}

/** `a`, `a_2`, `a_3`, … */
function freeName(keys: readonly TableKey[], first: string): string {
  const isFree = (name: string): boolean =>
    name.toLowerCase() !== 'primary' && !keys.some((key) => isNamed(key, name));
  if (isFree(first)) return first;
  for (let number = 2; ; number++) {
    if (isFree(`${first}_${number}`)) return `${first}_${number}`;
  }
}

/** Whether a key has this name, in any case. */
export function isNamed(key: TableKey, name: string): boolean {
  return key.name.toLowerCase() === name.toLowerCase();
}

/** A dropped column leaves its keys, and a key without columns goes. */
export function withoutColumn(keys: readonly TableKey[], column: string): TableKey[] {
  const name = column.toLowerCase();
  return keys
    .map((key) => ({
      ...key,
      parts: key.parts.filter((part) => part.column?.toLowerCase() !== name),
    }))
    .filter(({ parts }) => parts.length > 0);
}

/** A renamed column keeps its place in its keys. */
export function withRenamed(
  keys: readonly TableKey[],
  names: ReadonlyMap<string, string>,
): TableKey[] {
  if (names.size === 0) return [...keys];
  return keys.map((key) => ({
    ...key,
    parts: key.parts.map((part) => ({
      ...part,
      column: part.column === null ? null : (names.get(part.column.toLowerCase()) ?? part.column),
    })),
  }));
}

/**
 * The columns that tell rows apart: the primary key's, else those of the first unique index whose
 * columns are whole and cannot be null; none: an empty list.
 */
export function rowKeyColumns(table: TableDefinition): readonly ColumnDefinition[] {
  const primary = table.keys.find(({ kind }) => kind === 'primary');
  if (primary !== undefined) return columnsOf(table, primary);
  for (const key of table.keys) {
    if (key.kind !== 'unique' || key.parts.some(({ length }) => length !== null)) continue;
    const columns = columnsOf(table, key);
    const isWhole = columns.length === key.parts.length;
    if (isWhole && columns.every(({ nullable }) => !nullable)) return columns;
  }
  return [];
}

function columnsOf(table: TableDefinition, key: TableKey): ColumnDefinition[] {
  return key.parts.flatMap((part) => {
    const name = part.column?.toLowerCase();
    return table.columns.filter((column) => column.name.toLowerCase() === name);
  });
}
