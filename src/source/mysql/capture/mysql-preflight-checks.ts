import { TidemarkError } from '../../../foundation/errors.ts';
import type { MysqlLockingMode } from '../mysql-source-options.ts';
import type { BinlogStatus, MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import type { AccountPrivileges } from './account-privileges.ts';
import { mayEverywhere, mayOn } from './account-privileges.ts';
import type { MysqlSettings, MysqlWarning } from './mysql-setting-warnings.ts';
import { setGlobally, settingWarnings } from './mysql-setting-warnings.ts';
import { quotedName } from './server-tables.ts';
import { snapshotLock } from './snapshot-lock.ts';

/** What stands in the way, and what only deserves a word; each with the SQL that cures it. */
export interface MysqlFindings {
  readonly problems: readonly TidemarkError[];
  readonly warnings: readonly MysqlWarning[];
}

/** A table that is to be captured. */
export interface CapturedName {
  readonly database: string;
  readonly table: string;
}

/** A foreign key by which the engine changes rows of a table by itself. */
export interface CascadingKey extends CapturedName {
  readonly constraint: string;
  readonly parent: string;
}

/** Everything the checks look at, read beforehand. */
export interface MysqlPreflightInput extends MysqlSettings {
  readonly privileges: AccountPrivileges;
  /** Null: no binlog, or the account may not look. */
  readonly status: BinlogStatus | null;
  /** Whether the server applies what another wrote; null: the account may not look. */
  readonly isReplica: boolean | null;
  readonly tables: readonly CapturedName[];
  readonly cascades: readonly CascadingKey[];
  /** MySQL 9.6 and newer: the rows that a foreign key changes are logged. */
  readonly logsCascades: boolean;
  /** Rows are read besides the stream. */
  readonly takesSnapshot: boolean;
  readonly lockingMode: MysqlLockingMode;
  /** Nothing is stored yet. */
  readonly isFirstStart: boolean;
}

const OLDEST_MYSQL = 50_600;
const OLDEST_MARIADB = 100_200;

/** Everything that stands in the way of capture, all of it at once. Pure. */
export function mysqlPreflightChecks(input: MysqlPreflightInput): MysqlFindings {
  return {
    problems: [
      ...versionProblems(input.facts),
      ...binlogProblems(input),
      ...privilegeProblems(input),
      ...lockProblems(input),
      ...databaseProblems(input),
    ],
    warnings: [...settingWarnings(input), ...lockWarnings(input), ...cascadeWarnings(input)],
  };
}

function versionProblems({ flavor, version, versionText }: MysqlServerFacts): TidemarkError[] {
  const oldest = flavor === 'mariadb' ? OLDEST_MARIADB : OLDEST_MYSQL;
  if (version >= oldest) return [];
  return [new TidemarkError('MYSQL_UNSUPPORTED_SERVER', `the server is ${versionText}`)];
}

/** What no change can be captured without (PITFALLS B18). */
function binlogProblems({ facts, isReplica }: MysqlPreflightInput): TidemarkError[] {
  const { binlog, serverId } = facts;
  const found: TidemarkError[] = [];
  if (!binlog.enabled) {
    found.push(new TidemarkError('MYSQL_BINLOG_OFF', 'log_bin is off'));
    return found;
  }
  if (serverId === 0) {
    const cure = 'SET GLOBAL server_id = 1; and the same in the configuration of the server.';
    found.push(new TidemarkError('MYSQL_BINLOG_OFF', 'server_id is 0', { cure }));
  }
  if (binlog.format !== null && binlog.format !== 'ROW') {
    found.push(
      new TidemarkError(
        'MYSQL_BINLOG_SETTINGS',
        `binlog_format is ${binlog.format}: statements are logged instead of rows`,
        {
          cure:
            `${setGlobally(facts, 'binlog_format = ROW')} Sessions that are open keep the old ` +
            'value: let the applications connect again.',
        },
      ),
    );
  }
  if (isReplica === true && !binlog.logsReplicated) {
    const isNew = facts.flavor === 'mysql' && facts.version >= 80_026;
    const name = isNew ? 'log_replica_updates' : 'log_slave_updates';
    found.push(
      new TidemarkError(
        'MYSQL_BINLOG_SETTINGS',
        `the server is a replica, and ${name} is off: what it replicates is not in its binlog`,
        { cure: `Set ${name} = ON in its configuration and restart it, or connect to its source.` },
      ),
    );
  }
  return found;
}

/** Each by its name (PITFALLS B17). */
function privilegeProblems(input: MysqlPreflightInput): TidemarkError[] {
  const { facts, privileges, tables, takesSnapshot } = input;
  const { account, flavor, version } = facts;
  const found: TidemarkError[] = [];
  const lacks = (what: string, grant: string): void => {
    const message = `the account ${account} ${what}`;
    found.push(
      new TidemarkError('MYSQL_PERMISSION', message, { cure: `GRANT ${grant} TO ${account};` }),
    );
  };
  if (!mayEverywhere(privileges, 'REPLICATION SLAVE', 'REPLICATION REPLICA')) {
    lacks('may not read the binlog', 'REPLICATION SLAVE ON *.*');
  }
  const monitor = flavor === 'mariadb' && version >= 100_502 ? 'BINLOG MONITOR' : null;
  const alternatives = ['REPLICATION CLIENT', 'BINLOG MONITOR', 'SUPER'];
  if (!mayEverywhere(privileges, ...alternatives)) {
    lacks('may not ask where the binlog stands', `${monitor ?? 'REPLICATION CLIENT'} ON *.*`);
  }
  if (!takesSnapshot) return found;
  const unreadable = tables.filter(
    ({ database, table }) => !mayOn(privileges, 'SELECT', database, table),
  );
  for (const database of new Set(unreadable.map((one) => one.database))) {
    const names = unreadable.filter((one) => one.database === database).map((one) => one.table);
    const list = names.length > 5 ? `${names.slice(0, 5).join(', ')}, …` : names.join(', ');
    lacks(`may not read ${database}: ${list}`, `SELECT ON ${quotedName(database)}.*`);
  }
  return found;
}

/** What a server leaves out of its binlog (PITFALLS B40). */
function databaseProblems({ status, tables }: MysqlPreflightInput): TidemarkError[] {
  if (status === null) return [];
  const only = listOf(status.doDatabases);
  const ignored = listOf(status.ignoredDatabases);
  const databases = [...new Set(tables.map(({ database }) => database))];
  const missing = databases.filter(
    (database) => (only.length > 0 && !only.includes(database)) || ignored.includes(database),
  );
  if (missing.length === 0) return [];
  const setting = only.length > 0 ? 'binlog-do-db' : 'binlog-ignore-db';
  return [
    new TidemarkError(
      'MYSQL_BINLOG_SETTINGS',
      `changes of ${missing.join(', ')} are not in the binlog, because of ${setting}`,
      {
        cure:
          `Remove ${setting} from the configuration of the server and restart it: no SQL ` +
          'changes it. SHOW BINARY LOG STATUS; (SHOW MASTER STATUS; before 8.2 and on MariaDB) ' +
          'shows what holds.',
      },
    ),
  ];
}

function listOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(',');
}

