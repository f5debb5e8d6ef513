import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { MEMORY_FLAGS } from '../../src/launcher/memory-flags.mjs';
import { PACKAGE_ROOT } from '../../src/launcher/modern-node.mjs';

test('a Node that runs the launcher itself has them by its first line', () => {
  const launcher = readFileSync(path.join(PACKAGE_ROOT, 'src/launcher/tidemark.mjs'), 'utf8');
  expect(launcher.split('\n', 1)[0]).toBe(`#!/usr/bin/env -S node ${MEMORY_FLAGS.join(' ')}`);
});

test('Node takes them, and young objects get no more than they say', () => {
  const program = `
    const kept = [];
    for (let i = 0; i < 2e6; i++) kept[i % 100_000] = { i, text: 'x' + i };
    const spaces = require('node:v8').getHeapSpaceStatistics();
    console.log(spaces.find((space) => space.space_name === 'new_space').space_size);`;
  const sizeOf = (flags: readonly string[]): number =>
    Number(execFileSync(process.execPath, [...flags, '-e', program], { encoding: 'utf8' }));
  expect(sizeOf(MEMORY_FLAGS)).toBeLessThanOrEqual(32 * 1024 * 1024);
  expect(sizeOf(MEMORY_FLAGS)).toBeLessThan(sizeOf([]));
});
