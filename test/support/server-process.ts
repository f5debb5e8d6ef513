import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerAccount } from '../../src/demo/server-account.ts';

/** How a server program is run. */
export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Its own; the watchdog knows the process by it. */
  readonly folder: string;
  readonly log: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Who it runs as; ourselves unless said otherwise. */
  readonly account?: ServerAccount;
}

/**
 * Kills the server when we die without a word: its input is a pipe that only we hold. It looks at
 * the folder first, because the pid may belong to someone else by then.
 */
const WATCHDOG = 'read -r _; [ "$(readlink "/proc/$1/cwd")" = "$2" ] && kill -KILL "$1"';

const POLL_MS = 50;
const STOP_DEADLINE_MS = 30_000;

/** A server program under way; it never outlives the process that began it. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #watchdog: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #log: string;

  constructor({ program, args, folder, log, environment, account }: ServerCommand) {
    const output = openSync(log, 'w');
    this.#log = log;
    this.#child = spawn(program, args, {
      cwd: folder,
      stdio: ['ignore', output, output],
      // Of a session of its own: an interrupt from the terminal is for us, who then stop it.
      detached: true,
      env: { ...process.env, ...environment },
      ...(account === undefined || account.own ? {} : { uid: account.uid, gid: account.gid }),
    });
    closeSync(output);
    this.#exited = once(this.#child, 'exit').catch(() => undefined);
    const pid = String(this.#child.pid);
    this.#watchdog = spawn('sh', ['-c', WATCHDOG, 'sh', pid, folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#watchdog.unref();
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the server was never begun');
    return pid;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get log(): string {
    return readFileSync(this.#log, 'utf8');
  }

  /** Waits until it says so in its log, or `ready` is true; fails when it ends before. */
  async untilReady(
    ready: (server: ServerProcess) => boolean | Promise<boolean>,
    deadlineMs = 90_000,
  ): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    while (!(await ready(this))) {
      const late = performance.now() > deadline;
      if (late || !this.running) {
        const text = this.log.slice(-4000);
        await this.kill();
        const what = late ? `not ready after ${deadlineMs} ms` : 'ended before it was ready';
        throw new Error(`the server is ${what}:\n${text}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** As an operator would; one that does not come to its end is killed. */
  async stop(): Promise<void> {
    this.resume();
    this.#child.kill('SIGTERM');
    const abort = new AbortController();
    const late = sleep(STOP_DEADLINE_MS, undefined, { signal: abort.signal }).then(
      () => this.#child.kill('SIGKILL'),
      () => undefined,
    );
    await this.#exited;
    abort.abort();
    await late;
    this.#watchdog.kill();
  }

  /** As the kernel would for lack of memory. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
    this.#watchdog.kill();
  }

  /** It answers nothing any more and keeps its connections. */
  pause(): void {
    this.#child.kill('SIGSTOP');
    untilStopped(this.#child.pid ?? 0);
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }
}

/** On a busy machine a stopped process answers for a while: its threads stop one by one. */
function untilStopped(pid: number): void {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return;
  const nap = new Int32Array(new SharedArrayBuffer(4));
  const runs = (task: string): boolean => {
    try {
      // The state is behind the name, which may have anything in it.
      return !/\) [TtXZ] /.test(readFileSync(`${tasks}/${task}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };
  for (let naps = 0; naps < 10_000 && readdirSync(tasks).some(runs); naps++) {
    Atomics.wait(nap, 0, 0, 1);
  }
}

/**
 * Ports that nobody listens on, below those that the kernel gives to outgoing connections: a server
 * that is stopped and started again finds its own still free.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(20_000, 32_000);
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  const { port: got } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return got === port;
}
