import os from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';

const all = process.env['TIDEMARK_TEST_ALL'] === '1';

/** `npm run test:all` adds the PostgreSQL majors between the oldest and the newest. */
const majors = all ? [14, 15, 16, 17, 18] : [14, 18];

/** Of MySQL and MariaDB too the oldest and the newest of each; `test:all` adds those between. */
const binlogServers = [
  'mariadb-11.4',
  'mariadb-10.11',
  'mysql-9.7',
  ...(all ? ['mysql-8.0', 'mysql-5.7'] : []),
  'mysql-5.6',
];

// Tests start the program hundreds of times. It is compiled by the first: half of a start's time.
process.env['NODE_COMPILE_CACHE'] ??= path.join(os.tmpdir(), 'tidemark-compiled');

/** What a test waits for may take long on a busy machine; who waits in vain waits longer. */
const expectation = { poll: { timeout: 45_000, interval: 20 } };

const needsServer = ['test/**/*.pg.test.ts'];
const needsBinlog = ['test/**/*.mysql.test.ts'];

/** Parts of the program and of the tests that are the same whichever server they have. */
const aroundTheServer = ['cli', 'demo', 'runtime', 'support'].map((folder) => `test/${folder}/**`);

/** In memory it has many more runs: of the servers one is enough. */
const randomNests = 'test/sink/search/nest-writer.search*';

/** Minutes under load, and servers of their own that lose their logs: by `test:all`. */
const policies = 'test/e2e/held-{policies,lost}*';

/** On the oldest servers run the tests of what reads and writes them; `test:all` runs all. */
function skippedOnOldest(name: string): string[] {
  if (all) {
    if (/^postgres-1[567]$/.test(name)) return [policies];
    return name === 'mysql-5.6' ? ['test/demo/**'] : [];
  }
  switch (name) {
    case 'postgres-14':
      return [...aroundTheServer, policies];
    case 'postgres-18':
    case 'mysql-9.7':
      return [policies];
    case 'kafka-4':
      // A minute and more; on an idle machine, too: they die and start anew again and again.
      return ['test/e2e/{held-load,whole-transactions-members}*'];
    case 'kafka-3.9':
      return [
        'test/support/**',
        'test/runtime/{check,source}-*',
        'test/e2e/**',
        // What clients do when they are cut off, whoever the broker is.
        'test/transport/kafka/client-hazards*',
      ];
    case 'mariadb-11.4':
      // What waits is the runtime's affair: one of both products is enough for each run.
      return ['test/e2e/held-load*', policies];
    case 'mariadb-10.11':
      return [...aroundTheServer, 'test/e2e/**'];
    case 'mysql-5.6':
      // Shapes are told by statements alone there: the hardest server for them.
      return [...aroundTheServer, 'test/e2e/!(binlog-schemas)*'];
    case 'elasticsearch-8':
    case 'opensearch-2':
      return [...aroundTheServer, 'test/e2e/**', randomNests];
    // What they do to the servers is the sink's affair, so one of both is enough for each.
    case 'elasticsearch-9':
      return ['test/e2e/search-{replays,walk}*', 'test/runtime/verify-nested*'];
    case 'opensearch-3':
      return ['test/e2e/{search-troubles,search-parked-keys,given-up-slot}*', randomNests];
    default:
      return [];
  }
}

/** Servers with plug-ins: where they are to be had, and in `test:all`, since they are started. */
function withoutPlugins(name: string): string[] {
  const secured = 'test/sink/search/secured-servers*';
  const knn = 'test/sink/search/knn-vectors*';
  if (!all || name === 'opensearch-3') return [secured, knn];
  return name === 'opensearch-2' ? [] : [knn];
}

