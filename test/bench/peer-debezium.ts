import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Figures } from './peer-figures.ts';

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

/** Where a peer's rows come from, and how many there are. */
export interface PeerWorkload {
  /** As the peers' tool calls it. */
  readonly family: 'pg' | 'maria' | 'mysql';
  /** A database of the tool's own, which it makes and fills. */
  readonly databaseUrl: string;
  readonly rows: number;
  readonly latencyRows: number;
}

/** How Debezium is run: options of the peers' tool. */
export interface DebeziumRun {
  readonly tuned: boolean;
  /** A broker that is there; absent: the tool's own. */
  readonly bootstrapServers?: string;
  /** More properties of the connector. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Base address of the registry: Avro. Absent: JSON without schemas. */
  readonly registry?: string;
}

/** Debezium on Kafka Connect with the same workload; one repetition. */
export function measureDebezium(
  folder: string,
  workload: PeerWorkload,
  { tuned, bootstrapServers, registry, properties = {} }: DebeziumRun,
): Promise<Figures> {
  const more = tuned ? ['--tuned'] : [];
  if (bootstrapServers !== undefined) more.push('--bootstrap', bootstrapServers);
  if (registry !== undefined) more.push('--fmt', 'avro', '--registry', registry);
  const set = Object.entries(properties).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  return measurePeer(folder, 'connect', workload, [...more, ...set]);
}

/** Maxwell on Kafka with the same workload, of MySQL up to 8.0; one repetition. */
export function measureMaxwell(folder: string, workload: PeerWorkload): Promise<Figures> {
  return measurePeer(folder, 'maxwell', workload, []);
}

async function measurePeer(
  folder: string,
  peer: 'connect' | 'maxwell',
  { family, databaseUrl, rows, latencyRows }: PeerWorkload,
  more: readonly string[],
): Promise<Figures> {
  const args = [peer, family, '--db', databaseUrl, '--n', String(rows), '--reps', '1'];
  const found = await runTool(folder, [...args, '--lat-n', String(latencyRows), '--json', ...more]);
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
