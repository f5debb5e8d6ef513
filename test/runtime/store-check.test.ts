import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkStore } from '../../src/runtime/store-check.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a folder that can be made is fine, and is not made', async () => {
  await using folder = await temporaryFolder('store-check');
  expect(checkStore(path.join(folder.path, 'a', 'b'))).toEqual({ problems: [], heldBy: null });
  expect(await readdir(folder.path)).toEqual([]);
});

test('a folder that cannot be made is told with the reason', async () => {
  await using folder = await temporaryFolder('store-check');
  const file = path.join(folder.path, 'file');
  await writeFile(file, '');
  const { problems, heldBy } = checkStore(path.join(file, 'store'));
  expect(heldBy).toBeNull();
  expect(problems.map(({ code, message }) => ({ code, message }))).toEqual([
    {
      code: 'STORE_OPEN',
      message: `cannot write the store ${path.join(file, 'store')}: ENOTDIR in ${file}`,
    },
  ]);
});

test('a daemon on the store is told, and not disturbed', async () => {
  await using folder = await temporaryFolder('store-check');
  {
    await using transport = await openEmbeddedTransport({ path: folder.path });
    expect(checkStore(folder.path)).toEqual({ problems: [], heldBy: String(process.pid) });
    await transport.storeOffset({ key: 'k', value: 'v' });
  }
  expect(checkStore(folder.path)).toEqual({ problems: [], heldBy: null });
  await using _again = await openEmbeddedTransport({ path: folder.path });
});
