import { appendFileSync } from 'node:fs';
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
import { temporaryFolder } from '../support/temporary-folder.ts';

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
         UPDATE entry SET version = version + 1 WHERE id = 0;
         COMMIT`,
      );
      this.written += rows;
    }
  }

  /** Lets it write so many rows more. */
  async more(rows: number): Promise<void> {
    const goal = this.written + rows;
    await vi.waitFor(() => expect(this.written).toBeGreaterThan(goal), { timeout: 60_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
  }
}

async function createTopic(bootstrapServers: string, topic: string): Promise<void> {
  const kafka = new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();
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

interface StoredOffset {
  readonly lsn: number;
  readonly lsn_proc: number;
}

async function connectOffset(connect: ConnectWorker): Promise<StoredOffset> {
  const { offsets } = (await connect.offsets(NAME)) as {
    readonly offsets: readonly { readonly offset: StoredOffset }[];
  };
  const [first] = offsets;
  if (first === undefined) throw new Error('the connector has no offset');
  return first.offset;
}

/** Places in the log of which records stand in the topic more than once. */
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

test('Tidemark takes over from Debezium and gives back, under load: no gap, bounded repeats', async () => {
  const broker = await startOwnBroker();
  const { bootstrapServers } = broker;
  await using database = await freshDatabase();
  await using folder = await temporaryFolder('takeover');
  const connect = await startConnect({ bootstrapServers, plugins: ['postgres'] });
  await database.query(`CREATE TABLE entry (id bigint PRIMARY KEY, version int);
                        INSERT INTO entry VALUES (0, 0)`);
  await createTopic(bootstrapServers, TOPIC);
  await using writer = new Writer(database);
  await connect.put(NAME, connectorConfig(database));
  await readTopic(bootstrapServers, TOPIC, ({ length }) => length > 300);

  // A running connector is not taken over.
  const file = path.join(folder.path, 'ledger.yaml');
  const args = ['import', 'debezium', connect.url, '--bootstrap-servers', bootstrapServers];
  const imported = [...args, '--offsets-topic', connect.offsetsTopic, '-o', file];
  const refused = await runProgram(imported);
  expect(refused).toMatchObject({ code: 3, stdout: '' });
  expect(refused.stderr).toMatch(/HANDOVER_REFUSED.*is RUNNING, not STOPPED/);

  await connect.stopConnector(NAME);
  const first = await connectOffset(connect);
  const taken = await runProgram(imported);
  expect(taken, taken.stderr).toMatchObject({ code: 0 });
  expect(taken.stdout + taken.stderr).not.toContain(database.password);
  vi.stubEnv('LEDGER_DATABASE_PASSWORD', database.password);
  const port = await freeLoopbackPort();
  appendFileSync(file, `http:\n  listen: 127.0.0.1:${port}\n`);
  await using daemon = Daemon.start({ file, port });
  await daemon.until(({ source }) => source.phase === 'streaming');
  const before = writer.written;
  await readTopic(bootstrapServers, TOPIC, (read) => newestOf(read).id > before + 500);
  expect(await daemon.stop()).toBe(0);

  const environment = { LEDGER_DATABASE_PASSWORD: database.password };
  const handover = await runProgram(['offsets', 'handover', file, '--json'], environment);
  expect(handover, handover.stderr).toMatchObject({ code: 0 });
  expect(JSON.parse(handover.stdout)).toMatchObject({ inPlace: true, connector: NAME });
  const second = await connectOffset(connect);
  await fetch(`${connect.url}/connectors/${NAME}/resume`, { method: 'PUT' });
  await connect.untilRunning(NAME);
  await writer.more(500);
  await writer[Symbol.asyncDispose]();
  const { written } = writer;
  const [last] = await database.query<{ version: number }>(
    `SELECT version FROM entry WHERE id = 0`,
  );
  const isLast = ({ id, version }: Entry): boolean => id === 0 && version === last?.version;
  const records = await readTopic(bootstrapServers, TOPIC, (read) => isLast(newestOf(read)));

  const entries = records.map(entryOf);
  const ids = new Set(entries.map(({ id }) => id));
  expect(ids.size, 'every row, once or more').toBe(written + 1);
  const versions = [...new Set(entries.filter(({ id }) => id === 0).map(({ version }) => version))];
  const rising = versions.toSorted((a, b) => a - b);
  expect(versions, 'each version of a key, for the first time in its order').toEqual(rising);
  expect(rising.length - 1, 'no version is missing').toBe((rising.at(-1) ?? 0) - (rising[0] ?? 0));
  // What the offset at a hand-over says is done comes not again.
  const repeated = repeatedPlaces(entries);
  expect(repeated.filter((lsn) => lsn <= first.lsn)).toEqual([]);
  const later = repeated.filter((lsn) => lsn > first.lsn && lsn < second.lsn_proc);
  expect(later.length, 'only what Debezium had sent beyond its offset').toBeLessThan(200);
});
