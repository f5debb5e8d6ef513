import type {
  ColumnInfo,
  PublishedTable,
  TableInfo,
  TypeInfo,
} from '../../../../dialects/postgres/postgres-catalog.ts';
import {
  parsePublishedTables,
  parseTables,
  parseTypes,
  publishedTablesQuery,
  TABLES_QUERY,
  TYPES_QUERY,
} from '../../../../dialects/postgres/postgres-catalog.ts';
import type {
  PublicationInfo,
  ServerInfo,
} from '../../../../dialects/postgres/postgres-server-catalog.ts';
import {
  parsePublication,
  parseServer,
  publicationQuery,
  SERVER_QUERY,
} from '../../../../dialects/postgres/postgres-server-catalog.ts';
import { TidemarkError, TidemarkErrors } from '../../../foundation/errors.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { ColumnFacts } from '../../../model/column-converter.ts';
import { tableIncluded } from './capture-filter.ts';
import type { TableSelection } from './captured-tables.ts';
import { selectTables } from './captured-tables.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import { ColumnTypeCatalog } from './column-type-catalog.ts';
import type { PublicationPlan } from './postgres-publication.ts';
import { planPublication } from './postgres-publication.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import { identityCommand, planIdentities } from './replica-identities.ts';
import type { SchemaContext } from './table-schema-builder.ts';

/** Everything of the catalog that capture depends on, read by one connection. */
export interface CatalogState {
  readonly server: ServerInfo;
  readonly types: readonly TypeInfo[];
  readonly tables: readonly TableInfo[];
  /** Null: publication.name does not exist. */
  readonly publication: PublicationInfo | null;
  readonly published: readonly PublishedTable[];
}

/** Works with the rights of any role. */
export async function readCatalog(
  querier: Querier,
  publicationName: string,
  signal?: AbortSignal,
): Promise<CatalogState> {
  const [serverRow] = await catalogRows(querier, SERVER_QUERY, signal);
  const base = {
    server: parseServer(serverRow ?? {}),
    types: parseTypes(await catalogRows(querier, TYPES_QUERY, signal)),
    tables: parseTables(await catalogRows(querier, TABLES_QUERY, signal)),
  };
  return { ...base, ...(await readPublication(querier, publicationName, base, signal)) };
}

async function readPublication(
  querier: Querier,
  name: string,
  { server, tables }: Pick<CatalogState, 'server' | 'tables'>,
  signal?: AbortSignal,
): Promise<Pick<CatalogState, 'publication' | 'published'>> {
  const published = parsePublishedTables(
    await catalogRows(querier, publishedTablesQuery(name), signal),
  );
  return {
    publication: parsePublication(await catalogRows(querier, publicationQuery(name), signal)),
    // Before 18 the view lists generated columns, although they are never sent (P26).
    published: server.version >= 180_000 ? published : withoutGenerated(published, tables),
  };
}

function withoutGenerated(
  published: readonly PublishedTable[],
  tables: readonly TableInfo[],
): PublishedTable[] {
  return published.map((entry) => {
    const info = tables.find((t) => t.schema === entry.schema && t.name === entry.table);
    const generated = new Set(
      info?.columns.filter((column) => column.generated !== null).map((column) => column.name),
    );
    const columns = entry.columns?.filter((name) => !generated.has(name)) ?? null;
    return { ...entry, columns };
  });
}

/** What would be captured, and what has to be done to the publication for it. */
export interface CapturePlan extends TableSelection {
  /** The catalog's tables, with the replica identities that they are given first. */
  readonly sourceTables: readonly TableInfo[];
  /** Give tables their replica identity; to be run together with those of the publication. */
  readonly identityStatements: readonly string[];
  /** Of these; they are among all warnings. */
  readonly identityWarnings: readonly string[];
  readonly publicationPlan: PublicationPlan;
  readonly types: ColumnTypeCatalog;
}

/** How the options make schemas of this database's tables; for snapshot and stream alike. */
export function schemaContext(
  database: string,
  types: ColumnTypeCatalog,
  options: PostgresSourceOptions,
): SchemaContext {
  const propagate = options.propagateSourceType ?? [];
  const { columnConversions } = options;
  return {
    catalog: database,
    types,
    lists: options,
    messageKeys: options.messageKeyColumns ?? [],
    keepsKey: options.keepsKey,
    masks: options.columnMasks ?? [],
    defaults: options.defaults,
    convertColumn:
      columnConversions === undefined
        ? undefined
        : (table, column) => columnConversions.of(factsOf(database, table, column, types)),
    sourceTypeParameters: (column, qualified) => {
      const byType = `${qualified.slice(0, -column.name.length)}${types.nameOf(column)}`;
      const wanted =
        propagate.some((pattern) => pattern.test(qualified)) ||
        (options.propagateDatatype ?? []).some((pattern) => pattern.test(byType));
      if (!wanted) return null;
      const parameters = types.parametersOf(column);
      return options.ownParameters === false ? withoutOwn(parameters) : parameters;
    },
  };
}

/** What a custom converter is told of a column. */
function factsOf(
  database: string,
  table: TableInfo,
  column: ColumnInfo,
  types: ColumnTypeCatalog,
): ColumnFacts {
  const parameters = types.parametersOf(column);
  const size = (name: string): number | null => {
    const value = parameters[`__debezium.source.column.${name}`];
    return value === undefined ? null : Number(value);
  };
  return {
    name: column.name,
    database,
    schema: table.schema,
    table: table.name,
    type: column.typeText,
    typeName: types.nameOf(column),
    length: size('length'),
    scale: size('scale'),
    optional: !column.notNull,
    default: column.defaultExpression,
  };
}

