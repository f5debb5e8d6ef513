import { isDeepStrictEqual } from 'node:util';
import type { ColumnInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { CapturePlan, CatalogState } from '../capture/capture-preparation.ts';
import { planCapture, readCatalog } from '../capture/capture-preparation.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { Querier } from '../wire/catalog-session.ts';
import type { UncopiedObject } from './schema-copy.ts';

/** What is captured of the source, and of its copy. */
export interface CopiedCapture {
  readonly tables: readonly CapturedTable[];
  readonly viaRoot: boolean;
  readonly sendsAll: boolean;
  readonly sendsGenerated: boolean;
  /** server_version_num of the copy's server. */
  readonly version: number;
}

/** What is captured of the source: nothing can be said of a migration that meets none of it. */
export async function sourceCapture(
  source: Querier,
  options: PostgresSourceOptions,
  signal: AbortSignal,
): Promise<{ readonly catalog: CatalogState; readonly plan: CapturePlan }> {
  const catalog = await readCatalog(source, options.publicationName, signal);
  const plan = planCapture(catalog, options);
  const [problem] = plan.problems;
  if (plan.tables.length === 0 && problem !== undefined) throw problem;
  return { catalog, plan };
}

/**
 * The same of the copy, through the source's publication.
 * @throws MIGRATION_SCRATCH where a captured table is not what it is in the source
 */
export async function copiedCapture(
  copy: Querier,
  { catalog, plan }: { readonly catalog: CatalogState; readonly plan: CapturePlan },
  options: PostgresSourceOptions,
  uncopied: readonly UncopiedObject[],
  signal: AbortSignal,
): Promise<CopiedCapture> {
  const found = await readCatalog(copy, '', signal);
  const { publication, published, server } = catalog;
  const { database } = server;
  const state = { ...found, server: { ...found.server, database }, publication, published };
  const { tables } = planCapture(state, options);
  const missing = plan.tables.flatMap((table) => differenceOf(table, tables) ?? []);
  if (missing.length > 0) {
    const reasons = uncopied.map(({ name, reason }) => `${name}: ${reason}`);
    const text = ['the copy is not what the source is:', ...missing, ...reasons].join('\n  ');
    throw new TidemarkError('MIGRATION_SCRATCH', text);
  }
  const mode = options.publicationAutocreateMode;
  const isMade = publication === null || (mode === 'filtered' && !publication.allTables);
  const sendsGenerated = publication?.generatedColumns ?? false;
  return {
    tables,
    viaRoot: isMade ? options.publishViaPartitionRoot : publication.viaRoot,
    sendsAll: publication?.allTables ?? mode === 'all_tables',
    sendsGenerated: options.publishGeneratedColumns === 'stored' || sendsGenerated,
    version: found.server.version,
  };
}

/** Of a table of the source, among those of the copy; null: it is there, and the same. */
function differenceOf(table: CapturedTable, copies: readonly CapturedTable[]): string | null {
  const name = tableName(table.schema.id);
  const copy = copies.find(({ schema }) => tableName(schema.id) === name);
  if (copy === undefined) return `${name} is missing`;
  const [own, its] = [table, copy].map(({ tupleColumns }) => tupleColumns.map(formOf));
  const column = own?.find((one, i) => !isDeepStrictEqual(one, its?.[i]));
  if (column !== undefined) return `${name}.${column.name} is different`;
  const [key, itsKey] = [table, copy].map(({ schema }) => schema.keyColumns);
  if (!isDeepStrictEqual(key, itsKey)) return `${name} has another key`;
  const [identity, other] = [table, copy].map(({ info }) => info.replicaIdentity);
  return identity === other ? null : `${name} has replica identity ${other}`;
}

/** As far as it is the same in another database. */
function formOf({ name, typeText, notNull, defaultExpression, generated, identity }: ColumnInfo) {
  return { name, typeText, notNull, defaultExpression, generated, identity };
}
