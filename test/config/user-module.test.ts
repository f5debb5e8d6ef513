import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { importUserModule, userFunction } from '../../src/config/user-module.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a module is found beside the pipeline file', async () => {
  await using folder = await temporaryFolder('module');
  writeFileSync(path.join(folder.path, 'a.ts'), 'export const f = (n: number): number => n + 1;');
  const module = await importUserModule('p', './a.ts', folder.path);
  expect(userFunction('p', './a.ts', module, 'f')(1)).toBe(2);
  expect(() => userFunction('p', './a.ts', module, 'g')).toThrow('p: ./a.ts exports no function g');
});

test('the default export stands in', () => {
  expect(userFunction('p', 'a', { default: () => 3 }, 'f')()).toBe(3);
});

test('a module that is not there, or broken, is told with its path', async () => {
  await using folder = await temporaryFolder('module');
  await expect(importUserModule('p', './no.ts', folder.path)).rejects.toThrow(
    `p: there is no file ${path.join(folder.path, 'no.ts')}`,
  );
  writeFileSync(path.join(folder.path, 'b.ts'), 'export const = 1;');
  await expect(importUserModule('p', 'b.ts', folder.path)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('p: b.ts cannot be loaded') as string,
  });
});
