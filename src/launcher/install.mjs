import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PACKAGE_ROOT } from './modern-node.mjs';
import { runChild } from './run-child.mjs';

/**
 * True when node_modules holds what the lock file says. npm writes the hidden lock file last, so an
 * install cut short counts as none.
 */
export function isInstalled(root = PACKAGE_ROOT) {
  const wanted = readLock(path.join(root, 'package-lock.json'));
  if (wanted === undefined) return true; // An installed package, not a clone: npm put all in place.
  const present = readLock(path.join(root, 'node_modules/.package-lock.json'));
  if (present === undefined) return false;
  return Object.entries(wanted).every(([name, { version, optional, link }]) => {
    if (name === '' || link) return true;
    const found = present[name];
    // Optional packages of other platforms are in the lock file but never installed.
    return found === undefined ? optional === true : found.version === version;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean, link?: boolean }> | undefined}
 */
function readLock(file) {
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** Installs the dependencies of a clone if they are not there yet. Throws when npm fails. */
export async function ensureInstalled(root = PACKAGE_ROOT) {
  if (isInstalled(root)) return;
  process.stderr.write('Installing dependencies (npm ci) …\n');
  // npm's own script when npm started us: the `npm` in PATH may be another, or none.
  const script = process.env['npm_execpath'];
  const [file, ...prefix] = script?.endsWith('.js') ? [process.execPath, script] : ['npm'];
  // No package needs its install script: the prebuilt ones are complete without.
  const args = ['ci', '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error'];
  const env = { ...process.env };
  // Under `npm start --omit=…` and the like the outer npm's settings would leak into this one.
  delete env['npm_config_omit'];
  delete env['NODE_ENV'];
  const { code, signal } = await runChild(file, [...prefix, ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 2, 2],
  });
  if (code !== 0) throw new Error(`npm ci failed (${signal ?? `exit code ${code}`})`);
}
