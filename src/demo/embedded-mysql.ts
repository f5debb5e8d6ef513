import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../foundation/clock.ts';
import { systemClock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ServerFlavor, ServerPrograms } from './mysql-programs.ts';
import { debianServer } from './mysql-programs.ts';
import { runningSettings, serverArguments } from './mysql-settings.ts';
import { dataTemplate } from './mysql-template.ts';
import type { ServerAccount } from './server-account.ts';
import { chooseServerAccount } from './server-account.ts';
import type { ServerHome } from './server-home.ts';
import { freePort, prepareServerHome } from './server-home.ts';
import { processesIn, processIdentity, signalProcess } from './server-processes.ts';

/** How a server is started. */
export interface EmbeddedMysqlOptions {
  readonly flavor: ServerFlavor;
  /** Where data, password and log live. May be replaced by a folder that the server can reach. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

const READY = 'ready for connections';
const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 15_000;
const POLL_MS = 25;
const PORT_ATTEMPTS = 5;

/** As for PostgreSQL: when we die without a word, the server stops in order. */
const WATCHDOG = 'read -r _; [ "$(readlink "/proc/$1/cwd")" = "$2" ] && kill -TERM "$1"';

/**
 * A real MySQL or MariaDB on 127.0.0.1 only, with a binlog of rows and GTIDs. Its program comes
 * from the packages of Debian, unpacked and not installed; data survive `stop`.
 */
export class EmbeddedMysql implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly user = 'tidemark';
  readonly flavor: ServerFlavor;
  readonly #clock: Clock;
  readonly #account: ServerAccount;
  readonly #programs: ServerPrograms;
  readonly #home: ServerHome;
  #port = 0;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #watchdog: ChildProcess | undefined;

  private constructor(
    { flavor, directory, clock = systemClock }: EmbeddedMysqlOptions,
    account: ServerAccount,
    programs: ServerPrograms,
  ) {
    this.flavor = flavor;
    this.#clock = clock;
    this.#account = account;
    this.#programs = programs;
    this.#home = prepareServerHome(directory, account);
  }

