import { spawnSync } from 'node:child_process';

/**
 * One test cuts the power of a simulated disk by a small C library that is loaded into the daemon.
 * Where there is no compiler it is installed if we may (Debian, root); otherwise said plainly.
 */
export function ensureCompiler() {
  if (hasCompiler()) return;
  if (process.getuid?.() !== 0 || !answers('apt-get', ['--version'])) {
    throw new Error('The tests need a C compiler: install gcc and the C library’s headers.');
  }
  process.stdout.write('Installing a C compiler (apt-get install gcc libc6-dev) …\n');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const stdio = /** @type {import('node:child_process').StdioOptions} */ ([
    'ignore',
    'ignore',
    'inherit',
  ]);
  spawnSync('apt-get', ['update', '-qq'], { stdio, env });
  const packages = ['gcc', 'libc6-dev'];
  const options = ['-y', '-qq', '--no-install-recommends'];
  spawnSync('apt-get', ['install', ...options, ...packages], { stdio, env });
  if (!hasCompiler()) throw new Error('apt-get could not install gcc; the tests need it.');
}

function hasCompiler() {
  return answers('cc', ['--version']);
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function answers(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
