import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import { parseLsn } from '../../src/model/lsn.ts';
import { composePipeline } from '../../src/runtime/compose-pipeline.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import type { Pipeline } from '../../src/runtime/pipeline.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { withoutPostgis } from './golden-geometry.ts';
import { type GoldenScenario, goldenSql, type MaskedRecord, maskPart } from './golden-postgres.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** What our daemon wrote for a scenario, or why it did not run. */
export interface GoldenOutcome {
  readonly topics: ReadonlyMap<string, readonly MaskedRecord[]>;
  readonly failure: Error | null;
}

/** What is left to the runner of a scenario's configuration: the place of the server. */
interface Place {
  readonly server: EmbeddedPostgres;
  readonly folder: string;
}

const SEEDED = 'golden_seeded';
const DATABASE = 'golden';
const DEADLINE_MS = 60_000;
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
  const sql = `${goldenSql('01_schema')}\n${goldenSql('02_seed')}`;
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
        const pipeline = running.use(await startPipeline(scenario, place));
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

async function startPipeline(scenario: GoldenScenario, place: Place): Promise<Pipeline> {
  const { server, folder } = place;
  const file = path.join(folder, `${scenario.name}.yaml`);
  const source = {
    ...scenario.connector,
    'database.hostname': server.host,
    'database.port': server.port,
    'database.user': server.user,
    'database.password': server.password,
    // How often is not recorded, only what; and nobody wants to wait for it.
    ...('heartbeat.interval.ms' in scenario.connector ? { 'heartbeat.interval.ms': 200 } : {}),
    'errors.max.retries': 0,
  };
  const transport = { type: 'embedded', path: path.join(folder, scenario.name) };
  await writeFile(file, JSON.stringify({ name: scenario.name, transport, source, sinks: [] }));
  const { pipeline } = await composePipeline(loadPipelineFile(file), {
    clock: systemClock,
    logger: silentLogger(),
    fault: noFaults,
  });
  pipeline.start();
  return pipeline;
}

async function outcomeOf(
  scenario: GoldenScenario,
  pipeline: Pipeline,
  client: GoldenClient,
): Promise<GoldenOutcome> {
  const prefix = scenario.connector['topic.prefix'] ?? '';
  const [row] = await client.query('SELECT pg_current_wal_lsn()::text AS lsn');
  const end = parseLsn(String(row?.['lsn']));
  await untilTrue(() => {
    const stored = pipeline.source.reader?.status().receivedLsn ?? null;
    return pipeline.sourceFailure() !== null || (stored !== null && stored >= end);
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

async function untilStreaming(pipeline: Pipeline): Promise<void> {
  await untilTrue(
    () => pipeline.sourceFailure() !== null || pipeline.status().source.phase === 'streaming',
  );
}

async function untilTrue(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  const { signal } = new AbortController();
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('a golden scenario does not come to its end');
    await systemClock.sleep(20, signal);
  }
}

async function readLog(
  transport: Transport,
  prefix: string,
): Promise<ReadonlyMap<string, readonly MaskedRecord[]>> {
  await using consumer = await transport.consumer({
    group: 'golden',
    topics: /^.*$/,
    register: false,
  });
  const topics = new Map<string, MaskedRecord[]>();
  const { signal } = new AbortController();
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 8_000_000, maxWaitMs: 50, signal });
    if (fetched.every(({ records }) => records.length === 0)) return topics;
    for (const { topic, records } of fetched) {
      const name = topic.replaceAll(prefix, 'PREFIX');
      const list = topics.get(name) ?? [];
      topics.set(name, list);
      for (const record of records) {
        const text = (bytes: Buffer | null): string | null => bytes?.toString('utf8') ?? null;
        list.push({
          key: name === 'PREFIX.transaction' ? null : maskPart(text(record.key), prefix),
          value: maskPart(text(record.value), prefix),
          headers: record.headers
            .filter((header) => header.name !== '__debezium.context.runId')
            .map((header) => [
              header.name,
              text(header.value)?.replaceAll(prefix, 'PREFIX') ?? null,
            ]),
        });
      }
    }
  }
}

/** Statement by statement, as psql sends them: each is a transaction, unless BEGIN stands there. */
async function change(client: GoldenClient): Promise<void> {
  for (const statement of statementsOf(goldenSql('03_stream'))) await client.query(statement);
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

function statementsOf(sql: string): readonly string[] {
  const text = sql.replaceAll(/^--.*$/gm, '');
  const parts = text.match(/(?:'[^']*'|"[^"]*"|[^;'"])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
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
