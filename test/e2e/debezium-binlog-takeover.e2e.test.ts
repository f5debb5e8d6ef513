import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { MARIADB_FOLDER } from '../support/connect-packages.ts';
import { startConnect, type ConnectWorker } from '../support/connect-worker.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { startOwnBroker } from '../support/kafka.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import { readTopic, type ReadRecord } from '../support/kafka-topic-reader.ts';
import { createMysqlDatabase, type MysqlDatabase } from '../support/mysql-database.ts';
import { startServer } from '../support/mysql-server.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

/** Its connector is had by hand: no archive of it is published. */
const HAS_MARIADB = process.env[MARIADB_FOLDER] !== undefined;

let broker: KafkaCluster;
let connect: ConnectWorker;

beforeAll(async () => {
  broker = await startOwnBroker();
  const { bootstrapServers } = broker;
  const plugins = HAS_MARIADB ? (['mysql', 'mariadb'] as const) : (['mysql'] as const);
  connect = await startConnect({ bootstrapServers, plugins });
});

afterAll(async () => {
  for (const server of [connect, broker]) await server[Symbol.asyncDispose]();
});

/**
 * One writer: transactions of several events. The table's second column is called `s<n>` and has n
 * in each row that is written while it is called so: who has the wrong shape is seen at once.
 */
class Writer implements AsyncDisposable {
  readonly #database: MysqlDatabase;
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  written = 0;
  shape = 0;
  /** The first snapshot of Debezium fails when a definition changes. */
  isReshaping = false;

  constructor(database: MysqlDatabase) {
    this.#database = database;
    this.#ended = this.#write();
  }

  async #write(): Promise<void> {
    const client = await this.#database.connect();
    for (let round = 1; !this.#stopped.signal.aborted; round++) {
      if (this.isReshaping && round % 15 === 0) {
        await client.query(`ALTER TABLE entry RENAME COLUMN s${this.shape} TO s${this.shape + 1}`);
        this.shape++;
      }
      const rows = Array.from({ length: 1 + (round % 9) }, (_, i) => this.written + 1 + i);
      const [first, ...others] = rows.map((id) => `(${id}, ${this.shape}, 0)`);
      const insert = (values: readonly (string | undefined)[]): string =>
        values.length === 0 ? '' : `INSERT INTO entry VALUES ${values.join(',')};`;
      await client.query(
        `BEGIN; ${insert([first])} ${insert(others)}
         UPDATE entry SET version = version + 1, s${this.shape} = ${this.shape} WHERE id = 0;
         COMMIT`,
      );
      this.written += rows.length;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
  }
}

interface Place {
  readonly name: string;
  readonly topic: string;
  readonly database: MysqlDatabase;
  readonly folder: TemporaryFolder;
  readonly file: string;
}

/** Which server, and whether it has GTIDs. */
type Kind = 'mysql' | 'mysql-plain' | 'mariadb';

