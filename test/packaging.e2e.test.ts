import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './support/source-tree.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-pack-'));
const program = path.join(folder, 'node_modules/.bin/tidemark');

/** npm as it started this run, or the one in PATH. */
function npm(args: string[], cwd: string): string {
  const script = process.env['npm_execpath'];
  const [file, ...prefix] = script?.endsWith('.js') === true ? [process.execPath, script] : ['npm'];
  return execFileSync(file ?? 'npm', [...prefix, ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The machine's own Node, which may be 20: the package must start from it. */
function tidemark(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const node = process.env['npm_node_execpath'] ?? process.execPath;
  return spawnSync(node, [program, ...args], { cwd: folder, encoding: 'utf8' });
}

let files: string[] = [];

beforeAll(() => {
  // Packed from a copy: the build empties dist/, which belongs to whoever works in the clone.
  const copy = path.join(folder, 'clone');
  for (const name of [
    'src',
    'dialects',
    'schemas',
    'packaging',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'LICENSE',
    'CHANGELOG.md',
    'README.md',
    '.npmrc',
  ]) {
    cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}');
  npm(['pack', '--silent', '--pack-destination', folder], copy);
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  files = execFileSync('tar', ['-tzf', path.join(folder, tarball)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''));
  npm(['install', '--no-audit', '--no-fund', '--prefer-offline', `./${tarball}`], folder);
}, 300_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the packed package', () => {
  test('holds the program, its data and papers, and nothing else', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'package.json',
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
        'dist/src/main.js',
        'src/launcher/tidemark.mjs',
        'packaging/tidemark.service',
        'dist/package.json',
      ]),
    );
    const allowed =
      /^(dist\/|src\/launcher\/|packaging\/|package\.json$|(LICENSE|README\.md|CHANGELOG\.md)$)/;
    // The types that custom converters and transforms are written against.
    const types = ['src/model/column-converter.ts', 'src/model/transform-module.ts'];
    expect(files.filter((name) => !allowed.test(name)).toSorted()).toEqual(types);
    expect(files.filter((name) => name.endsWith('.ts')).toSorted()).toEqual(types);
    const schemas = readdirSync(path.join(ROOT, 'schemas')).map((name) => `dist/schemas/${name}`);
    expect(files).toEqual(expect.arrayContaining(schemas));
  });

  test('tells its version', () => {
    const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
    };
    const { status, stdout } = tidemark('--version');
    expect({ status, stdout: stdout.trim() }).toEqual({
      status: 0,
      stdout: expect.stringContaining(manifest.version) as string,
    });
  });

  test('explains an error code, and refuses one that is none', () => {
    const explained = tidemark('explain', 'PG_AUTH');
    expect(explained.status).toBe(0);
    expect(explained.stdout).toContain('pg_hba.conf');
    expect(tidemark('explain', 'NO_SUCH_CODE').status).toBe(2);
  });

  test('starts what it is asked to, with the exit code of a bad configuration', () => {
    writeFileSync(path.join(folder, 'bad.yaml'), 'name: [');
    const { status, stderr, stdout } = tidemark('run', 'bad.yaml');
    expect(status).toBe(2);
    expect(stderr + stdout).toContain('CONFIG_SYNTAX');
  });
});