function withoutOwn(parameters: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(parameters);
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith('__tidemark.')));
}

/** Pure: what the options mean for this catalog. */
export function planCapture(catalog: CatalogState, options: PostgresSourceOptions): CapturePlan {
  const { server, publication } = catalog;
  const mode = options.publicationAutocreateMode;
  const identities = planIdentities(catalog.tables, options.replicaIdentities ?? [], {
    wanted: capturedOrPartOf(catalog.tables, options),
    inRecovery: server.inRecovery,
  });
  const types = new ColumnTypeCatalog(catalog.types, options.valueModes);
  const made = publication === null || (mode === 'filtered' && !publication.allTables);
  const selection: TableSelection =
    mode === 'no_tables'
      ? { tables: [], problems: [], warnings: [] }
      : selectTables({
          ...schemaContext(server.database, types, options),
          tables: identities.tables,
          viaRoot: made ? options.publishViaPartitionRoot : publication.viaRoot,
          published: made ? null : catalog.published,
          columnLists: mode === 'filtered' && server.version >= 150_000,
          generatedColumns:
            options.publishGeneratedColumns === undefined
              ? publication?.generatedColumns === true
              : options.publishGeneratedColumns === 'stored',
        });
  const publicationPlan = planPublication({
    options,
    version: server.version,
    inRecovery: server.inRecovery,
    current: publication,
    published: catalog.published,
    tables: selection.tables,
  });
  const checked = withinLimit(selection, options);
  return {
    ...checked,
    problems: [...identities.problems, ...checked.problems],
    warnings: [...identities.warnings, ...checked.warnings],
    identityWarnings: identities.warnings,
    sourceTables: identities.tables,
    identityStatements: identities.statements,
    publicationPlan,
    types,
  };
}

/** Tables of the lists, and partitions of such tables. */
function capturedOrPartOf(
  tables: readonly TableInfo[],
  options: PostgresSourceOptions,
): (table: TableInfo) => boolean {
  const byOid = new Map(tables.map((table) => [table.oid, table]));
  return (table) => {
    for (let at: TableInfo | undefined = table; at !== undefined; at = byOid.get(at.parentOid)) {
      if (tableIncluded(options, at.schema, at.name)) return true;
    }
    return false;
  };
}

/** guardrail.collections: a pattern that matches more than was meant. */
function withinLimit(
  selection: TableSelection,
  { tableLimit }: Pick<PostgresSourceOptions, 'tableLimit'>,
): TableSelection {
  const { tables, problems, warnings } = selection;
  if (tableLimit === undefined || tables.length <= tableLimit.most) return selection;
  const message =
    `${tables.length} tables are captured, ` +
    `and guardrail.collections.max is ${tableLimit.most}`;
  return tableLimit.refuse
    ? { ...selection, problems: [...problems, new TidemarkError('PG_TABLE_LIMIT', message)] }
    : { ...selection, warnings: [...warnings, message] };
}

/** A publication that fits, and what is captured through it. */
export interface PreparedCapture {
  readonly catalog: CatalogState;
  readonly selection: TableSelection;
  readonly types: ColumnTypeCatalog;
  readonly warnings: readonly string[];
  /** Names of captured tables that the publication, which there was already, did not send. */
  readonly joined: readonly string[];
}

/**
 * Makes the publication fit and says what is captured, with the columns that the publication really
 * sends. Throws all problems at once. The publication must stand before the slot (PITFALLS P71).
 */
export async function prepareCapture(
  querier: Querier,
  options: PostgresSourceOptions,
  signal?: AbortSignal,
): Promise<PreparedCapture> {
  const catalog = await readCatalog(querier, options.publicationName, signal);
  const plan = planCapture(catalog, options);
  const problems = [...plan.problems, ...plan.publicationPlan.problems];
  if (problems.length === 1 && problems[0] !== undefined) throw problems[0];
  if (problems.length > 1) throw new TidemarkErrors(problems);
  const { identityStatements, publicationPlan } = plan;
  if (identityStatements.length > 0) {
    const together = [...identityStatements, ...publicationPlan.statements];
    await querier.query(identityCommand(together), signal);
  } else {
    for (const statement of publicationPlan.statements) await querier.query(statement, signal);
  }
  const after = {
    ...catalog,
    tables: plan.sourceTables,
    ...(await readPublication(querier, options.publicationName, catalog, signal)),
  };
  const selection = selectAsPublished(after, options, plan);
  const remaining = selection.problems;
  if (remaining.length === 1 && remaining[0] !== undefined) throw remaining[0];
  if (remaining.length > 1) throw new TidemarkErrors(remaining);
  const warnings = [...plan.identityWarnings, ...selection.warnings, ...publicationPlan.warnings];
  const joined = joinedTables(catalog, selection);
  return { catalog: after, selection, types: plan.types, warnings, joined };
}

function joinedTables(before: CatalogState, { tables }: TableSelection): readonly string[] {
  if (before.publication === null) return [];
  const sent = new Set(before.published.map(({ schema, table }) => `${schema}.${table}`));
  return tables.map(({ schema }) => tableName(schema.id)).filter((name) => !sent.has(name));
}

/** The same selection again, now with what the publication says (row filters, column lists). */
function selectAsPublished(
  catalog: CatalogState,
  options: PostgresSourceOptions,
  plan: CapturePlan,
): TableSelection {
  if (options.publicationAutocreateMode === 'no_tables') return plan;
  const selection = selectTables({
    ...schemaContext(catalog.server.database, plan.types, options),
    tables: catalog.tables,
    viaRoot: catalog.publication?.viaRoot ?? options.publishViaPartitionRoot,
    published: catalog.published,
    columnLists: false,
  });
  return withinLimit(selection, options);
}
