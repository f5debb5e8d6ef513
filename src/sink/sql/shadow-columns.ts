import type { TargetTable } from '../../../dialects/dialect.ts';
import type { TableEvolution, WantedTable } from './table-evolution.ts';
import type { NamedFields, RecordColumns } from './wanted-table.ts';

/** Columns that stand in for others: the name that records want → the one that they get. */
export type ShadowNames = ReadonlyMap<string, string>;

const NONE: ShadowNames = new Map();
/** A column that was given another type more often is refused like any other. */
const LAST_VERSION = 99;

/**
 * What takes the values of fields whose column in the target holds values of another type
 * (`schema.evolution.policy: shadow`): `<column>__v2`, then `__v3` and so on, the first that takes
 * them, or is not there yet. The old column keeps what it has. Keys are never parted so, nor are
 * rows without one, which are found by all their values.
 */
export function shadowNames(
  table: TargetTable,
  wanted: WantedTable,
  tables: TableEvolution,
  identifier: (name: string) => string,
): ShadowNames {
  if (wanted.key.length === 0) return NONE;
  const names = new Map<string, string>();
  const inUse = new Set(wanted.columns.map(({ name }) => name));
  for (const column of wanted.columns) {
    if (wanted.key.includes(column.name) || tables.fits(table, column)) continue;
    for (let version = 2; version <= LAST_VERSION; version++) {
      const name = identifier(`${column.name}__v${version}`);
      if (inUse.has(name) || !tables.fits(table, { ...column, name })) continue;
      names.set(column.name, name);
      inUse.add(name);
      break;
    }
  }
  return names;
}

/** The fields, with the columns that they get. */
export function withShadows(columns: RecordColumns, shadows: ShadowNames): RecordColumns {
  if (shadows.size === 0 || columns.row === null) return columns;
  const { schema, names } = columns.row;
  const row: NamedFields = {
    schema,
    names: names.map(({ field, column }) => ({ field, column: shadows.get(column) ?? column })),
  };
  return { ...columns, row };
}

/** The table with the columns that records get. */
export function shadowedTable(wanted: WantedTable, shadows: ShadowNames): WantedTable {
  if (shadows.size === 0) return wanted;
  const columns = wanted.columns.map((column) => {
    const name = shadows.get(column.name) ?? column.name;
    return name === column.name ? column : { ...column, name };
  });
  return { ...wanted, columns };
}
