import type { PublishedTable } from '../../../../dialects/postgres/postgres-catalog.ts';
import {
  quoteIdentifier,
  quoteLiteral,
  quoteQualified,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import type { PublicationInfo } from '../../../../dialects/postgres/postgres-server-catalog.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { CapturedTable } from './captured-tables.ts';
import type { PostgresSourceOptions, SkippedOperation } from '../postgres-source-options.ts';

/** The publication as it is, and what it should send. */
export interface PublicationInput {
  readonly options: Pick<
    PostgresSourceOptions,
    | 'publicationName'
    | 'publicationAutocreateMode'
    | 'publishViaPartitionRoot'
    | 'publishGeneratedColumns'
    | 'skippedOperations'
    | 'publishSkipped'
  >;
  /** server_version_num */
  readonly version: number;
  readonly inRecovery: boolean;
  /** Null: it does not exist. */
  readonly current: PublicationInfo | null;
  /** What the existing one sends. */
  readonly published: readonly PublishedTable[];
  readonly tables: readonly CapturedTable[];
}

/** How to make the publication fit, or why it cannot be. */
export interface PublicationPlan {
  /** To be run in this order, before the slot is made (PITFALLS P71); empty = it fits. */
  readonly statements: readonly string[];
  readonly problems: readonly TidemarkError[];
  readonly warnings: readonly string[];
}

const OPERATIONS: readonly (readonly [SkippedOperation, string, keyof PublicationInfo])[] = [
  ['c', 'insert', 'inserts'],
  ['u', 'update', 'updates'],
  ['d', 'delete', 'deletes'],
  ['t', 'truncate', 'truncates'],
];

/** What has to be done so that the publication sends the captured tables. */
export function planPublication(input: PublicationInput): PublicationPlan {
  const { current, options } = input;
  const mode = options.publicationAutocreateMode;
  if (current === null) return planCreation(input);
  const warnings = missingOperations(input, current);
  if (mode !== 'filtered') return { statements: [], problems: [], warnings };
  if (current.allTables) {
    warnings.push(
      `the publication ${current.name} is FOR ALL TABLES and cannot be narrowed: the server ` +
        'sends changes of tables that are not captured, and they are dropped here',
    );
    return { statements: [], problems: [], warnings };
  }
  return planAlteration(input, current, warnings);
}

function planCreation(input: PublicationInput): PublicationPlan {
  const { options, tables } = input;
  const name = quoteIdentifier(options.publicationName);
  const settings = publicationSettings(input);
  const create = (what: string): string => `CREATE PUBLICATION ${name}${what} WITH (${settings})`;
  const statement =
    options.publicationAutocreateMode === 'all_tables'
      ? create(' FOR ALL TABLES')
      : options.publicationAutocreateMode === 'no_tables' || tables.length === 0
        ? create('')
        : create(` FOR TABLE ${tableList(input)}`);
  const missing = `the publication ${options.publicationName} does not exist`;
  const refuse = (why: string, cure: string): PublicationPlan => ({
    statements: [],
    problems: [new TidemarkError('PG_PUBLICATION', `${missing}, and ${why}`, { cure })],
    warnings: [],
  });
  if (options.publicationAutocreateMode === 'disabled') {
    return refuse('publication.autocreate.mode is disabled', `${statement};`);
  }
  if (input.inRecovery) {
    return refuse(
      'this server is a standby, which cannot make one',
      `On the primary: ${statement};`,
    );
  }
  return { statements: [statement], problems: [], warnings: [] };
}

function planAlteration(
  input: PublicationInput,
  current: PublicationInfo,
  warnings: readonly string[],
): PublicationPlan {
  const name = quoteIdentifier(current.name);
  const { publishViaPartitionRoot: viaRoot } = input.options;
  const settings = `ALTER PUBLICATION ${name} SET (${publicationSettings(input)})`;
  const statements: string[] = [];
  const sameRoot = current.viaRoot === viaRoot;
  const wanted = generatedSetting(input);
  const sameGenerated =
    wanted === null || (current.generatedColumns === true) === (wanted === 'stored');
  if (!sameRoot || !publishesExactly(input)) {
    statements.push(`ALTER PUBLICATION ${name} SET TABLE ${tableList(input)}`);
  }
  // A partitioned root may have a column list or filter only while it is published as itself.
  if (!sameRoot && viaRoot) statements.unshift(settings);
  else if (!sameRoot || !sameGenerated || warnings.length > 0) statements.push(settings);
  if (statements.length === 0) return { statements, problems: [], warnings: [] };
  const cure = statements.map((statement) => `${statement};`).join(' ');
  const refuse = (message: string, sql: string): PublicationPlan => ({
    statements: [],
    problems: [new TidemarkError('PG_PUBLICATION', message, { cure: sql })],
    warnings,
  });
  const differs = `the publication ${current.name} does not send exactly the captured tables`;
  if (input.inRecovery) {
    return refuse(`${differs}, and this server is a standby`, `On the primary: ${cure}`);
  }
  if (!current.owned) {
    return refuse(`${differs}, and it belongs to ${current.owner}`, `As ${current.owner}: ${cure}`);
  }
  return { statements, problems: [], warnings: [] };
}

/** The publication's tables and their columns are those of the captured tables. */
function publishesExactly(input: PublicationInput): boolean {
  if (input.published.length !== input.tables.length) return false;
  return input.tables.every((table) => {
    const { schema, name } = table.info;
    const found = input.published.find((p) => p.schema === schema && p.table === name);
    return found !== undefined && sameColumns(table, found);
  });
}

function sameColumns(table: CapturedTable, published: PublishedTable): boolean {
  if (published.columns === null) return true;
  const names = new Set(published.columns);
  return (
    names.size === table.tupleColumns.length &&
    table.tupleColumns.every((column) => names.has(column.name))
  );
}

/**
 * `ONLY`: without it children by inheritance would be published too, which are tables of their own
 * here. On a partitioned root the word means nothing. Filters that somebody set are kept.
 */
function tableList(input: PublicationInput): string {
  return input.tables
    .map((table) => {
      const { schema, name } = table.info;
      const only = table.info.kind === 'partitioned' ? '' : 'ONLY ';
      const columns =
        table.columnList === null ? '' : ` (${table.columnList.map(quoteIdentifier).join(', ')})`;
      const published = input.published.find((p) => p.schema === schema && p.table === name);
      const filter = published?.rowFilter ?? null;
      const where = filter === null ? '' : ` WHERE (${filter})`;
      return `${only}${quoteQualified(schema, name)}${columns}${where}`;
    })
    .join(', ');
}

/** Null: the server does not know the setting, or nobody asked. */
function generatedSetting({ options, version }: PublicationInput): string | null {
  return version < 180_000 ? null : (options.publishGeneratedColumns ?? null);
}

/**
 * Skipped operations that have no use at all. While deletes are wanted, updates are: one of the key
 * becomes a delete and a create. (Without deletes tables may have no identity, and their updates
 * would fail once they are published.)
 */
export function unneededOperations(
  skipped: readonly SkippedOperation[],
): readonly SkippedOperation[] {
  return skipped.includes('d') ? skipped : skipped.filter((operation) => operation !== 'u');
}

function publicationSettings(input: PublicationInput): string {
  const { options } = input;
  const { skippedOperations, publishSkipped = false } = options;
  const unneeded = unneededOperations(skippedOperations);
  const sent = OPERATIONS.filter(([letter]) => publishSkipped || !unneeded.includes(letter));
  const publish = quoteLiteral(sent.map(([, word]) => word).join(', ')).trim();
  const generated = generatedSetting(input);
  return (
    `publish = ${publish}, publish_via_partition_root = ${options.publishViaPartitionRoot}` +
    (generated === null ? '' : `, publish_generated_columns = ${generated}`)
  );
}

/** Operations that are wanted and that the publication does not send: silently missing events. */
function missingOperations({ options }: PublicationInput, current: PublicationInfo): string[] {
  const missing = OPERATIONS.filter(
    ([letter, , property]) =>
      current[property] === false && !options.skippedOperations.includes(letter),
  ).map(([, word]) => word);
  if (missing.length === 0) return [];
  return [
    `the publication ${current.name} does not send ${missing.join(' and ')}: ` +
      'ALTER it, or name the operations in skipped.operations',
  ];
}

/** `publication_names` of START_REPLICATION: SQL identifiers inside of a literal (P74). */
export function publicationNamesOption(name: string): string {
  return quoteLiteral(quoteIdentifier(name)).trim();
}