  /** Downloads what is missing, ends what a killed run left behind, and starts. */
  static async start(options: EmbeddedMysqlOptions): Promise<EmbeddedMysql> {
    const account = chooseServerAccount();
    const programs = await fetched(options.flavor, account);
    const server = new EmbeddedMysql(options, account, programs);
    try {
      await server.#start(await dataTemplate(programs, account), options.signal);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get password(): string {
    return this.#home.password;
  }

  /** As an operator would: what is under way is rolled back. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child?.pid !== undefined) {
      signalProcess(child.pid, 'SIGTERM');
      const cancel = this.#clock.after(STOP_DEADLINE_MS, () => {
        child.kill('SIGKILL');
      });
      await this.#exited;
      cancel();
    }
    this.#child = undefined;
    this.#watchdog?.kill('SIGKILL');
    this.#watchdog?.stdin?.destroy();
    this.#watchdog = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(template: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#claim();
    await this.#endLeftovers(signal);
    await this.#makeData(template);
    for (let attempt = 1; ; attempt++) {
      this.#port = await freePort(attempt === 1 ? this.#home.lastPort() : 0);
      this.#spawnServer();
      try {
        await this.#untilReady(signal);
        this.#home.rememberPort(this.#port);
        return;
      } catch (error) {
        await this.stop();
        // Somebody took the port between our look and the server's.
        const taken = this.#log().includes('Address already in use');
        if (!taken || attempt >= PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** One owner at a time: two runs in one folder would stop each other's server. */
  #claim(): void {
    const file = path.join(this.#home.directory, 'owner');
    const owner = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const pid = Number(owner.split(' ')[0]);
    if (owner !== '' && pid !== process.pid && processIdentity(pid) === owner) {
      const text = `process ${pid} is using the server in ${this.#home.directory}`;
      throw new TidemarkError('DEMO_IN_USE', text);
    }
    writeFileSync(file, processIdentity(process.pid) ?? '');
  }

  async #endLeftovers(signal: AbortSignal): Promise<void> {
    const deadline = this.#clock.monotonicMs() + STOP_DEADLINE_MS;
    for (const pid of processesIn(this.#home.dataDir)) signalProcess(pid, 'SIGTERM');
    while (processesIn(this.#home.dataDir).length > 0) {
      const late = this.#clock.monotonicMs() > deadline;
      if (late) for (const pid of processesIn(this.#home.dataDir)) signalProcess(pid, 'SIGKILL');
      await this.#clock.sleep(POLL_MS, signal);
      signal.throwIfAborted();
    }
  }

  /** Aside, and renamed when whole: a copy that was cut short is never taken for data. */
  async #makeData(template: string): Promise<void> {
    const { dataDir, directory } = this.#home;
    const temporary = path.join(directory, 'tmp');
    mkdirSync(temporary, { recursive: true });
    this.#handOver(temporary);
    if (existsSync(dataDir)) return;
    const aside = path.join(directory, 'data.new');
    rmSync(aside, { recursive: true, force: true });
    // With its owner, who is the account.
    await promisify(execFile)('cp', ['-a', '--reflink=auto', template, aside]);
    renameSync(aside, dataDir);
  }

  #spawnServer(): void {
    const { dataDir, directory, logFile } = this.#home;
    // Of a server that was killed: the number is somebody else's by now.
    for (const left of ['server.sock', 'server.sock.lock', 'server.pid']) {
      rmSync(path.join(dataDir, left), { force: true });
    }
    const place = {
      dataDir,
      temporary: path.join(directory, 'tmp'),
      port: this.#port,
      certificates: null,
    };
    const settings = runningSettings(this.#programs, place);
    const args = serverArguments(this.#programs, { ...settings, 'init-file': this.#writeUsers() });
    if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`);
    const log = openSync(logFile, 'a', 0o600);
    const { uid, gid, own } = this.#account;
    const user = own ? {} : { uid, gid };
    // Own session: Ctrl-C on the terminal is for us, and the server stops after its clients.
    const child = spawn(this.#programs.program, args, {
      cwd: dataDir,
      detached: true,
      env: { LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', log, log],
      ...user,
    });
    closeSync(log);
    this.#child = child;
    this.#exited = once(child, 'exit').catch(() => undefined);
    if (child.pid === undefined) return;
    const watchdogArgs = ['-c', WATCHDOG, 'tidemark-watchdog', `${child.pid}`, dataDir];
    this.#watchdog = spawn('/bin/sh', watchdogArgs, {
      cwd: '/',
      detached: true,
      env: { PATH: '/usr/bin:/bin' },
      stdio: ['pipe', 'ignore', 'ignore'],
      ...user,
    });
    this.#watchdog.on('error', () => undefined);
    this.#watchdog.unref();
  }

  /** What the server runs before it listens: our account alone, and nothing of it in the binlog. */
  #writeUsers(): string {
    const { user, password } = this;
    const known = `IDENTIFIED BY '${password}'`;
    const others = {
      mariadb: "DELETE FROM mysql.global_priv WHERE user IN ('', 'root');",
      mysql: `ALTER USER IF EXISTS root@localhost ${known};`,
    };
    const statements = [
      'SET sql_log_bin = 0;',
      others[this.flavor],
      'FLUSH PRIVILEGES;',
      `CREATE USER IF NOT EXISTS ${user}@'%' ${known};`,
      `GRANT ALL ON *.* TO ${user}@'%' WITH GRANT OPTION;`,
    ];
    const file = path.join(this.#home.directory, 'users.sql');
    rmSync(file, { force: true });
    writeFileSync(file, `${statements.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
    this.#handOver(file);
    return file;
  }

  #handOver(file: string): void {
    const { own, uid, gid } = this.#account;
    if (!own) chownSync(file, uid, gid);
  }

  #log(): string {
    const { logFile } = this.#home;
    return existsSync(logFile) ? readFileSync(logFile, 'utf8') : '';
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    const child = this.#child;
    const deadline = this.#clock.monotonicMs() + READY_DEADLINE_MS;
    while (!this.#log().includes(READY)) {
      const ended =
        child?.pid === undefined || child.exitCode !== null || child.signalCode !== null;
      if (ended || this.#clock.monotonicMs() > deadline) {
        const who = this.#account.own ? 'this user' : `user ${this.#account.name}`;
        throw new TidemarkError(
          'DEMO_SERVER',
          `the ${this.flavor} server did not start as ${who}; its log ends with:\n` +
            this.#home.logTail(),
        );
      }
      await this.#clock.sleep(POLL_MS, signal);
      signal.throwIfAborted();
    }
  }
}

/** What is missing stands in the message of what failed. */
async function fetched(flavor: ServerFlavor, account: ServerAccount): Promise<ServerPrograms> {
  try {
    return await debianServer(flavor, account);
  } catch (error) {
    const reason = error instanceof Error ? innermost(error).message : String(error);
    throw new TidemarkError('DEMO_SERVER', `the ${flavor} server cannot be fetched: ${reason}`, {
      cause: error,
      cure:
        'It comes from the packages of Debian, by apt-get and dpkg-deb, for which this machine ' +
        'needs both and a way to its mirror. PostgreSQL comes with npm: npm start.',
    });
  }
}

function innermost(error: Error): Error {
  return error.cause instanceof Error && !('stderr' in error.cause)
    ? innermost(error.cause)
    : error;
}
