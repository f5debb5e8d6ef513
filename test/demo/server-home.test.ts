import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freePort, prepareServerHome } from '../../src/demo/server-home.ts';

const OWN = { name: '', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, own: true };

test('password and port outlive the run; the password is for us alone', async () => {
  const base = await mkdtemp(path.join(os.tmpdir(), 'tidemark-home-'));
  const first = prepareServerHome(path.join(base, 'a'), OWN);
  expect(first.lastPort()).toBe(0);
  first.rememberPort(54321);
  const second = prepareServerHome(path.join(base, 'a'), OWN);
  expect(second.password).toBe(first.password);
  expect(second.password.length).toBeGreaterThanOrEqual(20);
  expect(second.lastPort()).toBe(54321);
  expect((await stat(path.join(first.directory, 'password'))).mode & 0o777).toBe(0o600);
  const other = prepareServerHome(path.join(base, 'b'), OWN);
  expect(other.password).not.toBe(first.password);
  await rm(base, { recursive: true });
});

test('the log ends with its last lines', async () => {
  const base = await mkdtemp(path.join(os.tmpdir(), 'tidemark-home-'));
  const home = prepareServerHome(base, OWN);
  expect(home.logTail()).toBe('(no log)');
  const lines = Array.from({ length: 100 }, (_, at) => `line ${at}`);
  await writeFile(home.logFile, `${lines.join('\n')}\n`);
  expect(home.logTail().split('\n')).toEqual(lines.slice(-12));
  await rm(base, { recursive: true });
});

test('where the server cannot enter, the home is elsewhere, always the same', async () => {
  const base = await mkdtemp(path.join(os.tmpdir(), 'tidemark-home-'));
  await chmod(base, 0o700);
  const wanted = path.join(base, 'clone');
  const stranger = { name: 'stranger', uid: 54321, gid: 54321, own: false };
  const home = prepareServerHome(wanted, stranger);
  expect(home.directory.startsWith(base)).toBe(false);
  expect(prepareServerHome(wanted, stranger).directory).toBe(home.directory);
  expect(await readFile(path.join(home.directory, 'password'), 'utf8')).toContain(home.password);
  await rm(home.directory, { recursive: true });
  await rm(base, { recursive: true });
});

test('a free port is the wanted one, or another when that is taken', async () => {
  const holder = createServer();
  holder.listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const address = holder.address();
  const taken = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const other = await freePort(taken);
  expect(other).not.toBe(taken);
  expect(other).toBeGreaterThan(1023);
  holder.close();
  await once(holder, 'close');
  expect(await freePort(taken)).toBe(taken);
});
