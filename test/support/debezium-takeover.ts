import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { expect, vi } from 'vitest';
import { runProgram } from './cli-process.ts';
import type { ConnectPlugin } from './connect-packages.ts';
import { startConnect, type ConnectWorker } from './connect-worker.ts';
import { Daemon } from './daemon.ts';
import { freeLoopbackPort } from './daemon-pipeline.ts';
import { startOwnBroker } from './kafka.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

/** What Debezium runs on; a file of tests has them for all of its tests. */
export interface TakeoverServers extends AsyncDisposable {
  readonly broker: KafkaCluster;
  readonly connect: ConnectWorker;
}

/** A broker, and a worker of Connect with these of Debezium's connectors. */
export async function startTakeoverServers(
  plugins: readonly ConnectPlugin[],
): Promise<TakeoverServers> {
  await using started = new AsyncDisposableStack();
  const broker = started.use(await startOwnBroker());
  const { bootstrapServers } = broker;
  const connect = started.use(await startConnect({ bootstrapServers, plugins }));
  const kept = started.move();
  return { broker, connect, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

/** How the connector reaches what it captures. */
interface CapturedDatabase {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Where a takeover happens. */
export interface Place<Database extends CapturedDatabase = CapturedDatabase> {
  readonly servers: TakeoverServers;
  /** Of the connector and of the pipeline; topics begin with it, too. */
  readonly name: string;
  /** Of the one table that is captured. */
  readonly topic: string;
  readonly database: Database;
  /** Of the connector. */
  readonly config: Readonly<Record<string, string>>;
  /** A number that Debezium's offsets have as soon as it streams. */
  readonly streamingKey: string;
  readonly folder: TemporaryFolder;
  readonly file: string;
}

/**
 * A folder for the pipeline; the connector is gone afterwards, and then what was opened before. Of
 * its configuration only what belongs to the family has to be given.
 */
export async function openPlace<Database extends CapturedDatabase>(
  given: Omit<Place<Database>, 'folder' | 'file'>,
  opened: AsyncDisposableStack,
): Promise<Place<Database> & AsyncDisposable> {
  const { servers, name, database } = given;
  const folder = opened.use(await temporaryFolder('takeover'));
  opened.defer(async () => {
    await servers.connect.start();
    await servers.connect.delete(name);
  });
  const kept = opened.move();
  return {
    ...given,
    config: { ...configOfAll(name, database), ...given.config },
    folder,
    file: path.join(folder.path, 'ledger.yaml'),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

function configOfAll(name: string, database: CapturedDatabase): Record<string, string> {
  return {
    'topic.prefix': name,
    'database.hostname': database.host,
    'database.port': String(database.port),
    'database.user': database.user,
    'database.password': database.password,
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': 'false',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
    'poll.interval.ms': '20',
  };
}

/** Makes the topic if it is not there; how many records its one partition has. */
export async function withTopic({ servers, topic }: Place): Promise<number> {
  const brokers = servers.broker.bootstrapServers.split(',');
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

/** The command with JSON as its answer; fails with what it said instead. */
export async function ask(args: readonly string[], place: Place): Promise<unknown> {
  const environment = { [passwordOf(place)]: place.database.password };
  const { code, stdout, stderr } = await runProgram([...args, '--json'], environment);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  expect(stdout + stderr).not.toContain(place.database.password);
  return JSON.parse(stdout);
}

/** Imports with the command, to go on in Debezium's own topics; what it answered. */
export async function importFrom(source: string, place: Place): Promise<unknown> {
  const { name, file, servers } = place;
  const command = ['import', 'debezium', source, '--connector', name, '-o', file];
  const kafka = ['--bootstrap-servers', servers.broker.bootstrapServers];
  const offsets = ['--offsets-topic', servers.connect.offsetsTopic];
  const imported = await ask([...command, ...kafka, ...offsets], place);
  expect(imported).toMatchObject({ adoption: 'shared', errors: [] });
  return imported;
}

/** How one program ends and the other begins. */
export interface Hands {
  /** Gives what to import from. */
  debeziumEnds(place: Place): Promise<string>;
  tidemarkEnds(daemon: Daemon): Promise<void>;
  debeziumGoesOn(place: Place): Promise<void>;
}

export const STOPPED: Hands = {
  async debeziumEnds({ servers: { connect }, name }) {
    await connect.stopConnector(name);
    return connect.url;
  },
  async tidemarkEnds(daemon) {
    expect(await daemon.stop()).toBe(0);
  },
  async debeziumGoesOn({ servers: { connect }, name }) {
    await fetch(`${connect.url}/connectors/${name}/resume`, { method: 'PUT' });
    await connect.untilRunning(name);
  },
};

export const KILLED: Hands = {
  async debeziumEnds({ servers: { connect }, name, config, streamingKey, folder }) {
    const streaming = { offsets: [{ offset: { [streamingKey]: expect.any(Number) as number } }] };
    await vi.waitFor(async () => expect(await connect.offsets(name)).toMatchObject(streaming), {
      timeout: 30_000,
    });
    await connect.kill();
    const file = path.join(folder.path, 'connector.json');
    writeFileSync(file, JSON.stringify({ name, config }));
    return file;
  },
  async tidemarkEnds(daemon) {
    daemon.kill();
    await daemon.ended;
  },
  async debeziumGoesOn({ servers: { connect }, name }) {
    await connect.start();
    await connect.untilRunning(name);
  },
};

/** Tidemark in Debezium's place until `enough`; what the handover back says. */
export async function standInForDebezium(
  place: Place,
  hands: Hands,
  enough: () => Promise<void>,
): Promise<unknown> {
  const { name, file, database } = place;
  const port = await freeLoopbackPort();
  appendFileSync(file, `http:\n  listen: 127.0.0.1:${port}\n`);
  vi.stubEnv(passwordOf(place), database.password);
  {
    await using daemon = Daemon.start({ file, port });
    await daemon.until(({ source }) => source.phase === 'streaming');
    await enough();
    await hands.tidemarkEnds(daemon);
  }
  const handover = await ask(['offsets', 'handover', file], place);
  expect(handover).toMatchObject({ inPlace: true, connector: name });
  return handover;
}
