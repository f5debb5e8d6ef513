import path from 'node:path';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startConnect, type ConnectWorker } from '../support/connect-worker.ts';
import { Daemon } from '../support/daemon.ts';
import { debeziumReads, JSON_WITH_SCHEMAS } from '../support/debezium-source.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import type { FamilyDatabase, FamilyTarget } from '../support/family-pipeline.ts';
import { mysqlFamily, postgresFamily } from '../support/family-pipeline.ts';
import { interopRows, interopSource } from '../support/interop-tables.ts';
import { startOwnBroker } from '../support/kafka.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import type { MysqlServer } from '../support/mysql-server.ts';
import { startServer } from '../support/mysql-server.ts';
import { freshDatabase } from '../support/postgres.ts';
import { startRegistry, type RegistryServer } from '../support/registry-server.ts';
import type { SqliteFamily } from '../support/sqlite-arrivals.ts';
import { sqliteFamily } from '../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/*
 * Debezium's topics applied by our sinks, our topics applied by Debezium's JDBC sink, both alive on
 * one broker: in the end every target is as the source. Both read and write Connect's JSON with
 * schemas, and Avro with a registry.
 */

type Properties = Readonly<Record<string, unknown>>;
type Texts = Readonly<Record<string, string>>;
type Target = FamilyDatabase | SqliteFamily;

let broker: KafkaCluster;
let connect: ConnectWorker;
let mysql: MysqlServer;
let mariadb: MysqlServer;
let registry: RegistryServer;

beforeAll(async () => {
  broker = await startOwnBroker();
  [connect, mysql, mariadb, registry] = await Promise.all([
    startConnect({
      bootstrapServers: broker.bootstrapServers,
      plugins: ['postgres', 'mysql', 'mariadb', 'jdbc', 'avro'],
    }),
    startServer('9.7'),
    startServer('11.4'),
    startRegistry(),
  ]);
});

afterAll(async () => {
  for (const server of [connect, mysql, mariadb, registry, broker])
    await server[Symbol.asyncDispose]();
});

interface RunningDaemon extends AsyncDisposable {
  readonly daemon: Daemon;
}

