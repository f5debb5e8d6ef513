import { rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { StoreLock } from '../../../src/transport/embedded/store-lock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

test('a lock is held by one until it is released', () => {
  using folder = temporaryFolder();
  const lock = StoreLock.acquire(folder.path);
  const locked = {
    code: 'STORE_LOCKED',
    message: expect.stringContaining(`${process.pid}`) as string,
  };
  expect(() => StoreLock.acquire(folder.path)).toThrow(expect.objectContaining(locked));
  rmSync(path.join(folder.path, 'writer.pid'));
  expect(() => StoreLock.acquire(folder.path)).toThrow('in use by process unknown');
  lock.release();
  lock.release();
  StoreLock.acquire(folder.path).release();
});

test('a folder that is missing is another error', () => {
  expect(() => StoreLock.acquire('/nowhere/at/all')).toThrow('unable to open database file');
});
