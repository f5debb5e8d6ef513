import type { TidemarkError } from '../foundation/errors.ts';
import { openSqliteSession } from '../sink/sql/sqlite-session.ts';
import { sqliteFileOf } from '../sink/sql/sqlite-url.ts';
import type { SqlSinkOptions } from '../sink/sql/sql-sink-options.ts';
import { inspectTargetFile } from './target-file-check.ts';

/** What is wrong with a SQLite file as a target; nothing is changed, and none is made. */
export function inspectSqliteTarget(
  options: SqlSinkOptions,
  signal: AbortSignal,
): Promise<readonly TidemarkError[]> {
  const file = sqliteFileOf(options.connectionUrl);
  return inspectTargetFile(file, 'sqlite', () => openSqliteSession(options, signal, true));
}
