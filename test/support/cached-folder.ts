import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const FIFTEEN_MINUTES_MS = 900_000;

/** What tests download and keep from one run to the next. */
function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? '';
  const folder = path.join(path.isAbsolute(base) ? base : path.join(os.homedir(), '.cache'));
  return path.join(folder, 'tidemark', 'test-servers');
}

/**
 * Fills a folder of the cache once. The script gets an empty folder as `$1` and what follows as
 * `$2` …; the folder takes its name only when the script succeeded. Processes that want any of them
 * at the same moment wait for one another: Maven's own repository does not like two at once.
 */
export async function cachedFolder(
  name: string,
  script: string,
  parameters: readonly string[],
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([script, parameters]));
  const folder = path.join(cacheFolder(), `${name}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  const whole = `set -eu
    folder=$1; shift
    [ ! -e "$folder" ] || exit 0
    new=$(mktemp -d "$folder.XXXXXX"); trap 'rm -rf "$new"' EXIT
    set -- "$new" "$@"
    ( ${script}
    )
    chmod 755 "$new"; mv -T "$new" "$folder"; trap - EXIT`;
  const lock = path.join(cacheFolder(), 'lock');
  const run = ['-w', '900', lock, 'sh', '-c', whole, 'sh', folder, ...parameters];
  try {
    await promisify(execFile)('flock', run, {
      timeout: FIFTEEN_MINUTES_MS,
      maxBuffer: 64 * 2 ** 20,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`could not install ${name}:\n${stdout.slice(-3000)}${stderr.slice(-3000)}`, {
      cause: error,
    });
  }
  return folder;
}
