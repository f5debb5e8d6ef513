/**
 * `npm run test:soak -- mysql-faults [--kills N] [--rows N] [--seed N] [--server mysql-9.7]`: the
 * end-to-end tests of binlogs as they are run for hours: kills, outages, failovers, tables that
 * change, a transaction of a million rows. Fails when one of them does. `--server` may be given
 * several times; without it the newest of both.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SOAK_OPTIONS, soakTests } from '../support/soaked-tests.ts';

const {
  values: { kills, seed, rows, server },
} = parseArgs({
  options: {
    ...SOAK_OPTIONS,
    rows: { type: 'string', default: '1000000' },
    server: { type: 'string', multiple: true, default: ['mariadb-11.4', 'mysql-9.7'] },
  },
});

await soakTests({
  projects: server,
  tests: readdirSync(path.join(import.meta.dirname, '../e2e'))
    .filter((name) => /^binlog-.*\.mysql\.test\.ts$/.test(name))
    .map((name) => `test/e2e/${name}`),
  kills,
  seed,
  environment: { TIDEMARK_TEST_ROWS: rows },
});