async function placeOf(name: string, kind: Kind): Promise<Place & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const off = { 'gtid-mode': 'OFF', 'enforce-gtid-consistency': 'OFF' };
  const settings = kind === 'mysql-plain' ? off : {};
  const server = opened.use(await startServer(kind === 'mariadb' ? '11.4' : '9.7', { settings }));
  const database = opened.use(await createMysqlDatabase(server));
  const folder = opened.use(await temporaryFolder('takeover'));
  await database.query(`CREATE TABLE entry (id BIGINT PRIMARY KEY, s0 INT, version INT);
                        INSERT INTO entry VALUES (0, 0, 0)`);
  opened.defer(async () => {
    await connect.start();
    await connect.delete(name);
  });
  const kept = opened.move();
  return {
    name,
    topic: `${name}.${database.name}.entry`,
    database,
    folder,
    file: path.join(folder.path, 'ledger.yaml'),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

const CLASSES = {
  mysql: 'io.debezium.connector.mysql.MySqlConnector',
  mariadb: 'io.debezium.connector.mariadb.MariaDbConnector',
};

function connectorConfig({ name, database }: Place): Record<string, string> {
  return {
    'connector.class': CLASSES[database.flavor],
    'topic.prefix': name,
    'database.hostname': database.host,
    'database.port': String(database.port),
    'database.user': database.user,
    'database.password': database.password,
    'database.server.id': '5701',
    'database.ssl.mode': database.flavor === 'mysql' ? 'preferred' : 'disable',
    'table.include.list': `${database.name}.entry`,
    'schema.history.internal.kafka.bootstrap.servers': broker.bootstrapServers,
    'schema.history.internal.kafka.topic': `history-of-${name}`,
    'schema.history.internal.kafka.recovery.poll.interval.ms': '20',
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
  /** By the name of the column, and by the value in it. */
  readonly shape: string;
  /** One text for each place in the binlog. */
  readonly at: string;
}

function entryOf({ value }: ReadRecord): Entry {
  const { after, source } = JSON.parse(String(value)) as {
    readonly after: Readonly<Record<string, number>>;
    readonly source: { readonly file: string; readonly pos: number; readonly row: number };
  };
  const { id = -1, version = -1, ...others } = after;
  const shape = Object.entries(others).map(([name, held]) => `${name}=s${held}`);
  return { id, version, shape: shape.join(), at: `${source.file}:${source.pos}:${source.row}` };
}

async function withTopic(topic: string): Promise<number> {
  const brokers = broker.bootstrapServers.split(',');
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  const [partition] = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return Number(partition?.high);
}

function passwordOf({ name }: Place): string {
  return `${name.toUpperCase()}_DATABASE_PASSWORD`;
}

async function ask(args: readonly string[], place: Place): Promise<unknown> {
  const environment = { [passwordOf(place)]: place.database.password };
  const { code, stdout, stderr } = await runProgram([...args, '--json'], environment);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  expect(stdout + stderr).not.toContain(place.database.password);
  return JSON.parse(stdout);
}

interface Hands {
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
    const streaming = { offsets: [{ offset: { server_id: expect.any(Number) as number } }] };
    await vi.waitFor(
      async () => expect(await connect.offsets(place.name)).toMatchObject(streaming),
      { timeout: 30_000 },
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

/** Debezium, Tidemark, Debezium, while rows are written and the table's shape changes. */
async function handOver(place: Place, hands: Hands): Promise<readonly Entry[]> {
  const { name, topic, database, file } = place;
  const { bootstrapServers } = broker;
  await withTopic(topic);
  await using writer = new Writer(database);
  const untilRow = async (id: number): Promise<void> => {
    await readTopic(bootstrapServers, topic, (read) => {
      const newest = read.at(-1);
      return newest !== undefined && entryOf(newest).id > id;
    });
  };
  await connect.put(name, connectorConfig(place));
  await untilRow(writer.written);
  writer.isReshaping = true;
  await untilRow(writer.written + 200);
  const source = await hands.debeziumEnds(place);
  // The shape at Debezium's place is not the server's any more.
  const left = writer.shape;
  await vi.waitFor(() => expect(writer.shape).toBeGreaterThan(left + 1), { timeout: 20_000 });
  const command = ['import', 'debezium', source, '--connector', name, '-o', file];
  const kafka = ['--bootstrap-servers', bootstrapServers, '--offsets-topic', connect.offsetsTopic];
  const imported = await ask([...command, ...kafka], place);
  expect(imported).toMatchObject({ adoption: 'shared', errors: [] });
  if (hands === STOPPED) {
    // Into a log of our own the history is copied.
    const own = path.join(place.folder.path, 'own.yaml');
    const copied = await ask(['import', 'debezium', source, '--connector', name, '-o', own], place);
    expect(copied).toMatchObject({ adoption: 'adopted', errors: [] });
  }
  const port = await freeLoopbackPort();
  appendFileSync(file, `http:\n  listen: 127.0.0.1:${port}\n`);
  vi.stubEnv(passwordOf(place), database.password);
  {
    await using daemon = Daemon.start({ file, port });
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    await untilRow(writer.written + 200);
    await hands.tidemarkEnds(daemon);
  }
  const handover = await ask(['offsets', 'handover', file], place);
  const history = { 'schema.history.internal.kafka.topic': `history-of-${name}` };
  expect(handover).toMatchObject({ inPlace: true, connector: name, config: history });
  await hands.debeziumGoesOn(name);
  await untilRow(writer.written + 200);
  await writer[Symbol.asyncDispose]();
  const [last] = await database.query<{ version: number }>(
    `SELECT version FROM entry WHERE id = 0`,
  );
  const records = await readTopic(bootstrapServers, topic, (read) => {
    const newest = read.at(-1);
    return newest !== undefined && entryOf(newest).version === last?.version;
  });
  const entries = records.map(entryOf);
  expect(new Set(entries.map(({ id }) => id)).size, 'every row is there').toBe(writer.written + 1);
  return entries;
}

test.each([
  ['MySQL, in order', 'order', STOPPED, 'mysql'],
  ['MySQL, killed', 'kill', KILLED, 'mysql'],
  ['MySQL without GTIDs, in order', 'plain', STOPPED, 'mysql-plain'],
  // Not killed without GTIDs: Debezium then tells statements apart by seconds alone.
  ...(HAS_MARIADB
    ? ([
        ['MariaDB, in order', 'maria', STOPPED, 'mariadb'],
        ['MariaDB, killed', 'mariakill', KILLED, 'mariadb'],
      ] as const)
    : []),
] as const)(
  'from Debezium to Tidemark and back, under load: %s',
  async (_how, name, hands, kind) => {
    await using place = await placeOf(name, kind);
    const entries = await handOver(place, hands);

    const wrong = entries.filter(({ shape }) => !/^(s\d+)=\1$/.test(shape));
    expect(wrong, 'every row in the shape that it was written in').toEqual([]);
    const versions = new Set(entries.filter(({ id }) => id === 0).map(({ version }) => version));
    const [earliest = 0] = versions;
    const expected = Array.from({ length: versions.size }, (_, i) => earliest + i);
    expect([...versions], 'no version of a key is missing or late').toEqual(expected);
    // What comes again is what was behind a stored offset: nothing that was in the snapshot.
    const places = entries.map(({ at, id, version }) => `${at} ${id} ${version}`);
    const repeated = places.length - new Set(places).size;
    expect(repeated).toBeLessThan(hands === STOPPED ? 30 : entries.length);
  },
);
