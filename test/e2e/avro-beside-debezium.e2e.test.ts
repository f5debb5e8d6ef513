import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AvroConverter } from '../../src/converter/avro-converter.ts';
import { ConfluentRegistry } from '../../src/converter/registry/confluent-registry.ts';
import { startConnect, type ConnectWorker } from '../support/connect-worker.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { startOwnBroker } from '../support/kafka.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import { readTopic } from '../support/kafka-topic-reader.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { registrySettingsFor } from '../support/registry-settings.ts';
import { startRegistry, type RegistryServer } from '../support/registry-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// Debezium with the Java converter and our daemon write the same table into the same topic, under
// the same subjects; each reads the other's records.

let broker: KafkaCluster;
let registry: RegistryServer;
let connect: ConnectWorker;

beforeAll(async () => {
  [broker, registry] = await Promise.all([startOwnBroker(), startRegistry()]);
  connect = await startConnect({
    bootstrapServers: broker.bootstrapServers,
    plugins: ['postgres', 'avro'],
  });
});

afterAll(async () => {
  for (const server of [connect, registry, broker]) await server[Symbol.asyncDispose]();
});

const TOPIC = 'both.public.every';
const ROWS = 4;
const SCHEMA = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE every (
    id bigint PRIMARY KEY, small smallint NOT NULL DEFAULT 7, whole int, truth boolean DEFAULT true,
    text text DEFAULT 'none', code varchar(8) NOT NULL DEFAULT 'x', fixed char(4),
    price numeric(12,4) DEFAULT 1.5, any_number numeric, score real, ratio double precision,
    day date, moment timestamp, exact timestamp(3), instant timestamptz, clock time, zoned timetz,
    span interval, bits bit(4), flag bit(1), raw bytea, document jsonb, plain json, mark xml,
    number uuid, net inet, range int4range, mood mood, place point,
    numbers int[], words text[], days date[]
  );
  INSERT INTO every (id) VALUES (1);
  INSERT INTO every VALUES
    (2, -32768, 2147483647, false, 'ä€😀', 'code', 'ab', -99999999.9999, 12345678901234567890.5,
     1.5, -1e300, '2024-02-29', '1969-12-31 23:59:59.999999', '2024-02-29 12:00:00.123',
     '2024-02-29 12:00:00.123456+02', '23:59:59.999999', '12:00:00+02', '1 year 2 days 3 hours',
     B'1010', B'1', '\\x00ff10', '{"a": [1, null]}', '{"b":  1}', '<x/>',
     '00000000-0000-4000-8000-000000000001', '10.0.0.1/8', '[1,5)', 'ok', '(1.5,-2)',
     '{1,NULL,3}', '{a,NULL,"c d"}', '{2000-01-01}'),
    (3, 0, 0, NULL, NULL, '', '', NULL, NULL, 'NaN', 'Infinity', '0001-01-01', NULL, NULL,
     '0001-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, '', '[]', 'null', NULL, NULL, NULL,
     'empty', 'sad', NULL, '{}', '{}', '{}'),
    (4, 1, -1, true, '', 'y', 'z', 0.0001, 0, 0, 0, '9999-12-31', '9999-12-31 23:59:59', NULL,
     '2038-01-19 03:14:08+00', '00:00:00', '00:00:00+00', '-1 day', B'0000', B'0', '\\x', '1', '2',
     '<y>z</y>', NULL, '::1', '(,)', NULL, '(0,0)', NULL, NULL, NULL)`;

const SHAPING = {
  'topic.prefix': 'both',
  'table.include.list': 'public.every',
  'schema.name.adjustment.mode': 'avro',
  'field.name.adjustment.mode': 'avro',
  'decimal.handling.mode': 'precise',
  'interval.handling.mode': 'string',
};

async function debeziumSnapshots(database: TestDatabase): Promise<void> {
  await connect.put('both', {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'database.hostname': database.host,
    'database.port': String(database.port),
    'database.user': database.user,
    'database.password': database.password,
    'database.dbname': database.name,
    'plugin.name': 'pgoutput',
    'slot.name': `debezium_${database.name}`,
    'publication.name': `debezium_${database.name}`,
    'publication.autocreate.mode': 'filtered',
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
    'snapshot.mode': 'initial_only',
    ...SHAPING,
    ...connect.avro(registry.origin),
  });
  await readTopic(broker.bootstrapServers, TOPIC, ({ length }) => length === ROWS);
}

/** A snapshot of ours behind what is there. */
async function wePublish(
  database: TestDatabase,
  records: number,
  source: Readonly<Record<string, unknown>>,
): Promise<void> {
  const port = await freeLoopbackPort();
  await using folder = await pipelineFolder({
    name: `both-${records}`,
    transport: {
      type: 'kafka',
      'bootstrap.servers': broker.bootstrapServers,
      'offset.storage.topic': `offsets-${records}`,
      'state.storage.topic': `state-${records}`,
    },
    source: sourceSection(database, {
      ...SHAPING,
      'slot.name': `slot_${records}`,
      'publication.name': `publication_${records}`,
      'value.mode': 'debezium',
      'default.value.mode': 'debezium',
      ...source,
      'key.converter': 'io.confluent.connect.avro.AvroConverter',
      'key.converter.schema.registry.url': registry.url,
      'value.converter': 'io.confluent.connect.avro.AvroConverter',
      'value.converter.schema.registry.url': registry.url,
    }),
    http: { listen: `127.0.0.1:${port}` },
  });
  await using daemon = Daemon.start({ file: folder.file, port });
  await daemon.until(({ source }) => source.phase === 'streaming');
  await readTopic(broker.bootstrapServers, TOPIC, ({ length }) => length === records);
  expect(await daemon.stop()).toBe(0);
}

async function rest<T>(method: string, resource: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${registry.url}/${resource}`, {
    method,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

/** Schema ids of the records, in the order in which they were written. */
function idsOf(buffers: readonly (Buffer | null)[]): number[] {
  return buffers.map((bytes) => bytes?.readUInt32BE(1) ?? -1);
}

/** `after` of each record, in the order of the ids, as our converter reads it. */
async function decoded(values: readonly (Buffer | null)[]): Promise<unknown[]> {
  const converter = new AvroConverter(new ConfluentRegistry(registrySettingsFor(registry.url)), {
    isKey: false,
  });
  const rows: unknown[] = [];
  for (const bytes of values) {
    const envelope = await converter.toConnect(TOPIC, bytes);
    if (envelope === null) throw new Error('a tombstone');
    const at = envelope.schema.fields?.findIndex(({ name }) => name === 'after') ?? -1;
    rows.push(envelope.values[at]);
  }
  return rows;
}

/** `after` of each record, as the Java converter reads it and Java prints it. */
async function printedByJava(records: number): Promise<(string | undefined)[]> {
  await using folder = await temporaryFolder('printed');
  const file = path.join(folder.path, 'records.txt');
  await connect.put('printed', {
    'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
    topics: TOPIC,
    file,
    ...connect.avro(registry.origin),
  });
  // A text with a line break would be two lines: there is none in the table.
  const lines = (): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');
  await expect.poll(() => lines().length).toBe(records);
  await connect.delete('printed');
  return lines().map((line) => /after=(Struct\{.*\}),source=/.exec(line)?.[1]);
}

test('a table has compatible subjects and the same rows from both, same ids if asked', async () => {
  await using database = await freshDatabase();
  await database.query(SCHEMA);
  await debeziumSnapshots(database);
  const versions = async (side: string): Promise<number[]> =>
    rest('GET', `subjects/${TOPIC}-${side}/versions`);
  for (const side of ['key', 'value']) {
    expect(await versions(side)).toEqual([1]);
    await rest('PUT', `config/${TOPIC}-${side}`, { compatibility: 'FULL_TRANSITIVE' });
  }
  // Without the types of the source in the schema, and with nulls lost as Connect loses them, it is
  // Debezium's to the letter.
  await wePublish(database, 2 * ROWS, {
    'column.propagate.source.type': 'nothing',
    'value.converter.replace.null.with.default': true,
  });
  expect([await versions('key'), await versions('value')]).toEqual([[1], [1]]);
  await wePublish(database, 3 * ROWS, {});
  expect([await versions('key'), await versions('value')]).toEqual([
    [1, 2],
    [1, 2],
  ]);

  const enough = ({ length }: { readonly length: number }): boolean => length === 3 * ROWS;
  const records = await readTopic(broker.bootstrapServers, TOPIC, enough);
  const values = records.map(({ value }) => value);
  const [first = 0, second = 0, third = 0] = [0, ROWS, 2 * ROWS].map((at) => idsOf(values)[at]);
  expect(idsOf(values)).toEqual([first, second, third].flatMap((id) => [id, id, id, id]));
  expect(second).toBe(first);
  expect(third).not.toBe(first);
  const keys = records.map(({ key }) => key?.toString('hex'));
  expect(keys.slice(ROWS, 2 * ROWS)).toEqual(keys.slice(0, ROWS));

  const ours = await decoded(values);
  expect(ours).not.toContain(undefined);
  expect(ours.slice(ROWS, 2 * ROWS)).toEqual(ours.slice(0, ROWS));
  const java = await printedByJava(3 * ROWS);
  expect(java[1]).toContain('text=ä€😀');
  expect(java.slice(ROWS, 2 * ROWS)).toEqual(java.slice(0, ROWS));
  // What is ours by default keeps the nulls of the third row, and has all else.
  const [one, two, three, four] = java.slice(2 * ROWS);
  expect([one, two, four]).toEqual([java[0], java[1], java[3]]);
  expect(three).toBe(java[2]?.replace('truth=true,text=none,', '').replace('price=1.5000,', ''));
});
