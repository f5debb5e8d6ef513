import { readFile, writeFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { startOwnBroker } from '../support/kafka.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import { kafkaLedger, type KafkaLedger } from '../support/kafka-ledger.ts';
import { LedgerLoad, seedLedger } from '../support/ledger-load.ts';
import { untilEqual } from '../support/ledger-pipeline.ts';

// Two daemons share a sink on a real broker; one of them is stopped for longer
// than the group waits, and wakes up with records in its hands that the other has applied.

const SEED = 20261122;
/** The group's session of 6 s, and what hung in the target for 15 s, on a busy machine. */
const TIMEOUT_MS = 300_000;
const WAIT_MS = 120_000;

let broker: KafkaCluster;

beforeAll(async () => {
  broker = await startOwnBroker();
});

afterAll(async () => {
  await broker[Symbol.asyncDispose]();
});

/** Writes down every move of an offset in the target. */
const WATCH = `
  CREATE TABLE moves (topic text, partition int, generation bigint, before bigint, after bigint);
  CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.generation = NEW.generation THEN
      INSERT INTO public.moves
        VALUES (NEW.topic, NEW.partition, NEW.generation, OLD.next_offset, NEW.next_offset);
    END IF; RETURN NULL; END $$;
  CREATE TRIGGER watch AFTER UPDATE ON tidemark_offsets FOR EACH ROW EXECUTE FUNCTION watch()`;

interface PipelineDocument {
  name: string;
  source: Record<string, unknown>;
  sinks: Record<string, unknown>[];
  http: unknown;
}

/** A pipeline file beside the ledger's, changed. */
async function fileBeside(
  ledger: KafkaLedger,
  suffix: string,
  change: (document: PipelineDocument) => void,
): Promise<{ file: string; port: number }> {
  const port = await freeLoopbackPort();
  const document = parse(await readFile(ledger.file, 'utf8')) as PipelineDocument;
  document.http = { listen: `127.0.0.1:${port}` };
  change(document);
  const file = ledger.file.replace('.yaml', `-${suffix}.yaml`);
  await writeFile(file, JSON.stringify(document));
  return { file, port };
}

/** A daemon that writes the ledger's topics and applies nothing. */
function writerOf(ledger: KafkaLedger): Promise<{ file: string; port: number }> {
  return fileBeside(ledger, 'writer', (document) => {
    document.sinks = [];
  });
}

/** A daemon whose sink reads those topics; its own source has topics and a slot of its own. */
function memberOf(ledger: KafkaLedger, number: number): Promise<{ file: string; port: number }> {
  return fileBeside(ledger, `member-${number}`, (document) => {
    document.name += `-${number}`;
    document.source['topic.prefix'] = document.name;
    document.source['slot.name'] = document.name.replaceAll('-', '_');
    document.source['snapshot.mode'] = 'no_data';
    for (const sink of document.sinks) sink['topics.regex'] = `${ledger.name}\\.public\\..*`;
  });
}

async function appliesMore(daemon: Daemon, records: number): Promise<void> {
  const before = (await daemon.until(({ sinks }) => sinks[0] !== undefined)).sinks[0]?.applied ?? 0;
  await daemon.until(({ sinks }) => (sinks[0]?.applied ?? 0) > before + records, WAIT_MS);
}

test(
  'a daemon that was stopped over a rebalance sets nothing back',
  async () => {
    await using ledger = await kafkaLedger({ bootstrapServers: broker.bootstrapServers });
    const writer = await ledger.connect('source');
    const warehouse = await ledger.connect('warehouse');
    await seedLedger(writer, 2_000);
    const load = await LedgerLoad.resume(writer, SEED);
    load.start();
    await using source = Daemon.start(await writerOf(ledger));
    await source.until(({ source: { phase } }) => phase === 'streaming', WAIT_MS);
    await using one = Daemon.start(await memberOf(ledger, 1));
    await appliesMore(one, 500);
    await warehouse.query(WATCH);
    await using two = Daemon.start(await memberOf(ledger, 2));
    await appliesMore(two, 100);
    one.kill('SIGSTOP');
    // The group waits, then gives all partitions to the second.
    await appliesMore(two, 1_000);
    one.kill('SIGCONT');
    await appliesMore(one, 100);
    await load.stop();
    await untilEqual(ledger, two);

    const { rows } = await warehouse.query(
      `SELECT count(*)::int AS moves, count(*) FILTER (WHERE after < before)::int AS back
       FROM moves`,
    );
    expect(rows[0]).toMatchObject({ back: 0 });
    expect(rows[0]).not.toMatchObject({ moves: 0 });
    expect(await Promise.all([one, two, source].map((daemon) => daemon.stop()))).toEqual([0, 0, 0]);
  },
  TIMEOUT_MS,
);

test(
  'a sink on Kafka is sent back when nobody reads, and comes to the same rows',
  async () => {
    await using ledger = await kafkaLedger({ bootstrapServers: broker.bootstrapServers });
    const warehouse = await ledger.connect('warehouse');
    await seedLedger(await ledger.connect('source'), 500);
    await using one = Daemon.start(ledger);
    await untilEqual(ledger, one);
    const refused = await runProgram(['offsets', 'set', ledger.file, '--to-earliest']);
    expect(refused.stderr).toMatch(/^GROUP_IN_USE /);
    expect(await one.stop()).toBe(0);
    // Sent back to the beginning, the sink comes to the same rows.
    await warehouse.query('DELETE FROM movement; UPDATE account SET version = -1');
    const set = await vi.waitFor(
      async () => {
        const result = await runProgram(['offsets', 'set', ledger.file, '--to-earliest', '--json']);
        // A group forgets its members only after a while.
        expect(result).toMatchObject({ code: 0, stderr: '' });
        return result;
      },
      { timeout: 60_000, interval: 500 },
    );
    const { moves } = JSON.parse(set.stdout) as { moves: { after: number; topic: string }[] };
    expect(moves.map(({ after }) => after)).toEqual(moves.map(() => 0));
    await using again = Daemon.start(ledger);
    await untilEqual(ledger, again);
    expect(await again.stop()).toBe(0);
  },
  TIMEOUT_MS,
);
