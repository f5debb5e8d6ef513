/**
 * `npm run bench -- postgres [--rows N] [--latency-rows N] [--json]`: snapshot, latency, streaming
 * catch-up into the embedded log, JSON without schemas. PEERS=<folder> adds Debezium beside it in
 * the same run, as it comes and tuned. Ours ends in the embedded log, Debezium's in Kafka.
 */
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';

import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { buildProgram } from './built-program.ts';
import { measureDebezium, measureRawLimit, type Figures } from './peer-debezium.ts';
import { PipelineChild } from './pipeline-child.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  changeRows,
  createBenchTable,
  loadRows,
  recordCount,
  eventCount,
} from './postgres-workload.ts';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '500000' },
    'latency-rows': { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(options.rows);
const latencyRows = Number(options['latency-rows']);
const peers = process.env['PEERS'];

const LATENCY_FIRST_ID = 910_000_000;
const CATCH_UP_FIRST_ID = 1_000_000_000;
const NOTE = 'ours ends in the embedded log (flushed), Debezium in Kafka';

// One that the server's account can enter: otherwise its data go elsewhere and stay.
const folder = (await temporaryFolder('bench')).path;
const abort = new AbortController();
const server = await EmbeddedPostgres.start({
  directory: path.join(folder, 'postgres'),
  auth: 'trust',
  durable: false,
  settings: { max_wal_size: '4GB', max_wal_senders: 20, max_replication_slots: 20 },
  signal: abort.signal,
});
try {
  await report();
} finally {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}

async function report(): Promise<void> {
  const ours = await measureOurs();
  const databaseUrl = server.url('peersbench');
  const tuned =
    peers === undefined ? null : await measureDebezium(peers, databaseUrl, rows, latencyRows, true);
  const plain =
    peers === undefined
      ? null
      : await measureDebezium(peers, databaseUrl, rows, latencyRows, false);
  const raw = peers === undefined ? null : await measureRawLimit(peers, databaseUrl, rows);
  printTable({ ours, tuned, plain }, raw);
  if (!options.json) return;
  const figures = { ours, debeziumTuned: tuned, debezium: plain, rawEventsPerSecond: raw };
  const ratios = tuned === null ? null : ratiosOf(ours, tuned);
  const fractionOfRaw = raw === null ? null : ours.streamEventsPerSecond / raw;
  process.stdout.write(
    `${JSON.stringify({ bench: 'postgres', note: NOTE, rows, figures, fractionOfRaw, ratios })}\n`,
  );
}

async function measureOurs(): Promise<Figures> {
  const admin = await connect('postgres');
  await admin.query('CREATE DATABASE tidemark_bench');
  await admin.end();
  const client = await connect('tidemark_bench');
  await createBenchTable(client);
  await loadRows(client, 1, rows);
  await client.query('VACUUM ANALYZE bench_orders');
  await client.query('CHECKPOINT');

  const builtSources = await buildProgram(path.join(folder, 'built'));
  const file = path.join(folder, 'pipeline.yaml');
  await writeFile(file, pipelineYaml());
  let child = PipelineChild.start(file, builtSources);
  const coldAtMs = child.startedAtMs;
  const snapshot = await child.reach(rows);
  const latency = await measureLatency(client, child);
  await child.stop();

  await loadRows(client, CATCH_UP_FIRST_ID, rows);
  await changeRows(client, CATCH_UP_FIRST_ID, rows);
  child = PipelineChild.start(file, builtSources);
  const stream = await child.reach(recordCount(rows));
  const startedAtMs = child.startedAtMs;
  await child.stop();
  await client.end();
  return {
    snapshotRowsPerSecond: rows / ((snapshot.lastAtMs - coldAtMs) / 1000),
    streamEventsPerSecond: eventCount(rows) / ((stream.lastAtMs - startedAtMs) / 1000),
    latencyP50Ms: quantile(latency, 0.5),
    latencyP99Ms: quantile(latency, 0.99),
    cpuMicrosPerEvent: (stream.cpuSeconds * 1e6) / eventCount(rows),
    peakMb: Math.max(snapshot.peakMb, stream.peakMb),
    coldStartMs: snapshot.firstAtMs - coldAtMs,
  };
}

/** One row every 10 ms, a transaction each; ms from the return of COMMIT to durable in the log. */
async function measureLatency(client: pg.Client, child: PipelineChild): Promise<number[]> {
  // One row first, so that the stream is known to run.
  const ready = child.reach(1);
  await loadRows(client, 900_000_000, 1);
  await ready;
  const reached = child.reach(latencyRows);
  const committedAtMs: number[] = [];
  for (let i = 0; i < latencyRows; i++) {
    await loadRows(client, LATENCY_FIRST_ID + i, 1);
    committedAtMs.push(performance.timeOrigin + performance.now());
    await delay(10);
  }
  const { durable } = await reached;
  const latencies: number[] = [];
  let record = 0;
  for (const [count, atMs] of durable) {
    for (; record < Math.min(count, latencyRows); record++) {
      latencies.push(atMs - (committedAtMs[record] as number));
    }
  }
  return latencies.toSorted((a, b) => a - b);
}

function quantile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] as number;
}

