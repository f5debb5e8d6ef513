import type { QueryContext } from '../binlog/binlog-event.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';

/** As the server gives it to those who ask for nothing: migrations are run so. */
export const SERVER_DEFAULTS =
  'SET SESSION sql_mode = @@GLOBAL.sql_mode, time_zone = @@GLOBAL.time_zone';

/** Bits of a QUERY event (PITFALLS B95) that decide what a statement means. */
const MODES: Readonly<Record<string, bigint>> = {
  REAL_AS_FLOAT: 1n,
  ANSI_QUOTES: 4n,
  ORACLE: 512n,
  NO_BACKSLASH_ESCAPES: 1n << 20n,
  STRICT_TRANS_TABLES: 1n << 21n,
  STRICT_ALL_TABLES: 1n << 22n,
};

/** `STRICT_TRANS_TABLES,NO_ZERO_DATE` as bits. */
export function sqlModeBits(text: string): bigint {
  return text.split(',').reduce((bits, name) => bits | (MODES[name.trim()] ?? 0n), 0n);
}

/** What the binlog would tell of the session with its next statement. */
export async function readSessionContext(
  session: MysqlQuerier,
  facts: MysqlServerFacts,
  signal: AbortSignal,
): Promise<QueryContext> {
  const has = facts.flavor === 'mysql' && facts.version >= 80_011;
  const sql =
    'SELECT @@SESSION.sql_mode, ' +
    '(SELECT ID FROM information_schema.COLLATIONS WHERE COLLATION_NAME = @@collation_server), ' +
    (has
      ? '(SELECT ID FROM information_schema.COLLATIONS ' +
        'WHERE COLLATION_NAME = @@default_collation_for_utf8mb4)'
      : 'NULL');
  const [[mode = '', server = null, utf8mb4 = null] = []] = (await session.query(sql, signal)).rows;
  return {
    sqlMode: sqlModeBits(mode ?? ''),
    autocommit: null,
    clientCollation: null,
    connectionCollation: null,
    serverCollation: server === null ? null : Number(server),
    databaseCollation: null,
    utf8mb4Collation: utf8mb4 === null ? null : Number(utf8mb4),
    timeZone: null,
    microseconds: 0,
    ddlXid: null,
    databases: null,
    alterFlags: 0,
  };
}
