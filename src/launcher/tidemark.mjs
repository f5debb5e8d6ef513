#!/usr/bin/env node
import { existsSync } from 'node:fs';
import path from 'node:path';
import { findModernNode, missingNodeMessage, PACKAGE_ROOT } from './modern-node.mjs';
import { endLike, runChild } from './run-child.mjs';

/** The compiled program in an installed package, the source in a clone. */
export function entryFile(root = PACKAGE_ROOT) {
  const source = path.join(root, 'src/main.ts');
  return existsSync(source) ? source : path.join(root, 'dist/src/main.js');
}

const node = findModernNode();
if (node === undefined) {
  process.stderr.write(`${missingNodeMessage()}\n`);
  process.exitCode = 3;
} else {
  endLike(await runChild(node, [entryFile(), ...process.argv.slice(2)]));
}
