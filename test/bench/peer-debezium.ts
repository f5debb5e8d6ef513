import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** What one repetition of a peer gave; null where the peer's tool had no figure. */
export interface Figures {
  readonly snapshotRowsPerSecond: number;
  readonly streamEventsPerSecond: number;
  readonly latencyP50Ms: number;
  readonly latencyP99Ms: number;
  /** Of the streaming catch-up. */
  readonly cpuMicrosPerEvent: number;
  readonly peakMb: number;
  /** From the start of the process (peer: of the connector in a warm JVM) to the first record. */
  readonly coldStartMs: number;
}

type Row = Record<string, unknown>;

/** Runs the peers' own benchmark tool and reads its lines of JSON. */
async function runTool(folder: string, args: readonly string[]): Promise<Row[]> {
  const child = spawn(path.join(folder, 'bench'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const rows = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Row);
  if (code !== 0)
    throw new Error(`${path.join(folder, 'bench')} ${args.join(' ')} ended with ${code}`);
  return rows;
}

/** How Debezium is run: options of the peers' tool. */
export interface DebeziumRun {
  readonly tuned: boolean;
  /** A broker that is there; absent: the tool's own. */
  readonly bootstrapServers?: string;
  /** Base address of the registry: Avro. Absent: JSON without schemas. */
  readonly registry?: string;
}

/** Debezium on Kafka Connect with the same workload; one repetition. */
export async function measureDebezium(
  folder: string,
  databaseUrl: string,
  rows: number,
  latencyRows: number,
  { tuned, bootstrapServers, registry }: DebeziumRun,
): Promise<Figures> {
  const args = ['connect', 'pg', '--db', databaseUrl, '--n', String(rows), '--reps', '1'];
  args.push('--lat-n', String(latencyRows), '--json', ...(tuned ? ['--tuned'] : []));
  if (bootstrapServers !== undefined) args.push('--bootstrap', bootstrapServers);
  if (registry !== undefined) args.push('--fmt', 'avro', '--registry', registry);
  const found = await runTool(folder, args);
  const phase = (name: string): Row => {
    const row = found.find((candidate) => candidate['phase'] === name);
    if (row === undefined) throw new Error(`the peer reported no phase ${name}`);
    return row;
  };
  const figure = (row: Row, name: string): number => Number(row[name]);
  const snapshot = phase('snap');
  const latency = phase('lat');
  const stream = phase('catch');
  const startToLast = figure(snapshot, 'start_to_last_s');
  return {
    snapshotRowsPerSecond: figure(snapshot, 'rows_s_e2e'),
    streamEventsPerSecond: figure(stream, 'ev_s_e2e'),
    latencyP50Ms: figure(latency, 'p50_ms'),
    latencyP99Ms: figure(latency, 'p99_ms'),
    cpuMicrosPerEvent: 1e6 / figure(stream, 'ev_per_cpu_s'),
    peakMb: Math.max(figure(snapshot, 'peak_rss_mb'), figure(stream, 'peak_rss_mb')),
    coldStartMs: (startToLast - figure(snapshot, 'first_to_last_s')) * 1000,
  };
}

/** Events per second of pg_recvlogical into a null sink, by the peers' tool. */
export async function measureRawLimit(
  folder: string,
  databaseUrl: string,
  rows: number,
): Promise<number | null> {
  const args = ['raw', 'pg', '--db', databaseUrl, '--n', String(rows), '--reps', '1'];
  const found = await runTool(folder, [...args, '--tool', 'pg_recvlogical', '--json']);
  const rate = found.find((row) => row['ev_s_e2e'] !== undefined)?.['ev_s_e2e'];
  return rate === undefined ? null : Number(rate);
}
