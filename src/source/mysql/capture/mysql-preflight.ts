import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import type { SourceOffset } from '../../../model/change-event.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import type { BinlogOffset } from '../stream/binlog-offset.ts';
import { readStoredOffset } from '../stream/binlog-offset.ts';
import type { OverrideFindings } from '../snapshot/mysql-select-override.ts';
import { overrideFindings } from '../snapshot/mysql-select-override.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import {
  named,
  readBinlogFiles,
  readBinlogStatus,
  readReplicas,
  readServerFacts,
} from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';
import { MysqlSession } from '../wire/mysql-session.ts';
import { replicaIdentity } from '../wire/replica-identity.ts';
import type { AccountPrivileges } from './account-privileges.ts';
import { parseGrants } from './account-privileges.ts';
import { chosenFindings, familyProblem, serverText } from './captured-findings.ts';
import { capturedShapeOf } from './captured-shape.ts';
import type { CapturedTables } from './captured-tables.ts';
import { examineTables } from './captured-tables.ts';
import type { CascadingKey, MysqlFindings } from './mysql-preflight-checks.ts';
import { mysqlPreflightChecks } from './mysql-preflight-checks.ts';
import { tableWarnings } from './mysql-table-warnings.ts';
import type { ServerTable } from './server-tables.ts';
import { readServerTables } from './server-tables.ts';
import { storedPositionProblem } from './stored-position.ts';

/** Which source is checked, and what it has stored. */
export interface MysqlPreflightRequest {
  readonly options: MysqlSourceOptions;
  /** Its name, from which the id of the replica is derived. */
  readonly pipeline: string;
  /** Null: nothing yet; undefined: the store was not asked. */
  readonly stored: SourceOffset | null | undefined;
}

/** Findings, and what was looked at. */
export interface MysqlPreflightReport extends MysqlFindings {
  /** `MySQL 9.7.4 as 'cdc'@'%'`; null when there was no connection. */
  readonly server: string | null;
  /** What would be captured. */
  readonly tables: readonly TableSchema[];
}

const CASCADES = `('CASCADE', 'SET NULL', 'SET DEFAULT')`;
const RDS_FOLDER = '/rdsdbbin';
/** No rows are read with these. */
const WITHOUT_ROWS: ReadonlySet<string> = new Set(['no_data', 'recovery']);

/**
 * Every prerequisite on the server, checked with the privileges of the configured account; nothing
 * is changed. Without a connection that one failure is all that can be known.
 */
export async function checkMysqlSource(
  request: MysqlPreflightRequest,
  signal: AbortSignal,
  clock: Clock,
): Promise<MysqlPreflightReport> {
  const { options } = request;
  let session: MysqlSession;
  try {
    session = await MysqlSession.connect(options.connection, signal, clock);
  } catch (error) {
    signal.throwIfAborted();
    return { problems: [toTidemarkError(error)], warnings: [], server: null, tables: [] };
  }
  await using _session = session;
  const facts = await readServerFacts(session, signal);
  const server = serverText(facts);
  const wrong = familyProblem(options.family, facts);
  if (wrong !== null) return { problems: [wrong], warnings: [], server, tables: [] };
  const { all, examined } = await readCaptured(session, facts, options, signal);
  const place = await checkStored(session, facts, request, signal, clock);
  const findings = mysqlPreflightChecks({
    facts,
    tables: examined.chosen.map(({ database, name }) => ({ database, table: name })),
    privileges: await readPrivileges(session, facts, signal),
    status: await whereAllowed(readBinlogStatus(session, facts, signal)),
    isReplica: await whereAllowed(readIsReplica(session, facts, signal)),
    cascades: await readCascades(session, signal),
    logsCascades: await readLogsCascades(session, facts, signal),
    rdsRetentionHours: await readRdsRetention(session, signal),
    lagSeconds: place.lagSeconds,
    takesSnapshot: takesSnapshot(options),
    lockingMode: options.lockingMode,
    isFirstStart: (request.stored ?? null) === null,
  });
  const context = { modes: options.valueModes, sqlMode: await readSqlMode(session, signal) };
  const chosen = chosenFindings(examined, all, options, facts);
  const selects = await checkOverrides(session, examined, options, signal);
  return {
    problems: [
      ...findings.problems,
      ...(await identityProblem(session, request, facts, signal)),
      ...place.problems,
      ...examined.problems,
      ...chosen.problems,
      ...selects.problems,
    ],
    warnings: [
      ...findings.warnings,
      ...place.warnings,
      ...chosen.warnings,
      ...selects.unused.map((message) => ({ message, cure: '' })),
      ...tableWarnings(examined.tables, context),
    ],
    server,
    tables: examined.tables.map(({ schema }) => schema),
  };
}

