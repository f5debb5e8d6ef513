import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { cachedFolder } from '../../src/demo/cached-folder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('two that want the same folder at once get it filled once', async () => {
  await using cache = await temporaryFolder('cache');
  vi.stubEnv('XDG_CACHE_HOME', cache.path);
  const script = `echo made >> "$2/log"; echo "$3" > "$1/content"`;
  const parameters = [cache.path, 'what is in it'];
  const folders = await Promise.all([
    cachedFolder('thing', script, parameters),
    cachedFolder('thing', script, parameters),
  ]);
  expect(folders[0]).toBe(folders[1]);
  expect(readFileSync(path.join(folders[0], 'content'), 'utf8')).toBe('what is in it\n');
  expect(readFileSync(path.join(cache.path, 'log'), 'utf8')).toBe('made\n');
  expect(await cachedFolder('thing', script, parameters)).toBe(folders[0]);
  expect(await cachedFolder('thing', script, [cache.path, 'other'])).not.toBe(folders[0]);
});

test('one that fails leaves nothing behind and says why', async () => {
  await using cache = await temporaryFolder('cache');
  vi.stubEnv('XDG_CACHE_HOME', cache.path);
  const script = `echo half > "$1/half"; echo "no such package" >&2; exit 1`;
  await expect(cachedFolder('thing', script, [])).rejects.toThrow(
    /could not install thing:\n.*no such package/,
  );
  expect(readdirSync(path.join(cache.path, 'tidemark/test-servers'))).toEqual(['lock']);
});
