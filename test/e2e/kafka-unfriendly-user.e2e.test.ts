import { Admin } from '@platformatic/kafka';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliResult, runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { CommittedLog } from '../support/kafka-committed-log.ts';
import { freshPrefix, startOwnBroker } from '../support/kafka.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { freePorts } from '../support/server-process.ts';
import { shopDatabase, shopPipeline } from '../support/shop-pipeline.ts';

// What people do wrong with a Kafka, and what they are told. The broker and PostgreSQL say what is
// left behind.

let broker: KafkaCluster;
let admin: Admin;

beforeAll(async () => {
  broker = await startOwnBroker();
  const bootstrapBrokers = broker.bootstrapServers.split(',');
  admin = new Admin({ clientId: 'unfriendly', bootstrapBrokers, retries: 20, retryDelay: 200 });
});

afterAll(async () => {
  await admin.close();
  await broker[Symbol.asyncDispose]();
});

interface Shop extends AsyncDisposable {
  readonly source: TestDatabase;
  readonly target: TestDatabase;
  readonly file: string;
  readonly port: number;
  /** Begins the names of topics and groups; no other test has it. */
  readonly prefix: string;
}

interface ShopOptions {
  readonly transport?: Readonly<Record<string, unknown>>;
  readonly source?: Readonly<Record<string, unknown>>;
}

/** The pipeline `shop` over Kafka. */
async function shop(options: ShopOptions = {}): Promise<Shop> {
  const [source, target] = [await shopDatabase(), await freshDatabase()];
  const prefix = freshPrefix();
  const port = await freeLoopbackPort();
  const pipeline = await shopPipeline(source, target, {
    source: {
      'topic.prefix': prefix,
      'key.converter': 'json',
      'value.converter': 'json',
      'topic.creation.default.partitions': 1,
      'topic.creation.default.replication.factor': 1,
      ...options.source,
    },
    sink: { 'consumer.override.group.id': prefix },
    rest: {
      name: prefix,
      transport: {
        type: 'kafka',
        'bootstrap.servers': broker.bootstrapServers,
        'offset.storage.topic': `${prefix}-offsets`,
        'state.storage.topic': `${prefix}-state`,
        'socket.connection.setup.timeout.ms': 2000,
        'request.timeout.ms': 4000,
        ...options.transport,
      },
      http: { listen: `127.0.0.1:${port}` },
    },
  });
  return {
    source,
    target,
    file: pipeline.file,
    port,
    prefix,
    async [Symbol.asyncDispose]() {
      for (const part of [pipeline, source, target]) await part[Symbol.asyncDispose]();
    },
  };
}

/** It ends with that error, which says what to do, and leaves no slot on the source. */
async function expectRefused(run: Shop, code: string, named: string): Promise<void> {
  const result: CliResult = await runProgram(['run', run.file]);
  expect(result).toMatchObject({ code: 3, stdout: '' });
  // Several problems are numbered.
  expect(result.stderr).toMatch(new RegExp(`^(1\\. )?${code}  .+\n(   )?cure: .+\n`));
  expect(result.stderr).toContain(`More: tidemark explain ${code}`);
  expect(result.stderr).toContain(named);
  const slots = 'SELECT 1 FROM pg_replication_slots WHERE database = current_database()';
  expect(await run.source.query(slots)).toEqual([]);
}

test('a first start where no broker is ends at once', async () => {
  const [closed = 0] = await freePorts(1);
  const http = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(http, 'listening');
  await using database = await freshDatabase();
  for (const port of [closed, (http.address() as AddressInfo).port, database.port]) {
    const servers = `127.0.0.1:${port}`;
    await using run = await shop({ transport: { 'bootstrap.servers': servers } });
    await expectRefused(run, 'KAFKA_CONNECT', servers);
  }
  http.close();
});

test('a topic that nobody may create, and one of the wrong kind, are named', async () => {
  await using bare = await shop({ transport: { 'topic.creation.enable': false } });
  await expectRefused(bare, 'KAFKA_TOPIC', bare.prefix);
  await using wrong = await shop();
  const topic = `${wrong.prefix}-offsets`;
  const configs = [{ name: 'cleanup.policy', value: 'delete' }];
  await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1, configs });
  await expectRefused(wrong, 'KAFKA_TOPIC', topic);
});

