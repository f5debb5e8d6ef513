import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { freePorts, ServerProcess } from './server-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

const MODULE = new URL('server-process.ts', import.meta.url).href;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a server dies with the process that began it, however that one ends', async () => {
  await using folder = await temporaryFolder('watchdog');
  const script = `
    const { ServerProcess } = await import(${JSON.stringify(MODULE)});
    const folder = ${JSON.stringify(folder.path)};
    const server = new ServerProcess({
      program: 'sleep', args: ['600'], folder, log: folder + '/log',
    });
    console.log(server.pid);
    setInterval(() => undefined, 1e6);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script]);
  const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
  const pid = Number(line);
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
});

test('one that ends before it is ready is an error with what it said', async () => {
  await using folder = await temporaryFolder('unready');
  const server = new ServerProcess({
    program: 'sh',
    args: ['-c', 'echo no port; exit 3'],
    folder: folder.path,
    log: path.join(folder.path, 'log'),
  });
  await expect(server.untilReady(() => false)).rejects.toThrow(/ended before it.*\n.*no port/);
  expect(server.running).toBe(false);
});

test('a paused one is stopped all the same', async () => {
  await using folder = await temporaryFolder('paused');
  const server = new ServerProcess({
    program: 'sleep',
    args: ['600'],
    folder: folder.path,
    log: path.join(folder.path, 'log'),
  });
  server.pause();
  await server.stop();
  expect(isAlive(server.pid)).toBe(false);
});

test('free ports are distinct, and none is one that the kernel hands out', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  expect(ports.filter((port) => port >= 32_768 || port < 1024)).toEqual([]);
});