const needsBroker = ['test/**/*.kafka.test.ts'];
const needsRegistry = ['test/**/*.registry.test.ts'];
const needsSearch = ['test/**/*.search.test.ts'];
/** The oldest and the newest of both products. */
const searchServers = ['elasticsearch-9', 'opensearch-3', 'elasticsearch-8', 'opensearch-2'];
const endToEnd = ['test/**/*.e2e.test.ts'];
/** With Java, and another one for each killed worker: two minutes. */
const skippedInEveryRun = all
  ? []
  : [
      'test/e2e/dead-letters-beside-connect*',
      'test/e2e/debezium-binlog-takeover*',
      'test/e2e/debezium-interop*',
      // Fifty cases of DDL of each family, into seven targets and fifteen: some minutes each.
      'test/e2e/ddl-fates*',
      // Many rounds of a table that waits: two minutes.
      'test/e2e/held-rounds*',
      // Tables that are gone while they wait, in both logs: half a minute.
      'test/e2e/held-gone*',
      // A slot that is lost while a table waits behind it: half a minute.
      'test/e2e/held-lost*',
      // Two daemons, a broker, a search server, and sessions that end: a minute.
      'test/e2e/reindex-members*',
    ];
const program = 'test/support/global-setup-program.ts';
const globalSetup = ['test/support/global-setup-postgres.ts', program];
const packages = 'test/support/global-setup-packages.ts';

/**
 * The files of a project share their workers, which a process for each would cost a third of a
 * second: 350 s of CPU in 1,000 files of unit tests, as much as the tests themselves. What a test
 * changes of its process is put back: no other has to know of it.
 */
const sharedWorkers = { isolate: false, restoreMocks: true, unstubEnvs: true };

/** Of two processors one would be kept free. More of them make what has to be quick too slow. */
const WORKERS = 2;
/**
 * Projects of one group are one queue, sorted by name: those whose servers are light, with the long
 * files of `e2e` first and the short ones of the databases last, so that no worker waits for the
 * last file of a project but once.
 */
const UNIT = 1;
const LIGHT_SERVERS = 2;
/** And one after the other: the server of each is 1.5 GB, and ends with it. */
const SEARCH_SERVERS = 3;

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
          exclude: [
            ...needsServer,
            ...needsBinlog,
            ...needsBroker,
            ...needsRegistry,
            ...needsSearch,
            ...endToEnd,
          ],
          ...sharedWorkers,
          testTimeout: 60_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: UNIT },
        },
      },
      // One project per server: the same files, the address comes by `inject`.
      ...majors.map((major) => ({
        test: {
          expect: expectation,
          name: `postgres-${major}`,
          include: needsServer,
          exclude: skippedOnOldest(`postgres-${major}`),
          globalSetup,
          ...sharedWorkers,
          testTimeout: 150_000,
          hookTimeout: 150_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: LIGHT_SERVERS },
        },
      })),
      {
        test: {
          expect: expectation,
          name: 'registry',
          include: needsRegistry,
          globalSetup: [packages, 'test/support/global-setup-registry.ts', ...globalSetup],
          testTimeout: 150_000,
          hookTimeout: 150_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: LIGHT_SERVERS },
        },
      },
      // The oldest and the newest broker; PostgreSQL beside it is the source or target of some.
      ...['4', '3.9'].map((major) => ({
        test: {
          expect: expectation,
          name: `kafka-${major}`,
          include: needsBroker,
          exclude: skippedOnOldest(`kafka-${major}`),
          globalSetup: [packages, 'test/support/global-setup-kafka.ts', ...globalSetup],
          testTimeout: 180_000,
          hookTimeout: 150_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: LIGHT_SERVERS },
        },
      })),
      ...binlogServers.map((name) => ({
        test: {
          expect: expectation,
          name,
          include: needsBinlog,
          exclude: skippedOnOldest(name),
          // Sessions that servers cut end with the process that had them: not in another file.
          globalSetup: ['test/support/global-setup-mysql.ts', program],
          testTimeout: 150_000,
          hookTimeout: 150_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: LIGHT_SERVERS },
        },
      })),
      // PostgreSQL beside it is the source of some.
      ...searchServers.map((name, index) => ({
        test: {
          expect: expectation,
          name,
          include: needsSearch,
          exclude: [...skippedOnOldest(name), ...withoutPlugins(name)],
          globalSetup: ['test/support/global-setup-search.ts', ...globalSetup],
          testTimeout: 150_000,
          hookTimeout: 150_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: SEARCH_SERVERS + index },
        },
      })),
      {
        test: {
          expect: expectation,
          name: 'e2e',
          include: endToEnd,
          exclude: skippedInEveryRun,
          globalSetup: [packages, ...globalSetup],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: LIGHT_SERVERS },
        },
      },
    ],
  },
});
