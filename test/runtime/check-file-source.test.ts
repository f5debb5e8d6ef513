import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkFileSource } from '../../src/runtime/check-file-source.ts';
import type { FileSourceOptions } from '../../src/runtime/file-source-options.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const OPTIONS: FileSourceOptions = {
  name: 'lines.txt',
  path: '',
  format: 'text',
  topic: 't',
  batchLines: 1,
  pollIntervalMs: 1,
  invalidText: 'fail',
};

test('what a file has to be is looked at, and nothing is changed', async () => {
  await using folder = await temporaryFolder('check');
  const file = path.join(folder.path, 'lines.txt');
  const look = (change: Partial<FileSourceOptions> = {}) =>
    checkFileSource({ ...OPTIONS, path: file, ...change });
  expect(await look()).toMatchObject({
    problems: [],
    warnings: [expect.stringMatching(/waited for/)],
  });
  await writeFile(file, 'a\n');
  expect(await look()).toEqual({ problems: [], warnings: [] });
  expect((await look({ name: null })).warnings).toEqual([
    expect.stringMatching(/standard input keeps no offsets/),
  ]);
  const other = path.join(folder.path, 'folder');
  await mkdir(other);
  for (const wrong of [other, path.join(folder.path, 'none', 'lines.txt')]) {
    expect((await look({ path: wrong })).problems).toMatchObject([{ code: 'SOURCE_FILE' }]);
  }
  await chmod(file, 0);
  // Root reads what it likes.
  const problems = process.getuid?.() === 0 ? [] : [{ code: 'SOURCE_FILE' }];
  expect((await look()).problems).toMatchObject(problems);
});
