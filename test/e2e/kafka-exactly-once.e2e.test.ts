import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { startOwnBroker } from '../support/kafka.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import {
  auditMovements,
  beside,
  expectWholeTopics,
  kafkaLedger,
  type KafkaLedger,
  pass,
} from '../support/kafka-ledger.ts';
import { LedgerLoad, randomFrom, seedLedger } from '../support/ledger-load.ts';
import { untilEqual } from '../support/ledger-pipeline.ts';
import { TransactionWatch } from '../support/transaction-watch.ts';

// With exactly.once.support a reader of committed records finds every change once, whoever dies.

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const KILLS = Number(process.env['TIDEMARK_TEST_KILLS'] ?? (ALL ? 10 : 1));

const FAULTS = [
  'source.batch-encoded:7',
  'source.appended:7',
  'source.confirmed:7',
  'sink.polled:3',
  'sink.applied:3',
  'sink.committed:2',
];

/** The strictest always, the others with `npm run test:all`. */
const BOUNDARIES = [
  ['poll', {}],
  ['interval', { 'transaction.boundary.interval.ms': 100 }],
  ['connector', {}],
] as const;

// As long as so many kills need on a busy machine.
vi.setConfig({ testTimeout: 180_000 + KILLS * 40_000 });

let broker: KafkaCluster;

beforeAll(async () => {
  broker = await startOwnBroker();
});

afterAll(async () => {
  await broker[Symbol.asyncDispose]();
});

async function streaming(ledger: KafkaLedger, daemon: Daemon): Promise<void> {
  const status = await daemon.until(({ source }) => source.phase === 'streaming');
  await daemon.until(({ source }) => source.events > status.source.events + 300);
  await untilReading(ledger);
}

/** The sink has made the table. */
async function untilReading(ledger: KafkaLedger): Promise<void> {
  const warehouse = await ledger.connect('warehouse');
  const isMade = async (): Promise<boolean | undefined> => {
    const found = await warehouse.query<{ made: boolean }>(
      "SELECT to_regclass('movement') IS NOT NULL AS made",
    );
    return found.rows[0]?.made;
  };
  await expect.poll(isMade).toBe(true);
}

async function exactlyOnce(
  boundary: string,
  options: Readonly<Record<string, string | number>>,
): Promise<KafkaLedger> {
  const { bootstrapServers } = broker;
  return kafkaLedger({
    bootstrapServers,
    source: { 'exactly.once.support': 'required', 'transaction.boundary': boundary, ...options },
  });
}

test.each(ALL ? BOUNDARIES : BOUNDARIES.slice(-1))(
  'boundary %s: killed everywhere, each change is there once',
  async (boundary, options) => {
    await using ledger = await exactlyOnce(boundary, options);
    const writer = await ledger.connect('source');
    await seedLedger(writer, 500);
    const load = await LedgerLoad.resume(writer, SEED);
    {
      await using daemon = Daemon.start(ledger);
      await daemon.until(({ source }) => source.phase === 'streaming');
      await untilReading(ledger);
      expect(await daemon.stop()).toBe(0);
    }
    const audit = await auditMovements(ledger);
    load.start({ large: 500 });
    const watch = boundary === 'connector' ? new TransactionWatch(ledger) : null;
    for (const faultPoint of FAULTS) {
      await using daemon = Daemon.start({ ...ledger, faultPoint });
      const { signal } = await daemon.ended;
      expect(signal, `${faultPoint} was not reached\n${daemon.output}`).toBe('SIGKILL');
    }
    const random = randomFrom(SEED);
    for (let kill = 0; kill < KILLS; kill++) {
      await using daemon = Daemon.start(ledger);
      await streaming(ledger, daemon);
      await pass(ledger, random() * 500);
      daemon.kill();
    }
    await using daemon = Daemon.start(ledger);
    await streaming(ledger, daemon);
    await load.stop();
    await untilEqual(ledger, daemon);
    await watch?.expectWholeTransactions();
    expect(await daemon.stop()).toBe(0);
    const found = await expectWholeTopics(ledger);
    expect(found).toMatchObject({ rewinds: 0, records: 0 });
    expect([...found.occurrences].filter(([, times]) => times !== 1)).toEqual([]);
    expect([...(await audit())].filter(([, times]) => times !== 1)).toEqual([]);
  },
);

test('a daemon that another has relieved commits nothing more, and says why', async () => {
  await using ledger = await exactlyOnce('poll', {});
  const writer = await ledger.connect('source');
  await seedLedger(writer, 500);
  const load = await LedgerLoad.resume(writer, SEED);
  load.start();
  await using zombie = Daemon.start(ledger);
  await streaming(ledger, zombie);
  zombie.kill('SIGSTOP');
  const source = await ledger.connect('source');
  await source.query('SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots');
  await using successor = Daemon.start(await beside(ledger));
  await streaming(ledger, successor);
  zombie.kill('SIGCONT');
  const { code } = await zombie.ended;
  expect(zombie.output).toContain('KAFKA_FENCED');
  expect(code).toBe(1);
  await streaming(ledger, successor);
  await load.stop();
  await untilEqual(ledger, successor);
  expect(await successor.stop()).toBe(0);
  expect(await expectWholeTopics(ledger)).toMatchObject({ rewinds: 0, records: 0 });
});
