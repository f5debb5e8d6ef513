import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ROOT } from '../support/source-tree.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-launcher-'));
mkdirSync(path.join(folder, 'src'));
cpSync(path.join(ROOT, 'src/launcher'), path.join(folder, 'src/launcher'), { recursive: true });
writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const file = path.join(folder, 'src/launcher/tidemark.mjs');
  return spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' });
}

test('an installed package runs its compiled program with all arguments and its exit code', () => {
  mkdirSync(path.join(folder, 'dist/src'), { recursive: true });
  const program = `console.log('compiled', JSON.stringify(process.argv.slice(2)));
    process.exitCode = 2;`;
  writeFileSync(path.join(folder, 'dist/src/main.js'), program);
  const { status, stdout } = run('run', 'a file.yaml', '--json');
  expect({ status, stdout }).toEqual({
    status: 2,
    stdout: 'compiled ["run","a file.yaml","--json"]\n',
  });
});

test('a clone runs its source', () => {
  writeFileSync(path.join(folder, 'src/main.ts'), `const a: string = 'source';\nconsole.log(a);`);
  expect(run().stdout).toBe('source\n');
});
