import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT } from '../support/source-tree.ts';

/** Prints what the command line loads to run a pipeline, before it is known. */
const SCRIPT = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({
    load(url, context, next) {
      loaded.push(url);
      return next(url, context);
    },
  });
  await import('./src/cli/program.ts');
  await import('./src/cli/run-command.ts');
  await import('./src/runtime/logger.ts');
  process.stdout.write(loaded.join('\\n'));
`;

/** Each is loaded with the first source, target, channel or terminal that needs it. */
const LATE = [
  '/node_modules/mysql2/',
  '/node_modules/nodemailer/',
  '/node_modules/pino-pretty/',
  '/node_modules/@duckdb/',
  '/node_modules/kafkajs/',
  '/node_modules/@platformatic/',
  '/src/source/mysql/mysql-reader.ts',
  '/src/sink/search/search-sink.ts',
  '/src/runtime/verify-pipeline.ts',
];

test('a daemon loads what its pipeline needs, and starts the sooner', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', '--input-type=module', '-e', SCRIPT],
    { cwd: ROOT, maxBuffer: 16 * 1024 * 1024 },
  );
  const loaded = stdout.split('\n');
  expect(loaded.some((url) => url.endsWith('/src/runtime/compose-pipeline.ts'))).toBe(true);
  expect(loaded.some((url) => url.includes('/node_modules/pino/'))).toBe(true);
  expect(loaded.filter((url) => LATE.some((late) => url.includes(late)))).toEqual([]);
});
