import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPT = path.join(import.meta.dirname, 'store-process.ts');

/** A process of store-process.ts. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exit: Promise<number | null>;
  #errors = '';

  /** `limit` is a line of shell that runs first, e.g. `ulimit -f 100`. */
  constructor(
    args: readonly string[],
    settings: { readonly env?: Readonly<Record<string, string>>; readonly limit?: string } = {},
  ) {
    const env = { ...process.env, ...settings.env };
    const command = [process.execPath, SCRIPT, ...args];
    this.#process =
      settings.limit === undefined
        ? spawn(command[0] ?? '', command.slice(1), { env })
        : spawn('bash', ['-c', `${settings.limit}; exec "$@"`, 'bash', ...command], { env });
    const { stdout, stderr } = this.#process;
    if (stdout === null || stderr === null) throw new Error('no pipes');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    stderr.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    this.#exit = new Promise((resolve) => {
      this.#process.once('close', resolve);
    });
  }

  /** The next thing it says; throws what it complained of when it ended instead. */
  async next<T>(): Promise<T> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`the process ended: ${this.#errors}`);
    return JSON.parse(line.value) as T;
  }

  say(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  /** SIGKILL; what it said before is returned. */
  async kill<T>(): Promise<T[]> {
    this.#process.kill('SIGKILL');
    await this.#exit;
    const said: T[] = [];
    for (;;) {
      const line = await this.#lines.next();
      if (line.done === true) return said;
      said.push(JSON.parse(line.value) as T);
    }
  }

  /** Ends its input, which it takes as the wish to end. */
  async end(): Promise<number | null> {
    this.#process.stdin?.end();
    return await this.#exit;
  }

  async exit(): Promise<number | null> {
    return await this.#exit;
  }

  get complaints(): string {
    return this.#errors;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) this.#process.kill('SIGKILL');
    await this.#exit;
  }
}
