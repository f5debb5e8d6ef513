import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { vi } from 'vitest';

import type { PipelineStatus } from '../../src/runtime/pipeline-status.ts';
import { diesWithItsTest } from './dies-with-its-test.ts';
import { programFile } from './program-file.ts';

export interface DaemonOptions {
  readonly file: string;
  /** Port of its HTTP face, as the pipeline file says. */
  readonly port: number;
  /** `name` or `name:n`: the daemon kills itself there. */
  readonly faultPoint?: string;
  readonly command?: 'run' | 'bootstrap';
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The daemon as its users run it: a process, a pipeline file, an HTTP port. */
export class Daemon implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #port: number;
  #output = '';
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
    const keep = (text: string): void => {
      this.#output = (this.#output + text).slice(-100_000);
    };
    child.stdout?.setEncoding('utf8').on('data', keep);
    child.stderr?.setEncoding('utf8').on('data', keep);
    this.ended = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
  }

  static start(options: DaemonOptions): Daemon {
    const args = [programFile(), options.command ?? 'run', options.file, ...(options.args ?? [])];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...options.env,
        TIDEMARK_FAULT_POINT: options.faultPoint ?? '',
        NO_COLOR: '1',
      },
    });
    diesWithItsTest(child);
    return new Daemon(child, options.port);
  }

  /** What it printed, both streams, the last 100,000 characters. */
  get output(): string {
    return this.#output;
  }

  /** MB of memory that it had at most, by its kernel. */
  peakMemoryMb(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }

  /** Null while the port does not answer. */
  async status(): Promise<PipelineStatus | null> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#port}/status`);
      return (await response.json()) as PipelineStatus;
    } catch {
      return null;
    }
  }

  /** Waits for a condition of the status; fails with the daemon's output. */
  async until(
    condition: (status: PipelineStatus) => boolean,
    timeoutMs = 60_000,
  ): Promise<PipelineStatus> {
    const gone = this.ended.then(({ code, signal }): never => {
      throw new Error(`the daemon ended (${signal ?? code}) before that\n${this.#output}`);
    });
    const reached = vi.waitFor(
      async () => {
        const status = await this.status();
        if (status === null || !condition(status)) {
          throw new Error(`not yet: ${JSON.stringify(status)}\n${this.#output}`);
        }
        return status;
      },
      { timeout: timeoutMs, interval: 20 },
    );
    reached.catch(() => undefined);
    gone.catch(() => undefined);
    return await Promise.race([reached, gone]);
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return (await this.ended).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
    }
    await this.ended;
  }
}
