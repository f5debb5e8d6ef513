import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
  findModernNode,
  isModern,
  missingNodeMessage,
  withNodeInPath,
} from '../../src/launcher/modern-node.mjs';

test.each([
  ['20.20.2', false],
  ['22.12.0', false],
  ['24.0.0', true],
  ['26.1.0', true],
  ['100.0.0', true],
])('Node %s can run the program: %s', (version, expected) => {
  expect(isModern(version)).toBe(expected);
});

test('the running Node is taken when it is new enough', () => {
  expect(findModernNode()).toBe(process.execPath);
});

test('else the one that npm brought, wherever npm put it', async () => {
  const root = await mkdtemp(path.join(os.tmpdir(), 'tidemark-node-'));
  const inner = path.join(root, 'node_modules/tidemark');
  const hoisted = path.join(root, `node_modules/node-${process.platform}-${process.arch}`);
  await mkdir(inner, { recursive: true });
  expect(findModernNode(inner, '20.0.0')).toBeUndefined();
  await mkdir(path.join(hoisted, 'bin'), { recursive: true });
  await writeFile(path.join(hoisted, 'package.json'), '{"name":"x"}');
  expect(findModernNode(inner, '20.0.0')).toBeUndefined();
  await writeFile(path.join(hoisted, 'bin/node'), '');
  expect(findModernNode(inner, '20.0.0')).toBe(path.join(hoisted, 'bin/node'));
  await rm(root, { recursive: true });
});

test('tools started from it find the same Node first', () => {
  const env = withNodeInPath('/opt/n/bin/node', { PATH: '/usr/bin' });
  expect(env['PATH']?.split(path.delimiter)[0]).toBe('/opt/n/bin');
  expect(env['PATH']?.split(path.delimiter).at(-1)).toBe('/usr/bin');
});

test('the message for a machine without it says both ways out', () => {
  expect(missingNodeMessage()).toMatch(/needs Node 24[\s\S]*--omit=optional/);
});
