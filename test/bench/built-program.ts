import { execFileSync } from 'node:child_process';
import { cp, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Builds the program as it is shipped into `folder` and returns the folder of its sources. What
 * users run is the build: from the clone every start would strip the types first.
 */
export async function buildProgram(folder: string): Promise<string> {
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const project = path.join(ROOT, 'tsconfig.build.json');
  execFileSync(process.execPath, [tsc, '-p', project, '--outDir', folder], { stdio: 'inherit' });
  await cp(path.join(ROOT, 'schemas'), path.join(folder, 'schemas'), { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{"type":"module","version":"0.0.0"}');
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  return path.join(folder, 'src');
}
