import type { SlotInfo } from '../../../../dialects/postgres/postgres-server-catalog.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { TidemarkError } from '../../../foundation/errors.ts';
import { toTidemarkError } from '../../../foundation/errors.ts';
import type { SourceOffset } from '../../../model/change-event.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import { planCapture, readCatalog } from './capture-preparation.ts';
import { readSlot } from './postgres-slot.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import { PostgresWire } from '../wire/postgres-wire.ts';
import type { PreflightFindings } from './preflight-checks.ts';
import { preflightChecks } from './preflight-checks.ts';
import { identifyServer, judgeResume } from '../stream/replication-check.ts';
import { readStoredOffset } from '../stream/debezium-offset.ts';
import { examineOverrides } from '../snapshot/select-override.ts';
import { signalTableProblems } from '../incremental/signal-table.ts';

/** What the checks are given besides the options. */
export interface PreflightEnvironment {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What this pipeline has stored; null: nothing yet; undefined: the store was not asked. */
  readonly stored?: SourceOffset | null | undefined;
}

/** Findings, and what was looked at. */
export interface PreflightReport extends PreflightFindings {
  /** `PostgreSQL 18.4, shop as tidemark`; null when there was no connection. */
  readonly server: string | null;
  /** What would be captured. */
  readonly tables: readonly TableSchema[];
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
  const { clock, signal, stored } = environment;
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
  const hasOffset = stored === undefined ? undefined : stored !== null;
  const findings = preflightChecks({ catalog, plan, options, slot, hasOffset });
  const schemas = plan.tables.map(({ schema }) => schema);
  const signals = await signalTableProblems(wire, options.snapshots, schemas, signal);
  const { overrides } = options.snapshots;
  const selects = await examineOverrides(wire, plan.tables, overrides, signal);
  const { server } = catalog;
  const { refused, gap, skipped } = await checkReplication(options, slot, environment);
  // Where the role's right or wal_level is missing, this refusal is only their consequence.
  const known = findings.problems.some(({ code }) => CONNECTION_CODES.has(code));
  const more = [...(refused === null || known ? [] : [refused]), ...(gap === null ? [] : [gap])];
  return {
    problems: [...findings.problems, ...selects.problems, ...more],
    warnings: [
      ...findings.warnings,
      ...selects.warnings.map((message) => ({ message, cure: '' })),
      ...(skipped === null ? [] : [{ message: skipped, cure: '' }]),
      ...signals.map(({ code, message, cure }) => ({ message: `${code}: ${message}`, cure })),
    ],
    server: `PostgreSQL ${server.versionText}, ${server.database} as ${server.user}`,
    tables: schemas,
  };
}

const CONNECTION_CODES: ReadonlySet<TidemarkError['code']> = new Set([
  'PG_NO_REPLICATION_RIGHT',
  'PG_SLOTS_EXHAUSTED',
]);

interface ReplicationFindings {
  readonly refused: TidemarkError | null;
  readonly gap: TidemarkError | null;
  /** A gap that offset.mismatch.strategy passes over. */
  readonly skipped: string | null;
}

/**
 * pg_hba.conf may let the role in and refuse its replication connections. With one it can be seen
 * whether server and slot are still those of the stored offset; null: they are, or it is not known.
 */
async function checkReplication(
  options: PostgresSourceOptions,
  slot: SlotInfo | null,
  { clock, signal, stored }: PreflightEnvironment,
): Promise<ReplicationFindings> {
  try {
    const found =
      stored === undefined || stored === null ? null : readStoredOffset(stored, options.slotName);
    const session = { replication: true, applicationName: 'tidemark check' };
    await using wire = await PostgresWire.connect(options.connection, session, signal, clock);
    const server = await identifyServer(wire, signal);
    const always = ['always', 'always_only'].includes(options.snapshotMode);
    const resumes = found !== null && found.snapshot !== 'running' && !always;
    const strategy = options.offsetMismatchStrategy ?? 'trust_offset';
    const verdict = resumes
      ? judgeResume(found, server, slot, found.fingerprint, strategy)
      : { problem: null, warning: null };
    return { refused: null, gap: verdict.problem, skipped: verdict.warning };
  } catch (error) {
    signal.throwIfAborted();
    return { refused: toTidemarkError(error), gap: null, skipped: null };
  }
}
