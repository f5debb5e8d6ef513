import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROCESS = fileURLToPath(new URL('./pipeline-process.mjs', import.meta.url));

/** What a daemon under measurement tells; see pipeline-process.mjs. */
export interface BenchReport {
  readonly kind: 'reached';
  /** Wall clock of the first and the last durable append since `expect`, ms. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** User and system CPU since `expect` (since process start for the first one), seconds. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
  /** Wall clock at which the i-th record was durable, as pairs [records so far, ms]. */
  readonly durable: readonly (readonly [number, number])[];
}

type Message = BenchReport | { kind: 'ready' } | { kind: 'failed'; message: string };

/** A daemon under measurement; see pipeline-process.mjs. */
export class PipelineChild {
  readonly startedAtMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.startedAtMs = Date.now();
  }

  /** Forks the daemon; its clock for cold start begins here. */
  static start(pipelineFile: string, builtSources: string): PipelineChild {
    return new PipelineChild(
      fork(PROCESS, [pipelineFile, builtSources], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    );
  }

  /** Resolves when so many records more are durable. Throws when the pipeline fails or ends. */
  async reach(records: number): Promise<BenchReport> {
    this.#child.send({ kind: 'expect', records });
    return new Promise((resolve, reject) => {
      const onMessage = (message: Message): void => {
        if (message.kind === 'ready') return;
        this.#child.off('message', onMessage);
        this.#child.off('exit', onExit);
        if (message.kind === 'reached') resolve(message);
        else reject(new Error(`the pipeline failed: ${message.message}`));
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
