import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';

const modulePath = path.resolve(import.meta.dirname, '../../src/launcher/run-child.mjs');

/** A process that runs `program` through the launcher's runChild and ends like it. */
function launch(program: string): ReturnType<typeof spawn> {
  const source = `import { runChild, endLike } from ${JSON.stringify(modulePath)};
    endLike(await runChild(process.execPath, ['-e', ${JSON.stringify(program)}]));`;
  return spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test.each([0, 3, 143])('exit code %i goes through', async (code) => {
  expect(await once(launch(`process.exit(${code})`), 'exit')).toEqual([code, null]);
});

test('death by a signal goes through', async () => {
  const child = launch(`process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000)`);
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s is forwarded, and the child decides how it ends',
  async (signal) => {
    const child = launch(
      `process.once('${signal}', () => process.exit(7));
       console.log('up'); setInterval(() => {}, 1e3)`,
    );
    if (child.stdout === null) throw new Error('no stdout');
    await once(child.stdout, 'data');
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([7, null]);
  },
);
