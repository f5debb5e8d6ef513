/**
 * `npm run test:soak -- kafka-faults [--kills N] [--pause SECONDS] [--seed N]`: the
 * end-to-end tests of Kafka under fire as they are run for hours: a hundred kills, brokers that are
 * silent for a minute. Fails when one of them does.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    pause: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const root = path.resolve(import.meta.dirname, '../..');
const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
const tests = ['kafka-faults', 'kafka-exactly-once'].map((name) => `test/e2e/${name}.e2e.test.ts`);
const child = spawn(process.execPath, [vitest, 'run', '--project', 'e2e', ...tests], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    TIDEMARK_TEST_ALL: '1',
    TIDEMARK_TEST_KILLS: options.kills,
    TIDEMARK_TEST_PAUSE_MS: String(Number(options.pause) * 1000),
    TIDEMARK_TEST_SEED: options.seed,
  },
});
const [code] = (await once(child, 'close')) as [number | null];
process.exitCode = code ?? 1;