/** The factor by which ours is better, against the tuned opponent. */
function ratiosOf(ours: Figures, other: Figures): Record<string, number> {
  return {
    snapshot: ours.snapshotRowsPerSecond / other.snapshotRowsPerSecond,
    stream: ours.streamEventsPerSecond / other.streamEventsPerSecond,
    latency: other.latencyP99Ms / ours.latencyP99Ms,
    latencyP50: other.latencyP50Ms / ours.latencyP50Ms,
    cpu: other.cpuMicrosPerEvent / ours.cpuMicrosPerEvent,
    memory: other.peakMb / ours.peakMb,
    coldStart: other.coldStartMs / ours.coldStartMs,
  };
}

function printTable(
  sides: { ours: Figures; tuned: Figures | null; plain: Figures | null },
  raw: number | null,
): void {
  const lines: [string, keyof Figures, number][] = [
    ['snapshot rows/s', 'snapshotRowsPerSecond', 0],
    ['stream events/s', 'streamEventsPerSecond', 0],
    ['latency p50 ms', 'latencyP50Ms', 2],
    ['latency p99 ms', 'latencyP99Ms', 2],
    ['CPU µs per event', 'cpuMicrosPerEvent', 2],
    ['peak memory MB', 'peakMb', 0],
    ['cold start ms', 'coldStartMs', 0],
  ];
  const cell = (figures: Figures | null, key: keyof Figures, digits: number): string =>
    (figures === null ? '–' : figures[key].toFixed(digits)).padStart(16);
  const out = [`\n${rows} rows; ${NOTE}\n`];
  out.push(
    ['tidemark', 'Debezium tuned', 'Debezium'].reduce(
      (line, title) => line + title.padStart(16),
      ''.padEnd(20),
    ),
  );
  for (const [label, key, digits] of lines) {
    const cells = [sides.ours, sides.tuned, sides.plain].map((side) => cell(side, key, digits));
    out.push(`${label.padEnd(20)}${cells.join('')}`);
  }
  if (raw !== null) {
    const fraction = sides.ours.streamEventsPerSecond / raw;
    out.push(
      `raw limit (pg_recvlogical to a null sink): ${raw.toFixed(0)} events/s; ` +
        `ours ${(fraction * 100).toFixed(0)} %`,
    );
  }
  process.stdout.write(`${out.join('\n')}\n`);
}

async function connect(database: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  return client;
}

function pipelineYaml(): string {
  return `name: bench
transport: { type: embedded, path: ${path.join(folder, 'log')} }
source:
  connector.class: postgres
  database.hostname: ${server.host}
  database.port: ${server.port}
  database.dbname: tidemark_bench
  database.user: ${server.user}
  database.password: "${server.password}"
  topic.prefix: bench
  table.include.list: public\\.bench_orders
  key.converter: json
  key.converter.schemas.enable: false
  value.converter: json
  value.converter.schemas.enable: false
`;
}
