#!/usr/bin/env node
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { keepCompiled, withCompileCache } from './compile-cache.mjs';
import { keepHeapSmall, MEMORY_FLAGS } from './memory-flags.mjs';
import { findModernNode, isModern, missingNodeMessage, PACKAGE_ROOT } from './modern-node.mjs';
import { endLike, runChild } from './run-child.mjs';

/** The compiled program in an installed package, the source in a clone. */
export function entryFile(root = PACKAGE_ROOT) {
  const source = path.join(root, 'src/main.ts');
  return existsSync(source) ? source : path.join(root, 'dist/src/main.js');
}

const entry = entryFile();
const node = findModernNode();
if (isModern()) {
  // No second process where none is needed.
  process.argv[1] = entry;
  keepCompiled();
  keepHeapSmall();
  await import(pathToFileURL(entry).href);
} else if (node === undefined) {
  process.stderr.write(`${missingNodeMessage()}\n`);
  process.exitCode = 3;
} else {
  const env = withCompileCache();
  endLike(await runChild(node, [...MEMORY_FLAGS, entry, ...process.argv.slice(2)], { env }));
}
