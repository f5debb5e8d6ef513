import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { TidemarkError } from '../foundation/errors.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { sharedFolder, shortHash } from './postgres-binaries.ts';
import type { ServerAccount } from './server-account.ts';
import { canReach } from './server-account.ts';

const LOG_TAIL_LINES = 12;

/** The files of one server: `data` belongs to the account that runs it, all else to us. */
export interface ServerHome {
  readonly directory: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly password: string;
  /** 0 when there was no last run. */
  lastPort(): number;
  rememberPort(port: number): void;
  /** The last lines of the log, for a message. */
  logTail(): string;
}

/** Makes the folder, elsewhere if the account cannot reach it, and the password if it is new. */
export function prepareServerHome(wanted: string, account: ServerAccount): ServerHome {
  const directory = reachableFolder(path.resolve(wanted), account);
  const portFile = path.join(directory, 'port');
  const logFile = path.join(directory, 'server.log');
  return {
    directory,
    dataDir: path.join(directory, 'data'),
    logFile,
    password: readPassword(path.join(directory, 'password')),
    lastPort: () => (existsSync(portFile) ? Number(readFileSync(portFile, 'utf8')) || 0 : 0),
    rememberPort: (port) => {
      writeFileSync(portFile, `${port}\n`);
    },
    logTail: () =>
      existsSync(logFile)
        ? readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
        : '(no log)',
  };
}

function reachableFolder(wanted: string, account: ServerAccount): string {
  const reachable = canReach(account, wanted);
  const folder = reachable
    ? wanted
    : path.join(sharedFolder(account), `server-${shortHash(wanted)}`);
  const isNew = !existsSync(folder);
  // Passable for the server's user; what is in it is protected file by file.
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  if (isNew && !account.own) chmodSync(folder, 0o711);
  if (!canReach(account, folder)) {
    throw new TidemarkError('DEMO_SERVER', `user ${account.name} cannot reach ${folder}`);
  }
  return realpathSync(folder);
}

function readPassword(file: string): string {
  if (!existsSync(file)) {
    writeFileSync(file, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 });
  }
  return readFileSync(file, 'utf8').trim();
}

/** What `initialiseCluster` needs. */
export interface InitialiseOptions {
  readonly home: ServerHome;
  readonly binaries: PostgresBinaries;
  readonly account: ServerAccount;
  readonly auth: 'scram-sha-256' | 'trust';
  readonly durable: boolean;
  readonly signal: AbortSignal;
}

/**
 * Runs `initdb` if there are no data yet. It works in a folder aside that is renamed when whole, so
 * that an initdb cut short is never mistaken for a cluster.
 */
export async function initialiseCluster(options: InitialiseOptions): Promise<void> {
  const { home, binaries, account } = options;
  const versionFile = path.join(home.dataDir, 'PG_VERSION');
  if (existsSync(versionFile)) {
    const found = readFileSync(versionFile, 'utf8').trim();
    if (found === `${binaries.major}`) return;
    throw new TidemarkError(
      'DEMO_SERVER',
      `${home.directory} holds data of PostgreSQL ${found}, not ${binaries.major}`,
      { cure: `Delete ${home.directory}.` },
    );
  }
  const aside = path.join(home.directory, 'data.new');
  const passwordFile = path.join(home.directory, 'password.initdb');
  rmSync(aside, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  mkdirSync(aside, { mode: 0o700 });
  writeFileSync(passwordFile, home.password, { mode: 0o600, flag: 'wx' });
  if (!account.own) {
    chownSync(aside, account.uid, account.gid);
    chownSync(passwordFile, account.uid, account.gid);
  }
  try {
    await runInitdb(options, aside, passwordFile);
    if (lstatSync(home.dataDir, { throwIfNoEntry: false }))
      rmSync(home.dataDir, { recursive: true });
    renameSync(aside, home.dataDir);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function runInitdb(
  options: InitialiseOptions,
  dataDir: string,
  passwordFile: string,
): Promise<void> {
  const { binaries, account, auth, durable, signal } = options;
  // One sort order on every machine: the system's locales differ, the builtin one (17+) does not.
  const locale =
    binaries.major >= 17
      ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
      : ['--locale=C'];
  const args = [
    `--pgdata=${dataDir}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth-local=scram-sha-256',
    `--auth-host=${auth}`,
    '--encoding=UTF8',
    ...locale,
    ...(durable ? [] : ['--no-sync']),
  ];
  const child = spawn(binaries.initdb, args, {
    cwd: '/',
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    ...(account.own ? {} : { uid: account.uid, gid: account.gid }),
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) {
    throw new TidemarkError('DEMO_SERVER', `initdb failed:\n${output.trimEnd()}`, {
      cure: 'Read the message of initdb; as an ordinary user it needs a name in /etc/passwd.',
    });
  }
}

/** A port on loopback that is free now: the wanted one if it can be had. */
export async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  try {
    server.listen(wanted, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : wanted;
  } catch {
    return wanted === 0 ? 0 : await freePort(0);
  } finally {
    server.close();
  }
}
