import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startConnect, type ConnectWorker } from '../support/connect-worker.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { startOwnBroker } from '../support/kafka.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import { pipelineFolder, sourceSection, type PipelineFolder } from '../support/pipeline-text.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { startRegistry, type RegistryServer } from '../support/registry-server.ts';
import {
  readWithConfluent,
  readWithKcat,
  type StrangersRecord,
} from '../support/stranger-readers.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// What reads here was not written by us: Python and C clients of librdkafka, Connect's file sink,
// Debezium's JDBC sink. PostgreSQL says what they should have read.

let broker: KafkaCluster;
let registry: RegistryServer;
let connect: ConnectWorker;

beforeAll(async () => {
  [broker, registry] = await Promise.all([startOwnBroker(), startRegistry()]);
  connect = await startConnect({
    bootstrapServers: broker.bootstrapServers,
    plugins: ['jdbc', 'avro'],
  });
});

afterAll(async () => {
  for (const server of [connect, registry, broker]) await server[Symbol.asyncDispose]();
});

const SCHEMA = `
  CREATE TABLE parcel (
    id bigint PRIMARY KEY, city text, weight numeric(10,3), sent timestamptz, day date,
    label jsonb, photo bytea, active boolean, score double precision, number uuid
  );
  INSERT INTO parcel
  SELECT n, 'Ort ' || n, n * 1.125,
         '2024-02-29 12:00:00.123456+00'::timestamptz + n * '1h'::interval, date '1999-12-31' + n,
         jsonb_build_object('n', n, 'text', 'ä€😀'), decode('00ff', 'hex'),
         n % 2 = 0, n / 3.0, md5(n::text)::uuid
    FROM generate_series(1, 300) n`;

/** Each kind of change, several of one key among them; the last one is looked for. */
const CHANGES = [
  `UPDATE parcel SET city = 'Köln', weight = -0.001 WHERE id <= 50`,
  `UPDATE parcel SET city = NULL, label = NULL, photo = NULL, sent = NULL WHERE id = 60`,
  `DELETE FROM parcel WHERE id BETWEEN 70 AND 80`,
  `INSERT INTO parcel (id, city) VALUES (70, 'again'), (9007199254740991, 'large')`,
  `UPDATE parcel SET id = 1000 WHERE id = 100`,
  `UPDATE parcel SET city = 'Ulm' WHERE id <= 10`,
  `DELETE FROM parcel WHERE id = 5`,
];

async function parcels(prefix: string, source: Readonly<Record<string, unknown>>): Promise<Run> {
  const database = await freshDatabase();
  await database.query(SCHEMA);
  const port = await freeLoopbackPort();
  const folder = await pipelineFolder({
    name: prefix,
    transport: {
      type: 'kafka',
      'bootstrap.servers': broker.bootstrapServers,
      'offset.storage.topic': `${prefix}-offsets`,
      'state.storage.topic': `${prefix}-state`,
    },
    source: sourceSection(database, {
      'topic.prefix': prefix,
      'table.include.list': 'public.parcel',
      'topic.creation.default.partitions': 3,
      'topic.creation.default.replication.factor': 1,
      ...source,
    }),
    http: { listen: `127.0.0.1:${port}` },
  });
  const daemon = Daemon.start({ file: folder.file, port });
  return { database, folder, daemon, topic: `${prefix}.public.parcel` };
}

interface Run {
  readonly database: TestDatabase;
  readonly folder: PipelineFolder;
  readonly daemon: Daemon;
  readonly topic: string;
}

async function change({ database }: Run): Promise<void> {
  for (const statement of CHANGES) await database.query(statement);
}

