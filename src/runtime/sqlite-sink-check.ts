import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { TidemarkError } from '../foundation/errors.ts';
import { openSqliteSession } from '../sink/sql/sqlite-session.ts';
import { sqliteFileOf } from '../sink/sql/sqlite-url.ts';
import type { SqlSinkOptions } from '../sink/sql/sql-sink-options.ts';

/** What is wrong with a SQLite file as a target; nothing is changed, and none is made. */
export async function inspectSqliteTarget(
  options: SqlSinkOptions,
  signal: AbortSignal,
): Promise<readonly TidemarkError[]> {
  const file = sqliteFileOf(options.connectionUrl);
  const folder = path.dirname(file);
  const found = await stat(file).catch(() => null);
  if (found?.isDirectory() === true) {
    const cure = 'Name a file in it: sqlite:/folder/file.db.';
    return [new TidemarkError('SINK_SCHEMA', `${file} is a folder`, { cure })];
  }
  if (found !== null) {
    const session = await openSqliteSession(options, signal, true);
    await session.close();
  }
  // The WAL lies beside the file.
  const written = found === null ? [folder] : [folder, file];
  const problems: TidemarkError[] = [];
  for (const name of written) {
    const reason = await refusal(name);
    if (reason === null) continue;
    const cure =
      reason === 'ENOENT'
        ? `mkdir -p ${name}; or correct connection.url.`
        : `Let the account of the daemon write there: chown ${name}.`;
    const message = `${name} cannot be written to (${reason})`;
    problems.push(new TidemarkError('SINK_CONNECT', message, { cure }));
  }
  return problems;
}

async function refusal(name: string): Promise<string | null> {
  try {
    await access(name, constants.W_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  }
}
