import type { BinlogFlavor } from '../../../../dialects/mysql/binlog-column.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import { GtidSet } from '../../../model/gtid-set.ts';
import { MariadbGtidPosition } from '../../../model/mariadb-gtid.ts';
import type { MysqlQuerier, MysqlResult } from './mysql-session.ts';
import type { KnownReplica } from './replica-identity.ts';

/** How transactions are numbered. */
export type GtidFacts =
  | {
      readonly kind: 'mysql';
      /** ON, ON_PERMISSIVE, OFF_PERMISSIVE or OFF. */
      readonly mode: string;
      readonly executed: GtidSet;
      readonly purged: GtidSet;
    }
  | {
      readonly kind: 'mariadb';
      readonly domain: number;
      readonly binlog: MariadbGtidPosition;
      /** What it has of others, whether its own binlog has it or not; absent: nothing. */
      readonly replicated?: MariadbGtidPosition;
    };

/** Global settings of the binlog; null where the server has no such setting. */
export interface BinlogSettings {
  readonly enabled: boolean;
  readonly format: string | null;
  readonly rowImage: string | null;
  readonly rowMetadata: string | null;
  readonly rowValueOptions: string | null;
  readonly checksum: string | null;
  /** The statements behind the rows are logged (MySQL's rows query, MariaDB's annotate). */
  readonly logsStatements: boolean;
  /** 0: files are never removed for their age. */
  readonly expireSeconds: number | null;
  /** What a replica applies goes into its binlog too. */
  readonly logsReplicated: boolean;
}

/** What has to be known of a server, read once after the login. */
export interface MysqlServerFacts {
  readonly flavor: BinlogFlavor;
  /** `9.7.4`, `10.11.18-MariaDB`: as VERSION() says it. */
  readonly versionText: string;
  /** 90704, 101118. */
  readonly version: number;
  readonly serverId: number;
  /** MariaDB has none. */
  readonly serverUuid: string | null;
  readonly gtid: GtidFacts;
  readonly binlog: BinlogSettings;
  /** 0: names as written, and case matters. */
  readonly lowerCaseTableNames: number;
  /** `SYSTEM`, a name or an offset. */
  readonly timeZone: string;
  readonly systemTimeZone: string;
  /** `'user'@'host'` as the server knows the account, quoted for a GRANT. */
  readonly account: string;
}

/** The end of the binlog, and what is left out of it. */
export interface BinlogStatus {
  readonly file: string;
  readonly position: number;
  readonly doDatabases: string;
  readonly ignoredDatabases: string;
  /** Of the same moment as file and position (PITFALLS B121); null on MariaDB and without GTIDs. */
  readonly executed: GtidSet | null;
}

/** A file of the binlog. */
export interface BinlogFile {
  readonly name: string;
  readonly bytes: number;
}

const VARIABLES = [
  'server_id',
  'server_uuid',
  'gtid_mode',
  'gtid_domain_id',
  'log_bin',
  'binlog_format',
  'binlog_row_image',
  'binlog_row_metadata',
  'binlog_row_value_options',
  'binlog_checksum',
  'binlog_rows_query_log_events',
  'binlog_annotate_row_events',
  'binlog_expire_logs_seconds',
  'expire_logs_days',
  'log_slave_updates',
  'log_replica_updates',
  'lower_case_table_names',
  'time_zone',
  'system_time_zone',
];
const SECONDS_PER_DAY = 86_400;
/** REPLICATION CLIENT, or the right to list replicas, is missing. */
const DENIED = 'MYSQL_PERMISSION';

/** `10.11.18-MariaDB-log` → 101118. */
export function parseVersion(text: string): number {
  const match = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (match === null) {
    throw new TidemarkError('MYSQL_UNSUPPORTED_SERVER', `the server's version is ${text}`);
  }
  const [major = 0, minor = 0, patch = 0] = match.slice(1).map(Number);
  return major * 10_000 + minor * 100 + patch;
}

