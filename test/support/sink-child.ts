import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { diesWithItsTest } from './dies-with-its-test.ts';
import type { ChildOrder, ChildWord } from './sink-child-process.ts';

const CHILD = new URL('./sink-child-process.ts', import.meta.url);

/** A sink into a file, in a process of its own; see sink-child-process.ts. */
export class SinkChild {
  readonly process: ChildProcess;

  /** `connection.url` of the target; how long it waits for a lock. */
  constructor(url: string, env: Readonly<Record<string, string>> = {}, lockTimeoutMs = 1000) {
    const { PATH, HOME } = process.env;
    this.process = fork(CHILD, [url, String(lockTimeoutMs)], {
      env: { PATH, HOME, ...env },
      execArgv: [],
    });
    diesWithItsTest(this.process);
  }

  async word(): Promise<ChildWord> {
    return (await once(this.process, 'message'))[0] as ChildWord;
  }

  apply(records: number, batch = records): Promise<ChildWord> {
    this.tell(records, batch);
    return this.word();
  }

  tell(records: number, batch: number): void {
    this.process.send({ records, batch } satisfies ChildOrder);
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await once(this.process, 'close');
  }
}
