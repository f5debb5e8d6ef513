import type {
  ColumnInfo,
  PublishedTable,
  TableInfo,
} from '../../../../dialects/postgres/postgres-catalog.ts';
import { quoteQualified } from '../../../../dialects/postgres/postgres-identifiers.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import { tableIncluded } from './capture-filter.ts';
import { idleMasks } from './column-masking.ts';
import type { SchemaContext, UnsupportedColumn } from './table-schema-builder.ts';
import {
  buildTableSchema,
  columnPlace,
  escapePattern,
  identityColumns,
  unsupportedTypesError,
} from './table-schema-builder.ts';

/** A table whose changes become records of one topic. */
export interface CapturedTable {
  /** Carries the name in the records; the partitioned root when partitions are published as it. */
  readonly info: TableInfo;
  readonly schema: TableSchema;
  /** What stands in the source's tuples, in their order; excluded columns are among them. */
  readonly tupleColumns: readonly ColumnInfo[];
  /** Where the rows lie: the table itself, or the leaves of a partitioned root. */
  readonly storage: readonly TableInfo[];
  /** Names for the publication's column list; null: the table is published whole. */
  readonly columnList: readonly string[] | null;
  /** WHERE of an existing publication: the snapshot must read no other rows (P27). */
  readonly rowFilter: string | null;
}

/** What the lists select, or why nothing can be. */
export interface TableSelection {
  readonly tables: readonly CapturedTable[];
  /** Why capture cannot begin; all that can be known at once. */
  readonly problems: readonly TidemarkError[];
  readonly warnings: readonly string[];
}

/** Catalog and options, as far as the selection depends on them. */
export interface SelectionInput extends SchemaContext {
  readonly tables: readonly TableInfo[];
  /** Partitions come under the name of their root, as the publication says or will say. */
  readonly viaRoot: boolean;
  /** What an existing publication sends; null: the publication will be made to fit. */
  readonly published: readonly PublishedTable[] | null;
  /** The publication that is to be made may list columns: mode `filtered`, PostgreSQL 15. */
  readonly columnLists: boolean;
  /** The publication that is to be made sends stored generated columns (18 and newer). */
  readonly generatedColumns?: boolean;
}

/**
 * Which tables are captured, with which columns and keys. Pure: everything comes from the catalog
 * rows given. Partitioned tables count once: as their leaves, or (`viaRoot`) as the topmost
 * ancestor that is wanted; never both, or the snapshot would write rows twice.
 */
export function selectTables(input: SelectionInput): TableSelection {
  const warnings: string[] = [];
  const problems: TidemarkError[] = [];
  const unsupported: UnsupportedColumn[] = [];
  const captured: CapturedTable[] = [];
  for (const { table, storage } of groupPartitions(input, warnings)) {
    const published = publishedOf(input.published, table);
    if (published === undefined) {
      problems.push(notPublished(table));
      continue;
    }
    const tupleColumns = sentColumns(input, table, published);
    const built = buildTableSchema({ table, tupleColumns: tupleColumns.sent }, input, 1);
    unsupported.push(...built.unsupported);
    problems.push(...built.problems);
    warnings.push(...untoldKey(table, built.schema), ...keptInKey(table, built.schema));
    captured.push({
      info: table,
      schema: built.schema,
      tupleColumns: tupleColumns.sent,
      storage,
      columnList: tupleColumns.list,
      rowFilter: published?.rowFilter ?? null,
    });
  }
  const names = captured.flatMap(({ info }) =>
    info.columns.map((column) => `${info.schema}.${info.name}.${column.name}`),
  );
  if (captured.length > 0) warnings.push(...idleMasks(input.masks ?? [], names));
  if (unsupported.length > 0) problems.push(unsupportedTypesError(unsupported));
  if (captured.length === 0 && problems.length === 0) problems.push(noTables(input, warnings));
  // A converter that fails tells the same of every column.
  return { tables: captured, problems: [...new Set(problems)], warnings };
}

