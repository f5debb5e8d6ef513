import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Figures } from './peer-figures.ts';
import { monotonicMs, PipelineChild } from './pipeline-child.ts';
import { eventCount, recordCount } from './workload-counts.ts';

/** A database with the workload's table, of any family. */
export interface BenchDatabase extends AsyncDisposable {
  readonly name: string;
  /** The source of a pipeline file, from `connector.class` on. */
  readonly source: readonly string[];
  /** Rows first … first + count - 1, a thousand to a transaction; back when they are committed. */
  load(first: number, count: number): Promise<void>;
  /** One row, a transaction of its own; back when it is committed. */
  insert(id: number): Promise<void>;
  /** Updates and deletes among these rows. */
  change(first: number, count: number): Promise<void>;
  /** What a database does behind a load, done now. */
  settle(): Promise<void>;
}

/** What is measured of a daemon of ours. */
export interface PipelineMeasurement {
  readonly database: BenchDatabase;
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
  const { database, folder, rows, builtSources } = measured;
  await database.load(1, rows);
  await database.settle();

  const file = path.join(folder, `${database.name}.yaml`);
  await writeFile(file, pipelineYaml(measured));
  const start = (): PipelineChild => PipelineChild.start(file, builtSources, folder);
  let child = start();
  const coldAtMs = child.startedAtMs;
  const snapshot = await child.reach(rows);
  const latency = await measureLatency(database, child, measured.latencyRows);
  await child.stop();

  await database.load(CATCH_UP_FIRST_ID, rows);
  await database.change(CATCH_UP_FIRST_ID, rows);
  child = start();
  const stream = await child.reach(recordCount(rows));
  const startedAtMs = child.startedAtMs;
  await child.stop();
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
  database: BenchDatabase,
  child: PipelineChild,
  rows: number,
): Promise<number[]> {
  // One row first, so that the stream is known to run. What is written beside rows, such as the
  // history of tables, has been counted by then.
  const ready = child.reach(1);
  await database.insert(900_000_000);
  await ready;
  await delay(1000);
  const reached = child.reach(rows, 'anew');
  const committedAtMs: number[] = [];
  for (let i = 0; i < rows; i++) {
    await database.insert(LATENCY_FIRST_ID + i);
    committedAtMs.push(monotonicMs());
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

function pipelineYaml({ database, sections, sourceLines }: PipelineMeasurement): string {
  const lines = [...database.source, ...sourceLines].map((line) => `  ${line}\n`);
  return `name: ${database.name}\n${sections}\nsource:\n${lines.join('')}`;
}

/** The factors by which ours is better than the best of the others in each figure. */
export function ratiosOf(ours: Figures, ...others: readonly Figures[]): Record<string, number> {
  const most = (key: keyof Figures): number => Math.max(...others.map((other) => other[key]));
  const least = (key: keyof Figures): number => Math.min(...others.map((other) => other[key]));
  return {
    snapshot: ours.snapshotRowsPerSecond / most('snapshotRowsPerSecond'),
    stream: ours.streamEventsPerSecond / most('streamEventsPerSecond'),
    latency: least('latencyP99Ms') / ours.latencyP99Ms,
    latencyP50: least('latencyP50Ms') / ours.latencyP50Ms,
    cpu: least('cpuMicrosPerEvent') / ours.cpuMicrosPerEvent,
    memory: least('peakMb') / ours.peakMb,
    coldStart: least('coldStartMs') / ours.coldStartMs,
  };
}
