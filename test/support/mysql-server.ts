import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import type { ServerAccount } from '../../src/demo/server-account.ts';
import { chooseServerAccount } from '../../src/demo/server-account.ts';
import type { MysqlAddress } from './mysql-database.ts';
import { createMysqlDatabase, MysqlConnections, type MysqlDatabase } from './mysql-database.ts';
import type {
  MariadbSeries,
  MysqlSeries,
  ServerFlavor,
  ServerPrograms,
  ServerSeries,
  ServerSettings,
} from '../../src/demo/mysql-programs.ts';
import { serverPrograms } from './mysql-programs.ts';
import type { ServerPlace } from '../../src/demo/mysql-settings.ts';
import { certificateOf, runningSettings, serverArguments } from '../../src/demo/mysql-settings.ts';
import { dataTemplate } from '../../src/demo/mysql-template.ts';
import type { Row } from './postgres.ts';
import { freePorts, ServerProcess } from './server-process.ts';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

const CERTIFICATES = fileURLToPath(new URL('tls', import.meta.url));
const PORT_ATTEMPTS = 3;

/** What of a server may be chosen. */
export interface ServerOptions {
  /** More of the command line, or other values: `{ 'binlog-row-image': 'MINIMAL' }`. */
  readonly settings?: ServerSettings;
  /** Of its account; servers of one set have the same. */
  readonly password?: string;
}

/** Starts a MySQL for this test only; disposing deletes its data. */
export function startMysql(
  options: ServerOptions & { readonly version: MysqlSeries },
): Promise<MysqlServer> {
  return startServer(options.version, options);
}

/** Starts a MariaDB for this test only; disposing deletes its data. */
export function startMariadb(
  options: ServerOptions & { readonly version: MariadbSeries },
): Promise<MysqlServer> {
  return startServer(options.version, options);
}

/** One of either kind; it dies with the test that started it. */
export async function startServer(
  series: ServerSeries,
  options: ServerOptions = {},
): Promise<MysqlServer> {
  const server = await MysqlServer.start(series, options);
  try {
    // A test that runs out of time never comes to its `using`.
    onTestFinished(() => server[Symbol.asyncDispose]());
  } catch {
    // Started by a hook, for several tests: whoever did disposes of it.
  }
  return server;
}

/**
 * A real MySQL or MariaDB on 127.0.0.1, which never runs as root. It is a source of changes: row
 * events with full images and metadata, and GTIDs. Its data outlive `stop` and `kill`.
 *
 * Measured on two cores that others used too, until the first answer: a new server; one that was
 * killed; one that is the first on the machine, with all downloads; and its resident memory.
 *
 *     MariaDB 10.11.18   0.35 s   0.1 s    8 s    59 MB
 *     MariaDB 11.4.5     0.4 s    0.2 s   14 s   145 MB
 *     MySQL 5.6.24       0.15 s   0.2 s   14 s    28 MB
 *     MySQL 5.7.22       0.4 s    0.3 s   24 s    37 MB
 *     MySQL 8.0.15       0.9 s    1.3 s   19 s    93 MB
 *     MySQL 9.7.4        1.1 s    1.3 s   27 s   225 MB
 *
 * With its defaults 9.7 takes 520 MB.
 */
export class MysqlServer implements AsyncDisposable, MysqlAddress {
  readonly host = '127.0.0.1';
  readonly user = 'tidemark';
  readonly password: string;
  readonly series: ServerSeries;
  readonly flavor: ServerFlavor;
  readonly #account: ServerAccount;
  readonly #programs: ServerPrograms;
  readonly #folder: TemporaryFolder;
  #settings: ServerSettings;
  #port = 0;
  #version = '';
  #hasUsers = false;
  #process: ServerProcess | undefined;
  #connections: MysqlConnections | undefined;

  private constructor(
    account: ServerAccount,
    programs: ServerPrograms,
    folder: TemporaryFolder,
    { settings = {}, password = randomBytes(12).toString('hex') }: ServerOptions,
  ) {
    this.series = programs.series;
    this.flavor = programs.flavor;
    this.#account = account;
    this.#programs = programs;
    this.#folder = folder;
    this.#settings = settings;
    this.password = password;
  }

