import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { processesIn, processIdentity, signalProcess } from '../../src/demo/server-processes.ts';

test('finds who works in a folder, tells living from dead, and signals both', async () => {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'tidemark-cwd-')));
  const child = spawn('/bin/sh', ['-c', 'echo up; read -r _'], { cwd: folder });
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  expect(processesIn(folder)).toEqual([pid]);
  const identity = processIdentity(pid);
  expect(identity).toMatch(new RegExp(`^${pid} \\d+$`));
  expect(processIdentity(pid)).toBe(identity);
  expect(processIdentity(process.pid)).not.toBe(identity);
  signalProcess(pid, 'SIGKILL');
  await once(child, 'exit');
  expect(processIdentity(pid)).toBeUndefined();
  expect(processesIn(folder)).toEqual([]);
  expect(() => signalProcess(pid, 'SIGKILL')).not.toThrow();
  await rm(folder, { recursive: true });
});
