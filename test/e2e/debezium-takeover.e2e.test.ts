import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { expect, test, vi } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { startConnect, type ConnectWorker } from '../support/connect-worker.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { startOwnBroker } from '../support/kafka.ts';
import { readTopic, type ReadRecord } from '../support/kafka-topic-reader.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const NAME = 'ledger';
const TOPIC = 'shop.public.entry';

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
  readonly bootstrapServers: string;
  readonly database: TestDatabase;
  readonly connect: ConnectWorker;
  readonly folder: TemporaryFolder;
  readonly file: string;
}

function connectorConfig(database: TestDatabase): Record<string, string> {
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'topic.prefix': 'shop',
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

/** Of an empty broker: the topic, with its one partition, and how many records it has. */
async function withTopic(bootstrapServers: string): Promise<number> {
  const kafka = new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }] });
  const [partition] = await admin.fetchTopicOffsets(TOPIC);
  await admin.disconnect();
  return Number(partition?.high);
}

interface StoredOffset {
  readonly lsn: number;
  readonly lsn_proc: number;
}

/** The command with JSON as its answer; fails with what it said instead. */
async function ask(args: readonly string[], place: Place): Promise<unknown> {
  const environment = { LEDGER_DATABASE_PASSWORD: place.database.password };
  const { code, stdout, stderr } = await runProgram([...args, '--json'], environment);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  expect(stdout + stderr).not.toContain(place.database.password);
  return JSON.parse(stdout);
}

/** Imports with the command, and gives the offset from which Debezium is relieved. */
async function importFrom(source: string, place: Place): Promise<StoredOffset> {
  const { bootstrapServers, connect, file } = place;
  const kafka = ['--bootstrap-servers', bootstrapServers, '--offsets-topic', connect.offsetsTopic];
  const imported = await ask(['import', 'debezium', source, ...kafka, '-o', file], place);
  expect(imported).toMatchObject({ adoption: 'shared', errors: [] });
  return (imported as { readonly offset: StoredOffset }).offset;
}

interface Hands {
  /** Debezium ends; gives what to import from. */
  debeziumEnds(place: Place): Promise<string>;
  tidemarkEnds(daemon: Daemon): Promise<void>;
  debeziumGoesOn(place: Place): Promise<void>;
}

const STOPPED: Hands = {
  async debeziumEnds({ connect }) {
    await connect.stopConnector(NAME);
    return connect.url;
  },
  async tidemarkEnds(daemon) {
    expect(await daemon.stop()).toBe(0);
  },
  async debeziumGoesOn({ connect }) {
    await fetch(`${connect.url}/connectors/${NAME}/resume`, { method: 'PUT' });
    await connect.untilRunning(NAME);
  },
};

const KILLED: Hands = {
  async debeziumEnds({ connect, database, folder }) {
    await connect.kill();
    const file = path.join(folder.path, 'connector.json');
    writeFileSync(file, JSON.stringify({ name: NAME, config: connectorConfig(database) }));
    return file;
  },
  async tidemarkEnds(daemon) {
    daemon.kill();
    await daemon.ended;
  },
  async debeziumGoesOn({ connect }) {
    await connect.start();
    await connect.untilRunning(NAME);
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
  const { bootstrapServers, database, connect, file } = place;
  await withTopic(bootstrapServers);
  await using writer = new Writer(database);
  const untilRow = async (id: number): Promise<void> => {
    await readTopic(bootstrapServers, TOPIC, (read) => newestOf(read).id > id);
  };
  await connect.put(NAME, connectorConfig(database));
  await untilRow(writer.written + 200);
  const first = await importFrom(await hands.debeziumEnds(place), place);
  const byDebezium = await withTopic(bootstrapServers);
  const port = await freeLoopbackPort();
  appendFileSync(file, `http:\n  listen: 127.0.0.1:${port}\n`);
  vi.stubEnv('LEDGER_DATABASE_PASSWORD', database.password);
  await using daemon = Daemon.start({ file, port });
  await daemon.until(({ source }) => source.phase === 'streaming');
  await untilRow(writer.written + 200);
  await hands.tidemarkEnds(daemon);
  const handover = await ask(['offsets', 'handover', file], place);
  expect(handover).toMatchObject({ inPlace: true, connector: NAME });
  const { offsets } = handover as { readonly offsets: readonly { offset: StoredOffset }[] };
  await hands.debeziumGoesOn(place);
  await untilRow(writer.written + 200);
  await writer[Symbol.asyncDispose]();
  const [last] = await database.query<{ version: number }>(
    `SELECT version FROM entry WHERE id = 0`,
  );
  const { version = -1 } = last ?? {};
  const records = await readTopic(bootstrapServers, TOPIC, (read) => {
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
  ['in order', STOPPED],
  ['killed', KILLED],
] as const)('Tidemark takes over from Debezium and back, under load, %s', async (_how, hands) => {
  const { bootstrapServers } = await startOwnBroker();
  await using database = await freshDatabase();
  await using folder = await temporaryFolder('takeover');
  const connect = await startConnect({ bootstrapServers, plugins: ['postgres'] });
  await database.query(`CREATE TABLE entry (id bigint PRIMARY KEY, version int);
                        INSERT INTO entry VALUES (0, 0)`);
  const file = path.join(folder.path, 'ledger.yaml');
  const place = { bootstrapServers, database, connect, folder, file };
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
});

test('a connector that runs is not taken over', async () => {
  const { bootstrapServers } = await startOwnBroker();
  await using database = await freshDatabase();
  await using folder = await temporaryFolder('takeover');
  const connect = await startConnect({ bootstrapServers, plugins: ['postgres'] });
  await database.query('CREATE TABLE entry (id bigint PRIMARY KEY, version int)');
  await connect.put(NAME, connectorConfig(database));
  const file = path.join(folder.path, 'ledger.yaml');
  const refused = await runProgram(['import', 'debezium', connect.url, '-o', file]);
  expect(refused).toMatchObject({ code: 3, stdout: '' });
  expect(refused.stderr).toMatch(/HANDOVER_REFUSED.*is RUNNING, not STOPPED/);
  expect(refused.stderr).toContain(`curl -X PUT ${connect.url}/connectors/${NAME}/stop`);
});
