// The launcher runs on whatever Node the machine has (20 or newer), so it is plain JavaScript and
// uses builtins only. Everything else needs Node 24, which npm brings as a package.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const NEEDED_MAJOR = 24;

/** The folder with package.json: a clone, or the installed package. */
export const PACKAGE_ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** True when the running Node can run us without help. */
export function isModern(version = process.versions.node) {
  return Number(version.split('.')[0]) >= NEEDED_MAJOR;
}

/**
 * Path of a Node 24: the running one, or the one from the package for this platform.
 * @returns {string | undefined}
 */
export function findModernNode(root = PACKAGE_ROOT, version = process.versions.node) {
  if (isModern(version)) return process.execPath;
  // Resolved, not guessed: npm may hoist the package above us.
  const require = createRequire(path.join(root, 'package.json'));
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const binary = path.join(path.dirname(require.resolve(`${name}/package.json`)), 'bin/node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

/** What to tell a user whose machine has no Node that fits. */
export function missingNodeMessage() {
  return (
    `tidemark needs Node ${NEEDED_MAJOR} or newer; this is ${process.versions.node}, ` +
    `and no package with it for ${process.platform}-${process.arch} is installed.\n` +
    `Install Node ${NEEDED_MAJOR}, or reinstall without --omit=optional: ` +
    `on linux-x64 npm brings it.`
  );
}

/**
 * PATH with that Node first, so that tools started from it find the same one.
 * @param {string} node
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function withNodeInPath(node, env = process.env) {
  const folders = [path.dirname(node), path.join(PACKAGE_ROOT, 'node_modules/.bin'), env['PATH']];
  return { ...env, PATH: folders.filter(Boolean).join(path.delimiter) };
}
