/**
 * `npm run test:soak -- gate-lives [--kills N] [--seed N]`: N logs in which tables change their
 * shapes, each read by lives of a source that crash, under hold, lenient, answers and deadlines;
 * each change is told once, in order, as policies and answers say.
 */
import { parseArgs } from 'node:util';
import { SOAK_OPTIONS, soakTests } from '../support/soaked-tests.ts';

const {
  values: { kills, seed },
} = parseArgs({
  options: SOAK_OPTIONS,
});

await soakTests({
  projects: ['unit'],
  tests: ['test/runtime/gate-lives.test.ts'],
  kills,
  seed,
  environment: {},
});
