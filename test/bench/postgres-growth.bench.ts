/**
 * `npm run bench -- postgres-growth [--events N,N] [--tables N,N] [--repeat N] [--retention BYTES]
 * [--json]`: CPU of the daemon per streamed event, as the number of events and the number of tables
 * grow. What is flat here does not depend on how long the daemon has run or on how much it
 * captures. Alone, without a peer; of several runs in turn the median counts. The log keeps a
 * bounded size, as in operation: one that only grows (`--retention 64gb`) has the kernel put each
 * page into memory that it has not used before, which on a virtual machine the host must find
 * first: the same write then costs up to eight times as much.
 */
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';

import { must } from '../../src/foundation/assert.ts';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { buildProgram } from './built-program.ts';
import { PipelineChild } from './pipeline-child.ts';
import { loadTables, makeTables } from './postgres-workload.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '100000,1000000,10000000' },
    tables: { type: 'string', default: '1,50,500' },
    repeat: { type: 'string', default: '3' },
    retention: { type: 'string', default: '500mb' },
    json: { type: 'boolean', default: false },
  },
});
const numbers = (list: string): number[] => list.split(',').map(Number);

/** Events of a run in which the number of tables is what grows. */
const EVENTS_OVER_TABLES = 1_000_000;

/** One run: so many events over so many tables. */
interface Run {
  readonly events: number;
  readonly tables: number;
}

interface Measured extends Run {
  readonly cpuMicrosPerEvent: number;
  readonly eventsPerSecond: number;
  readonly peakMb: number;
}

// One that the server's account can enter: otherwise its data go elsewhere and stay.
const folder = (await temporaryFolder('bench')).path;
const server = await EmbeddedPostgres.start({
  directory: path.join(folder, 'postgres'),
  auth: 'trust',
  durable: false,
  settings: { max_wal_size: '4GB', max_wal_senders: 20, max_replication_slots: 20 },
  signal: new AbortController().signal,
});
try {
  const builtSources = await buildProgram(path.join(folder, 'built'));
  const runs: Run[] = [
    ...numbers(options.events).map((events) => ({ events, tables: 1 })),
    ...numbers(options.tables).map((tables) => ({ events: EVENTS_OVER_TABLES, tables })),
  ];
  const rounds: Measured[][] = runs.map(() => []);
  for (let round = 0; round < Number(options.repeat); round++) {
    for (const [index, run] of runs.entries()) {
      rounds[index]?.push(await measure(run, `growth_${round}_${index}`, builtSources));
    }
  }
  const measured = rounds.map(median);
  print(measured);
} finally {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}

function median(measured: readonly Measured[]): Measured {
  const sorted = measured.toSorted((a, b) => a.cpuMicrosPerEvent - b.cpuMicrosPerEvent);
  return must(sorted[sorted.length >> 1], 'a measured run');
}

/** The changes are made while the daemon is away, so that it is measured at its own pace. */
async function measure(run: Run, name: string, builtSources: string): Promise<Measured> {
  await execute('postgres', async (client) => {
    await client.query(`CREATE DATABASE ${name}`);
  });
  await execute(name, async (client) => makeTables(client, run.tables));
  const file = path.join(folder, `${name}.yaml`);
  await writeFile(file, pipelineYaml(name));
  // The first start makes the slot; one row tells that the stream runs.
  let child = PipelineChild.start(file, builtSources, path.dirname(file));
  const ready = child.reach(1);
  await execute(name, async (client) => loadTables(client, 1, -1, 1));
  await ready;
  await child.stop();
  await execute(name, async (client) => loadTables(client, run.tables, 1, run.events));
  child = PipelineChild.start(file, builtSources, path.dirname(file));
  // Not counted: start, schemas of all tables, compiled encoders.
  const warm = await child.reach(Math.min(run.events / 10, 20_000));
  const counted = run.events - (warm.durable.at(-1)?.[0] ?? 0);
  const report = await child.reach(counted);
  await child.stop();
  await execute('postgres', async (client) => {
    await client.query('SELECT pg_drop_replication_slot($1)', [`slot_${name}`]);
    await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
  });
  await rm(path.join(folder, `log-${name}`), { recursive: true, force: true });
  return {
    ...run,
    cpuMicrosPerEvent: (report.cpuSeconds * 1e6) / counted,
    eventsPerSecond: counted / ((report.lastAtMs - warm.lastAtMs) / 1000),
    peakMb: report.peakMb,
  };
}

function print(measured: readonly Measured[]): void {
  const lines = measured.map(({ events, tables, cpuMicrosPerEvent, eventsPerSecond, peakMb }) =>
    [events, tables, cpuMicrosPerEvent.toFixed(2), eventsPerSecond.toFixed(0), peakMb.toFixed(0)]
      .map((cell) => String(cell).padStart(14))
      .join(''),
  );
  const title = ['events', 'tables', 'CPU µs/event', 'events/s', 'peak MB']
    .map((cell) => cell.padStart(14))
    .join('');
  process.stdout.write(`${title}\n${lines.join('\n')}\n`);
  if (!options.json) return;
  const eventsRuns = measured.slice(0, numbers(options.events).length);
  const tableRuns = measured.slice(eventsRuns.length);
  const growth = (runs: readonly Measured[]): number =>
    Math.max(...runs.map((run) => run.cpuMicrosPerEvent)) / (runs[0]?.cpuMicrosPerEvent ?? 1);
  const ratios = { overEvents: growth(eventsRuns), overTables: growth(tableRuns) };
  process.stdout.write(
    `${JSON.stringify({ bench: 'postgres-growth', figures: measured, ratios })}\n`,
  );
}

async function execute(database: string, work: (client: pg.Client) => Promise<void>) {
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function pipelineYaml(name: string): string {
  return `name: ${name}
transport:
  type: embedded
  path: ${path.join(folder, `log-${name}`)}
  max.bytes: 64gb
  retention.bytes: ${options.retention}
source:
  connector.class: postgres
  database.hostname: ${server.host}
  database.port: ${server.port}
  database.dbname: ${name}
  database.user: ${server.user}
  topic.prefix: bench
  slot.name: slot_${name}
  key.converter: json
  key.converter.schemas.enable: false
  value.converter: json
  value.converter.schemas.enable: false
http: { listen: none }
`;
}
