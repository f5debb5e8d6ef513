import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MEMORY_FLAGS } from '../../src/launcher/memory-flags.mjs';

const PROCESS = fileURLToPath(new URL('./pipeline-process.mjs', import.meta.url));

/** What a daemon under measurement tells; see pipeline-process.mjs. */
export interface BenchReport {
  readonly kind: 'reached';
  /** `monotonicMs` of the first and the last durable append since `expect`. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** User and system CPU since `expect` (since process start for the first one), seconds. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
  /** `monotonicMs` at which the i-th record was durable, as pairs [records so far, ms]. */
  readonly durable: readonly (readonly [number, number])[];
}

type Message =
  | BenchReport
  | { kind: 'ready' }
  | { kind: 'applied'; records: number }
  | { kind: 'failed'; message: string };

/** The clock that all processes of a machine share, unlike what they make of its wall clock. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A daemon under measurement; see pipeline-process.mjs. */
export class PipelineChild {
  readonly startedAtMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.startedAtMs = monotonicMs();
  }

  /**
   * Forks the daemon; its clock for cold start begins here. Compiled code is kept in the folder
   * from one start to the next, as the launcher does it.
   */
  static start(pipelineFile: string, builtSources: string, folder: string): PipelineChild {
    const cache = { NODE_COMPILE_CACHE: path.join(folder, 'compiled') };
    return new PipelineChild(
      fork(PROCESS, [pipelineFile, builtSources], {
        // As the launcher starts it.
        execArgv: MEMORY_FLAGS,
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        env: { ...process.env, ...cache },
      }),
    );
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the pipeline process was not started');
    return pid;
  }

  /**
   * Resolves when so many records are durable since the last report, or since now. Throws when the
   * pipeline fails or ends.
   */
  async reach(records: number, counted: 'on' | 'anew' = 'on'): Promise<BenchReport> {
    this.#child.send({ kind: 'expect', records, counted });
    return this.#answer('reached');
  }

  /** Resolves when sinks have committed so many records, to how many. */
  async applied(records: number): Promise<number> {
    this.#child.send({ kind: 'apply', records });
    return (await this.#answer('applied')).records;
  }

  #answer<K extends Message['kind']>(kind: K): Promise<Extract<Message, { readonly kind: K }>> {
    return new Promise((resolve, reject) => {
      const onMessage = (message: Message): void => {
        if (message.kind === 'ready') return;
        this.#child.off('message', onMessage);
        this.#child.off('exit', onExit);
        if (message.kind === kind) resolve(message as Extract<Message, { readonly kind: K }>);
        else reject(new Error(`the pipeline failed: ${JSON.stringify(message)}`));
      };
      const onExit = (code: number | null): void => {
        reject(new Error(`the pipeline process ended with ${code}`));
      };
      this.#child.on('message', onMessage);
      this.#child.once('exit', onExit);
    });
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.send({ kind: 'stop' });
    await ended;
  }
}
