/**
 * `npm run test:soak -- mysql-faults [--kills N] [--rows N] [--seed N] [--server mysql-9.7]`: the
 * end-to-end tests of binlogs as they are run for hours: kills, outages, failovers, tables that
 * change, a transaction of a million rows. Fails when one of them does. `--server` may be given
 * several times; without it the newest of both.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    rows: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    server: { type: 'string', multiple: true, default: ['mariadb-11.4', 'mysql-9.7'] },
  },
});

const root = path.resolve(import.meta.dirname, '../..');
const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
const tests = readdirSync(path.join(root, 'test/e2e'))
  .filter((name) => /^binlog-.*\.mysql\.test\.ts$/.test(name))
  .map((name) => `test/e2e/${name}`);
const projects = options.server.flatMap((name) => ['--project', name]);
process.stderr.write(`seed ${options.seed}\n`);
const child = spawn(process.execPath, [vitest, 'run', ...projects, ...tests], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    TIDEMARK_TEST_ALL: '1',
    TIDEMARK_TEST_KILLS: options.kills,
    TIDEMARK_TEST_ROWS: options.rows,
    TIDEMARK_TEST_SEED: options.seed,
  },
});
const [code] = (await once(child, 'close')) as [number | null];
process.exitCode = code ?? 1;
