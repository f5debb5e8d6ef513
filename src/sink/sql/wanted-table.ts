import type { TargetDialect, TargetName, WantedColumn } from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectField, ConnectSchema } from '../../model/connect-schema.ts';
import { SOURCE_COLUMN_NAME } from '../../model/connect-schema.ts';
import { adjustFieldName } from '../../model/name-adjustment.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import type { ChangeColumn } from '../change-metadata.ts';
import type { ReadingOptions } from './field-reading.ts';
import { fieldSchema } from './field-reading.ts';
import { selectedFields } from './field-selection.ts';
import { COORDINATE_FIELDS, COORDINATES } from './log-coordinates.ts';
import { shapeOf } from '../record-change.ts';
import type { PlannedName } from './row-plan.ts';
import type { WantedTable } from './table-evolution.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { TableNaming } from './table-naming.ts';

type ColumnOptions = Pick<
  SqlSinkOptions,
  'primaryKeyMode' | 'primaryKeyFields' | 'insertMode' | 'fields'
> &
  ReadingOptions;

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

/** The columns of a record's row and key, by the configured key mode and selection of fields. */
export function recordColumns(
  record: SinkRecord,
  naming: TableNaming,
  options: ColumnOptions,
): RecordColumns {
  const shape = record.value === null ? null : shapeOf(record.value.schema);
  const rowSchema = shape === null || shape.kind === 'other' ? null : shape.row;
  const key = keyColumns(record, rowSchema, naming, options);
  if (rowSchema === null) return { row: null, key };
  const row = named(rowSchema, naming, rowFields(record, rowSchema, key, options));
  if (key?.schema === COORDINATES) checkCoordinates(row, key);
  return { row, key };
}

/** A row that was once written with its coordinates would lose them to those of its new record. */
function checkCoordinates(row: NamedFields, key: NamedFields): void {
  const taken = new Set(row.names.map(({ column }) => column));
  const clash = key.names.find(({ column }) => taken.has(column));
  if (clash === undefined) return;
  throw new TidemarkError('SINK_SCHEMA', `the rows have a column ${clash.column} of their own`, {
    cure: 'Name three other columns in pk.fields (primary.key.fields): topic, partition, offset.',
  });
}

function keyColumns(
  record: SinkRecord,
  row: ConnectSchema | null,
  naming: TableNaming,
  { primaryKeyMode, primaryKeyFields }: ColumnOptions,
): NamedFields | null {
  const fields = primaryKeyFields.length > 0 ? primaryKeyFields : null;
  switch (primaryKeyMode) {
    case 'none':
      return null;
    case 'record_key':
      return record.key === null ? null : named(record.key.schema, naming, fields);
    case 'record_value':
      return row === null ? null : named(row, naming, fields ?? []);
    case 'kafka':
      return {
        schema: COORDINATES,
        names: COORDINATE_FIELDS.map((field, i) => ({
          field,
          column: naming.identifier(fields?.[i] ?? field),
        })),
      };
  }
}

/**
 * Names of the row's fields that are written; null: all of them. Those of the key stay, whatever
 * the lists say: rows are found by them.
 */
function rowFields(
  record: SinkRecord,
  row: ConnectSchema,
  key: NamedFields | null,
  { fields: selection }: ColumnOptions,
): readonly string[] | null {
  if (selection === null) return null;
  const all = row.fields ?? [];
  const selected = new Set(selectedFields(selection, record, all, columnName));
  const inKey = new Set(key?.names.map(({ field }) => field));
  // Coordinates are no fields of the row, whatever they are called.
  const keyFields = key?.schema === COORDINATES ? [] : (key?.schema.fields ?? []);
  const keyColumnNames = new Set(keyFields.filter(({ name }) => inKey.has(name)).map(columnName));
  const kept = all.filter((field) => selected.has(field) || keyColumnNames.has(columnName(field)));
  if (kept.length > 0 || inKey.size > 0) return kept.map(({ name }) => name);
  throw new TidemarkError('SINK_SCHEMA', `no field of the records of ${record.topic} is selected`, {
    cure: 'Correct fields.whitelist (field.include.list, field.exclude.list).',
  });
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

/** A schema for which the target has no type is told with the column that has it. */
export function typeOfColumn<T>(column: string, type: () => T): T {
  try {
    return type();
  } catch (thrown) {
    if (!(thrown instanceof TidemarkError)) throw thrown;
    const { code, message, cure } = thrown;
    throw new TidemarkError(code, `column ${column}: ${message}`, { cause: thrown, cure });
  }
}

/** The table that takes such records; `changes` are told beside each row. */
export function wantedTable(
  name: TargetName,
  columns: RecordColumns,
  dialect: TargetDialect,
  options: ColumnOptions,
  changes: readonly ChangeColumn[],
): WantedTable {
  const wanted = new Map<string, WantedColumn>();
  const key = columns.key?.names.map(({ column }) => column) ?? [];
  const add = (from: NamedFields | null): void => {
    for (const { field, column } of from?.names ?? []) {
      const source = from?.schema.fields?.find((candidate) => candidate.name === field);
      if (source === undefined || wanted.has(column)) continue;
      const schema = fieldSchema(source, options);
      const share = key.includes(column) ? key.length : 0;
      const type = typeOfColumn(column, () => dialect.columnType(schema, name, share));
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