test('a later start without the broker waits for it, and can be stopped meanwhile', async () => {
  await using run = await shop();
  expect(await runProgram(['bootstrap', run.file])).toMatchObject({ code: 0 });
  await broker.stop();
  await run.source.query(`INSERT INTO t VALUES (3, 'c')`);
  {
    await using waiting = Daemon.start(run);
    await expect.poll(() => waiting.output).toContain('tried again');
    expect(await waiting.stop()).toBe(0);
  }
  await using daemon = Daemon.start(run);
  await expect.poll(() => daemon.output).toContain('tried again');
  expect(daemon.output).toContain(broker.bootstrapServers);
  await broker.start();
  await run.target.until('SELECT count(*) = 3 FROM t', [], 60_000);
  expect(await daemon.stop()).toBe(0);
});

/** Five million characters, none of which a page could compress away. */
const LARGE = `
  INSERT INTO t SELECT 9, string_agg(md5(n::text), '') FROM generate_series(1, 160000) n`;

test('a record of 5 MB is refused before it is sent, and the topic is named', async () => {
  await using run = await shop();
  await using daemon = Daemon.start(run);
  await daemon.until(({ source }) => source.phase === 'streaming');
  await run.source.query(LARGE);
  await expect.poll(() => daemon.output).toContain('RECORD_TOO_LARGE');
  expect(daemon.output).toMatch(
    new RegExp(`a record of ${run.prefix}\\.public\\.t has 5\\d{6} bytes`),
  );
});

test('a record of 5 MB goes to the dead letters in parts, and the source goes on', async () => {
  const letters = `${freshPrefix()}-letters`;
  await using run = await shop({
    source: {
      'producer.record.too.large': 'dead_letter',
      'producer.record.too.large.topic.name': letters,
      'value.converter.schemas.enable': true,
    },
  });
  await using daemon = Daemon.start(run);
  await daemon.until(({ source }) => source.phase === 'streaming');
  await run.source.query(LARGE);
  await run.source.query(`INSERT INTO t VALUES (10, 'after')`);
  await run.target.until('SELECT count(*) = 1 FROM t WHERE id = 10', [], 60_000);
  await using log = new CommittedLog(broker.bootstrapServers);
  const parts = (await log.read(letters)).flat();
  expect(parts.length).toBeGreaterThan(4);
  const whole = Buffer.concat(parts.map(({ value }) => value ?? Buffer.alloc(0))).toString();
  const { payload } = JSON.parse(whole) as { payload: { after: { v: string } } };
  const [row] = await run.source.query<{ v: string }>('SELECT v FROM t WHERE id = 9');
  expect(payload.after.v === row?.v, 'the parts join to the value').toBe(true);
  expect(await daemon.stop()).toBe(0);
});

test('the commands tell of a log in Kafka, with and without the daemon', async () => {
  await using run = await shop();
  expect(await runProgram(['check', run.file])).toMatchObject({ code: 0 });
  expect(await runProgram(['plan', run.file])).toMatchObject({ code: 0 });
  const topic = `${run.prefix}.public.t`;
  const look = async (): Promise<void> => {
    const tail = await runProgram([
      'tail',
      topic,
      '--from-beginning',
      '--json',
      '--file',
      run.file,
    ]);
    expect(tail).toMatchObject({ code: 0 });
    const records = tail.stdout.trimEnd().split('\n');
    expect(records.map((line) => (JSON.parse(line) as { topic: string }).topic)).toEqual([
      topic,
      topic,
    ]);
    const offsets = await runProgram(['offsets', 'show', '--file', run.file]);
    expect(offsets).toMatchObject({ code: 0 });
    expect(offsets.stdout).toContain(topic);
  };
  await using daemon = Daemon.start(run);
  await run.target.until(`SELECT to_regclass('t') IS NOT NULL`, [], 60_000);
  await run.target.until('SELECT count(*) = 2 FROM t');
  await look();
  expect((await runProgram(['status', run.file])).stdout).toContain('streaming');
  expect(await daemon.stop()).toBe(0);
  await look();
});
