import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { sharedFolder } from './postgres-binaries.ts';
import type { ServerAccount } from './server-account.ts';
import { canReach } from './server-account.ts';

const FIFTEEN_MINUTES_MS = 900_000;

/** What the demo and the tests download and keep from one run to the next. */
function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? '';
  const folder = path.join(path.isAbsolute(base) ? base : path.join(os.homedir(), '.cache'));
  return path.join(folder, 'tidemark', 'test-servers');
}

/** A home folder may be closed to others: what they shall run is then kept outside of it. */
function folderFor(account: ServerAccount | undefined): string {
  const folder = cacheFolder();
  if (account === undefined || account.own || canReach(account, folder)) return folder;
  return path.join(sharedFolder(account), 'test-servers');
}

/**
 * Fills a folder of the cache once. The script gets an empty folder as `$1` and what follows as
 * `$2` …; the folder takes its name only when the script succeeded. Processes that want any of
 * them at the same moment wait for one another: Maven's own repository does not like two at once.
 * Where an account is given, it can reach the folder.
 */
export async function cachedFolder(
  name: string,
  script: string,
  parameters: readonly string[],
  account?: ServerAccount,
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([script, parameters]));
  const parent = folderFor(account);
  const folder = path.join(parent, `${name}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  if (!existsSync(parent)) {
    mkdirSync(parent, { recursive: true });
    chmodSync(parent, 0o755);
  }
  const whole = `set -eu; umask 022
    folder=$1; shift
    [ ! -e "$folder" ] || exit 0
    new=$(mktemp -d "$folder.XXXXXX"); trap 'rm -rf "$new"' EXIT; chmod 711 "$new"
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
