import type { TargetDialect, TargetName, WantedColumn } from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectField, ConnectSchema } from '../../model/connect-schema.ts';
import { SOURCE_COLUMN_NAME } from '../../model/connect-schema.ts';
import { adjustFieldName } from '../../model/name-adjustment.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import type { ChangeColumn } from './change-columns.ts';
import { shapeOf } from './record-change.ts';
import type { PlannedName } from './row-plan.ts';
import type { WantedTable } from './schema-keeper.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { TableNaming } from './table-naming.ts';

type KeyOptions = Pick<SqlSinkOptions, 'primaryKeyMode' | 'primaryKeyFields' | 'insertMode'>;

/** Fields of one schema with the columns they go to. */
export interface NamedFields {
  readonly schema: ConnectSchema;
  readonly names: readonly PlannedName[];
}

/** Where the fields of a pair of schemas go. */
export interface RecordColumns {
  /** Null: a tombstone. */
  readonly row: NamedFields | null;
  /** Null: rows have no key. */
  readonly key: NamedFields | null;
}

function named(
  schema: ConnectSchema,
  naming: TableNaming,
  only: readonly string[] | null,
): NamedFields {
  const fields = schema.fields ?? [];
  const chosen = only ?? fields.map((field) => field.name);
  const names = chosen.map((wanted) => {
    const field =
      fields.find((candidate) => candidate.name === wanted) ??
      fields.find((candidate) => columnName(candidate) === wanted);
    if (field !== undefined) {
      return { field: field.name, column: naming.identifier(columnName(field)) };
    }
    throw new TidemarkError('SINK_SCHEMA', `the records have no field ${wanted}`, {
      cure: 'Correct pk.fields (primary.key.fields).',
    });
  });
  const columns = new Set(names.map(({ column }) => column));
  if (columns.size === names.length) return { schema, names };
  throw new TidemarkError('SINK_SCHEMA', 'two columns differ only by upper and lower case', {
    cure: 'Set quote.identifiers to true (quote.sql.identifiers to always).',
  });
}

/**
 * The column's name in the source, where the field's name is that one made valid for Avro. A field
 * that a transform renamed has a name of its own.
 */
function columnName({ name, schema }: ConnectField): string {
  const source = schema.parameters?.[SOURCE_COLUMN_NAME];
  if (source === undefined) return name;
  const isAdjusted = ADJUSTMENTS.some((mode) => adjustFieldName(source, mode) === name);
  return isAdjusted ? source : name;
}

const ADJUSTMENTS = ['avro', 'avro_unicode'] as const;

/** The columns of a record's row and key, by the configured key mode. */
export function recordColumns(
  record: SinkRecord,
  naming: TableNaming,
  options: KeyOptions,
): RecordColumns {
  const shape = record.value === null ? null : shapeOf(record.value.schema);
  const rowSchema = shape === null || shape.kind === 'other' ? null : shape.row;
  const row = rowSchema === null ? null : named(rowSchema, naming, null);
  const fields = options.primaryKeyFields.length > 0 ? options.primaryKeyFields : null;
  switch (options.primaryKeyMode) {
    case 'none':
      return { row, key: null };
    case 'record_key':
      return { row, key: record.key === null ? null : named(record.key.schema, naming, fields) };
    case 'record_value':
      return { row, key: rowSchema === null ? null : named(rowSchema, naming, fields ?? []) };
  }
}

/** The columns that tell of changes, as the target is to have them. */
export function wantedChanges(
  target: TargetName,
  changes: readonly ChangeColumn[],
  dialect: TargetDialect,
): readonly WantedColumn[] {
  return changes.map(({ name, schema }) => ({
    name,
    schema,
    type: dialect.columnType(schema, target, 0),
  }));
}

function takenName(column: string): TidemarkError {
  return new TidemarkError(
    'SINK_SCHEMA',
    `the records have a column ${column}, which delete.mode or metadata.columns make as well`,
    { cure: 'Rename it in the source, or leave it out (column.exclude.list of the source).' },
  );
}

/** The table that takes such records; `changes` are told beside each row. */
export function wantedTable(
  name: TargetName,
  columns: RecordColumns,
  dialect: TargetDialect,
  options: KeyOptions,
  changes: readonly ChangeColumn[],
): WantedTable {
  const wanted = new Map<string, WantedColumn>();
  const key = columns.key?.names.map(({ column }) => column) ?? [];
  const add = (from: NamedFields | null): void => {
    for (const { field, column } of from?.names ?? []) {
      const schema = from?.schema.fields?.find((candidate) => candidate.name === field)?.schema;
      if (schema === undefined || wanted.has(column)) continue;
      const type = dialect.columnType(schema, name, key.includes(column) ? key.length : 0);
      wanted.set(column, { name: column, schema, type });
    }
  };
  add(columns.row);
  add(columns.key);
  for (const column of wantedChanges(name, changes, dialect)) {
    if (wanted.has(column.name)) throw takenName(column.name);
    wanted.set(column.name, column);
  }
  const needsUniqueKey = options.insertMode === 'upsert' && columns.row !== null;
  return { name, columns: [...wanted.values()], key, needsUniqueKey };
}
