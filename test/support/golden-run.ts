import path from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import type { Pipeline } from '../../src/runtime/pipeline.ts';
import { withoutPostgis } from './golden-geometry.ts';
import {
  type GoldenOutcome,
  readLog,
  startGoldenPipeline,
  statementsOf,
  untilStreaming,
  untilTrue,
} from './golden-pipeline.ts';
import { type GoldenScenario, goldenSql } from './golden-recordings.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** What is left to the runner of a scenario's configuration: the place of the server. */
interface Place {
  readonly server: EmbeddedPostgres;
  readonly folder: string;
}

const SEEDED = 'golden_seeded';
const DATABASE = 'golden';
/** These need a database of their own: a heartbeat writes, a publication stands ready. */
const SECOND_DATABASE = new Set(['heartbeat', 'partition_root']);

/**
 * Runs the recording's scenarios against PostgreSQL 15 with the product as it is: the connector's
 * configuration as it stood, then the same SQL in the same order.
 */
export async function runGoldenScenarios(
  scenarios: readonly GoldenScenario[],
): Promise<ReadonlyMap<string, GoldenOutcome>> {
  await using folder = await temporaryFolder('golden');
  await using server = await EmbeddedPostgres.start({
    directory: path.join(folder.path, 'server'),
    major: 15,
    durable: false,
    settings: {
      timezone: 'UTC',
      autovacuum: 'off',
      max_replication_slots: 40,
      max_wal_senders: 40,
    },
    signal: new AbortController().signal,
  });
  await seed(server);
  const place = { server, folder: folder.path };
  const outcomes: [string, GoldenOutcome][] = [];
  for (const database of [1, 2, 3]) {
    const together = scenarios.filter((scenario) => databaseOf(scenario) === database);
    outcomes.push(...(await runTogether(together, place)));
  }
  return new Map(outcomes);
}

/** The third is the one of signals, which has changes of its own. */
function databaseOf({ name }: GoldenScenario): number {
  if (name === 'incremental') return 3;
  return SECOND_DATABASE.has(name) ? 2 : 1;
}

async function seed(server: EmbeddedPostgres): Promise<void> {
  await using admin = await connect(server, 'postgres');
  await admin.query(`CREATE DATABASE ${SEEDED} TEMPLATE template0 ENCODING 'UTF8'`);
  await using client = await connect(server, SEEDED);
  const available = `SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'`;
  const hasPostgis = (await client.query(available)).length > 0;
  const sql = `${goldenSql('postgres', '01_schema')}\n${goldenSql('postgres', '02_seed')}`;
  await client.query(hasPostgis ? sql : withoutPostgis(sql));
  await client.query(`INSERT INTO zz_marker VALUES (1, 'seed')`);
}

/** One database, one daemon for each scenario, and the changes once for all of them. */
async function runTogether(
  scenarios: readonly GoldenScenario[],
  place: Place,
): Promise<Map<string, GoldenOutcome>> {
  if (scenarios.length === 0) return new Map();
  await using admin = await connect(place.server, 'postgres');
  await admin.query(`CREATE DATABASE ${DATABASE} TEMPLATE ${SEEDED}`);
  const outcomes = new Map<string, GoldenOutcome>();
  {
    await using client = await connect(place.server, DATABASE);
    await publish(
      client,
      scenarios.some(({ name }) => name === 'partition_root'),
    );
    await using running = new AsyncDisposableStack();
    const pipelines = new Map<string, Pipeline>();
    for (const scenario of scenarios) {
      try {
        const pipeline = running.use(
          await startGoldenPipeline(scenario, place.folder, sourceOf(scenario, place)),
        );
        pipelines.set(scenario.name, pipeline);
        // One after the other: they share a publication, which the first one makes.
        await untilStreaming(pipeline);
      } catch (error) {
        outcomes.set(scenario.name, { topics: new Map(), failure: error as Error });
      }
    }
    const signalled = pipelines.get('incremental');
    if (signalled === undefined) await change(client);
    else await signal(client, signalled);
    for (const scenario of scenarios) {
      const pipeline = pipelines.get(scenario.name);
      if (pipeline === undefined) continue;
      outcomes.set(scenario.name, await outcomeOf(scenario, pipeline, client));
    }
  }
  await admin.query(`DROP DATABASE ${DATABASE} WITH (FORCE)`);
  return outcomes;
}

