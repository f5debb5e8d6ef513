import { spawn, type ChildProcess } from 'node:child_process';
import { expect, test } from 'vitest';
import { diesWithItsTest } from './dies-with-its-test.ts';

const begun: ChildProcess[] = [];

function begin(): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)']);
  diesWithItsTest(child);
  begun.push(child);
  return child;
}

// These two run, and have to fail: what is tested is what a failed test leaves behind. The next
// test looks at it. `fails` turns them red should they ever pass.
test.fails('a test that runs out of time', { timeout: 500 }, async () => {
  begin();
  await new Promise(() => undefined);
});

test.fails('a test that fails', () => {
  begin();
  expect(1).toBe(2);
});

test('are rid of what they began', () => {
  expect(begun.map(({ signalCode }) => signalCode)).toEqual(['SIGKILL', 'SIGKILL']);
});

test('a process that has ended is left alone', async () => {
  const child = begin();
  child.kill('SIGTERM');
  await expect.poll(() => child.signalCode).toBe('SIGTERM');
});
