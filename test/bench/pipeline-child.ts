import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { BenchReport } from './pipeline-process.ts';

const PROCESS = fileURLToPath(new URL('./pipeline-process.ts', import.meta.url));

type Message = BenchReport | { kind: 'ready' } | { kind: 'failed'; message: string };

/** A daemon under measurement; see pipeline-process.ts. */
export class PipelineChild {
  readonly startedAtMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.startedAtMs = Date.now();
  }

  /** Forks the daemon; its clock for cold start begins here. */
  static start(pipelineFile: string): PipelineChild {
    return new PipelineChild(
      fork(PROCESS, [pipelineFile], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
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
