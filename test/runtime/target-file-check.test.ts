import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { inspectTargetFile } from '../../src/runtime/target-file-check.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const unread = (): never => {
  throw new Error('there is no file to be read');
};

test('a folder in place of the file, and one that is missing, are told', async () => {
  await using folder = await temporaryFolder('file-check');
  expect(await inspectTargetFile(folder.path, 'duckdb', unread)).toMatchObject([
    { code: 'SINK_SCHEMA', cure: 'Name a file in it: duckdb:/folder/file.db.' },
  ]);
  const missing = path.join(folder.path, 'no/a.db');
  expect(await inspectTargetFile(missing, 'sqlite', unread)).toMatchObject([
    { code: 'SINK_CONNECT' },
  ]);
  expect(await inspectTargetFile(path.join(folder.path, 'a.db'), 'sqlite', unread)).toEqual([]);
});

test('a file that is there is read', async () => {
  await using folder = await temporaryFolder('file-check');
  const file = path.join(folder.path, 'a.db');
  writeFileSync(file, '');
  await expect(inspectTargetFile(file, 'sqlite', async () => unread())).rejects.toThrow(/no file/);
});
