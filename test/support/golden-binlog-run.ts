import mysql from 'mysql2/promise';
import type { Pipeline } from '../../src/runtime/pipeline.ts';
import {
  type GoldenOutcome,
  readLog,
  startGoldenPipeline,
  statementsOf,
  untilStreaming,
  untilTrue,
} from './golden-pipeline.ts';
import { type GoldenScenario, goldenSql } from './golden-recordings.ts';
import type { ServerSeries } from '../../src/demo/mysql-programs.ts';
import { MysqlServer } from './mysql-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

type BinlogFamily = 'mysql' | 'mariadb';

/** The recordings' servers, as near as they can be had: 8.0.15 and 10.11. */
const SERIES: Readonly<Record<BinlogFamily, ServerSeries>> = { mysql: '8.0', mariadb: '10.11' };

/** On the recording's MariaDB stood this, too: its history has the tables that are not captured. */
const OTHER_DATABASE = [
  'CREATE DATABASE bench CHARACTER SET utf8mb4',
  `CREATE TABLE bench.bench_orders (
    id bigint(20) NOT NULL, customer_id int(11) NOT NULL, amount decimal(12,2) NOT NULL,
    weight double DEFAULT NULL, paid tinyint(1) NOT NULL, sku varchar(40) NOT NULL,
    note text DEFAULT NULL, created_at datetime(6) NOT NULL,
    updated_at timestamp(6) NOT NULL DEFAULT '2020-01-01 00:00:00.000000',
    due date DEFAULT NULL, ref char(36) NOT NULL,
    meta longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(meta)),
    PRIMARY KEY (id)
  ) ENGINE=InnoDB`,
];

/**
 * Keys that do not fit in 64 bits: the original writes negative numbers (defect 13), ours stops,
 * because nothing else can stand in a key's place. Scenarios whose mode has no room for them are
 * run with others.
 */
const NARROW_KEYS: readonly (readonly [wide: string, narrow: string])[] = [
  ["(18446744073709551615, 'max')", "(3, 'max')"],
  ["(9223372036854775808, 'mid')", "(2, 'mid')"],
];

/**
 * Runs the recording's scenarios with the product as it is: a daemon for each with the connector's
 * configuration as it stood, and then the same SQL in the same order, once for all of them.
 */
export async function runBinlogGolden(
  family: BinlogFamily,
  scenarios: readonly GoldenScenario[],
): Promise<ReadonlyMap<string, GoldenOutcome>> {
  const outcomes: [string, GoldenOutcome][] = [];
  for (const wide of [true, false]) {
    const together = scenarios.filter(({ connector }) => {
      return (connector['bigint.unsigned.handling.mode'] === 'precise') === wide;
    });
    if (together.length > 0) outcomes.push(...(await runTogether(family, together, wide)));
  }
  return new Map(outcomes);
}

async function runTogether(
  family: BinlogFamily,
  scenarios: readonly GoldenScenario[],
  wide: boolean,
): Promise<ReadonlyMap<string, GoldenOutcome>> {
  const sql = (name: '01_schema' | '02_seed' | '03_stream'): string => {
    const text = goldenSql(family, name);
    const keys = wide ? [] : NARROW_KEYS;
    return keys.reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
  };
  await using folder = await temporaryFolder('golden');
  // The recording's MariaDB did not tell the statements behind the rows.
  const settings = family === 'mariadb' ? { 'binlog-annotate-row-events': 'OFF' } : {};
  await using server = await MysqlServer.start(SERIES[family], { settings });
  await seed(server, family, [sql('01_schema'), sql('02_seed')]);
  const outcomes = new Map<string, GoldenOutcome>();
  await using running = new AsyncDisposableStack();
  const pipelines = new Map<GoldenScenario, Pipeline>();
  for (const [index, scenario] of scenarios.entries()) {
    try {
      const source = sourceOf(scenario, server, index);
      pipelines.set(
        scenario,
        running.use(await startGoldenPipeline(scenario, folder.path, source)),
      );
    } catch (error) {
      outcomes.set(scenario.name, { topics: new Map(), failure: error as Error });
    }
  }
  for (const pipeline of pipelines.values()) await untilStreaming(pipeline);
  await run(server, sql('03_stream'));
  await run(server, `INSERT INTO zz_marker VALUES (999, 'end')`);
  const end = await endOfLog(server);
  for (const [scenario, pipeline] of pipelines) {
    outcomes.set(scenario.name, await outcomeOf(scenario, pipeline, end));
  }
  return outcomes;
}

async function seed(
  server: MysqlServer,
  family: BinlogFamily,
  texts: readonly string[],
): Promise<void> {
  const others = family === 'mariadb' ? OTHER_DATABASE : [];
  for (const sql of [...others, 'CREATE DATABASE golden CHARACTER SET utf8mb4']) {
    await server.query(sql);
  }
  for (const text of texts) await run(server, text);
  await run(server, `INSERT INTO zz_marker VALUES (1, 'seed')`);
}

/** Each text in a session of its own, statement by statement, as the client of the servers does. */
async function run(server: MysqlServer, sql: string): Promise<void> {
  const { host, port, user, password } = server;
  const client = await mysql.createConnection({ host, port, user, password, database: 'golden' });
  try {
    for (const statement of statementsOf(sql)) await client.query(statement);
  } finally {
    client.destroy();
  }
}

function sourceOf(
  scenario: GoldenScenario,
  server: MysqlServer,
  index: number,
): Record<string, unknown> {
  return {
    ...scenario.connector,
    'database.hostname': server.host,
    'database.port': server.port,
    'database.user': server.user,
    'database.password': server.password,
    // They were recorded one after the other; here they read side by side.
    'database.server.id': 54_321 + index,
  };
}

async function endOfLog(server: MysqlServer): Promise<string> {
  const [row] = await server.query<{ File: string; Position: number }>('SHOW MASTER STATUS');
  return `${row?.File}:${row?.Position}`;
}

async function outcomeOf(
  scenario: GoldenScenario,
  pipeline: Pipeline,
  end: string,
): Promise<GoldenOutcome> {
  const prefix = scenario.connector['topic.prefix'] ?? '';
  await untilTrue(() => {
    const hasReceived = pipeline.source.reader?.hasReceived(end) === true;
    return pipeline.sourceFailure() !== null || hasReceived;
  });
  await pipeline.stopSource();
  const topics = await readLog(pipeline.transport, prefix);
  // What the history keeps is for ourselves, and compared elsewhere.
  const compared = [...topics].filter(([topic]) => !topic.endsWith('-history'));
  return { topics: new Map(compared), failure: pipeline.sourceFailure() };
}
