// `npm run build`: TypeScript to dist/ for shipping. Development runs the sources directly.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureInstalled } from './install.mjs';
import { PACKAGE_ROOT } from './modern-node.mjs';
import { runChild } from './run-child.mjs';

const DIST = path.join(PACKAGE_ROOT, 'dist');

await ensureInstalled();
rmSync(DIST, { recursive: true, force: true });
const tsc = path.join(PACKAGE_ROOT, 'node_modules/typescript/bin/tsc');
// Our stdout belongs to `npm pack`, which prints the file name there.
const { code } = await runChild(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: PACKAGE_ROOT,
  stdio: ['ignore', 2, 2],
});
if (code === 0) {
  const schemas = path.join(PACKAGE_ROOT, 'schemas');
  if (existsSync(schemas)) cpSync(schemas, path.join(DIST, 'schemas'), { recursive: true });
  // The program reads its version from ../package.json, in dist/ as in a clone.
  const { name, version, license } = JSON.parse(
    readFileSync(path.join(PACKAGE_ROOT, 'package.json'), 'utf8'),
  );
  const manifest = { name, version, license, type: 'module' };
  writeFileSync(path.join(DIST, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
} else {
  process.exitCode = 1;
}