/**
 * A key that the old row does not tell (message.key.columns, or an identity that is another index):
 * a change of it is not seen, and deletes have no key.
 */
function untoldKey({ schema, name }: TableInfo, built: TableSchema): readonly string[] {
  const untold = built.keyColumns
    .map((index) => built.columns[index])
    .filter((column) => column?.identity === false);
  const told = built.columns.some((column) => column.identity);
  if (untold.length === 0 || !told) return [];
  const names = untold.map((column) => column?.name ?? '').join(', ');
  return [
    `the key of ${schema}.${name} has ${names}, which its replica identity does not tell: an ` +
      'UPDATE of them leaves the old key behind, and a DELETE names none: ' +
      `ALTER TABLE ${quoteQualified(schema, name)} REPLICA IDENTITY FULL;`,
  ];
}

/** As the original does it; whoever meant to hide the column should know. */
function keptInKey({ schema, name }: TableInfo, { columns }: TableSchema): readonly string[] {
  return columns
    .filter(({ keyOnly }) => keyOnly === true)
    .map(
      (column) =>
        `${schema}.${name}.${column.name} is left out of the rows, and stays in the key: ` +
        'column.mask.hash.… hides it there, message.key.columns gives another key',
    );
}

interface TableGroup {
  readonly table: TableInfo;
  readonly storage: readonly TableInfo[];
}

function groupPartitions(input: SelectionInput, warnings: string[]): TableGroup[] {
  const byOid = new Map(input.tables.map((table) => [table.oid, table]));
  const groups = new Map<number, { table: TableInfo; storage: TableInfo[] }>();
  const wanted = input.tables.filter((t) => tableIncluded(input.lists, t.schema, t.name));
  const isWanted = new Set(wanted.map((table) => table.oid));
  const group = (table: TableInfo): { table: TableInfo; storage: TableInfo[] } => {
    let found = groups.get(table.oid);
    if (found === undefined) groups.set(table.oid, (found = { table, storage: [] }));
    return found;
  };
  if (input.viaRoot) {
    // A root without partitions is captured too: rows come with its first partition.
    for (const table of wanted) {
      if (table.kind === 'partitioned' && publishedAs(table, byOid, isWanted) === table) {
        group(table);
      }
    }
  }
  for (const table of input.tables) {
    const name = input.viaRoot ? publishedAs(table, byOid, isWanted) : table;
    if (name === undefined || !isWanted.has(name.oid) || table.kind === 'partitioned') continue;
    if (capturable(input, table, warnings)) group(name).storage.push(table);
  }
  if (!input.viaRoot) warnOfRootsWithoutLeaves(input, wanted, isWanted, warnings);
  return inOrderOfList([...groups.values()], input.lists.tableInclude);
}

/** As the original reads them: tables of the first pattern of table.include.list come first. */
function inOrderOfList(groups: TableGroup[], patterns: readonly RegExp[]): TableGroup[] {
  const place = ({ table }: TableGroup): number =>
    patterns.findIndex((pattern) => pattern.test(`${table.schema}.${table.name}`));
  return patterns.length === 0 ? groups : groups.toSorted((a, b) => place(a) - place(b));
}

/** The topmost wanted table among this one and those it is a partition of. */
function publishedAs(
  table: TableInfo,
  byOid: ReadonlyMap<number, TableInfo>,
  isWanted: ReadonlySet<number>,
): TableInfo | undefined {
  let topmost: TableInfo | undefined;
  for (let at: TableInfo | undefined = table; at !== undefined; at = byOid.get(at.parentOid)) {
    if (isWanted.has(at.oid)) topmost = at;
  }
  return topmost;
}

