import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startConnect, type ConnectWorker } from '../support/connect-worker.ts';
import { debeziumReads, JSON_WITH_SCHEMAS, WITH_TRANSACTIONS } from '../support/debezium-source.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { familyPipeline, mysqlFamily, postgresFamily } from '../support/family-pipeline.ts';
import { startOwnBroker } from '../support/kafka.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import { startServer } from '../support/mysql-server.ts';
import { freshDatabase } from '../support/postgres.ts';
import { sqliteFamily } from '../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { expectWholeMoves } from '../support/transfers.ts';

/*
 * Debezium's own topics, its envelopes and its transaction metadata, applied by our sinks as whole
 * transactions, while both programs are killed.
 */

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);

let broker: KafkaCluster;
let connect: ConnectWorker;

beforeAll(async () => {
  broker = await startOwnBroker();
  const { bootstrapServers } = broker;
  connect = await startConnect({ bootstrapServers, plugins: ['postgres', 'mysql', 'mariadb'] });
});

afterAll(async () => {
  for (const server of [connect, broker]) await server[Symbol.asyncDispose]();
});

type Opened = readonly [source: FamilyDatabase, more: Readonly<Record<string, string>>];

async function opened(
  family: 'postgres' | 'mysql' | 'mysql without GTIDs' | 'mariadb',
  stack: AsyncDisposableStack,
): Promise<Opened> {
  if (family === 'postgres') return [stack.use(await postgresFamily(await freshDatabase())), {}];
  // A place in a file is then what names a transaction.
  const settings = family === 'mysql without GTIDs' ? { 'gtid-mode': 'OFF' } : {};
  const series = family === 'mariadb' ? '11.4' : '9.7';
  const server = stack.use(await startServer(series, { settings }));
  return [stack.use(await mysqlFamily(server)), {}];
}

test.for(['postgres', 'mysql', 'mysql without GTIDs', 'mariadb'] as const)(
  'no reader sees half a transaction that Debezium read from %s, killed or not (S28)',
  { timeout: 400_000 },
  async (family) => {
    await using stack = new AsyncDisposableStack();
    const [source, more] = await opened(family, stack);
    const name = `whole_${family.replaceAll(' ', '_').toLowerCase()}`;
    const folder = stack.use(await temporaryFolder('whole-transactions'));
    const ofDebezium = {
      'transaction.mode': 'source',
      'transaction.metadata.topic': `${name}.transaction`,
      'topics.regex': `${name}\\..*`,
      'consumer.override.session.timeout.ms': 6000,
      'consumer.override.heartbeat.interval.ms': 1000,
      'consumer.override.metadata.max.age.ms': 1000,
    };
    const copy = stack.use(await postgresFamily(await freshDatabase()));
    const sqlite = sqliteFamily(path.join(folder.path, 'copy.db'));
    const targets = [copy, sqlite].map((target) => ({
      family: target.family,
      rows: (sql: string) => target.rows(sql),
      sink: { ...target.sink, ...ofDebezium },
    }));
    // A pipeline has a source: this one's has nothing to do with the topics.
    const own = stack.use(await postgresFamily(await freshDatabase()));
    await own.run('CREATE TABLE nothing (id int PRIMARY KEY)');
    const pipeline = stack.use(
      await familyPipeline(
        own,
        targets,
        { ...JSON_WITH_SCHEMAS, 'topic.prefix': `ours_${name}` },
        {
          type: 'kafka',
          'bootstrap.servers': broker.bootstrapServers,
          'offset.storage.topic': `${name}-offsets`,
          'state.storage.topic': `${name}-state`,
        },
      ),
    );
    const { bootstrapServers } = broker;
    const place = { connect, bootstrapServers, more: { ...WITH_TRANSACTIONS, ...more } };
    await expectWholeMoves(source, targets, pipeline, ['sink.applied'], SEED, {
      before: async () => {
        await debeziumReads(name, source, place);
        stack.defer(() => connect.delete(name));
      },
      // It writes again what it had not stored as read.
      during: async () => {
        await connect.kill();
        await connect.start();
        const last = 'SELECT max(n) FROM moves';
        const wanted = Number((await source.rows(last))[0]?.[0]);
        for (const target of targets) {
          const found = async () => Number((await target.rows(last))[0]?.[0]);
          const again = { timeout: 90_000, interval: 200 };
          await vi.waitFor(async () => expect(await found()).toBeGreaterThan(wanted), again);
        }
      },
    });
  },
);
