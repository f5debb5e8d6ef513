import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import type { Figures } from './peer-debezium.ts';
import { PipelineChild } from './pipeline-child.ts';
import {
  changeRows,
  createBenchTable,
  eventCount,
  loadRows,
  recordCount,
} from './postgres-workload.ts';

/** What is measured of a daemon of ours. */
export interface PipelineMeasurement {
  readonly server: EmbeddedPostgres;
  /** Made anew; the pipeline's `database.dbname`. */
  readonly database: string;
  readonly folder: string;
  readonly builtSources: string;
  readonly rows: number;
  readonly latencyRows: number;
  /** Sections of the pipeline file before `source`. */
  readonly sections: string;
  /** Converters and the like. */
  readonly sourceLines: readonly string[];
}

/** Options of a source whose records are as small as Debezium's in the same measurement. */
export const JSON_WITHOUT_SCHEMAS: readonly string[] = [
  'key.converter: json',
  'key.converter.schemas.enable: false',
  'value.converter: json',
  'value.converter.schemas.enable: false',
];

const LATENCY_FIRST_ID = 910_000_000;
const CATCH_UP_FIRST_ID = 1_000_000_000;

/** Snapshot, latency and streaming catch-up of a pipeline, each in a process of its own. */
export async function measurePipeline(measured: PipelineMeasurement): Promise<Figures> {
  const { server, database, folder, rows, builtSources } = measured;
  const admin = await connect(server, 'postgres');
  await admin.query(`CREATE DATABASE ${database}`);
  await admin.end();
  const client = await connect(server, database);
  await createBenchTable(client);
  await loadRows(client, 1, rows);
  await client.query('VACUUM ANALYZE bench_orders');
  await client.query('CHECKPOINT');

  const file = path.join(folder, `${database}.yaml`);
  await writeFile(file, pipelineYaml(measured));
  let child = PipelineChild.start(file, builtSources);
  const coldAtMs = child.startedAtMs;
  const snapshot = await child.reach(rows);
  const latency = await measureLatency(client, child, measured.latencyRows);
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
async function measureLatency(
  client: pg.Client,
  child: PipelineChild,
  rows: number,
): Promise<number[]> {
  // One row first, so that the stream is known to run.
  const ready = child.reach(1);
  await loadRows(client, 900_000_000, 1);
  await ready;
  const reached = child.reach(rows);
  const committedAtMs: number[] = [];
  for (let i = 0; i < rows; i++) {
    await loadRows(client, LATENCY_FIRST_ID + i, 1);
    committedAtMs.push(performance.timeOrigin + performance.now());
    await delay(10);
  }
  const { durable } = await reached;
  const latencies: number[] = [];
  let record = 0;
  for (const [count, atMs] of durable) {
    for (; record < Math.min(count, rows); record++) {
      latencies.push(atMs - (committedAtMs[record] as number));
    }
  }
  return latencies.toSorted((a, b) => a - b);
}

function quantile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] as number;
}

async function connect(server: EmbeddedPostgres, database: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  return client;
}

function pipelineYaml({ server, database, sections, sourceLines }: PipelineMeasurement): string {
  return `name: ${database}
${sections}
source:
  connector.class: postgres
  database.hostname: ${server.host}
  database.port: ${server.port}
  database.dbname: ${database}
  database.user: ${server.user}
  database.password: "${server.password}"
  topic.prefix: ${database}
  slot.name: ${database}
  publication.name: ${database}
  table.include.list: public\\.bench_orders
${sourceLines.map((line) => `  ${line}\n`).join('')}`;
}

/** The factor by which ours is better. */
export function ratiosOf(ours: Figures, other: Figures): Record<string, number> {
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