async function end({ database, folder, daemon }: Run): Promise<void> {
  expect(await daemon.stop()).toBe(0);
  await database[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
}

interface Envelope {
  readonly op: string;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** Rows as a reader of the events has them after the last one. */
function replayed(records: readonly StrangersRecord[]): Map<string, Envelope['after']> {
  const rows = new Map<string, Envelope['after']>();
  const partitions = new Map<string, number>();
  for (const { key, value, partition } of records) {
    const id = String((key as { id: number }).id);
    expect(partitions.get(id) ?? partition, `all records of ${id} are in one partition`).toBe(
      partition,
    );
    partitions.set(id, partition);
    const after = (value as Envelope | null)?.after ?? null;
    if (after === null) rows.delete(id);
    else rows.set(id, after);
  }
  return rows;
}

async function storedRows(database: TestDatabase): Promise<Map<string, unknown>> {
  const rows = await database.query<{ id: string; row: unknown }>(
    `SELECT id::text, jsonb_build_object(
       'id', id, 'city', city, 'weight', weight::text, 'active', active, 'score', score,
       'number', number, 'photo', encode(photo, 'base64')) AS row FROM parcel`,
  );
  return new Map(rows.map(({ id, row }) => [id, row]));
}

function comparable(rows: Map<string, Envelope['after']>): Map<string, unknown> {
  const names = ['id', 'city', 'weight', 'active', 'score', 'number', 'photo'];
  return new Map(
    [...rows].map(([id, row]) => [
      id,
      Object.fromEntries(names.map((name) => [name, row?.[name]])),
    ]),
  );
}

test('JSON: Confluent in Python and kcat read what PostgreSQL has, key by key', async () => {
  const run = await parcels('json', {
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': false,
    'value.converter.schemas.enable': false,
    'decimal.handling.mode': 'string',
  });
  const { bootstrapServers } = broker;
  const { topic, daemon, database } = run;
  await daemon.until(({ source }) => source.phase === 'streaming');
  await change(run);
  await expect
    .poll(async () => comparable(replayed(await readWithConfluent({ bootstrapServers, topic }))), {
      timeout: 60_000,
      interval: 500,
    })
    .toEqual(await storedRows(database));
  const confluent = await readWithConfluent({ bootstrapServers, topic });
  const kcat = await readWithKcat(bootstrapServers, topic);
  const places = ({ partition, offset, key, value }: StrangersRecord): unknown[] => [
    `${partition}:${offset}`,
    [key, value],
  ];
  const parsed = kcat.map(({ key, value, ...rest }) => ({
    ...rest,
    key: JSON.parse(key as string) as unknown,
    value: value === null ? null : (JSON.parse(value as string) as unknown),
  }));
  expect(Object.fromEntries(parsed.map(places))).toEqual(Object.fromEntries(confluent.map(places)));
  await end(run);
});

/** As text, so that it is the same whatever type the sink chose. */
const ROWS_AS_TEXT = (table: string): string => `
  SELECT array_agg(row ORDER BY row) AS rows FROM (
    SELECT concat_ws('|', id, city, weight, extract(epoch FROM sent::timestamptz),
                     day::date, label::jsonb, encode(photo, 'hex'), active, score, number) AS row
      FROM ${table}) t`;

async function rowsOf(database: TestDatabase, table: string): Promise<unknown> {
  const [found] = await database.query(`SELECT to_regclass('${table}') IS NOT NULL AS there`);
  if (found?.['there'] !== true) return 'no table';
  return (await database.query(ROWS_AS_TEXT(table)))[0]?.['rows'];
}

function jdbcSink(database: TestDatabase, topic: string): Record<string, string> {
  const { host, port, name, user, password } = database;
  return {
    'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
    topics: topic,
    'connection.url': `jdbc:postgresql://${host}:${port}/${name}`,
    'connection.username': user,
    'connection.password': password,
    'insert.mode': 'upsert',
    'delete.enabled': 'true',
    'primary.key.mode': 'record_key',
    'schema.evolution': 'basic',
    'collection.name.format': 'parcel',
  };
}

test("Avro: Python, Connect's file sink and Debezium's JDBC sink read it", async () => {
  const run = await parcels('avro', {
    'key.converter': 'avro',
    'key.converter.schema.registry.url': registry.url,
    'value.converter': 'avro',
    'value.converter.schema.registry.url': registry.url,
    'schema.name.adjustment.mode': 'avro',
    'field.name.adjustment.mode': 'avro',
  });
  const { topic, daemon, database } = run;
  await using target = await freshDatabase();
  await using folder = await temporaryFolder('file-sink');
  const file = path.join(folder.path, 'records.txt');
  await daemon.until(({ source }) => source.phase === 'streaming');
  const avro = connect.avro(registry.origin);
  await connect.put('avro-jdbc', { ...jdbcSink(target, topic), ...avro });
  await connect.put('avro-file', {
    'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
    topics: topic,
    file,
    ...avro,
  });
  await change(run);
  await expect
    .poll(() => rowsOf(target, 'parcel'), { timeout: 60_000, interval: 200 })
    .toEqual(await rowsOf(database, 'parcel'));
  const confluent = await readWithConfluent({
    bootstrapServers: broker.bootstrapServers,
    topic,
    form: 'avro',
    registryUrl: registry.url,
  });
  const ids = await database.query<{ id: string }>('SELECT id::text FROM parcel');
  expect([...replayed(confluent).keys()].toSorted()).toEqual(ids.map(({ id }) => id).toSorted());
  // One line a record; a tombstone is `null`.
  await expect
    .poll(() => readFileSync(file, 'utf8').trimEnd().split('\n').length)
    .toBe(confluent.length);
  expect(readFileSync(file, 'utf8')).toContain('city=Köln');
  for (const name of ['avro-jdbc', 'avro-file']) await connect.delete(name);
  await end(run);
});

test("JSON with schemas: Debezium's JDBC sink reads it by Connect's converter", async () => {
  const run = await parcels('plain', {
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  });
  await using target = await freshDatabase();
  await run.daemon.until(({ source }) => source.phase === 'streaming');
  await connect.put('plain-jdbc', {
    ...jdbcSink(target, run.topic),
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  });
  await change(run);
  await expect
    .poll(() => rowsOf(target, 'parcel'), { timeout: 60_000, interval: 200 })
    .toEqual(await rowsOf(run.database, 'parcel'));
  await connect.delete('plain-jdbc');
  await end(run);
});

test('JSON Schema: Confluent in Python validates and reads it', async () => {
  const registered = (side: string): Record<string, unknown> => ({
    [`${side}.converter`]: 'jsonschema',
    [`${side}.converter.schema.registry.url`]: registry.url,
  });
  const run = await parcels('schemas', {
    ...registered('key'),
    ...registered('value'),
    'decimal.handling.mode': 'string',
  });
  const { topic, daemon, database } = run;
  await daemon.until(({ source }) => source.phase === 'streaming');
  await change(run);
  const reading = {
    bootstrapServers: broker.bootstrapServers,
    topic,
    form: 'jsonschema',
    registryUrl: registry.url,
  } as const;
  await expect
    .poll(async () => comparable(replayed(await readWithConfluent(reading))), {
      timeout: 60_000,
      interval: 500,
    })
    .toEqual(await storedRows(database));
  await end(run);
});
