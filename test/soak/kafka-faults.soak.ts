/**
 * `npm run test:soak -- kafka-faults [--kills N] [--pause SECONDS] [--seed N]`: the
 * end-to-end tests of Kafka under fire as they are run for hours: a hundred kills, brokers that are
 * silent for a minute. Fails when one of them does.
 */
import { parseArgs } from 'node:util';
import { SOAK_OPTIONS, soakTests } from '../support/soaked-tests.ts';

const {
  values: { kills, seed, pause },
} = parseArgs({
  options: { ...SOAK_OPTIONS, pause: { type: 'string', default: '60' } },
});

await soakTests({
  projects: ['e2e'],
  tests: ['kafka-faults', 'kafka-exactly-once'].map((name) => `test/e2e/${name}.e2e.test.ts`),
  kills,
  seed,
  environment: { TIDEMARK_TEST_PAUSE_MS: String(Number(pause) * 1000) },
});
