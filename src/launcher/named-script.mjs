// `npm run bench -- NAME [options]`, `npm run test:soak -- NAME [options]`: runs one file of a
// folder under Node 24. Usage: named-script.mjs <folder> <suffix> NAME …
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ensureInstalled } from './install.mjs';
import {
  findModernNode,
  missingNodeMessage,
  PACKAGE_ROOT,
  withNodeInPath,
} from './modern-node.mjs';
import { endLike, runChild } from './run-child.mjs';

/** @param {string[]} given */
async function run(...given) {
  const [folder = '', suffix = '', name, ...args] = given;
  const directory = path.join(PACKAGE_ROOT, folder);
  const names = existsSync(directory)
    ? readdirSync(directory)
        .filter((file) => file.endsWith(suffix))
        .map((file) => file.slice(0, -suffix.length))
    : [];
  if (name === undefined || !names.includes(name)) {
    const known = names.length > 0 ? names.join(', ') : 'none yet';
    process.stderr.write(`Give a name after --; in ${folder} there are: ${known}\n`);
    process.exitCode = 2;
    return;
  }
  await ensureInstalled();
  const node = findModernNode();
  if (node === undefined) throw new Error(missingNodeMessage());
  const file = path.join(directory, `${name}${suffix}`);
  endLike(await runChild(node, ['--expose-gc', file, ...args], { env: withNodeInPath(node) }));
}

try {
  await run(...process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 3;
}
