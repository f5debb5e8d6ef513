/**
 * `npm run test:soak -- held-changes [--kills N] [--seed N]`: breaking changes of a table that wait
 * under load, N of them, with kills wherever they fall; each change of each row stands in the log
 * once, and target = source.
 */
import { parseArgs } from 'node:util';
import { SOAK_OPTIONS, soakTests } from '../support/soaked-tests.ts';

const {
  values: { kills, seed },
} = parseArgs({
  options: SOAK_OPTIONS,
});

await soakTests({
  projects: ['e2e'],
  tests: ['test/e2e/held-rounds.e2e.test.ts'],
  kills,
  seed,
  environment: {},
});
