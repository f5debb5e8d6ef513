import type { TargetDialect } from '../../../dialects/dialect.ts';
import { duckdbTarget } from '../../../dialects/duckdb/duckdb-target-dialect.ts';
import { mysqlTarget } from '../../../dialects/mysql/mysql-target-dialect.ts';
import { postgresTarget } from '../../../dialects/postgres/postgres-target-dialect.ts';
import { sqliteTarget } from '../../../dialects/sqlite/sqlite-target-dialect.ts';
import { SQLITE_SCHEMA } from '../../../dialects/sqlite/sqlite-target-ddl.ts';
import { openDuckdbSession } from './duckdb-session.ts';
import { isDuckdbUrl } from './duckdb-url.ts';
import { databaseOfUrl, isMysqlUrl } from './mysql-url.ts';
import { openPostgresSession } from './postgres-session.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import { openSqliteSession } from './sqlite-session.ts';
import { isSqliteUrl } from './sqlite-url.ts';
import type { OpenSession } from './target-session.ts';

/** The SQL of a target, and the way to it. */
export interface TargetProduct {
  readonly dialect: TargetDialect;
  readonly open: OpenSession;
  /** A session that makes nothing by being opened, for whoever only looks. */
  readonly look: OpenSession;
}

/** The product that `connection.url` names. One SQL serves MySQL and MariaDB. */
export function targetOf(options: SqlSinkOptions): TargetProduct {
  if (isSqliteUrl(options.connectionUrl)) {
    return {
      dialect: sqliteTarget,
      open: (signal) => openSqliteSession(options, signal),
      look: (signal) => openSqliteSession(options, signal, true),
    };
  }
  if (isDuckdbUrl(options.connectionUrl)) {
    return {
      dialect: duckdbTarget,
      open: (signal) => openDuckdbSession(options, signal),
      look: (signal) => openDuckdbSession(options, signal, true),
    };
  }
  const isMysql = isMysqlUrl(options.connectionUrl);
  const open: OpenSession = async (signal) => {
    if (!isMysql) return openPostgresSession(options, signal);
    // With its driver: a hundred modules that other targets do not pay for.
    const { openMysqlSession } = await import('./mysql-session.ts');
    return openMysqlSession(options, signal);
  };
  return { dialect: isMysql ? mysqlTarget : postgresTarget, open, look: open };
}

/** Where tables go that no option gives a schema to. */
export function defaultSchemaOf(connectionUrl: string): string {
  // Both call their own one so.
  if (isSqliteUrl(connectionUrl) || isDuckdbUrl(connectionUrl)) return SQLITE_SCHEMA;
  return isMysqlUrl(connectionUrl) ? databaseOfUrl(connectionUrl) : 'public';
}
