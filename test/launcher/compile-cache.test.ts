import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { compileCacheFolder, withCompileCache } from '../../src/launcher/compile-cache.mjs';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LAUNCHER = fileURLToPath(new URL('../../src/launcher/tidemark.mjs', import.meta.url));

test('the folder is the user’s own, where XDG has it', () => {
  expect(compileCacheFolder({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/tidemark/compiled');
  // The specification wants relative ones ignored.
  expect(compileCacheFolder({ XDG_CACHE_HOME: 'cache' })).toMatch(
    /^\/.*\.cache\/tidemark\/compiled$/,
  );
});

test('a choice of the user’s own stays', () => {
  const env = { XDG_CACHE_HOME: '/cache', PATH: '/bin' };
  const given = { ...env, NODE_COMPILE_CACHE: '/elsewhere' };
  expect(withCompileCache(given)).toEqual(given);
  expect(withCompileCache(env)).toEqual({
    ...env,
    NODE_COMPILE_CACHE: '/cache/tidemark/compiled',
  });
});

test('what a start compiled is there for the next; a start fails nowhere without it', async () => {
  await using folder = await temporaryFolder('compile-cache');
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const start = (cache: string): number | null =>
    spawnSync(process.execPath, [LAUNCHER, '--help'], {
      env: { ...env, XDG_CACHE_HOME: cache },
    }).status;
  expect(start(folder.path)).toBe(0);
  const kept = readdirSync(path.join(folder.path, 'tidemark/compiled'), { recursive: true });
  expect(kept.length).toBeGreaterThan(100);
  // A file where a folder should be: as root nothing else is refused.
  expect(start(LAUNCHER)).toBe(0);
});
