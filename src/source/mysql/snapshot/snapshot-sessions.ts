import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import type { MysqlSession } from '../wire/mysql-session.ts';
import { quotedTable } from './mysql-select-list.ts';

const DAY_SECONDS = 86_400;
/** MariaDB cuts off idle transactions from 10.3 on, MySQL knows limits of queries from 5.7.8 on. */
const MARIADB_IDLE_LIMITS = 100_300;
const MYSQL_QUERY_LIMIT = 50_708;
/** A lock of a table waits for the transactions that have used it. */
const MYSQL_TABLE_LOCKS = 50_700;

/**
 * For sessions that hold a snapshot: while the log takes no more, the server must not give up on
 * a row that nobody fetches, nor on a session that waits for its turn (PITFALLS B117).
 */
export function snapshotSettings(
  { flavor, version }: MysqlServerFacts,
  lockWaitSeconds: number,
): readonly string[] {
  const settings = [
    `net_write_timeout = ${DAY_SECONDS}`,
    `wait_timeout = ${DAY_SECONDS}`,
    `lock_wait_timeout = ${lockWaitSeconds}`,
  ];
  if (flavor === 'mariadb') {
    settings.push('max_statement_time = 0');
    if (version >= MARIADB_IDLE_LIMITS) {
      settings.push('idle_transaction_timeout = 0', 'idle_readonly_transaction_timeout = 0');
    }
  } else if (version >= MYSQL_QUERY_LIMIT) {
    settings.push('max_execution_time = 0');
  }
  return [
    `SET SESSION ${settings.join(', ')}`,
    'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
  ];
}

/**
 * Locks tables for reading, once whatever has changed them has ended. Before 5.7 the lock itself
 * goes past statements that are running in InnoDB, and past transactions that are committing; the
 * one that InnoDB adds where autocommit is off waits for them.
 */
export function tableLocks(
  { flavor, version }: Pick<MysqlServerFacts, 'flavor' | 'version'>,
  tables: readonly { readonly database: string; readonly name: string }[],
): readonly string[] {
  const lock = `LOCK TABLES ${tables.map((table) => `${quotedTable(table)} READ`).join(', ')}`;
  const waits = flavor === 'mariadb' || version >= MYSQL_TABLE_LOCKS;
  return waits ? [lock] : ['SET SESSION autocommit = 0, innodb_table_locks = 1', lock];
}

/** Runs statements one after the other. */
export async function runAll(
  session: Pick<MysqlSession, 'query'>,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const sql of statements) await session.query(sql, signal);
}
