import { spawn, type ChildProcess } from 'node:child_process';
import { expect, test } from 'vitest';
import { diesWithItsTest } from './dies-with-its-test.ts';

// Run by dies-with-its-test.test.ts, in a vitest of its own: the first two have to fail, and the
// third looks at what they left behind.

const begun: ChildProcess[] = [];

function begin(): void {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)']);
  diesWithItsTest(child);
  begun.push(child);
}

test('one that runs out of time', { timeout: 500 }, async () => {
  begin();
  await new Promise(() => undefined);
});

test('one that fails', () => {
  begin();
  expect(1).toBe(2);
});

test('both are rid of what they began', () => {
  expect(begun.map(({ signalCode }) => signalCode)).toEqual(['SIGKILL', 'SIGKILL']);
});
