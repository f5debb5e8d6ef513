/**
 * `npm run test:soak -- large-transaction [--rows N] [--pace N] [--mode spool|server]`: one
 * transaction of five million rows, written at a pace, with small commits beside it. Fails when the
 * daemon takes 400 MB or more, when p99 of the small commits while it is open is twice the idle one
 * or worse, or when a record is missing.
 */
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { buildProgram } from '../bench/built-program.ts';
import { PipelineChild } from '../bench/pipeline-child.ts';
import { BENCH_TABLE, createBenchTable, loadRows } from '../bench/postgres-workload.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LARGEST_MB = 400;
const IDLE_COMMITS = 1500;
/** Few: what is measured is our part, not how long the server decodes a burst in front. */
const ROWS_AT_ONCE = 100;

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '5000000' },
    pace: { type: 'string', default: '10000' },
    mode: { type: 'string', default: 'spool' },
  },
});
const rows = Number(options.rows);
const pace = Number(options.pace);

// One that the server's account can enter: otherwise its data go elsewhere and stay.
const folder = (await temporaryFolder('large')).path;
const server = await EmbeddedPostgres.start({
  directory: path.join(folder, 'postgres'),
  auth: 'trust',
  durable: false,
  settings: { max_wal_size: '4GB' },
  signal: new AbortController().signal,
});
try {
  await run();
} finally {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const small = await connect();
  const large = await connect();
  await createBenchTable(small);
  const file = path.join(folder, 'pipeline.yaml');
  await writeFile(file, pipelineYaml());
  const child = PipelineChild.start(file, await buildProgram(path.join(folder, 'built')), folder);
  const ready = child.reach(1);
  await loadRows(small, 1, 1);
  await ready;

  let left = IDLE_COMMITS;
  const idle = await commitWhile(small, child, 1_000_000_000, () => left-- > 0);
  let open = true;
  await large.query('BEGIN');
  const writing = writeLarge(large).finally(() => {
    open = false;
  });
  // As autovacuum does within a minute: from here on the server tells the shape again and again.
  await small.query(`ANALYZE ${BENCH_TABLE}`);
  const beside = await commitWhile(small, child, 2_000_000_000, () => open);
  await writing;

  const committedAtMs = performance.now();
  const whole = child.reach(rows);
  await large.query('COMMIT');
  const { peakMb, cpuSeconds } = await whole;
  const seconds = (performance.now() - committedAtMs) / 1000;
  const after = await commitWhile(small, child, 3_000_000_000, fewTimes(10));
  await child.stop();
  const spooled = (await readdir(path.join(folder, 'log', 'spool'))).length;
  await Promise.all([small.end(), large.end()]);

  const told = (name: string, sorted: readonly number[]): string =>
    `${name}: ${sorted.length} commits, p50 ${quantile(sorted, 0.5).toFixed(2)} ms, ` +
    `p99 ${quantile(sorted, 0.99).toFixed(2)} ms`;
  process.stdout.write(
    `${rows} rows in one transaction, ${options.mode}, ${pace} rows/s\n` +
      `${told('idle', idle)}\n${told('while it is open', beside)}\n` +
      `commit to the last record ${seconds.toFixed(1)} s, ` +
      `${((cpuSeconds * 1e6) / rows).toFixed(2)} µs of CPU per row, peak ${peakMb.toFixed(0)} MB\n`,
  );
  const failures = [
    peakMb >= LARGEST_MB ? `${peakMb.toFixed(0)} MB` : null,
    quantile(beside, 0.99) >= 2 * quantile(idle, 0.99) ? 'small commits were held up' : null,
    after.length < 10 ? 'commits afterwards did not come' : null,
    spooled > 0 ? `${spooled} spool files are left` : null,
  ].filter((failure) => failure !== null);
  process.stdout.write(failures.length === 0 ? 'passed\n' : `FAILED: ${failures.join('; ')}\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

/** Rows at the wanted pace: the server's decoding is what would be measured otherwise. */
async function writeLarge(client: pg.Client): Promise<void> {
  const startedAtMs = performance.now();
  for (let done = 0; done < rows; done += ROWS_AT_ONCE) {
    await loadRows(client, 10 + done, Math.min(ROWS_AT_ONCE, rows - done));
    const dueAtMs = startedAtMs + (done / pace) * 1000;
    if (performance.now() < dueAtMs) await delay(dueAtMs - performance.now());
  }
}

function fewTimes(count: number): () => boolean {
  let left = count;
  return () => left-- > 0;
}

/** A row every 10 ms; ms from the return of COMMIT to durable in the log, sorted. */
async function commitWhile(
  client: pg.Client,
  child: PipelineChild,
  first: number,
  goesOn: () => boolean,
): Promise<number[]> {
  const committedAtMs: number[] = [];
  while (goesOn()) {
    await loadRows(client, first + committedAtMs.length, 1);
    committedAtMs.push(performance.timeOrigin + performance.now());
    await delay(10);
  }
  const { durable } = await child.reach(committedAtMs.length);
  const latencies: number[] = [];
  for (const [count, atMs] of durable) {
    while (latencies.length < Math.min(count, committedAtMs.length)) {
      latencies.push(atMs - (committedAtMs[latencies.length] as number));
    }
  }
  return latencies.toSorted((a, b) => a - b);
}

function quantile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] as number;
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url('postgres') });
  await client.connect();
  return client;
}

function pipelineYaml(): string {
  return `name: large
transport: { type: embedded, path: ${path.join(folder, 'log')} }
source:
  connector.class: postgres
  database.hostname: ${server.host}
  database.port: ${server.port}
  database.dbname: postgres
  database.user: ${server.user}
  database.password: "${server.password}"
  topic.prefix: large
  table.include.list: public\\.bench_orders
  large.transaction.mode: ${options.mode}
  key.converter: json
  key.converter.schemas.enable: false
  value.converter: json
  value.converter.schemas.enable: false
`;
}
