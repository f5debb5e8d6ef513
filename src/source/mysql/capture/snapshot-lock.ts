import type { MysqlLockingMode } from '../mysql-source-options.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import type { AccountPrivileges } from './account-privileges.ts';
import { mayEverywhere, mayOn } from './account-privileges.ts';

/** What decides how a first snapshot finds its position. */
export interface LockInput {
  readonly facts: MysqlServerFacts;
  readonly privileges: AccountPrivileges;
  readonly lockingMode: MysqlLockingMode;
  readonly tables: readonly { readonly database: string; readonly table: string }[];
}

/**
 * How the privileges of the account permit it: `server` and `tables` stop writes, `commits` holds
 * up commits where the server is busy, `single` reads over one connection instead; `denied`: the
 * snapshot will be refused.
 */
export type SnapshotLock = 'none' | 'server' | 'tables' | 'commits' | 'single' | 'denied';

/** The lock that a first snapshot will take. Only MariaDB tells a transaction where it stands. */
export function snapshotLock({ facts, privileges, lockingMode, tables }: LockInput): SnapshotLock {
  if (lockingMode === 'none') return 'none';
  const mayLockServer = mayEverywhere(privileges, 'RELOAD', 'FLUSH_TABLES');
  if (facts.flavor === 'mariadb' && lockingMode !== 'extended') {
    return mayLockServer ? 'commits' : 'single';
  }
  if (mayLockServer) return 'server';
  const mayLockTables = tables.every(({ database, table }) =>
    mayOn(privileges, 'LOCK TABLES', database, table),
  );
  return mayLockTables ? 'tables' : 'denied';
}

/** For people, as `plan` shows it. */
export function snapshotLockText(lock: SnapshotLock, lockingMode: MysqlLockingMode): string {
  const until =
    lockingMode === 'extended' ? 'until all rows are read' : 'until all connections have begun';
  switch (lock) {
    case 'none':
      return 'none; what changes meanwhile is read against the stream';
    case 'server':
      return `FLUSH TABLES WITH READ LOCK, ${until}`;
    case 'tables':
      return `LOCK TABLES … READ of the captured tables, ${until}`;
    case 'commits':
      return 'none; on a busy server commits are held up while connections begin';
    case 'single':
      return 'none; on a busy server over one connection only';
    case 'denied':
      return 'the account may take none: the snapshot is refused';
  }
}
