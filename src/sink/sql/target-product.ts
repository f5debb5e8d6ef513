import type { TargetDialect } from '../../../dialects/dialect.ts';
import { mysqlTarget } from '../../../dialects/mysql/mysql-target-dialect.ts';
import { postgresTarget } from '../../../dialects/postgres/postgres-target-dialect.ts';
import { databaseOfUrl, isMysqlUrl } from './mysql-url.ts';
import { openMysqlSession } from './mysql-session.ts';
import { openPostgresSession } from './postgres-session.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { OpenSession } from './target-session.ts';

/** The SQL of a target, and the way to it. */
export interface TargetProduct {
  readonly dialect: TargetDialect;
  readonly open: OpenSession;
}

/** The product that `connection.url` names. One SQL serves MySQL and MariaDB. */
export function targetOf(options: SqlSinkOptions): TargetProduct {
  return isMysqlUrl(options.connectionUrl)
    ? { dialect: mysqlTarget, open: (signal) => openMysqlSession(options, signal) }
    : { dialect: postgresTarget, open: (signal) => openPostgresSession(options, signal) };
}

/** Where tables go that no option gives a schema to. */
export function defaultSchemaOf(connectionUrl: string): string {
  return isMysqlUrl(connectionUrl) ? databaseOfUrl(connectionUrl) : 'public';
}
