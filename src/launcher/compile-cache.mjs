import module from 'node:module';
import os from 'node:os';
import path from 'node:path';

/**
 * Where compiled code is kept between starts, which is half of a start's time. In the user's own
 * folder: whoever may write there decides what runs, and a temporary folder is everybody's.
 */
export function compileCacheFolder(env = process.env) {
  const base = env['XDG_CACHE_HOME'] ?? '';
  const cache = path.isAbsolute(base) ? base : path.join(os.homedir(), '.cache');
  return path.join(cache, 'tidemark', 'compiled');
}

/** What is imported from now on is kept; without a folder that can be written nothing changes. */
export function keepCompiled() {
  module.enableCompileCache(compileCacheFolder());
}

/**
 * The same for a Node that is started; a choice of the user's own stays.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function withCompileCache(env = process.env) {
  return { NODE_COMPILE_CACHE: compileCacheFolder(env), ...env };
}
