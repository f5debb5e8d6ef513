import type { Clock } from '../../foundation/clock.ts';
import type { TidemarkError } from '../../foundation/errors.ts';
import { toTidemarkError } from '../../foundation/errors.ts';
import { planCapture, readCatalog } from './capture-preparation.ts';
import { identifySystem, readSlot } from './postgres-slot.ts';
import type { PostgresSourceOptions } from './postgres-source-options.ts';
import { PostgresWire } from './postgres-wire.ts';
import type { PreflightFindings } from './preflight-checks.ts';
import { preflightChecks } from './preflight-checks.ts';

/** What the checks are given besides the options. */
export interface PreflightEnvironment {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whether this pipeline has a stored offset; undefined: the store was not asked. */
  readonly hasOffset?: boolean | undefined;
}

/** Findings, and what was looked at. */
export interface PreflightReport extends PreflightFindings {
  /** `PostgreSQL 18.4, shop as tidemark`; null when there was no connection. */
  readonly server: string | null;
  /** `schema.table` of what would be captured. */
  readonly tables: readonly string[];
}

/**
 * Every prerequisite of capture, checked with the rights of the configured role; nothing is
 * changed. All failures come at once, each with the statement that cures it. Without a connection
 * that one failure is all that can be known.
 */
export async function checkPostgresSource(
  options: PostgresSourceOptions,
  environment: PreflightEnvironment,
): Promise<PreflightReport> {
  const { clock, signal, hasOffset } = environment;
  const session = {
    replication: false,
    applicationName: 'tidemark check',
    // Even the catalog's views wait for a table that somebody has locked.
    settings: { lock_timeout: String(options.snapshotLockTimeoutMs) },
  };
  let wire: PostgresWire;
  try {
    wire = await PostgresWire.connect(options.connection, session, signal, clock);
  } catch (error) {
    signal.throwIfAborted();
    return { problems: [toTidemarkError(error)], warnings: [], server: null, tables: [] };
  }
  await using _wire = wire;
  const catalog = await readCatalog(wire, options.publicationName, signal);
  const plan = planCapture(catalog, options);
  const slot = await readSlot(wire, options.slotName, signal);
  const findings = preflightChecks({ catalog, plan, options, slot, hasOffset });
  const { server } = catalog;
  const refused = await replicationRefusal(options, environment);
  // Where the role's right or wal_level is missing, this refusal is only their consequence.
  const known = findings.problems.some(({ code }) => CONNECTION_CODES.has(code));
  return {
    problems: refused === null || known ? findings.problems : [...findings.problems, refused],
    warnings: findings.warnings,
    server: `PostgreSQL ${server.versionText}, ${server.database} as ${server.user}`,
    tables: plan.tables.map(({ info }) => `${info.schema}.${info.name}`),
  };
}

const CONNECTION_CODES: ReadonlySet<TidemarkError['code']> = new Set([
  'PG_NO_REPLICATION_RIGHT',
  'PG_SLOTS_EXHAUSTED',
]);

/** pg_hba.conf may let the role in and refuse its replication connections. */
async function replicationRefusal(
  options: PostgresSourceOptions,
  { clock, signal }: PreflightEnvironment,
): Promise<TidemarkError | null> {
  try {
    const session = { replication: true, applicationName: 'tidemark check' };
    await using wire = await PostgresWire.connect(options.connection, session, signal, clock);
    await identifySystem(wire, signal);
    return null;
  } catch (error) {
    signal.throwIfAborted();
    return toTidemarkError(error);
  }
}
