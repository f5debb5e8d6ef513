import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { startConnect, type ConnectWorker } from '../support/connect-worker.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { startOwnBroker } from '../support/kafka.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import { readTopic, type ReadRecord } from '../support/kafka-topic-reader.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let broker: KafkaCluster;
let connect: ConnectWorker;

beforeAll(async () => {
  broker = await startOwnBroker();
  const { bootstrapServers } = broker;
  connect = await startConnect({ bootstrapServers, plugins: ['postgres'] });
});

afterAll(async () => {
  for (const server of [connect, broker]) await server[Symbol.asyncDispose]();
});

/** One writer, so that positions in the log rise from transaction to transaction. */
class Writer implements AsyncDisposable {
  readonly #database: TestDatabase;
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  /** Rows that are committed. */
  written = 0;

  constructor(database: TestDatabase) {
    this.#database = database;
    this.#ended = this.#write();
  }

  /** Transactions of one to nine rows, and one update of a row that all of them count on. */
  async #write(): Promise<void> {
    for (let round = 0; !this.#stopped.signal.aborted; round++) {
      const rows = 1 + (round % 9);
      await this.#database.query(
        `BEGIN;
         INSERT INTO entry SELECT n, 0 FROM
           generate_series(${this.written + 1}, ${this.written + rows}) n;
         SELECT pg_sleep(0.003);
         UPDATE entry SET version = version + 1 WHERE id = 0;
         COMMIT`,
      );
      this.written += rows;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
  }
}

/** Where it happens. */
interface Place {
  /** Of the connector and of the pipeline; topics begin with it, too. */
  readonly name: string;
  readonly topic: string;
  readonly database: TestDatabase;
  readonly folder: TemporaryFolder;
  readonly file: string;
}

/** A database and a folder for the pipeline; the connector is gone afterwards. */
async function placeOf(name: string): Promise<Place & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await freshDatabase());
  const folder = opened.use(await temporaryFolder('takeover'));
  await database.query(`CREATE TABLE entry (id bigint PRIMARY KEY, version int);
                        INSERT INTO entry VALUES (0, 0)`);
  opened.defer(async () => {
    await connect.start();
    await connect.delete(name);
  });
  const kept = opened.move();
  return {
    name,
    topic: `${name}.public.entry`,
    database,
    folder,
    file: path.join(folder.path, 'ledger.yaml'),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

function connectorConfig({ name, database }: Place): Record<string, string> {
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'topic.prefix': name,
    'database.hostname': database.host,
    'database.port': String(database.port),
    'database.user': database.user,
    'database.password': database.password,
    'database.dbname': database.name,
    'plugin.name': 'pgoutput',
    'slot.name': database.name,
    'publication.name': 'shop',
    'publication.autocreate.mode': 'filtered',
    'table.include.list': 'public.entry',
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': 'false',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
    'poll.interval.ms': '20',
  };
}

interface Entry {
  readonly id: number;
  readonly version: number;
  readonly lsn: number;
}

function entryOf({ value }: ReadRecord): Entry {
  const { after, source } = JSON.parse(String(value)) as {
    readonly after: { readonly id: number; readonly version: number };
    readonly source: { readonly lsn: number };
  };
  return { ...after, lsn: source.lsn };
}

function newestOf(records: readonly ReadRecord[]): Entry {
  const newest = records.at(-1);
  return newest === undefined ? { id: -1, version: -1, lsn: 0 } : entryOf(newest);
}

/** Makes the topic if it is not there; how many records its one partition has. */
async function withTopic(topic: string): Promise<number> {
  const brokers = broker.bootstrapServers.split(',');
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  const [partition] = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return Number(partition?.high);
}

interface StoredOffset {
  readonly lsn: number;
  readonly lsn_proc: number;
}

function passwordOf({ name }: Place): string {
  return `${name.toUpperCase()}_DATABASE_PASSWORD`;
}

/** The command with JSON as its answer; fails with what it said instead. */
async function ask(args: readonly string[], place: Place): Promise<unknown> {
  const environment = { [passwordOf(place)]: place.database.password };
  const { code, stdout, stderr } = await runProgram([...args, '--json'], environment);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  expect(stdout + stderr).not.toContain(place.database.password);
  return JSON.parse(stdout);
}

/** Imports with the command, and gives the offset from which Debezium is relieved. */
async function importFrom(source: string, place: Place): Promise<StoredOffset> {
  const args = ['import', 'debezium', source, '--connector', place.name, '-o', place.file];
  const kafka = ['--bootstrap-servers', broker.bootstrapServers];
  const topic = ['--offsets-topic', connect.offsetsTopic];
  const imported = await ask([...args, ...kafka, ...topic], place);
  expect(imported).toMatchObject({ adoption: 'shared', errors: [] });
  return (imported as { readonly offset: StoredOffset }).offset;
}

interface Hands {
  /** Debezium ends; gives what to import from. */
  debeziumEnds(place: Place): Promise<string>;
  tidemarkEnds(daemon: Daemon): Promise<void>;
  debeziumGoesOn(name: string): Promise<void>;
}

