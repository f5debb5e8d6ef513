import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isInstalled } from '../../src/launcher/install.mjs';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'tidemark-install-'));
  await mkdir(path.join(root, 'node_modules'));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

async function lock(file: string, packages: object): Promise<void> {
  await writeFile(path.join(root, file), JSON.stringify({ packages }));
}

const WANTED = {
  '': { version: '1.0.0' },
  'node_modules/a': { version: '1.2.3' },
  'node_modules/b': { version: '2.0.0', optional: true },
};

test.each([
  ['everything is there', { 'node_modules/a': { version: '1.2.3' } }, true],
  ['a package is missing', {}, false],
  ['a package is old', { 'node_modules/a': { version: '1.2.2' } }, false],
  [
    'an optional package is old',
    { 'node_modules/a': { version: '1.2.3' }, 'node_modules/b': { version: '1.0.0' } },
    false,
  ],
])('%s', async (_, present, expected) => {
  await lock('package-lock.json', WANTED);
  await lock('node_modules/.package-lock.json', present);
  expect(isInstalled(root)).toBe(expected);
});

test('an install cut short has no hidden lock file', async () => {
  await lock('package-lock.json', WANTED);
  expect(isInstalled(root)).toBe(false);
});

test('an installed package has no lock file of its own, and nothing to install', () => {
  expect(isInstalled(root)).toBe(true);
});