/** Whether rows are read besides the stream. */
export function takesSnapshot({ snapshotMode }: MysqlSourceOptions): boolean {
  return !WITHOUT_ROWS.has(snapshotMode);
}

/** The SELECTs of snapshot.select.statement.overrides, as the first snapshot will ask for them. */
async function checkOverrides(
  session: MysqlQuerier,
  { tables }: CapturedTables,
  options: MysqlSourceOptions,
  signal: AbortSignal,
): Promise<OverrideFindings> {
  if (!takesSnapshot(options)) return { problems: [], unused: [] };
  return overrideFindings(session, tables, options.snapshots.overrides, signal);
}

/** All tables that the account sees, and what is captured of them. */
export async function readCaptured(
  session: MysqlQuerier,
  facts: MysqlServerFacts,
  options: MysqlSourceOptions,
  signal: AbortSignal,
): Promise<{ readonly all: readonly ServerTable[]; readonly examined: CapturedTables }> {
  const all = await readServerTables(session, signal);
  const shape = capturedShapeOf(options);
  return { all, examined: await examineTables(session, facts, all, shape, signal) };
}

async function readSqlMode(session: MysqlQuerier, signal: AbortSignal): Promise<string> {
  return (await session.query('SELECT @@GLOBAL.sql_mode', signal)).rows[0]?.[0] ?? '';
}

interface StoredFindings extends MysqlFindings {
  readonly lagSeconds: number | null;
}

/** Whether the server still has what comes behind the stored position. */
async function checkStored(
  session: MysqlQuerier,
  facts: MysqlServerFacts,
  { options, stored = null }: MysqlPreflightRequest,
  signal: AbortSignal,
  clock: Clock,
): Promise<StoredFindings> {
  const nothing = { problems: [], warnings: [], lagSeconds: null };
  const { snapshotMode, gtidSources } = options;
  if (stored === null || ['always', 'always_only'].includes(snapshotMode)) return nothing;
  const offset = readable(stored);
  if (offset instanceof TidemarkError) return { ...nothing, problems: [offset] };
  if (offset.snapshot === 'running') return nothing;
  const lagSeconds = offset.seconds === null ? null : clock.nowMs() / 1000 - offset.seconds;
  const files = (await whereAllowed(readBinlogFiles(session, signal))) ?? [];
  // Without a right to see the files they cannot be judged; that right is told elsewhere.
  const problem =
    files.length === 0 && facts.binlog.enabled
      ? null
      : storedPositionProblem(offset, gtidSources.ignored, facts, files);
  if (problem === null || !facts.binlog.enabled) return { ...nothing, lagSeconds };
  if (snapshotMode !== 'when_needed') return { problems: [problem], warnings: [], lagSeconds };
  const message = `${problem.message}: the tables will be read anew (snapshot.mode)`;
  return { problems: [], warnings: [{ message, cure: '' }], lagSeconds };
}

function readable(stored: SourceOffset): BinlogOffset | TidemarkError {
  try {
    return readStoredOffset(stored);
  } catch (error) {
    if (error instanceof TidemarkError) return error;
    throw error;
  }
}