  /** Downloads and prepares what is missing, which may take a minute, once on a machine. */
  static async start(series: ServerSeries, options: ServerOptions = {}): Promise<MysqlServer> {
    const account = chooseServerAccount();
    const programs = await serverPrograms(series, account);
    const template = await dataTemplate(programs, account);
    const folder = await temporaryFolder(`${programs.flavor}-${series}`);
    const server = new MysqlServer(account, programs, folder, options);
    try {
      await server.#prepareFolder(template);
      await server.#startOnFreePort();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** Its own word for it: `9.7.4`, `11.4.5-MariaDB-log`. */
  get version(): string {
    return this.#version;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Since it was last started. */
  get log(): string {
    return this.#process?.log ?? '';
  }

  /** Who signed its certificate, where it has one; the name in ours is `localhost`. */
  get caFile(): string | undefined {
    const whose = certificateOf(this.series);
    if (whose === 'none') return undefined;
    return path.join(whose === 'ours' ? CERTIFICATES : this.#place.dataDir, 'ca.pem');
  }

  /** Starts a stopped or killed server on its data and port; settings replace those it had. */
  async start(settings: ServerSettings = {}): Promise<void> {
    if (this.#process?.running === true) return;
    this.#settings = { ...this.#settings, ...settings };
    await this.#run();
  }

  /** As an operator would: what is under way is rolled back. MySQL gives clients 2 s to leave. */
  async stop(): Promise<void> {
    await this.#disconnect();
    await this.#process?.stop();
  }

  /** As the kernel would for lack of memory. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** It answers nothing any more and keeps its connections. */
  async pause(): Promise<void> {
    this.#process?.pause();
    // Each of its threads goes on until it next looks for signals.
    while (!this.#isPaused()) await sleep(1);
  }

  resume(): void {
    this.#process?.resume();
  }

  /** Rows of the (last) statement; without a database of its own. */
  query<R extends Row = Row>(sql: string, params?: readonly unknown[]): Promise<R[]> {
    this.#connections ??= new MysqlConnections(this);
    return this.#connections.query<R>(sql, params);
  }

  /** A new empty database; disposing drops it. */
  freshDatabase(): Promise<MysqlDatabase> {
    return createMysqlDatabase(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#disconnect();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #disconnect(): Promise<void> {
    const connections = this.#connections;
    this.#connections = undefined;
    await connections?.end();
  }

  #isPaused(): boolean {
    const tasks = `/proc/${this.pid}/task`;
    return readdirSync(tasks).every((task) => {
      const stat = readFileSync(path.join(tasks, task, 'stat'), 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
    });
  }

  get #place(): ServerPlace & { readonly certificates: string } {
    return {
      dataDir: path.join(this.#folder.path, 'data'),
      temporary: path.join(this.#folder.path, 'tmp'),
      certificates: path.join(this.#folder.path, 'tls'),
      port: this.#port,
    };
  }

  async #prepareFolder(template: string): Promise<void> {
    const { dataDir, temporary, certificates } = this.#place;
    // With its owner; blocks are shared or left out where the file system can.
    const copy = ['-a', '--reflink=auto', '--sparse=always', template, dataDir];
    await promisify(execFile)('cp', copy);
    await mkdir(temporary);
    await this.#handOver(temporary);
    await mkdir(certificates);
    await chmod(certificates, 0o755);
    for (const name of ['ca.pem', 'server.pem', 'server.key']) {
      const file = path.join(certificates, name);
      await copyFile(path.join(CERTIFICATES, name), file);
      await chmod(file, 0o644);
    }
  }

  async #startOnFreePort(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      [this.#port = 0] = await freePorts(1);
      try {
        await this.#run();
        return;
      } catch (error) {
        // Somebody took the port between our look and the server's.
        const taken = this.log.includes('Address already in use');
        if (!taken || attempt >= PORT_ATTEMPTS) throw error;
      }
    }
  }

  async #run(): Promise<void> {
    const place = this.#place;
    const settings = { ...runningSettings(this.#programs, place), ...this.#settings };
    // A killed server leaves the number of its process, which may be somebody else's by now.
    for (const left of ['server.sock', 'server.sock.lock', 'server.pid']) {
      await rm(path.join(place.dataDir, left), { force: true });
    }
    const users = this.#hasUsers ? {} : { 'init-file': await this.#writeUsers() };
    const server = new ServerProcess({
      program: this.#programs.program,
      args: serverArguments(this.#programs, { ...settings, ...users }),
      folder: place.dataDir,
      log: path.join(this.#folder.path, 'server.log'),
      environment: { TZ: 'UTC' },
      account: this.#account,
    });
    this.#process = server;
    await server.untilReady(({ log }) => log.includes('ready for connections'));
    this.#hasUsers = true;
    const [row] = await this.query<{ version: string }>('SELECT VERSION() AS version');
    this.#version = row?.version ?? '';
  }

  /** Statements that it runs before it listens, and that it does not write into its binlog. */
  async #writeUsers(): Promise<string> {
    const { user, password } = this;
    const known = `IDENTIFIED BY '${password}'`;
    const create = [
      `CREATE USER ${user}@'%' ${known};`,
      `GRANT ALL ON *.* TO ${user}@'%' WITH GRANT OPTION;`,
    ];
    // The others that there are need no password.
    const byKind = {
      mariadb: ["DELETE FROM mysql.global_priv WHERE user IN ('', 'root');", ...create],
      mysql: [`ALTER USER root@localhost ${known};`, ...create],
      '5.6': [
        'DELETE FROM mysql.user;',
        `GRANT ALL ON *.* TO ${user}@'%' ${known} WITH GRANT OPTION;`,
      ],
    };
    const statements = [
      'SET sql_log_bin = 0;',
      ...byKind[this.series === '5.6' ? '5.6' : this.flavor],
      'FLUSH PRIVILEGES;',
    ];
    const file = path.join(this.#folder.path, 'users.sql');
    await writeFile(file, `${statements.join('\n')}\n`, { mode: 0o600 });
    await this.#handOver(file);
    return file;
  }

  async #handOver(file: string): Promise<void> {
    const { own, uid, gid } = this.#account;
    if (!own) await chown(file, uid, gid);
  }
}
