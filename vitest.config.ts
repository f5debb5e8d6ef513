import os from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** `npm run test:all` adds the PostgreSQL majors between the oldest and the newest. */
const majors = process.env['TIDEMARK_TEST_ALL'] === '1' ? [14, 15, 16, 17, 18] : [14, 18];

// Tests start the program hundreds of times. It is compiled by the first: half of a start's time.
process.env['NODE_COMPILE_CACHE'] ??= path.join(os.tmpdir(), 'tidemark-compiled');

/** What a test waits for may take long on a busy machine; who waits in vain waits longer. */
const expectation = { poll: { timeout: 20_000, interval: 20 } };

const needsServer = ['test/**/*.pg.test.ts'];
const needsBroker = ['test/**/*.kafka.test.ts'];
const needsRegistry = ['test/**/*.registry.test.ts'];
const endToEnd = ['test/**/*.e2e.test.ts'];
const globalSetup = ['test/support/global-setup-postgres.ts'];
const packages = 'test/support/global-setup-packages.ts';

export default defineConfig({
  test: {
    // A snapshot that is missing would be written, and agree with anything: `vitest -u` is the way.
    update: 'none',
    projects: [
      {
        test: {
          expect: expectation,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...needsServer, ...needsBroker, ...needsRegistry, ...endToEnd],
          testTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
      // One project per server: the same files, the address comes by `inject`.
      ...majors.map((major, index) => ({
        test: {
          expect: expectation,
          name: `postgres-${major}`,
          include: needsServer,
          globalSetup,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 + index },
        },
      })),
      {
        test: {
          expect: expectation,
          name: 'registry',
          include: needsRegistry,
          globalSetup: [packages, 'test/support/global-setup-registry.ts', ...globalSetup],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 7 },
        },
      },
      // The oldest and the newest broker; PostgreSQL beside it is the source or target of some.
      ...['4', '3.9'].map((major, index) => ({
        test: {
          expect: expectation,
          name: `kafka-${major}`,
          include: needsBroker,
          globalSetup: [packages, 'test/support/global-setup-kafka.ts', ...globalSetup],
          testTimeout: 90_000,
          hookTimeout: 90_000,
          maxWorkers: 2,
          sequence: { groupOrder: 8 + index },
        },
      })),
      {
        test: {
          expect: expectation,
          name: 'e2e',
          include: endToEnd,
          globalSetup: [packages, ...globalSetup],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          // They start daemons and kill them; two at once would measure each other.
          fileParallelism: false,
          sequence: { groupOrder: 10 },
        },
      },
    ],
  },
});