/** Without its lock a first snapshot is refused; one on MariaDB is only slower. */
function lockProblems(input: MysqlPreflightInput): TidemarkError[] {
  const { facts, isFirstStart, lockingMode } = input;
  if (!isFirstStart || !needsLock(input) || snapshotLock(input) !== 'denied') return [];
  const message =
    `the account ${facts.account} may lock neither the server nor the captured tables, for the ` +
    `moment in which a snapshot begins (snapshot.locking.mode: ${lockingMode})`;
  return [
    new TidemarkError('MYSQL_PERMISSION', message, {
      cure: `${lockGrant(facts)} Or read without a lock: snapshot.locking.mode: none`,
    }),
  ];
}

function lockWarnings(input: MysqlPreflightInput): MysqlWarning[] {
  const { facts } = input;
  if (!needsLock(input) || snapshotLock(input) !== 'single') return [];
  return [
    {
      message:
        `the account ${facts.account} may not hold up commits: a snapshot of a busy server is ` +
        'read over one connection',
      cure: lockGrant(facts),
    },
  ];
}

function needsLock({ takesSnapshot, tables }: MysqlPreflightInput): boolean {
  return takesSnapshot && tables.length > 0;
}

function lockGrant({ flavor, version, account }: MysqlServerFacts): string {
  const isNew = flavor === 'mysql' && version >= 80_023;
  return `GRANT ${isNew ? 'FLUSH_TABLES' : 'RELOAD'} ON *.* TO ${account};`;
}

/** The engine changes rows, and the binlog does not show it (PITFALLS B39). */
function cascadeWarnings({ cascades, logsCascades, tables }: MysqlPreflightInput): MysqlWarning[] {
  if (logsCascades) return [];
  const captured = new Set(tables.map(({ database, table }) => `${database}.${table}`));
  return cascades
    .filter(({ database, table }) => captured.has(`${database}.${table}`))
    .map(({ database, table, constraint, parent }) => ({
      message:
        `rows of ${database}.${table} that the foreign key ${constraint} changes with those of ` +
        `${parent} (CASCADE, SET NULL) are not in the binlog: copies keep the old rows`,
      cure:
        `ALTER TABLE ${quotedName(database)}.${quotedName(table)} DROP FOREIGN KEY ` +
        `${quotedName(constraint)}; and add it anew ON DELETE RESTRICT ON UPDATE RESTRICT, so ` +
        'that applications change the rows themselves.',
    }));
}