/** Logical decoding knows neither views, foreign tables nor unlogged tables (P33). */
function capturable(input: SelectionInput, table: TableInfo, warnings: string[]): boolean {
  const qualified = `${table.schema}.${table.name}`;
  const what =
    table.kind !== 'table' ? table.kind : table.persistence === 'unlogged' ? 'unlogged table' : '';
  if (what === '') return true;
  const asked = input.lists.tableInclude.length > 0 || table.parentOid !== 0;
  if (asked) warnings.push(`${qualified} is not captured: changes of a ${what} are not in the WAL`);
  return false;
}

function warnOfRootsWithoutLeaves(
  input: SelectionInput,
  wanted: readonly TableInfo[],
  isWanted: ReadonlySet<number>,
  warnings: string[],
): void {
  if (input.lists.tableInclude.length === 0) return;
  for (const root of wanted) {
    if (root.kind !== 'partitioned') continue;
    const leaves = input.tables.filter((t) => t.rootOid === root.rootOid && t.kind === 'table');
    if (leaves.some((leaf) => isWanted.has(leaf.oid))) continue;
    warnings.push(
      `${root.schema}.${root.name} is partitioned, and its partitions are not included: ` +
        'set publish.via.partition.root=true to capture them under its name, or include them',
    );
  }
}

/** Undefined: there is a publication and this table is not in it. */
function publishedOf(
  published: readonly PublishedTable[] | null,
  table: TableInfo,
): PublishedTable | null | undefined {
  if (published === null) return null;
  return published.find((p) => p.schema === table.schema && p.table === table.name);
}

function sentColumns(
  input: SelectionInput,
  table: TableInfo,
  published: PublishedTable | null,
): { sent: readonly ColumnInfo[]; list: readonly string[] | null } {
  const publishedColumns = published === null ? null : published.columns;
  if (publishedColumns !== null) {
    const names = new Set(publishedColumns);
    return { sent: table.columns.filter((column) => names.has(column.name)), list: null };
  }
  const all = table.columns.filter(
    ({ generated }) =>
      generated === null || (input.generatedColumns === true && generated === 'stored'),
  );
  if (published !== null || !input.columnLists) return { sent: all, list: null };
  // By name alone: a column of an unsupported type has to be reported, not left out in silence.
  const listed = all.filter((column) => columnPlace(table, column, input) !== null);
  // A list that does not cover the replica identity makes UPDATE and DELETE fail on the source:
  // such a table is published whole, and the columns left out here.
  const covers = identityColumns(table).every((n) => listed.some((column) => column.number === n));
  const listable = listed.length < all.length && listed.length > 0 && covers;
  return listable && table.replicaIdentity !== 'full'
    ? { sent: listed, list: listed.map((column) => column.name) }
    : { sent: all, list: null };
}

function notPublished(table: TableInfo): TidemarkError {
  return new TidemarkError(
    'PG_PUBLICATION',
    `${table.schema}.${table.name} is to be captured, but is not in the publication`,
    { cure: `Add it to the publication, or leave it out with table.exclude.list.` },
  );
}

/** Says why nothing matched as far as the names show it. */
function noTables(input: SelectionInput, warnings: readonly string[]): TidemarkError {
  const user = input.tables.filter((table) => table.kind === 'table');
  if (user.length === 0 && input.tables.length === 0) {
    return new TidemarkError('PG_NO_TABLES', `the database ${input.catalog} has no tables`, {
      cure: 'Create the tables first, or check database.dbname.',
    });
  }
  const names = input.tables.slice(0, 10).map((table) => `${table.schema}.${table.name}`);
  const more = input.tables.length > names.length ? `, … (${input.tables.length} in all)` : '';
  const reasons = warnings.length > 0 ? `; ${warnings.join('; ')}` : '';
  return new TidemarkError(
    'PG_NO_TABLES',
    `no table of ${input.catalog} matches the lists; it has: ${names.join(', ')}${more}${reasons}`,
    { cure: `For example: table.include.list: ${escapePattern(names[0] ?? 'public.orders')}` },
  );
}
