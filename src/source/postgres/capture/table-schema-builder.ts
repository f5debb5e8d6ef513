import { debeziumDefault, literalDefault } from '../../../../dialects/postgres/postgres-default.ts';
import type { ColumnInfo, TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import { parseText } from '../../../../dialects/text-values.ts';
import type { ColumnMaskRule } from '../../../config/column-mask-options.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { ConnectSchema, ConnectValue } from '../../../model/connect-schema.ts';
import type { ColumnSchema, TableSchema, TextFormat } from '../../../model/table-schema.ts';
import type { CaptureLists } from './capture-filter.ts';
import { columnIncluded } from './capture-filter.ts';
import type { ConvertedColumn } from '../../column-conversions.ts';
import type { ColumnType, ColumnTypes } from './column-types.ts';
import { withOneGeometry } from './geometry-types.ts';
import { maskColumns, maskRuleOf } from './column-masking.ts';
import type { DefaultValueMode, MessageKeyColumns } from '../postgres-source-options.ts';

/** A table as one source of rows sends it. */
export interface TableShape {
  readonly table: TableInfo;
  /** What the source sends of it, in the order of its tuples. */
  readonly tupleColumns: readonly ColumnInfo[];
}

/** What schemas depend on besides the table: types, lists and keys. */
export interface SchemaContext {
  /** Database name. */
  readonly catalog: string;
  readonly types: ColumnTypes;
  readonly lists: CaptureLists;
  readonly messageKeys: readonly MessageKeyColumns[];
  /** A column of the key that the lists leave out stays in the key; absent: it is a problem. */
  readonly keepsKey?: boolean | undefined;
  /** What hides values; absent: nothing. */
  readonly masks?: readonly ColumnMaskRule[];
  /** default.value.mode: constants of all types, or what Debezium shows; the former if absent. */
  readonly defaults?: DefaultValueMode | undefined;
  /** Asks the custom converters; throws CONVERTER_INVALID. Absent: there are none. */
  readonly convertColumn?:
    ((table: TableInfo, column: ColumnInfo) => ConvertedColumn | null) | undefined;
  /**
   * column.propagate.source.type: parameters that tell a sink the exact type of the source. Absent:
   * none are added, and schemas are those of the original's defaults.
   */
  readonly sourceTypeParameters?:
    | ((column: ColumnInfo, qualified: string) => Readonly<Record<string, string>> | null)
    | undefined;
}

/** A wanted column that cannot be captured. */
export interface UnsupportedColumn {
  /** `schema.table.column` */
  readonly column: string;
  readonly type: string;
}

/** A shape, and what of the table it cannot have. */
export interface BuiltTableSchema {
  readonly schema: TableSchema;
  /** Wanted columns of types that cannot be captured; they are missing in `schema`. */
  readonly unsupported: readonly UnsupportedColumn[];
  /** Why the table cannot be captured as configured. */
  readonly problems: readonly TidemarkError[];
}

/**
 * The shape that records of a table have, from the columns of its tuples (Relation message or
 * publication) and what the catalog knows of key, nullability and defaults. Snapshot and stream use
 * this one function, so that a row has the same schema in both (P26, P104).
 */
export function buildTableSchema(
  shape: TableShape,
  context: SchemaContext,
  version: number,
): BuiltTableSchema {
  const { table, tupleColumns } = shape;
  const { schema: schemaName, name } = table;
  const qualified = `${schemaName}.${name}`;
  const wanted = tupleColumns.filter((column) => columnPlace(table, column, context) !== null);
  const identity = identityColumns(table);
  const unsupported: UnsupportedColumn[] = [];
  const problems: TidemarkError[] = [];
  const columns: ColumnSchema[] = [];
  const types = withOneGeometry(context.types, wanted);
  for (const column of wanted) {
    const full = `${qualified}.${column.name}`;
    const form = columnForm(table, column, full, { ...context, types }, problems);
    if (form === null) {
      unsupported.push({ column: full, type: column.typeText });
      continue;
    }
    columns.push({
      ...form,
      name: column.name,
      tupleIndex: tupleColumns.indexOf(column),
      sourceType: column.typeText,
      identity: identity.includes(column.number),
      ...(columnPlace(table, column, context) === 'key' ? { keyOnly: true } : {}),
    });
  }
  const key = keyNames(table, context.messageKeys);
  const keyColumns: number[] = [];
  for (const keyName of key.names) {
    const index = columns.findIndex((column) => column.name === keyName);
    if (index >= 0) keyColumns.push(index);
    else if (!unsupported.some(({ column }) => column === `${qualified}.${keyName}`)) {
      problems.push(missingKeyColumn(table, keyName, key.configured));
    }
  }
  const own = key.configured ? indexesOf(keyNames(table, []).names, columns) : null;
  const schema: TableSchema = {
    id: { catalog: context.catalog, schema: schemaName, table: name },
    version,
    columns,
    keyColumns,
    ...(own === null ? {} : { ownKeyColumns: own }),
    replicaIdentity: table.replicaIdentity,
  };
  const masked = maskColumns(schema, tupleColumns, context.masks ?? []);
  return { schema: masked.schema, unsupported, problems: [...problems, ...masked.problems] };
}

/**
 * Where a column of a captured table is told; null: nowhere. The original keeps a column of the key
 * in the key, whatever its lists say of the row.
 */
export function columnPlace(
  table: TableInfo,
  { name }: ColumnInfo,
  { lists, messageKeys, keepsKey }: Pick<SchemaContext, 'lists' | 'messageKeys' | 'keepsKey'>,
): 'row' | 'key' | null {
  if (columnIncluded(lists, table.schema, table.name, name)) return 'row';
  return keepsKey === true && keyNames(table, messageKeys).names.includes(name) ? 'key' : null;
}

/** Empty where one of them is not captured. */
function indexesOf(names: readonly string[], columns: readonly ColumnSchema[]): readonly number[] {
  const indexes = names.map((name) => columns.findIndex((column) => column.name === name));
  return indexes.includes(-1) ? [] : indexes;
}

/**
 * Schema and format of a column: those of a custom converter, else of its type. A converter is not
 * shown what a mask hides. Null: the type is not supported.
 */
function columnForm(
  table: TableInfo,
  column: ColumnInfo,
  qualified: string,
  context: SchemaContext,
  problems: TidemarkError[],
): Pick<ColumnSchema, 'schema' | 'format'> | null {
  const type = context.types.typeOf(column);
  const hidden = maskRuleOf(context.masks ?? [], qualified) !== undefined;
  try {
    const own = hidden ? null : (context.convertColumn?.(table, column) ?? null);
    if (own !== null) return convertedForm(column, own, type?.rootName, context.defaults);
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    problems.push(error);
  }
  if (type === null) return null;
  const extra = context.sourceTypeParameters?.(column, qualified) ?? null;
  return { schema: fieldSchema(column, type, extra, context.defaults), format: type.format };
}

/** The source's type is not told: sinks shall make the column from what the converter gives. */
function convertedForm(
  column: ColumnInfo,
  own: ConvertedColumn,
  rootName: string | undefined,
  defaults: DefaultValueMode | undefined,
): Pick<ColumnSchema, 'schema' | 'format'> {
  const { schema, format } = own;
  const type: ColumnType = { schema, format, ...(rootName === undefined ? {} : { rootName }) };
  const made = fieldSchema(column, type, null, schema.default === undefined ? defaults : 'none');
  return { schema: schema.optional ? { ...made, optional: true } : made, format };
}

/** One error for all columns of all tables, so that nobody has to mend them one by one. */
export function unsupportedTypesError(columns: readonly UnsupportedColumn[]): TidemarkError {
  const list = columns.map(({ column, type }) => `${column} (${type})`).join(', ');
  const patterns = columns.map(({ column }) => escapePattern(column)).join(',');
  return new TidemarkError('PG_UNSUPPORTED_TYPE', `columns of unsupported types: ${list}`, {
    cure:
      `Set include.unknown.datatypes to true to have their text as bytes, ` +
      `or leave them out: column.exclude.list: ${patterns}`,
  });
}

/** A name as a pattern of an include or exclude list. */
export function escapePattern(name: string): string {
  return name.replaceAll(/[\\^$.*+?()[\]{}|,]/g, '\\$&');
}

/** Column numbers of the replica identity: what a key-only old tuple has filled. */
export function identityColumns(table: TableInfo): readonly number[] {
  switch (table.replicaIdentity) {
    case 'full':
      return table.columns.map((column) => column.number);
    case 'default':
      return table.uniqueIndexes.find((index) => index.primary && index.immediate)?.columns ?? [];
    case 'index':
      return table.uniqueIndexes.find((index) => index.replicaIdentity)?.columns ?? [];
    case 'nothing':
      return [];
  }
}

/**
 * Primary key, else a unique index over NOT NULL columns (the replica identity's first): without
 * any the records have no key. message.key.columns overrides both.
 */
function keyNames(
  table: TableInfo,
  messageKeys: readonly MessageKeyColumns[],
): { names: readonly string[]; configured: boolean } {
  const qualified = `${table.schema}.${table.name}`;
  const configured = messageKeys.find((rule) => rule.table.test(qualified));
  if (configured !== undefined) return { names: configured.columns, configured: true };
  const columnOf = (number: number): ColumnInfo | undefined =>
    table.columns.find((column) => column.number === number);
  const candidates = [
    table.uniqueIndexes.find((index) => index.primary),
    table.uniqueIndexes.find((index) => index.replicaIdentity),
    ...table.uniqueIndexes,
  ].filter((index) => index !== undefined);
  const index = candidates.find((candidate) =>
    candidate.columns.every((number) => columnOf(number)?.notNull === true),
  );
  const names = (index?.columns ?? []).map((number) => columnOf(number)?.name ?? '');
  return { names, configured: false };
}

function missingKeyColumn(table: TableInfo, name: string, configured: boolean): TidemarkError {
  const qualified = `${table.schema}.${table.name}`;
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined) {
    return new TidemarkError(
      'CONFIG_INVALID',
      `message.key.columns names ${name}, which ${qualified} does not have`,
    );
  }
  if (column.generated !== null) {
    return new TidemarkError(
      'PG_PUBLICATION',
      `${qualified}.${name} belongs to the key, but is generated and not published`,
      { cure: `Give ${qualified} another key with message.key.columns.` },
    );
  }
  const origin = configured ? 'message.key.columns' : 'the key of the table';
  return new TidemarkError(
    'CONFIG_INVALID',
    `${qualified}.${name} belongs to ${origin} and cannot be left out`,
    { cure: `Remove it from column.exclude.list, or add it to column.include.list.` },
  );
}

