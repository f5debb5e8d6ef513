// `npm start`: installs what is missing, then runs the demo.
import path from 'node:path';
import { withCompileCache } from './compile-cache.mjs';
import { ensureInstalled } from './install.mjs';
import { MEMORY_FLAGS } from './memory-flags.mjs';
import {
  findModernNode,
  missingNodeMessage,
  PACKAGE_ROOT,
  withNodeInPath,
} from './modern-node.mjs';
import { endLike, runChild } from './run-child.mjs';

try {
  await ensureInstalled();
  const node = findModernNode();
  if (node === undefined) throw new Error(missingNodeMessage());
  const program = [path.join(PACKAGE_ROOT, 'src/main.ts'), 'demo', ...process.argv.slice(2)];
  const args = [...MEMORY_FLAGS, ...program];
  endLike(await runChild(node, args, { env: withNodeInPath(node, withCompileCache()) }));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 3;
}