/** What the account may not look at is not known; which privilege it lacks is told elsewhere. */
export async function whereAllowed<T>(look: Promise<T>): Promise<T | null> {
  try {
    return await look;
  } catch (error) {
    const { code } = toTidemarkError(error);
    if (code === 'MYSQL_PERMISSION' || code === 'MYSQL_BINLOG_OFF') return null;
    throw error;
  }
}

/** MariaDB lists what roles may do when no account is named, MySQL when it is told which. */
export async function readPrivileges(
  session: MysqlQuerier,
  { flavor, version }: MysqlServerFacts,
  signal: AbortSignal,
): Promise<AccountPrivileges> {
  let sql = 'SHOW GRANTS';
  if (flavor === 'mysql' && version >= 80_000) {
    const roles = (await session.query('SELECT CURRENT_ROLE()', signal)).rows[0]?.[0] ?? 'NONE';
    if (roles !== 'NONE') sql = `SHOW GRANTS FOR CURRENT_USER() USING ${roles}`;
  }
  const { rows } = await session.query(sql, signal);
  return parseGrants(rows.map(([line]) => line ?? ''));
}

async function readIsReplica(
  session: MysqlQuerier,
  { flavor, version }: MysqlServerFacts,
  signal: AbortSignal,
): Promise<boolean> {
  const mysql = version >= 80_022 ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS';
  const { rows } = await session.query(
    flavor === 'mariadb' ? 'SHOW ALL SLAVES STATUS' : mysql,
    signal,
  );
  return rows.length > 0;
}

async function readCascades(
  session: MysqlQuerier,
  signal: AbortSignal,
): Promise<readonly CascadingKey[]> {
  const sql =
    'SELECT CONSTRAINT_SCHEMA AS child_schema, TABLE_NAME AS child, CONSTRAINT_NAME AS name, ' +
    'REFERENCED_TABLE_NAME AS parent FROM information_schema.REFERENTIAL_CONSTRAINTS ' +
    `WHERE DELETE_RULE IN ${CASCADES} OR UPDATE_RULE IN ${CASCADES}`;
  return named(await session.query(sql, signal)).map((row) => ({
    database: row.get('child_schema') ?? '',
    table: row.get('child') ?? '',
    constraint: row.get('name') ?? '',
    parent: row.get('parent') ?? '',
  }));
}

/** From 9.6 on the SQL layer does what the engine did, and logs it. */
async function readLogsCascades(
  session: MysqlQuerier,
  { flavor, version }: MysqlServerFacts,
  signal: AbortSignal,
): Promise<boolean> {
  if (flavor !== 'mysql' || version < 90_600) return false;
  const sql = `SHOW GLOBAL VARIABLES LIKE 'innodb_native_foreign_keys'`;
  return (await session.query(sql, signal)).rows[0]?.[1]?.toUpperCase() !== 'ON';
}

async function readRdsRetention(
  session: MysqlQuerier,
  signal: AbortSignal,
): Promise<number | null | undefined> {
  const { rows } = await session.query('SELECT @@basedir', signal);
  if (rows[0]?.[0]?.startsWith(RDS_FOLDER) !== true) return undefined;
  const sql = `SELECT value FROM mysql.rds_configuration WHERE name = 'binlog retention hours'`;
  const found = await whereAllowed(session.query(sql, signal));
  if (found === null) return undefined;
  const hours = found.rows[0]?.[0] ?? null;
  return hours === null ? null : Number(hours);
}

async function identityProblem(
  session: MysqlQuerier,
  { pipeline, options }: MysqlPreflightRequest,
  facts: MysqlServerFacts,
  signal: AbortSignal,
): Promise<readonly TidemarkError[]> {
  try {
    const replicas = await readReplicas(session, facts, signal);
    replicaIdentity(pipeline, options.serverId, { serverId: facts.serverId, replicas });
    return [];
  } catch (error) {
    signal.throwIfAborted();
    return [toTidemarkError(error)];
  }
}