/** On the broker; the source has topics under its own name. */
async function startDaemon(
  name: string,
  source: Properties,
  sinks: readonly Properties[],
): Promise<RunningDaemon> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder('interop'));
  const port = await freeLoopbackPort();
  const file = path.join(folder.path, 'pipeline.yaml');
  const pipeline = {
    name,
    transport: {
      type: 'kafka',
      'bootstrap.servers': broker.bootstrapServers,
      'offset.storage.topic': `${name}-offsets`,
      'state.storage.topic': `${name}-state`,
    },
    source: { ...source, 'topic.prefix': name },
    sinks,
    http: { listen: `127.0.0.1:${port}` },
  };
  await writeFile(file, JSON.stringify(pipeline));
  const daemon = opened.use(Daemon.start({ file, port }));
  const kept = opened.move();
  return { daemon, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

/** Ends with the place in the test where it waits. */
async function untilEqual(
  source: FamilyDatabase,
  target: Target,
  columns: Parameters<typeof interopRows>[1],
  story: () => string,
  prefix = '',
): Promise<void> {
  const wanted = await interopRows(source, columns);
  expect(wanted).toHaveLength(10);
  await vi.waitFor(
    async () => {
      const ids = (table: string) => async () =>
        target.rows(`SELECT id FROM ${prefix}${table} ORDER BY id`);
      const last = await ids('finished')().catch(() => []);
      expect(last, `${target.family}: ${story()}`).toHaveLength(1);
      const found = await interopRows(target, columns, `${prefix}every`);
      expect(found, `in ${target.family}`).toEqual(wanted);
      expect((await ids('emptied')()).map(String), `in ${target.family}`).toEqual(['3']);
    },
    { timeout: 60_000, interval: 200 },
  );
}

async function sourceOf(family: 'postgres' | 'mysql' | 'mariadb'): Promise<FamilyDatabase> {
  if (family === 'postgres') return postgresFamily(await freshDatabase());
  return mysqlFamily(family === 'mysql' ? mysql : mariadb);
}

function sinkOf(target: FamilyTarget, prefix: string): Properties {
  return { name: target.family, 'topics.regex': `${prefix}\\..*`, ...target.sink };
}

/** What both sides are told of the form of records. */
function converters(form: 'JSON' | 'Avro'): { readonly theirs: Texts; readonly ours: Texts } {
  if (form === 'JSON') return { theirs: JSON_WITH_SCHEMAS, ours: JSON_WITH_SCHEMAS };
  const ours = ['key', 'value'].flatMap((side) => [
    [`${side}.converter`, 'io.confluent.connect.avro.AvroConverter'],
    [`${side}.converter.schema.registry.url`, registry.url],
  ]);
  return { theirs: connect.avro(registry.origin), ours: Object.fromEntries(ours) as Texts };
}

const FORMS = [
  ['postgres', 'JSON'],
  ['mysql', 'JSON'],
  ['mariadb', 'JSON'],
  ['postgres', 'Avro'],
  ['mysql', 'Avro'],
  ['mariadb', 'Avro'],
] as const;

describe('Debezium writes, our sinks apply', () => {
  test.for(FORMS)('from %s, %s', async ([family, form]) => {
    await using stack = new AsyncDisposableStack();
    const source = stack.use(await sourceOf(family));
    const { columns, before, during } = interopSource(family === 'postgres');
    await source.run(before);
    const name = `debezium_${family}_${form.toLowerCase()}`;
    const { theirs, ours } = converters(form);
    await debeziumReads(name, source, {
      connect,
      bootstrapServers: broker.bootstrapServers,
      more: theirs,
    });
    stack.defer(() => connect.delete(name));
    const folder = stack.use(await temporaryFolder('interop'));
    const targets: readonly Target[] = [
      stack.use(await sourceOf('postgres')),
      stack.use(await sourceOf('mysql')),
      stack.use(await sourceOf('mariadb')),
      sqliteFamily(path.join(folder.path, 'copy.db')),
    ];
    // A pipeline has a source, whose converters read all topics: else it has nothing to do with
    // these.
    const own = stack.use(await sourceOf('postgres'));
    await own.run('CREATE TABLE nothing (id int PRIMARY KEY)');
    const sinks = targets.map((target) => sinkOf(target, name));
    const itsSource = { ...own.source, ...ours };
    const { daemon } = stack.use(await startDaemon(`ours_of_${name}`, itsSource, sinks));
    for (const target of targets) {
      await vi.waitFor(
        async () => {
          const read = async () => target.rows('SELECT id FROM every WHERE id = 6');
          const found = await read().catch(() => []);
          expect(found, `the daemon said: ${daemon.output}`).toHaveLength(1);
        },
        { timeout: 60_000, interval: 200 },
      );
    }
    await source.run(during);
    for (const target of targets) {
      await untilEqual(source, target, columns, () => daemon.output);
    }
    expect(await daemon.stop()).toBe(0);
  });
});

/** Where the table is in a target of Debezium's sink. */
function jdbcSink(target: FamilyDatabase, prefix: string): Readonly<Record<string, string>> {
  const { sink } = target;
  return {
    'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
    'connection.url': String(sink['connection.url']),
    'connection.username': String(sink['connection.user']),
    'connection.password': String(sink['connection.password']),
    'insert.mode': 'upsert',
    'delete.enabled': 'true',
    'truncate.enabled': 'true',
    'primary.key.mode': 'record_key',
    'schema.evolution': 'basic',
    // It takes a table of the same name in another database of the server for the one it needs.
    'collection.name.format': `${prefix}_\${source.table}`,
    'use.time.zone': 'UTC',
    'topics.regex': `${prefix}\\..*`,
    'consumer.override.metadata.max.age.ms': '1000',
    'consumer.override.auto.offset.reset': 'earliest',
    ...JSON_WITH_SCHEMAS,
  };
}

/** The last lines of Connect's log that tell of errors. */
function troubleOf(log: string): string {
  const lines = log.split('\n').filter((line) => /ERROR|Caused by/.test(line));
  return lines.slice(-20).join('\n');
}

describe('our daemon writes, Debezium applies', () => {
  test.for(['postgres', 'mysql', 'mariadb'] as const)('from %s', async (family) => {
    await using stack = new AsyncDisposableStack();
    const source = stack.use(await sourceOf(family));
    const { columns, before, during } = interopSource(family === 'postgres');
    await source.run(before);
    const name = `ours_${family}`;
    const more = { ...source.source, ...JSON_WITH_SCHEMAS };
    const { daemon } = stack.use(await startDaemon(name, more, []));
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    const targets = [
      stack.use(await sourceOf('postgres')),
      stack.use(await sourceOf('mariadb')),
    ] as const;
    for (const target of targets) {
      const connector = `${name}_to_${target.family}`;
      await connect.put(connector, jdbcSink(target, name));
      stack.defer(() => connect.delete(connector));
    }
    await source.run(during);
    for (const target of targets) {
      const trace = (): string => `${troubleOf(connect.log)}\n${daemon.output}`;
      await untilEqual(source, target, columns, trace, `${name}_`);
    }
    expect(await daemon.stop()).toBe(0);
  });
});