const STOPPED: Hands = {
  async debeziumEnds({ name }) {
    await connect.stopConnector(name);
    return connect.url;
  },
  async tidemarkEnds(daemon) {
    expect(await daemon.stop()).toBe(0);
  },
  async debeziumGoesOn(name) {
    await fetch(`${connect.url}/connectors/${name}/resume`, { method: 'PUT' });
    await connect.untilRunning(name);
  },
};

const KILLED: Hands = {
  async debeziumEnds(place) {
    const streaming = { offsets: [{ offset: { lsn_proc: expect.any(Number) as number } }] };
    await vi.waitFor(
      async () => expect(await connect.offsets(place.name)).toMatchObject(streaming),
      {
        timeout: 30_000,
      },
    );
    await connect.kill();
    const file = path.join(place.folder.path, 'connector.json');
    writeFileSync(file, JSON.stringify({ name: place.name, config: connectorConfig(place) }));
    return file;
  },
  async tidemarkEnds(daemon) {
    daemon.kill();
    await daemon.ended;
  },
  async debeziumGoesOn(name) {
    await connect.start();
    await connect.untilRunning(name);
  },
};

/** What was read, and where each program's part of it ends. */
interface History {
  readonly entries: readonly Entry[];
  readonly byDebezium: number;
  readonly first: StoredOffset;
  readonly second: StoredOffset;
  readonly written: number;
  readonly version: number;
}

/** Debezium, Tidemark, Debezium, while rows are written. */
async function handOver(place: Place, hands: Hands): Promise<History> {
  const { name, topic, database, file } = place;
  const { bootstrapServers } = broker;
  await withTopic(topic);
  await using writer = new Writer(database);
  const untilRow = async (id: number): Promise<void> => {
    await readTopic(bootstrapServers, topic, (read) => newestOf(read).id > id);
  };
  await connect.put(name, connectorConfig(place));
  await untilRow(writer.written + 200);
  const first = await importFrom(await hands.debeziumEnds(place), place);
  const byDebezium = await withTopic(topic);
  const port = await freeLoopbackPort();
  appendFileSync(file, `http:\n  listen: 127.0.0.1:${port}\n`);
  vi.stubEnv(passwordOf(place), database.password);
  await using daemon = Daemon.start({ file, port });
  await daemon.until(({ source }) => source.phase === 'streaming');
  await untilRow(writer.written + 200);
  await hands.tidemarkEnds(daemon);
  const handover = await ask(['offsets', 'handover', file], place);
  expect(handover).toMatchObject({ inPlace: true, connector: name });
  const { offsets } = handover as { readonly offsets: readonly { offset: StoredOffset }[] };
  await hands.debeziumGoesOn(name);
  await untilRow(writer.written + 200);
  await writer[Symbol.asyncDispose]();
  const [last] = await database.query<{ version: number }>(
    `SELECT version FROM entry WHERE id = 0`,
  );
  const { version = -1 } = last ?? {};
  const records = await readTopic(bootstrapServers, topic, (read) => {
    const newest = newestOf(read);
    return newest.id === 0 && newest.version === version;
  });
  const second = offsets[0]?.offset ?? { lsn: 0, lsn_proc: 0 };
  const { written } = writer;
  return { entries: records.map(entryOf), byDebezium, first, second, written, version };
}

/** Places in the log of which a record stands in the topic more than once. */
function repeatedPlaces(entries: readonly Entry[]): readonly number[] {
  const seen = new Set<string>();
  const repeated = new Set<number>();
  for (const { id, version, lsn } of entries) {
    const change = `${id} ${version} ${lsn}`;
    if (seen.has(change)) repeated.add(lsn);
    seen.add(change);
  }
  return [...repeated];
}

test.each([
  ['in order', 'order', STOPPED],
  ['killed', 'kill', KILLED],
] as const)(
  'Tidemark takes over from Debezium and back, under load, %s',
  async (_how, name, hands) => {
    await using place = await placeOf(name);
    const { entries, byDebezium, first, second, written, version } = await handOver(place, hands);

    expect(new Set(entries.map(({ id }) => id)).size, 'every row is there').toBe(written + 1);
    const versions = new Set(entries.filter(({ id }) => id === 0).map((entry) => entry.version));
    const [earliest = 0] = versions;
    const expected = Array.from({ length: version - earliest + 1 }, (_, i) => earliest + i);
    expect([...versions], 'no version of a key is missing or late').toEqual(expected);

    // What an offset says is done does not come again: of Debezium's to us, of ours to Debezium.
    const sentByDebezium = Math.max(...entries.slice(0, byDebezium).map(({ lsn }) => lsn));
    const outside = repeatedPlaces(entries).filter(
      (lsn) => lsn <= first.lsn || (lsn > sentByDebezium && lsn < second.lsn_proc),
    );
    expect(outside).toEqual([]);
  },
);

test('a connector that runs is not taken over', async () => {
  await using place = await placeOf('running');
  await connect.put(place.name, connectorConfig(place));
  const args = ['import', 'debezium', connect.url, '--connector', place.name, '-o', place.file];
  const refused = await runProgram(args);
  expect(refused).toMatchObject({ code: 3, stdout: '' });
  expect(refused.stderr).toMatch(/HANDOVER_REFUSED.*is RUNNING, not STOPPED/);
  expect(refused.stderr).toContain(`curl -X PUT ${connect.url}/connectors/${place.name}/stop`);
});