/** As in the recording: its connectors found this publication, which has TRUNCATE too. */
async function publish(client: GoldenClient, viaRoot: boolean): Promise<void> {
  const parameters = viaRoot ? ' WITH (publish_via_partition_root = true)' : '';
  await client.query(`CREATE PUBLICATION dbz_publication FOR ALL TABLES${parameters}`);
}

function sourceOf(scenario: GoldenScenario, { server }: Place): Record<string, unknown> {
  return {
    ...scenario.connector,
    'database.hostname': server.host,
    'database.port': server.port,
    'database.user': server.user,
    'database.password': server.password,
    // How often is not recorded, only what; and nobody wants to wait for it.
    ...('heartbeat.interval.ms' in scenario.connector ? { 'heartbeat.interval.ms': 200 } : {}),
  };
}

async function outcomeOf(
  scenario: GoldenScenario,
  pipeline: Pipeline,
  client: GoldenClient,
): Promise<GoldenOutcome> {
  const prefix = scenario.connector['topic.prefix'] ?? '';
  const [row] = await client.query('SELECT pg_current_wal_lsn()::text AS lsn');
  const end = String(row?.['lsn']);
  await untilTrue(() => {
    const hasReceived = pipeline.source.reader?.hasReceived(end) === true;
    return pipeline.sourceFailure() !== null || hasReceived;
  });
  const heartbeats = scenario.topics.get('__debezium-heartbeat.PREFIX')?.length ?? 0;
  await untilTrue(async () => {
    if (pipeline.sourceFailure() !== null || heartbeats === 0) return true;
    const topic = await pipeline.transport.describeTopic(`__debezium-heartbeat.${prefix}`);
    return (topic?.partitions[0]?.endOffset ?? 0) >= heartbeats + 2;
  });
  await pipeline.stopSource();
  return { topics: await readLog(pipeline.transport, prefix), failure: pipeline.sourceFailure() };
}

/** Statement by statement, as psql sends them: each is a transaction, unless BEGIN stands there. */
async function change(client: GoldenClient): Promise<void> {
  for (const statement of statementsOf(goldenSql('postgres', '03_stream')))
    await client.query(statement);
  await client.query(`INSERT INTO zz_marker VALUES (999, 'end')`);
}

/** Each signal when the one before is done, as far as the log shows it. */
async function signal(client: GoldenClient, pipeline: Pipeline): Promise<void> {
  const send = (id: string, type: string, data: unknown): Promise<unknown> =>
    client.query(`INSERT INTO dbz_signal VALUES ('${id}', '${type}', '${JSON.stringify(data)}')`);
  const records = (table: string, count: number): Promise<void> =>
    untilTrue(async () => {
      const topic = await pipeline.transport.describeTopic(
        `g_postgres_incremental.public.${table}`,
      );
      return pipeline.sourceFailure() !== null || (topic?.partitions[0]?.endOffset ?? 0) >= count;
    });
  const snapshot = (type: string, ...tables: string[]): Record<string, unknown> => ({
    'data-collections': tables,
    type,
  });
  await send('s1', 'execute-snapshot', snapshot('incremental', 'public.t_num', 'public.t_cpk'));
  await records('t_cpk', 2);
  // The last window finds nothing and has its marks, too.
  await records('dbz_signal', 11);
  await send('s2', 'log', { message: 'hello at offset {}' });
  await client.query(`INSERT INTO t_tx VALUES (5000, 'during')`);
  await records('t_tx', 1);
  await send('s3', 'execute-snapshot', snapshot('blocking', 'public.t_tx'));
  await records('t_tx', 3);
  await send('s4', 'execute-snapshot', {
    ...snapshot('incremental', 'public.t_num'),
    'additional-conditions': [{ 'data-collection': 'public.t_num', filter: 'id=3' }],
  });
  await records('t_num', 10);
  await records('dbz_signal', 18);
  await client.query(`INSERT INTO zz_marker VALUES (999, 'end')`);
}

interface GoldenClient extends AsyncDisposable {
  query(sql: string): Promise<Record<string, unknown>[]>;
}

async function connect(server: EmbeddedPostgres, database: string): Promise<GoldenClient> {
  const client = new pg.Client({ connectionString: server.url(database) });
  client.on('error', () => undefined);
  await client.connect();
  return {
    async query(sql) {
      const answer: unknown = await client.query(sql);
      const last: unknown = Array.isArray(answer) ? answer.at(-1) : answer;
      return (last as { rows: Record<string, unknown>[] }).rows;
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
