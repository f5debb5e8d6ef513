import type { Clock } from '../foundation/clock.ts';
import type { MysqlInspection } from './inspect-mysql.ts';
import { inspectMysql, isMysqlUrl } from './inspect-mysql.ts';
import type { PostgresInspection } from './inspect-postgres.ts';
import { inspectPostgres } from './inspect-postgres.ts';

/** What `init` writes down about a source of any family. */
export type SourceInspection = PostgresInspection | MysqlInspection;

/** Looks at a source with the rights of any account. Throws when it cannot be reached. */
export async function inspectSource(
  url: string,
  signal: AbortSignal,
  clock: Clock,
): Promise<SourceInspection> {
  return isMysqlUrl(url)
    ? await inspectMysql(url, signal, clock)
    : await inspectPostgres(url, signal, clock);
}
