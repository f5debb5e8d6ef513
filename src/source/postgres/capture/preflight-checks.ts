import type { TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import {
  quoteIdentifier,
  quoteQualified,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import type {
  ServerInfo,
  SlotInfo,
} from '../../../../dialects/postgres/postgres-server-catalog.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { CapturePlan, CatalogState } from './capture-preparation.ts';
import type { CapturedTable } from './captured-tables.ts';
import { unneededOperations } from './postgres-publication.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import { foreignSlot, slotProblem, takesSlotOver, unpublishedTakeover } from './postgres-slot.ts';
import type { PreflightWarning } from './setting-warnings.ts';
import { settingWarnings } from './setting-warnings.ts';
import { identityColumns } from './table-schema-builder.ts';

/** What stands in the way, and what only deserves a word. */
export interface PreflightFindings {
  readonly problems: readonly TidemarkError[];
  readonly warnings: readonly PreflightWarning[];
}

/** Everything the checks look at, read beforehand. */
export interface PreflightInput {
  readonly catalog: CatalogState;
  readonly plan: CapturePlan;
  readonly options: PostgresSourceOptions;
  readonly slot: SlotInfo | null;
  /** Whether this pipeline has a stored offset; undefined: the store was not asked. */
  readonly hasOffset: boolean | undefined;
}

const OLDEST_VERSION = 140_000;

/** Everything that stands in the way of capture, all of it at once. Pure. */
export function preflightChecks(input: PreflightInput): PreflightFindings {
  const warnings: PreflightWarning[] = [
    ...[...input.plan.warnings, ...input.plan.publicationPlan.warnings].map((message) => ({
      message,
      cure: '',
    })),
    ...settingWarnings(input.catalog.server, input.options),
    ...identityWarnings(input),
  ];
  const problems = [
    ...serverProblems(input),
    ...slotProblems(input),
    ...input.plan.problems,
    ...input.plan.publicationPlan.problems,
    ...publicationRights(input),
    ...readRights(input),
    ...identityProblems(input),
    ...columnListProblems(input),
  ];
  return { problems, warnings };
}

function problem(
  code: TidemarkError['code'],
  message: string,
  cure?: string,
): readonly TidemarkError[] {
  return [new TidemarkError(code, message, cure === undefined ? {} : { cure })];
}

function serverProblems({ catalog, options }: PreflightInput): TidemarkError[] {
  const { server } = catalog;
  const user = quoteIdentifier(server.user);
  const found: TidemarkError[] = [];
  if (server.version < OLDEST_VERSION) {
    found.push(
      ...problem('PG_UNSUPPORTED_SERVER', `PostgreSQL ${server.versionText} is older than 14`),
    );
  }
  if (server.inRecovery && server.version < 160_000) {
    found.push(
      ...problem(
        'PG_UNSUPPORTED_SERVER',
        `the server is a standby, and PostgreSQL ${server.versionText} decodes only on a primary`,
      ),
    );
  }
  if (server.encoding !== 'UTF8') {
    found.push(
      ...problem('PG_ENCODING', `the database ${server.database} is encoded in ${server.encoding}`),
    );
  }
  if (server.walLevel !== 'logical') {
    found.push(
      ...problem(
        'PG_WAL_LEVEL',
        `wal_level is ${server.walLevel}`,
        `ALTER SYSTEM SET wal_level = 'logical'; then restart the server ` +
          '(RDS: rds.logical_replication = 1; Cloud SQL: cloudsql.logical_decoding = on).',
      ),
    );
  }
  if (!server.superuser && !server.replication && !server.cloudReplication) {
    found.push(
      ...problem(
        'PG_NO_REPLICATION_RIGHT',
        `the role ${server.user} may not replicate`,
        `ALTER ROLE ${user} REPLICATION; (on RDS: GRANT rds_replication TO ${user};)`,
      ),
    );
  }
  return [...found, ...versionProblems(options, server)];
}

/** Options that this server cannot do. */
function versionProblems(options: PostgresSourceOptions, server: ServerInfo): TidemarkError[] {
  const found: TidemarkError[] = [];
  const unsupported = (message: string, cure: string): void => {
    found.push(new TidemarkError('CONFIG_UNSUPPORTED', message, { cure }));
  };
  const is = `the server is ${server.versionText}`;
  if (options.slotFailover && server.version < 170_000) {
    unsupported(`slot.failover needs PostgreSQL 17, ${is}`, 'Remove slot.failover.');
  } else if (options.slotFailover && server.inRecovery) {
    unsupported(
      'slot.failover: the slot of a standby cannot be copied to others',
      'Remove slot.failover, or connect to the primary.',
    );
  }
  if (options.publishGeneratedColumns === 'stored' && server.version < 180_000) {
    unsupported(
      `publish.generated.columns: stored needs PostgreSQL 18, ${is}`,
      'Remove publish.generated.columns.',
    );
  }
  return found;
}

function slotProblems({ catalog, options, slot, hasOffset }: PreflightInput): TidemarkError[] {
  const { server } = catalog;
  const found: TidemarkError[] = [];
  if (slot !== null) {
    const unusable = slotProblem(slot, server.database);
    if (unusable !== null) found.push(unusable);
    else if (hasOffset === false) {
      if (!takesSlotOver(options)) found.push(foreignSlot(slot.name));
      else if (catalog.publication === null) {
        found.push(unpublishedTakeover(slot.name, options.publicationName));
      }
    }
  } else if (server.usedReplicationSlots >= server.maxReplicationSlots) {
    found.push(
      ...problem(
        'PG_SLOTS_EXHAUSTED',
        `all ${server.maxReplicationSlots} replication slots are in use, and ${options.slotName} ` +
          'has still to be made',
        `ALTER SYSTEM SET max_replication_slots = ${server.maxReplicationSlots + 4}; then ` +
          'restart the server, or drop slots that nobody reads: SELECT slot_name FROM ' +
          'pg_replication_slots WHERE NOT active;',
      ),
    );
  }
  if ((slot === null || slot.activePid === null) && server.usedWalSenders >= server.maxWalSenders) {
    found.push(
      ...problem(
        'PG_SLOTS_EXHAUSTED',
        `all ${server.maxWalSenders} WAL senders are in use`,
        `ALTER SYSTEM SET max_wal_senders = ${server.maxWalSenders + 4}; then restart the server.`,
      ),
    );
  }
  return found;
}

/** What the planned statements need: CREATE in the database, and the tables' ownership. */
function publicationRights({ catalog, plan, options }: PreflightInput): TidemarkError[] {
  const { server, publication } = catalog;
  const { statements } = plan.publicationPlan;
  if (statements.length === 0 || server.superuser) return [];
  const byAdministrator = `or as a superuser: ${statements.map((s) => `${s};`).join(' ')}`;
  const user = quoteIdentifier(server.user);
  const database = quoteIdentifier(server.database);
  const found: TidemarkError[] = [];
  if (publication === null && !server.canCreateInDatabase) {
    found.push(
      ...problem(
        'PG_PERMISSION',
        `the role ${server.user} may not create a publication in ${server.database}`,
        `GRANT CREATE ON DATABASE ${database} TO ${user}; ${byAdministrator}`,
      ),
    );
  }
  if (publication === null && options.publicationAutocreateMode === 'all_tables') {
    found.push(
      ...problem(
        'PG_PERMISSION',
        'only a superuser may create a publication FOR ALL TABLES',
        `publication.autocreate.mode: filtered; ${byAdministrator}`,
      ),
    );
    return found;
  }
  const foreign = plan.tables.filter(({ info }) => !info.owned);
  if (foreign.length > 0) {
    const owners = [...new Set(foreign.map(({ info }) => info.owner))];
    found.push(
      ...problem(
        'PG_PERMISSION',
        `the role ${server.user} does not own ${nameList(foreign)}, and only an owner may ` +
          'publish a table',
        `${owners.map((owner) => `GRANT ${quoteIdentifier(owner)} TO ${user};`).join(' ')} ` +
          byAdministrator,
      ),
    );
  }
  return found;
}

/** SELECT, and row level security, which would hide rows (P75). Not needed when nothing is read. */
function readRights({ catalog, plan, options }: PreflightInput): TidemarkError[] {
  const { server } = catalog;
  if (options.snapshotMode === 'no_data') return [];
  const user = quoteIdentifier(server.user);
  const { signalTable, signalTableSilent: silent } = options.snapshots;
  const parts = plan.tables
    .filter(({ info }) => !silent || `${info.schema}.${info.name}` !== signalTable)
    .flatMap((table) => table.storage);
  const found: TidemarkError[] = [];
  const unreadable = parts.filter((part) => !part.canSelect);
  if (unreadable.length > 0) {
    const schemas = [...new Set(unreadable.map((part) => quoteIdentifier(part.schema)))];
    const list = unreadable.map((part) => quoteQualified(part.schema, part.name)).join(', ');
    found.push(
      ...problem(
        'PG_PERMISSION',
        `the role ${server.user} may not read ${list}`,
        `GRANT USAGE ON SCHEMA ${schemas.join(', ')} TO ${user}; ` +
          `GRANT SELECT ON ${list} TO ${user};`,
      ),
    );
  }
  const secured = parts.filter((part) => part.canSelect && part.rowSecurity);
  if (secured.length > 0) {
    const list = secured.map((part) => `${part.schema}.${part.name}`).join(', ');
    found.push(
      ...problem(
        'PG_PERMISSION',
        `row level security would hide rows of ${list} from the role ${server.user}`,
        `ALTER ROLE ${user} BYPASSRLS;`,
      ),
    );
  }
  return found;
}

function publishesOldRows({
  catalog,
  options,
}: Pick<PreflightInput, 'catalog' | 'options'>): boolean {
  const { publication } = catalog;
  const sends = (letter: 'u' | 'd', sent: boolean | undefined): boolean =>
    sent ?? !unneededOperations(options.skippedOperations).includes(letter);
  return sends('u', publication?.updates) || sends('d', publication?.deletes);
}

/** Its UPDATE and DELETE would fail on the source once it is published (P34, P35). */
function lacksIdentity(table: TableInfo): boolean {
  return table.replicaIdentity !== 'full' && identityColumns(table).length === 0;
}

/**
 * An error where we are about to publish the table: the application would break because of us. A
 * table that is published already is broken or only inserted into: a warning.
 */
function identityProblems(input: PreflightInput): TidemarkError[] {
  if (!publishesOldRows(input)) return [];
  const willPublish = input.plan.publicationPlan.statements.length > 0;
  const lacking = identityLacking(input).filter(() => willPublish);
  if (lacking.length === 0) return [];
  const names = lacking.map(({ schema, name }) => `${schema}.${name}`).join(', ');
  const alter = lacking.map(
    ({ schema, name }) => `ALTER TABLE ${quoteQualified(schema, name)} REPLICA IDENTITY FULL;`,
  );
  return [
    ...problem(
      'PG_REPLICA_IDENTITY',
      `without primary key or replica identity: ${names}; once they are published, their UPDATE ` +
        'and DELETE fail on the source',
      `Add primary keys, or: ${alter.join(' ')} Tables that are only inserted into can be left ` +
        'out, or published with skipped.operations: u,d.',
    ),
  ];
}

/** FOR ALL TABLES publishes what is not captured, too. */
function identityLacking({
  catalog,
  plan,
  options,
}: Parameters<typeof identityWarning>[0]): readonly TableInfo[] {
  const all = catalog.publication?.allTables ?? options.publicationAutocreateMode === 'all_tables';
  const published = all
    ? (plan.sourceTables ?? catalog.tables).filter(
        (t) => t.kind === 'table' && t.persistence === 'permanent',
      )
    : plan.tables.flatMap((table) => table.storage);
  return published.filter(lacksIdentity);
}

/** Published tables on which the application's UPDATE and DELETE fail now; null: there are none. */
export function identityWarning(
  input: Pick<PreflightInput, 'catalog' | 'options'> & {
    plan: Pick<CapturePlan, 'tables'> & Partial<Pick<CapturePlan, 'sourceTables'>>;
  },
): PreflightWarning | null {
  const lacking = publishesOldRows(input) ? identityLacking(input) : [];
  if (lacking.length === 0) return null;
  const names = lacking.map((t) => `${t.schema}.${t.name}`).join(', ');
  return {
    message: `UPDATE and DELETE fail on the source for want of a replica identity: ${names}`,
    cure: lacking
      .map((t) => `ALTER TABLE ${quoteQualified(t.schema, t.name)} REPLICA IDENTITY FULL;`)
      .join(' '),
  };
}

function identityWarnings(input: PreflightInput): PreflightWarning[] {
  const publishedAlready = input.plan.publicationPlan.statements.length === 0;
  const lacking = publishedAlready ? identityWarning(input) : null;
  const found = lacking === null ? [] : [lacking];
  const keyless = input.plan.tables.filter(({ schema }) => schema.keyColumns.length === 0);
  // Whole old rows are what a sink finds the rows of such a table by.
  const isFull = ({ schema }: (typeof keyless)[number]): boolean =>
    schema.replicaIdentity === 'full';
  const cure = 'Add a primary key, or name key columns with message.key.columns.';
  const searched = keyless.filter(isFull);
  if (searched.length > 0) {
    const tables = nameList(searched);
    found.push({ message: `without a key, sinks find rows by all their columns: ${tables}`, cure });
  }
  const appended = keyless.filter((table) => !isFull(table));
  if (appended.length > 0) {
    const tables = nameList(appended);
    found.push({ message: `without a key, sinks can only append records: ${tables}`, cure });
  }
  const full = input.plan.tables.filter(({ schema }) => schema.replicaIdentity === 'full');
  if (full.length > 0) {
    found.push({
      message: `REPLICA IDENTITY FULL writes whole old rows to the WAL: ${nameList(full)}`,
      cure: 'With a primary key, REPLICA IDENTITY DEFAULT writes less; FULL gives complete events.',
    });
  }
  return found;
}

/** A user's own column list has to cover the replica identity (STACK: UPDATE fails otherwise). */
function columnListProblems(input: PreflightInput): TidemarkError[] {
  const { catalog, plan } = input;
  if (catalog.publication === null || plan.publicationPlan.statements.length > 0) return [];
  if (!publishesOldRows(input)) return [];
  return plan.tables.flatMap((table) => {
    const { info, tupleColumns } = table;
    const sent = new Set(tupleColumns.map((column) => column.number));
    const generated = new Set(
      info.columns.filter((c) => c.generated !== null).map((c) => c.number),
    );
    const missing = identityColumns(info).filter((n) => !sent.has(n) && !generated.has(n));
    if (missing.length === 0) return [];
    const names = missing.map((n) => info.columns.find((c) => c.number === n)?.name ?? '');
    return problem(
      'PG_PUBLICATION',
      `the column list of ${info.schema}.${info.name} in the publication lacks ` +
        `${names.join(', ')} of its replica identity: UPDATE and DELETE fail on the source`,
      `Add ${names.map(quoteIdentifier).join(', ')} to it with ALTER PUBLICATION … SET TABLE.`,
    );
  });
}

function nameList(tables: readonly CapturedTable[]): string {
  return tables.map(({ info }) => `${info.schema}.${info.name}`).join(', ');
}
