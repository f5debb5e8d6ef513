import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startVitest } from 'vitest/node';
import { diesWithItsTest } from './dies-with-its-test.ts';

test('tests that fail or run out of time are rid of what they began', async () => {
  expect(await resultsOf('doomed-tests.ts')).toEqual([
    ['one that runs out of time', 'failed', expect.stringContaining('timed out in 500ms')],
    ['one that fails', 'failed', expect.stringContaining('expected 1 to be 2')],
    ['both are rid of what they began', 'passed', undefined],
  ]);
});

test('a process that has ended is left alone', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)']);
  diesWithItsTest(child);
  child.kill('SIGTERM');
  await expect.poll(() => child.signalCode).toBe('SIGTERM');
});

/** Runs the tests of a file by themselves: name, state and what was said of each. */
async function resultsOf(file: string): Promise<readonly unknown[]> {
  const vitest = await startVitest('test', [], {
    config: false,
    watch: false,
    include: [path.join(import.meta.dirname, file)],
    // One that says nothing: failures are what is wanted.
    reporters: [{}],
  });
  const tests = vitest.state.getTestModules().flatMap(({ children }) => [...children.allTests()]);
  const results = tests.map((one) => {
    const { state, errors } = one.result();
    return [one.name, state, errors?.[0]?.message];
  });
  await vitest.close();
  return results;
}