function fieldSchema(
  column: ColumnInfo,
  type: ColumnType,
  extra: Readonly<Record<string, string>> | null,
  defaults: DefaultValueMode | 'none' | undefined,
): ConnectSchema {
  const base: ConnectSchema = { ...type.schema, optional: type.schema.optional || !column.notNull };
  const schema: ConnectSchema =
    extra === null ? base : { ...base, parameters: { ...base.parameters, ...extra } };
  const value = defaults === 'none' ? undefined : defaultValue(column, type, defaults);
  return value === undefined || value === null ? schema : { ...schema, default: value };
}

function defaultValue(
  column: ColumnInfo,
  type: ColumnType,
  mode: DefaultValueMode | undefined,
): ConnectValue | undefined {
  if (column.defaultExpression === null) return undefined;
  const asDebezium = mode === 'debezium';
  if (asDebezium && type.schema.type === 'struct') return undefined;
  const literal = asDebezium
    ? debeziumDefault(column.defaultExpression, type.rootName ?? '')
    : literalDefault(column.defaultExpression);
  if (literal === undefined || literal.text === null) return undefined;
  try {
    return parseText(type.format, type.schema, toScale(type.format, literal.text));
  } catch {
    // A default that this type's values cannot express (`infinity`, NaN …): better none.
    return undefined;
  }
}

/** `DEFAULT 1.5` of a numeric(10,2) is the value 1.50: the server rounds when it stores it. */
function toScale(format: TextFormat, text: string): string {
  if (format.kind !== 'decimal' || format.scale <= 0) return text;
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null || (match[2]?.length ?? 0) > format.scale) return text;
  return `${match[1] as string}.${(match[2] ?? '').padEnd(format.scale, '0')}`;
}
