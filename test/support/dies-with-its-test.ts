import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/**
 * Ends a process with the test that began it. A test that runs out of time never comes to its
 * `using`: what it began would go on, hold slots of the shared server and slow all others down.
 * Throws outside of a test.
 */
export function diesWithItsTest(child: ChildProcess): void {
  const kill = (): boolean => child.kill('SIGKILL');
  // Of the worker, which a run that is interrupted ends without its tests.
  process.once('exit', kill);
  const closed = once(child, 'close').then(() => {
    process.off('exit', kill);
  });
  closed.catch(() => undefined);
  onTestFinished(async () => {
    kill();
    await closed.catch(() => undefined);
  });
}
