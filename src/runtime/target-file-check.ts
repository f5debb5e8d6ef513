import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { TidemarkError } from '../foundation/errors.ts';
import type { TargetSession } from '../sink/sql/target-session.ts';

/**
 * What is wrong with a file as a target; nothing is changed, and none is made. `open` reads one
 * that is there.
 */
export async function inspectTargetFile(
  file: string,
  scheme: 'sqlite' | 'duckdb',
  open: () => Promise<TargetSession>,
): Promise<readonly TidemarkError[]> {
  const folder = path.dirname(file);
  const found = await stat(file).catch(() => null);
  if (found?.isDirectory() === true) {
    const cure = `Name a file in it: ${scheme}:/folder/file.db.`;
    return [new TidemarkError('SINK_SCHEMA', `${file} is a folder`, { cure })];
  }
  if (found !== null) {
    const session = await open();
    await session.close();
  }
  // What is not yet in the file lies beside it.
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
