import type { TidemarkError } from '../foundation/errors.ts';
import { openDuckdbSession } from '../sink/sql/duckdb-session.ts';
import { parseDuckdbUrl } from '../sink/sql/duckdb-url.ts';
import type { SqlSinkOptions } from '../sink/sql/sql-sink-options.ts';
import { inspectTargetFile } from './target-file-check.ts';

/** What is wrong with a DuckDB file as a target; nothing is changed, and none is made. */
export function inspectDuckdbTarget(
  options: SqlSinkOptions,
  signal: AbortSignal,
): Promise<readonly TidemarkError[]> {
  const file = parseDuckdbUrl(options.connectionUrl).file;
  return inspectTargetFile(file, 'duckdb', () => openDuckdbSession(options, signal, true));
}
