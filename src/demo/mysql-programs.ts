import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { debianPackages } from './debian-packages.ts';
import type { ServerAccount } from './server-account.ts';

export type MysqlSeries = '9.7' | '8.0' | '5.7' | '5.6';
export type MariadbSeries = '11.4' | '10.11';
/** The two never gave a number to the same series. */
export type ServerSeries = MysqlSeries | MariadbSeries;
export type ServerFlavor = 'mysql' | 'mariadb';

/** `--name=value` of the server; `true` is `--name`. */
export type ServerSettings = Readonly<Record<string, string | number | true>>;

/** How the server program of some series is run. */
export interface ServerPrograms {
  readonly series: ServerSeries;
  readonly flavor: ServerFlavor;
  readonly program: string;
  /** What comes before its options. */
  readonly args: readonly string[];
  /** Where the files lie that belong to it. */
  readonly settings: ServerSettings;
  readonly share: string;
  /** A prepared data folder, where the package has one. */
  readonly data: string | undefined;
}

/** Whose series it is. */
export function flavorOf(series: ServerSeries): ServerFlavor {
  return series === '11.4' || series === '10.11' ? 'mariadb' : 'mysql';
}

/**
 * Downloads the server that Debian has, where it is not there yet, for the account to run. Of MySQL
 * that is Oracle's current one, in unstable: its version moves, and a new series brings new things.
 * What was once downloaded stays on the machine.
 */
export async function debianServer(
  flavor: ServerFlavor,
  account: ServerAccount,
): Promise<ServerPrograms> {
  return flavor === 'mariadb'
    ? await debianPackage('10.11', 'bookworm', 'mariadb-server-core', account)
    : await newestMysql(account);
}

async function newestMysql(account: ServerAccount): Promise<ServerPrograms> {
  const found = await debianPackage('9.7', 'sid', 'mysql-server-core', account).catch(
    (error: unknown) => {
      const cure = 'Debian unstable moves; MySQL 8.0 is of Maven and stays';
      throw new Error(`no MySQL 9.7 or newer (${cure})`, { cause: error });
    },
  );
  const args = [...found.args, '--no-defaults', '--version'];
  const { stdout } = await promisify(execFile)(found.program, args);
  const [, major = 0, minor = 0] = /Ver (\d+)\.(\d+)/.exec(stdout) ?? [];
  if (Number(major) * 100 + Number(minor) >= 907) return found;
  throw new Error(`Debian unstable has no MySQL 9.7 or newer any more, but ${stdout.trim()}`);
}

async function debianPackage(
  series: ServerSeries,
  suite: string,
  packageName: string,
  account: ServerAccount,
): Promise<ServerPrograms> {
  const flavor = flavorOf(series);
  const name = `${flavor}-${series}`;
  const { folder, loader } = await debianPackages(name, suite, [packageName], account);
  const [program = '', ...args] = loader();
  const server = path.join(folder, 'usr/sbin', flavor === 'mariadb' ? 'mariadbd' : 'mysqld');
  const share = ['share/mysql', 'share/mariadb']
    .map((place) => path.join(folder, 'usr', place))
    .find((place) => existsSync(path.join(place, 'charsets')));
  if (share === undefined) throw new Error(`${packageName} has other folders than it had`);
  return {
    series,
    flavor,
    program,
    args: [...args, server],
    settings: {
      ...filesOf(path.join(folder, 'usr'), share),
      'plugin-dir': path.join(folder, 'usr/lib/mysql/plugin'),
    },
    share,
    data: undefined,
  };
}

/** Where a server finds its messages and character sets. */
export function filesOf(base: string, share: string): ServerSettings {
  return {
    basedir: base,
    'lc-messages-dir': share,
    'character-sets-dir': path.join(share, 'charsets'),
  };
}
