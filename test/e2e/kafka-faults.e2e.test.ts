import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PASSED_FAULT_POINTS } from '../support/passed-fault-points.ts';
import { Daemon } from '../support/daemon.ts';
import { startOwnBroker } from '../support/kafka.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import {
  auditMovements,
  beside,
  expectWholeTopics,
  kafkaLedger,
  pass,
  type KafkaLedger,
  type Repeats,
} from '../support/kafka-ledger.ts';
import { startRegistry } from '../support/registry-server.ts';
import { LedgerLoad, randomFrom, seedLedger } from '../support/ledger-load.ts';
import { untilEqual } from '../support/ledger-pipeline.ts';

// A real daemon writes at least once to a real broker, and a sink of it reads there, while one of
// them is killed, paused or restarted under load. PostgreSQL says what should have come out.

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const KILLS = Number(process.env['TIDEMARK_TEST_KILLS'] ?? (ALL ? 15 : 2));
/** How long a broker that does not answer is silent: longer than any request waits for it. */
const PAUSE_MS = Number(process.env['TIDEMARK_TEST_PAUSE_MS'] ?? 4_000);

/** Both tables have three partitions: each may go back by what was sent without its offset. */
const PARTITIONS = 6;

// As long as so many kills and such silences need on a busy machine.
vi.setConfig({ testTimeout: 180_000 + KILLS * 40_000 + PAUSE_MS * 10 });

let broker: KafkaCluster;

beforeAll(async () => {
  broker = await startOwnBroker();
});

afterAll(async () => {
  await broker[Symbol.asyncDispose]();
});

interface Loaded extends AsyncDisposable {
  readonly ledger: KafkaLedger;
  readonly load: LedgerLoad;
}

/** A ledger on the broker, written to from now on. */
async function loaded(
  rows: number,
  transport: Readonly<Record<string, string | number>> = {},
  { bootstrapServers } = broker,
  registry: { readonly registry?: string } = {},
): Promise<Loaded> {
  const ledger = await kafkaLedger({ bootstrapServers, transport, ...registry });
  const writer = await ledger.connect('source');
  await seedLedger(writer, rows);
  const load = await LedgerLoad.resume(writer, SEED);
  load.start();
  return {
    ledger,
    load,
    async [Symbol.asyncDispose]() {
      await load.stop().catch(() => undefined);
      await ledger[Symbol.asyncDispose]();
    },
  };
}

/** The load ends; the target gets equal, the daemon stops, and the topics are whole. */
async function settled({ ledger, load }: Loaded, daemon: Daemon): Promise<Repeats> {
  await daemon.until(({ source }) => source.phase === 'streaming');
  await load.stop();
  // Each kill leaves the sink more to apply.
  await untilEqual(ledger, daemon, 120_000 + KILLS * 3_000);
  expect(await daemon.stop()).toBe(0);
  return expectWholeTopics(ledger);
}

/** Waits until the stream has brought so many more events. */
async function streamed(daemon: Daemon, events: number): Promise<void> {
  const isStreaming = await daemon.until(({ source }) => source.phase === 'streaming');
  const before = isStreaming.source.events;
  await daemon.until(({ source }) => source.events > before + events);
}

test('killed at every fault point under load, nothing is lost', async () => {
  await using run = await loaded(10_000);
  for (const point of PASSED_FAULT_POINTS) {
    await using daemon = Daemon.start({ ...run.ledger, faultPoint: point });
    const { signal } = await daemon.ended;
    expect(signal, `${point} was not reached\n${daemon.output}`).toBe('SIGKILL');
  }
  await using daemon = Daemon.start(run.ledger);
  await streamed(daemon, 100);
  const repeats = await settled(run, daemon);
  expect(repeats.rewinds).toBeLessThanOrEqual(PASSED_FAULT_POINTS.length * PARTITIONS);
});

test(`killed at ${KILLS} random instants (seed ${SEED}), in snapshot and in stream`, async () => {
  await using run = await loaded(ALL ? 100_000 : 20_000);
  const random = randomFrom(SEED);
  for (let kill = 0; kill < KILLS; kill++) {
    await using daemon = Daemon.start(run.ledger);
    const phases = kill % 3 === 0 ? ['snapshot', 'streaming'] : ['streaming'];
    // On a busy machine the snapshot of a hundred thousand rows takes its time.
    await daemon.until(({ source }) => phases.includes(source.phase), 240_000);
    await pass(run.ledger, random() * 1_000);
    daemon.kill();
  }
  await using daemon = Daemon.start(run.ledger);
  const repeats = await settled(run, daemon);
  expect(repeats.rewinds).toBeLessThanOrEqual(KILLS * PARTITIONS);
});

