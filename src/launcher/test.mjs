// `npm test [-- paths]`: installs what is missing, runs vitest, ends with `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureCompiler } from './c-compiler.mjs';
import { ensureInstalled } from './install.mjs';
import {
  findModernNode,
  missingNodeMessage,
  PACKAGE_ROOT,
  withNodeInPath,
} from './modern-node.mjs';
import { runChild } from './run-child.mjs';
import { summarise } from './test-summary.mjs';

/** @param {string[]} args */
async function runTests(args) {
  ensureCompiler();
  await ensureInstalled();
  const node = findModernNode();
  if (node === undefined) throw new Error(missingNodeMessage());
  const env = withNodeInPath(node);
  if (args.includes('--all')) env['TIDEMARK_TEST_ALL'] = '1';
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-test-report-'));
  const report = path.join(folder, 'report.json');
  try {
    const vitest = [
      path.join(PACKAGE_ROOT, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args.filter((arg) => arg !== '--all'),
    ];
    const ended = await runChild(node, vitest, { cwd: PACKAGE_ROOT, env });
    return summarise(readReport(report), ended);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} file */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // vitest died before it wrote one; the summary counts that as a failure.
  }
}

try {
  const { line, exitCode } = await runTests(process.argv.slice(2));
  process.stdout.write(`${line}\n`);
  process.exitCode = exitCode;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
}
