import { spawn } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { TidemarkError } from '../foundation/errors.ts';
import type { AlertChannel } from './alert-channel.ts';
import type { AlertNotice } from './alert-notice.ts';
import { webhookBody } from './webhook-channel.ts';

const OUTPUT_MAX = 4096;
const EXCERPT = 200;

/** Runs a program for each alert: no shell, the JSON of a webhook on its standard input. */
export class CommandChannel implements AlertChannel {
  readonly name: string;
  readonly type = 'command';
  readonly target: string;
  readonly #program: string;
  readonly #args: readonly string[];

  constructor(name: string, [program = '', ...args]: readonly string[]) {
    this.name = name;
    this.target = program;
    this.#program = program;
    this.#args = args;
  }

  /** Exit code 0 means that it has it. */
  async deliver(notice: AlertNotice, signal: AbortSignal): Promise<void> {
    const said = { text: '' };
    const outcome = await new Promise<string | null>((resolve) => {
      // A group of its own: what the program starts goes with it.
      const child = spawn(this.#program, this.#args, { detached: true, shell: false });
      const kill = (): void => {
        if (child.pid === undefined) return;
        try {
          process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It has ended.
        }
      };
      signal.addEventListener('abort', kill, { once: true });
      if (signal.aborted) kill();
      const finish = (text: string | null): void => {
        signal.removeEventListener('abort', kill);
        resolve(text);
      };
      const keep = (text: string): void => {
        said.text = (said.text + text).slice(-OUTPUT_MAX);
      };
      child.stdout.setEncoding('utf8').on('data', keep);
      child.stderr.setEncoding('utf8').on('data', keep);
      child.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
      child.on('exit', (code, killed) => {
        finish(code === 0 ? null : `ended with ${code === null ? (killed ?? '') : `code ${code}`}`);
        // Its children may hold the pipes open; nobody waits for them.
        child.stdout.destroy();
        child.stderr.destroy();
      });
      // A program that does not read its input is none of our business.
      child.stdin.on('error', () => undefined);
      child.stdin.end(webhookBody(notice));
    });
    if (outcome === null) return;
    if (signal.aborted) throw signal.reason;
    const text = said.text.replaceAll(/\s+/g, ' ').trim().slice(-EXCERPT);
    const output = text === '' ? '' : `: ${text}`;
    throw new TidemarkError('ALERT_CHANNEL', `${this.#program} ${outcome}${output}`);
  }

  /** Whether it could be started; nothing is. */
  async probe(): Promise<void> {
    const program = this.#program;
    const isPath = program.includes('/');
    const folders = isPath ? [''] : (process.env['PATH'] ?? '').split(path.delimiter);
    const places = isPath ? [program] : folders.map((folder) => path.join(folder, program));
    const refusals = await Promise.all(places.map(whyNotRun));
    if (refusals.includes(null)) return;
    const reason = refusals.find((text) => text !== 'ENOENT') ?? 'ENOENT';
    const where = isPath ? '' : ' (looked for in PATH)';
    throw new TidemarkError('ALERT_CHANNEL', `${program} cannot be run: ${reason}${where}`);
  }
}

/** Null: it can be run. */
async function whyNotRun(file: string): Promise<string | null> {
  try {
    if ((await stat(file)).isDirectory()) return 'it is a folder';
    await access(file, constants.X_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
