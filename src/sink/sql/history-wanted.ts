import type {
  TargetDialect,
  TargetName,
  TargetTable,
  WantedColumn,
} from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { fieldSchema } from './field-reading.ts';
import { HISTORY_KEY, HISTORY_OWN_COLUMNS, wantedHistoryColumns } from './history-columns.ts';
import { VALIDITY } from './history-views.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { WantedTable } from './table-evolution.ts';
import type { TableNaming } from './table-naming.ts';
import type { NamedFields, RecordColumns } from './wanted-table.ts';
import { recordColumns, typeOfColumn } from './wanted-table.ts';

/** A history's table and views in the target. */
export interface HistoryNames {
  readonly table: TargetName;
  readonly views: { readonly versions: TargetName; readonly current: TargetName };
}

/** What records want of their history; its key is that of changes, not of rows. */
export interface WantedHistory extends WantedTable {
  /** Columns that tell rows of the source apart; those that took another's place, and it. */
  readonly keyColumns: readonly string[];
}

/** Names beside the mirror's, which need not exist. */
export function historyNames(
  mirror: TargetName,
  naming: TableNaming,
  format: string,
): HistoryNames {
  const fill = (text: string): string =>
    text.replaceAll('${table}', mirror.table).replaceAll('${schema}', mirror.schema);
  const parts = format.split(/\.(?![^${]*\})/).map((part) => naming.identifier(fill(part)));
  const schema = parts.length > 1 ? (parts[0] ?? mirror.schema) : mirror.schema;
  const named = (table: string): TargetName => ({ schema, table: naming.identifier(table) });
  return {
    table: named(parts.at(-1) ?? mirror.table),
    views: {
      versions: named(`${mirror.table}__versions`),
      current: named(`${mirror.table}__current`),
    },
  };
}

/**
 * Where the fields of a record go. Rows of a history are told apart by the record's key also where
 * the mirror does without (`pk.mode=none`), else a row would have no versions.
 */
export function historyColumns(
  record: SinkRecord,
  naming: TableNaming,
  options: SqlSinkOptions,
): RecordColumns {
  const { primaryKeyMode: mode } = options;
  const primaryKeyMode = mode === 'none' ? 'record_key' : mode;
  return recordColumns(record, naming, { ...options, primaryKeyMode });
}

/**
 * The table that keeps the changes of such records, and where their fields go in it. Nothing of the
 * source is NOT NULL: a delete may have a key alone. A column that is new has its constant default,
 * because the rows of the source have it, too (ruling 5); in a new table nobody needs one.
 */
export function wantedHistory(
  name: TargetName,
  columns: RecordColumns,
  table: TargetTable | null,
  dialect: TargetDialect,
  options: SqlSinkOptions,
): { readonly wanted: WantedHistory; readonly columns: RecordColumns } {
  const keyNames = columns.key?.names.map(({ column }) => column) ?? [];
  const inViews = options.schemaEvolution.create ? Object.values(VALIDITY) : [];
  const own = new Set<string>([...HISTORY_OWN_COLUMNS, ...inViews]);
  const places = new Map<string, WantedColumn>();
  const add = (from: NamedFields | null): void => {
    for (const { field, column } of from?.names ?? []) {
      const found = from?.schema.fields?.find((candidate) => candidate.name === field);
      if (found === undefined || places.has(column)) continue;
      if (own.has(column)) throw takenName(column);
      const { default: initial, ...rest } = fieldSchema(found, options);
      const keeps = table !== null && initial !== undefined;
      const schema = { ...rest, optional: true, ...(keeps ? { default: initial } : {}) };
      const share = keyNames.includes(column) ? keyNames.length : 0;
      // The table is nobody's own choice: a column takes all values of its type, or another does.
      const type = typeOfColumn(column, () => dialect.columnType(schema, name, share));
      const exact = { ...type, exact: true };
      places.set(column, placeFor(dialect, table, { name: column, schema, type: exact }));
    }
  };
  add(columns.row);
  add(columns.key);
  const renamed = (from: NamedFields | null): NamedFields | null =>
    from === null
      ? null
      : {
          schema: from.schema,
          names: from.names.map(({ field, column }) => ({
            field,
            column: places.get(column)?.name ?? column,
          })),
        };
  return {
    wanted: {
      name,
      columns: [...wantedHistoryColumns(name, dialect), ...places.values()],
      key: Object.values(HISTORY_KEY),
      needsUniqueKey: true,
      keyColumns: keyNames.flatMap((column) => earlierNames(column, places.get(column)?.name)),
    },
    columns: { row: renamed(columns.row), key: renamed(columns.key) },
  };
}

/** The column itself, or the first beside it that takes its values as they are. */
function placeFor(
  dialect: TargetDialect,
  table: TargetTable | null,
  wanted: WantedColumn,
): WantedColumn {
  if (table === null) return wanted;
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted.name : `${wanted.name}__${n}`;
    const existing = table.columns.find((column) => column.name === name);
    if (existing === undefined || existing.type === wanted.type.ddl) return { ...wanted, name };
    if (dialect.holds(existing, wanted.type, wanted.schema)) return { ...wanted, name };
    const widening = dialect.widening(table, existing, wanted.type, wanted.schema);
    if (widening !== null && widening.kind !== 'refused') return { ...wanted, name };
  }
}

function earlierNames(column: string, now = column): readonly string[] {
  if (now === column) return [column];
  const last = Number(now.slice(column.length + 2));
  return Array.from({ length: last }, (_, i) => (i === 0 ? column : `${column}__${i + 1}`));
}

function takenName(column: string): TidemarkError {
  return new TidemarkError(
    'SINK_SCHEMA',
    `the records have a column ${column}, which a history has of its own, or its view of versions`,
    { cure: 'Rename it in the source, or leave it out (column.exclude.list of the source).' },
  );
}
