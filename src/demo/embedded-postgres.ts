import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import { systemClock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { DEMO_POSTGRES_MAJOR, preparePostgresBinaries } from './postgres-binaries.ts';
import type { ServerAccount } from './server-account.ts';
import { chooseServerAccount } from './server-account.ts';
import type { ServerHome } from './server-home.ts';
import { freePort, initialiseCluster, prepareServerHome } from './server-home.ts';
import { processesIn, processIdentity, signalProcess } from './server-processes.ts';

/** How a server is started. */
export interface EmbeddedPostgresOptions {
  /** Where data, password and log live. May be replaced by a folder that the server can reach. */
  readonly directory: string;
  /** 18 unless said otherwise; others only where their package is installed. */
  readonly major?: number;
  /** 0 or absent: the port of the last run if it is still free, else any free one. */
  readonly port?: number;
  /** What `initdb` writes into pg_hba.conf for TCP; a generated password goes with scram. */
  readonly auth?: 'scram-sha-256' | 'trust';
  readonly settings?: Readonly<Record<string, string | number>>;
  /** False leaves out every fsync: for tests that never cut the power. */
  readonly durable?: boolean;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** `smart` waits for clients, `fast` ends them, `immediate` leaves a crash recovery to be done. */
export type StopMode = 'smart' | 'fast' | 'immediate';

const STOP_SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
const READY_DEADLINE_MS = 60_000;
/** A logical receiver that no longer reads holds up a fast shutdown; then it becomes immediate. */
const STOP_DEADLINE_MS = 10_000;
const POLL_MS = 15;
const PORT_ATTEMPTS = 5;

/**
 * Stops the server when we die without a word (kill -9): its input is a pipe that only we hold, so
 * `read` ends with us. It looks at the folder first, because the pid may belong to someone else.
 */
const WATCHDOG = 'read -r _; [ "$(readlink "/proc/$1/cwd")" = "$2" ] && kill -INT "$1"';

/**
 * A real PostgreSQL from the registry package, on 127.0.0.1 only, with logical WAL. Data survive
 * `stop` and `kill`, and `start` brings the server up again on the same port.
 */
export class EmbeddedPostgres implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly user = 'postgres';
  readonly major: number;
  readonly #options: EmbeddedPostgresOptions;
  readonly #clock: Clock;
  readonly #account: ServerAccount;
  readonly #binaries: PostgresBinaries;
  readonly #home: ServerHome;
  #port: number;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #watchdog: ChildProcess | undefined;

  private constructor(options: EmbeddedPostgresOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.major = options.major ?? DEMO_POSTGRES_MAJOR;
    this.#account = chooseServerAccount();
    this.#binaries = preparePostgresBinaries(this.major, this.#account);
    this.#home = prepareServerHome(options.directory, this.#account);
    this.#port = options.port ?? 0;
  }

  /** Initialises the folder if it is new, ends what a killed run left behind, and starts. */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const server = new EmbeddedPostgres(options);
    await server.start(options.signal);
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get password(): string {
    return this.#home.password;
  }

  /** The postmaster's pid; undefined while stopped. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Where the files really are: not `directory` when the server's user cannot get there. */
  get directory(): string {
    return this.#home.directory;
  }

  url(database: string): string {
    const password = encodeURIComponent(this.password);
    const name = encodeURIComponent(database);
    return `postgresql://${this.user}:${password}@${this.host}:${this.#port}/${name}`;
  }

  /** Starts a stopped or killed server on its data, by preference on the port it had. */
  async start(signal: AbortSignal = this.#options.signal): Promise<void> {
    if (this.#child !== undefined) return;
    signal.throwIfAborted();
    this.#claim();
    await this.#endLeftovers(signal);
    await initialiseCluster({
      home: this.#home,
      binaries: this.#binaries,
      account: this.#account,
      auth: this.#options.auth ?? 'scram-sha-256',
      durable: this.#options.durable ?? true,
      signal,
    });
    await this.#startOnFreePort(signal);
  }

  async stop(mode: StopMode = 'fast'): Promise<void> {
    const child = this.#child;
    if (child?.pid !== undefined) {
      signalProcess(child.pid, STOP_SIGNALS[mode]);
      await this.#waitForExit(child.pid);
    }
    await this.#forget();
  }

  /** As a power cut would: every process of the server gets SIGKILL. */
  async kill(): Promise<void> {
    await this.#killAll();
    await this.#forget();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** One owner at a time: two runs in one folder would stop each other's server. */
  #claim(): void {
    const file = path.join(this.#home.directory, 'owner');
    const owner = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const pid = Number(owner.split(' ')[0]);
    if (owner !== '' && pid !== process.pid && processIdentity(pid) === owner) {
      throw new TidemarkError(
        'DEMO_IN_USE',
        `process ${pid} is using the server in ${this.#home.directory}`,
      );
    }
    writeFileSync(file, processIdentity(process.pid) ?? '');
  }

  async #endLeftovers(signal: AbortSignal): Promise<void> {
    const left = processesIn(this.#home.dataDir);
    if (left.length === 0) return;
    const postmaster = readPidFile(this.#home.dataDir)?.pid;
    if (postmaster !== undefined && left.includes(postmaster)) signalProcess(postmaster, 'SIGINT');
    const deadline = this.#clock.monotonicMs() + STOP_DEADLINE_MS;
    while (processesIn(this.#home.dataDir).length > 0) {
      if (this.#clock.monotonicMs() > deadline) await this.#killAll();
      await this.#clock.sleep(POLL_MS, signal);
      signal.throwIfAborted();
    }
  }

  async #startOnFreePort(signal: AbortSignal): Promise<void> {
    const wanted = this.#port === 0 ? this.#home.lastPort() : this.#port;
    for (let attempt = 1; ; attempt++) {
      this.#port = await freePort(attempt === 1 ? wanted : 0);
      this.#spawnServer();
      try {
        await this.#waitUntilReady(signal);
        this.#home.rememberPort(this.#port);
        return;
      } catch (error) {
        await this.kill();
        // Somebody took the port between our look and the server's.
        const taken = /could not bind|Address already in use/.test(this.#home.logTail());
        if (!taken || attempt >= PORT_ATTEMPTS) throw error;
      }
    }
  }

  #spawnServer(): void {
    const settings: Record<string, string | number> = {
      listen_addresses: this.host,
      port: this.#port,
      unix_socket_directories: '',
      wal_level: 'logical',
      max_wal_senders: 20,
      max_replication_slots: 20,
      ...(this.#options.durable === false ? { fsync: 'off', full_page_writes: 'off' } : {}),
      ...this.#options.settings,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const log = this.#openLog();
    const { uid, gid, own } = this.#account;
    const user = own ? {} : { uid, gid };
    // Own session: Ctrl-C on the terminal is for us, and the server stops after its clients.
    const common = { cwd: '/', detached: true, env: { LC_ALL: 'C', TZ: 'UTC' }, ...user };
    const child = spawn(this.#binaries.postgres, ['-D', this.#home.dataDir, ...flags], {
      ...common,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#child = child;
    this.#exited = once(child, 'exit').catch(() => undefined);
    if (child.pid === undefined) return;
    const watchdogArgs = ['-c', WATCHDOG, 'tidemark-watchdog', `${child.pid}`, this.#home.dataDir];
    this.#watchdog = spawn('/bin/sh', watchdogArgs, {
      ...common,
      env: { PATH: '/usr/bin:/bin' },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#watchdog.on('error', () => undefined);
    this.#watchdog.unref();
  }

  #openLog(): number {
    const file = this.#home.logFile;
    if (existsSync(file)) renameSync(file, `${file}.1`);
    return openSync(file, 'a', 0o600);
  }

  async #waitUntilReady(signal: AbortSignal): Promise<void> {
    const child = this.#child;
    const deadline = this.#clock.monotonicMs() + READY_DEADLINE_MS;
    for (;;) {
      const status = readPidFile(this.#home.dataDir);
      if (status?.pid === child?.pid && status?.ready === true) return;
      const ended =
        child?.pid === undefined || child.exitCode !== null || child.signalCode !== null;
      if (ended || this.#clock.monotonicMs() > deadline) {
        throw new TidemarkError(
          'DEMO_SERVER',
          `PostgreSQL ${this.#binaries.version} did not start as ` +
            `${this.#account.own ? 'this user' : `user ${this.#account.name}`}; ` +
            `its log ends with:\n${this.#home.logTail()}`,
        );
      }
      await this.#clock.sleep(POLL_MS, signal);
      signal.throwIfAborted();
    }
  }

  async #waitForExit(pid: number): Promise<void> {
    const cancel = this.#clock.after(STOP_DEADLINE_MS, () => {
      signalProcess(pid, 'SIGQUIT');
    });
    const cancelKill = this.#clock.after(2 * STOP_DEADLINE_MS, () => {
      for (const left of processesIn(this.#home.dataDir)) signalProcess(left, 'SIGKILL');
    });
    await this.#exited;
    cancel();
    cancelKill();
  }

  async #killAll(): Promise<void> {
    const never = new AbortController().signal;
    for (;;) {
      const left = processesIn(this.#home.dataDir);
      if (left.length === 0) break;
      for (const pid of left) signalProcess(pid, 'SIGKILL');
      await this.#clock.sleep(POLL_MS, never);
    }
    if (this.#child?.pid !== undefined) signalProcess(this.#child.pid, 'SIGKILL');
  }

  async #forget(): Promise<void> {
    if (this.#child?.pid !== undefined) await this.#exited;
    this.#child = undefined;
    this.#watchdog?.kill('SIGKILL');
    this.#watchdog?.stdin?.destroy();
    this.#watchdog = undefined;
  }
}

/** The server keeps its state there: line 1 is the pid, line 8 `ready` once it takes clients. */
function readPidFile(dataDir: string): { pid: number; ready: boolean } | undefined {
  try {
    const lines = readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), ready: lines[7]?.trim() === 'ready' };
  } catch {
    return undefined;
  }
}