test('the broker is killed, and shut down, and comes back', async () => {
  await using run = await loaded(1_000);
  await using daemon = Daemon.start(run.ledger);
  await streamed(daemon, 500);
  await broker.kill();
  await pass(run.ledger, 1_000);
  await broker.start();
  await streamed(daemon, 500);
  await broker.stop();
  await broker.start();
  await streamed(daemon, 500);
  const repeats = await settled(run, daemon);
  // One producer and its sequence numbers see it through: nothing comes twice.
  expect(repeats).toMatchObject({ rewinds: 0, records: 0 });
});

test('two daemons of a pipeline: one reads, both apply, and they take over', async () => {
  await using run = await loaded(1_000);
  const { ledger } = run;
  await using killed = Daemon.start(ledger);
  await streamed(killed, 300);
  const audit = await auditMovements(ledger);
  const other = await beside(ledger);
  await using stopped = Daemon.start(other);
  // It waits for the slot, and has a part of the partitions.
  await stopped.until(({ sinks }) => (sinks[0]?.applied ?? 0) > 50);
  await streamed(killed, 300);
  killed.kill();
  await streamed(stopped, 300);
  await using last = Daemon.start(ledger);
  await last.until(({ sinks }) => (sinks[0]?.applied ?? 0) > 50);
  expect(await stopped.stop()).toBe(0);
  await streamed(last, 300);
  const { occurrences } = await settled(run, last);
  const often = [...(await audit())].filter(([op, n]) => n > (occurrences.get(op) ?? 0));
  expect(often, 'each record is applied once').toEqual([]);
});

/** How long a request and a record may take, as parts of the silence; how often it comes anew. */
const SILENCES = [
  ['a record is tried', 8, 1 / 2, 8],
  ['a request waits', 4, 4, 0],
] as const;

test.each(ALL ? SILENCES : SILENCES.slice(0, 1))(
  `the broker is silent for ${PAUSE_MS} ms, longer than %s`,
  async (_, requests, delivery, lives) => {
    await using run = await loaded(1_000, {
      'request.timeout.ms': PAUSE_MS / requests,
      'producer.delivery.timeout.ms': PAUSE_MS * delivery,
    });
    await using daemon = Daemon.start(run.ledger);
    await streamed(daemon, 500);
    broker.pause();
    await pass(run.ledger, PAUSE_MS);
    broker.resume();
    await streamed(daemon, 500);
    const repeats = await settled(run, daemon);
    expect(repeats.rewinds).toBeLessThanOrEqual(lives * PARTITIONS);
  },
);

test(`the registry is silent for ${PAUSE_MS} ms, and a table changes meanwhile`, async () => {
  await using registry = await startRegistry();
  await using run = await loaded(1_000, {}, broker, { registry: registry.url });
  const { ledger } = run;
  await using daemon = Daemon.start(ledger);
  await streamed(daemon, 300);
  registry.pause();
  const client = await ledger.connect('source');
  await client.query('ALTER TABLE account ADD COLUMN added text');
  await daemon.until(({ source }) => source.error?.code === 'REGISTRY_CONNECT');
  await pass(ledger, PAUSE_MS);
  registry.resume();
  await streamed(daemon, 300);
  const repeats = await settled(run, daemon);
  // It waited; nothing was begun anew.
  expect(repeats).toMatchObject({ rewinds: 0, records: 0 });
});

test.each(ALL ? (['kill', 'stop'] as const) : [])(
  'each broker of a cluster goes (%s) and comes, and leaders with it',
  async (how) => {
    await using cluster = await startOwnBroker({ brokers: 3 });
    await using run = await loaded(1_000, {}, cluster);
    await using daemon = Daemon.start(run.ledger);
    await streamed(daemon, 300);
    for (const node of cluster.nodes) {
      await node[how]();
      await streamed(daemon, 300);
      await node.start();
      await streamed(daemon, 300);
    }
    const repeats = await settled(run, daemon);
    expect(repeats).toMatchObject({ rewinds: 0, records: 0 });
  },
);