/** Reads everything that a stream or a snapshot must know beforehand; any account may. */
export async function readServerFacts(
  session: MysqlQuerier,
  signal?: AbortSignal,
): Promise<MysqlServerFacts> {
  const [versionText = '', account = ''] = first(
    await session.query('SELECT VERSION(), CURRENT_USER()', signal),
  );
  const names = VARIABLES.map((name) => `'${name}'`).join(', ');
  const shown = await session.query(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`,
    signal,
  );
  const values = new Map(shown.rows.map(([name, value]) => [name ?? '', value ?? '']));
  const flavor = /mariadb/i.test(versionText ?? '') ? 'mariadb' : 'mysql';
  return {
    flavor,
    versionText: versionText ?? '',
    version: parseVersion(versionText ?? ''),
    serverId: Number(values.get('server_id') ?? 0),
    serverUuid: values.get('server_uuid')?.toLowerCase() ?? null,
    gtid: await readGtidFacts(session, flavor, values, signal),
    binlog: binlogSettings(values),
    lowerCaseTableNames: Number(values.get('lower_case_table_names') ?? 0),
    timeZone: values.get('time_zone') ?? 'SYSTEM',
    systemTimeZone: values.get('system_time_zone') ?? '',
    account: quotedAccount(account ?? ''),
  };
}

/** SHOW VARIABLES cuts long values, so the sets are asked for by themselves. */
async function readGtidFacts(
  session: MysqlQuerier,
  flavor: BinlogFlavor,
  values: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<GtidFacts> {
  if (flavor === 'mariadb') {
    const sql = 'SELECT @@global.gtid_binlog_pos, @@global.gtid_slave_pos';
    const [position, replicated] = first(await session.query(sql, signal));
    return {
      kind: 'mariadb',
      domain: Number(values.get('gtid_domain_id') ?? 0),
      binlog: MariadbGtidPosition.parse(position ?? ''),
      replicated: MariadbGtidPosition.parse(replicated ?? ''),
    };
  }
  const sql = 'SELECT @@global.gtid_executed, @@global.gtid_purged';
  const [executed, purged] = first(await session.query(sql, signal));
  return {
    kind: 'mysql',
    mode: values.get('gtid_mode') ?? 'OFF',
    executed: GtidSet.parse(executed ?? ''),
    purged: GtidSet.parse(purged ?? ''),
  };
}

function binlogSettings(values: ReadonlyMap<string, string>): BinlogSettings {
  const text = (name: string): string | null => values.get(name)?.toUpperCase() ?? null;
  const isOn = (name: string): boolean => text(name) === 'ON' || text(name) === '1';
  return {
    enabled: isOn('log_bin'),
    format: text('binlog_format'),
    rowImage: text('binlog_row_image'),
    rowMetadata: text('binlog_row_metadata'),
    rowValueOptions: text('binlog_row_value_options'),
    checksum: text('binlog_checksum'),
    logsStatements: isOn('binlog_rows_query_log_events') || isOn('binlog_annotate_row_events'),
    expireSeconds: expireSeconds(values),
    logsReplicated: isOn('log_replica_updates') || isOn('log_slave_updates'),
  };
}

/** Where both are there, MySQL lets the seconds rule, and MariaDB keeps them equal. */
function expireSeconds(values: ReadonlyMap<string, string>): number | null {
  const seconds = values.get('binlog_expire_logs_seconds');
  const days = values.get('expire_logs_days');
  if (seconds !== undefined && Number(seconds) > 0) return Number(seconds);
  if (days !== undefined) return Math.round(Number(days) * SECONDS_PER_DAY);
  return seconds === undefined ? null : Number(seconds);
}

/** `user@host` of CURRENT_USER(), whose user may hold an @ itself. */
function quotedAccount(account: string): string {
  const at = account.lastIndexOf('@');
  const quoted = [account.slice(0, at), account.slice(at + 1)].map(
    (part) => `'${part.replaceAll("'", "''")}'`,
  );
  return quoted.join('@');
}

/**
 * The end of the binlog (PITFALLS B16); null: the server writes none.
 * @throws MYSQL_PERMISSION without REPLICATION CLIENT
 */
export async function readBinlogStatus(
  session: MysqlQuerier,
  { flavor, version }: MysqlServerFacts,
  signal?: AbortSignal,
): Promise<BinlogStatus | null> {
  const isNew = flavor === 'mysql' && version >= 80_200;
  const sql = isNew ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS';
  const [row] = named(await session.query(sql, signal));
  if (row === undefined) return null;
  const executed = row.get('executed_gtid_set') ?? '';
  return {
    file: row.get('file') ?? '',
    position: Number(row.get('position') ?? 0),
    doDatabases: row.get('binlog_do_db') ?? '',
    ignoredDatabases: row.get('binlog_ignore_db') ?? '',
    executed: executed === '' ? null : GtidSet.parse(executed),
  };
}

/** The files that the server still has, the oldest first. */
export async function readBinlogFiles(
  session: MysqlQuerier,
  signal?: AbortSignal,
): Promise<readonly BinlogFile[]> {
  const { rows } = await session.query('SHOW BINARY LOGS', signal);
  return rows.map(([name, size]) => ({ name: name ?? '', bytes: Number(size ?? 0) }));
}

/** The replicas that are connected; null: the account may not list them. */
export async function readReplicas(
  session: MysqlQuerier,
  { flavor, version }: MysqlServerFacts,
  signal?: AbortSignal,
): Promise<readonly KnownReplica[] | null> {
  const isNew = flavor === 'mysql' && version >= 80_022;
  try {
    const result = await session.query(isNew ? 'SHOW REPLICAS' : 'SHOW SLAVE HOSTS', signal);
    return named(result).map((row) => ({
      serverId: Number(row.get('server_id') ?? 0),
      host: row.get('host') ?? '',
      uuid: row.get('replica_uuid') ?? row.get('slave_uuid') ?? null,
    }));
  } catch (error) {
    if (error instanceof TidemarkError && error.code === DENIED) return null;
    throw error;
  }
}

function first({ rows }: MysqlResult): readonly (string | null)[] {
  return rows[0] ?? [];
}

/** Rows by the names of their columns, in lower case: versions differ in it. */
export function named({ columns, rows }: MysqlResult): readonly ReadonlyMap<string, string>[] {
  return rows.map((row) => {
    const entries = columns.flatMap((column, i): [string, string][] => {
      const value = row[i] ?? null;
      return value === null ? [] : [[column.toLowerCase(), value]];
    });
    return new Map(entries);
  });
}
