import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectWorker } from '../support/connect-worker.ts';
import type { BenchCores } from './bench-cores.ts';
import { monotonicMs, PipelineChild } from './pipeline-child.ts';
import { postgresBench } from './postgres-workload.ts';
import { ProcessUsage } from './process-usage.ts';
import type { ServerTarget, SinkTarget } from './sink-targets.ts';
import { converterLines, type FilledTopic, type SinkBench } from './sink-topic.ts';

/**
 * What one run of a sink gave, from its first rows in the table to its last. What comes before is
 * no rate: ours is the start of a daemon, Debezium's that of a connector in a worker that runs.
 */
export interface SinkFigures {
  /** From its start to its first rows. */
  readonly startSeconds: number;
  readonly rowsPerSecond: number;
  /** Of the sink's process. */
  readonly cpuMicrosPerRow: number;
  /** With its start. */
  readonly peakMb: number;
}

/** The same, and what was beside it. */
export interface WatchedFigures extends SinkFigures {
  /** Of the servers in `Watch.servers`, within the same time, in their order. */
  readonly serverSeconds: readonly number[];
  /** From the first rows to the last. */
  readonly seconds: number;
}

/** How a run is watched. */
export interface Watch {
  /** Starts it; the pid of its process. */
  readonly begin: () => Promise<number>;
  /** Row events that it is through with, while these are its first; 0: none yet. */
  readonly firstEvents: () => Promise<number>;
  readonly isDone: () => Promise<boolean>;
  /** Throws where it has failed. */
  readonly check?: () => Promise<void>;
  /** Whose CPU is told beside. */
  readonly servers?: readonly ProcessUsage[];
}

const POLL_MS = 20;
/** To ask a worker costs it some time, too. */
const POLLS_PER_CHECK = 100;
const DEADLINE_MS = 900_000;

/** Waits for the first rows, then for the last, and measures the process that writes them. */
export async function measureRun(events: number, watch: Watch): Promise<WatchedFigures> {
  const startedAtMs = monotonicMs();
  const usage = new ProcessUsage(await watch.begin());
  let polls = 0;
  const until = async (isOver: () => Promise<boolean>): Promise<void> => {
    while (!(await isOver())) {
      if (monotonicMs() - startedAtMs > DEADLINE_MS) throw new Error('the last row did not arrive');
      if (++polls % POLLS_PER_CHECK === 0) await watch.check?.();
      await delay(POLL_MS);
    }
  };
  let first = 0;
  await until(async () => {
    first = await watch.firstEvents();
    return first > 0;
  });
  const firstAtMs = monotonicMs();
  const before = usage.cpuSeconds();
  const ofServers = (): readonly number[] => (watch.servers ?? []).map((one) => one.cpuSeconds());
  const serversBefore = ofServers();
  await until(watch.isDone);
  const seconds = (monotonicMs() - firstAtMs) / 1000;
  const cpuSeconds = usage.cpuSeconds() - before;
  const serverSeconds = ofServers().map((after, i) => after - (serversBefore[i] ?? 0));
  return {
    startSeconds: (firstAtMs - startedAtMs) / 1000,
    rowsPerSecond: (events - first) / seconds,
    cpuMicrosPerRow: (cpuSeconds * 1e6) / (events - first),
    peakMb: usage.peakMb(),
    serverSeconds,
    seconds,
  };
}

/** Compares all rows with those of the source. */
async function compare(target: SinkTarget, table: string, { sum }: FilledTopic): Promise<void> {
  const found = await target.sum(table);
  if (found.rows !== sum.rows || found.checksum !== sum.checksum) {
    throw new Error(`${table} has ${JSON.stringify(found)}, the source ${JSON.stringify(sum)}`);
  }
}

/** Our daemon, started anew. Its source follows a database in which nothing happens. */
export async function runOurs(
  bench: SinkBench,
  target: SinkTarget,
  filled: FilledTopic,
  round: number,
  sinkLines: readonly string[],
): Promise<SinkFigures> {
  const { server, bootstrapServers, registry, folder, builtSources, cores } = bench;
  const name = `ours_${target.family}_${filled.format}_${round}`;
  await using idle = await postgresBench(server, name);
  const file = path.join(folder, `${name}.yaml`);
  const source = [...idle.source, 'snapshot.mode: no_data'];
  const lines = [...source, ...converterLines(filled.format, registry)];
  await writeFile(
    file,
    `name: ${name}
transport:
  type: kafka
  bootstrap.servers: ${bootstrapServers}
  path: ${path.join(folder, name)}
source:
${lines.map((line) => `  ${line}\n`).join('')}
sinks:
  - name: ${name}
    connector.class: jdbc
    connection.url: "${target.url}"
    topics: ${filled.topic}
    table.name.format: ${name}
${[...loginLines(target), ...sinkLines].map((line) => `    ${line}\n`).join('')}`,
  );
  let started: PipelineChild | undefined;
  const begin = async (): Promise<number> => {
    started = await cores.asClient(() => PipelineChild.start(file, builtSources, folder));
    return started.pid;
  };
  // A file can be asked for nothing while the daemon has it: that says what it has committed.
  const isDone = async (): Promise<boolean> => {
    if (target.family !== 'duckdb') return target.has(name, filled.lastId);
    await started?.applied(filled.records);
    return true;
  };
  // The first rows are those of the snapshot: each is one event.
  const firstEvents = async (): Promise<number> =>
    target.family === 'duckdb' ? ((await started?.applied(1)) ?? 0) : target.count(name);
  let figures: SinkFigures;
  try {
    figures = await measureRun(filled.events, { begin, firstEvents, isDone });
    if (started !== undefined) cores.expectApart(started.pid);
  } finally {
    await started?.stop();
  }
  await compare(target, name, filled);
  return figures;
}

function loginLines(target: SinkTarget): readonly string[] {
  if (target.family === 'duckdb') return [];
  return [`connection.user: ${target.user}`, `connection.password: "${target.password}"`];
}

/**
 * What makes Debezium's JDBC sink fast. Its `dialect.postgres.unnest.insert.enabled` cannot be had:
 * it passes microseconds on as they are, which the server refuses as a time.
 */
const TUNED: Readonly<Record<string, string>> = {
  'batch.size': '5000',
  'use.reduction.buffer': 'true',
  'consumer.override.max.poll.records': '5000',
  'consumer.override.fetch.min.bytes': '100000',
  'consumer.override.max.partition.fetch.bytes': '8388608',
};

/** Debezium's JDBC sink in a worker that runs already. */
export async function runDebezium(
  cores: BenchCores,
  worker: ConnectWorker,
  registryOrigin: string | null,
  target: ServerTarget,
  filled: FilledTopic,
  round: number,
): Promise<SinkFigures> {
  const name = `debezium_${target.family}_${filled.format}_${round}`;
  const converters =
    filled.format === 'avro'
      ? worker.avro(registryOrigin ?? '')
      : { 'key.converter.schemas.enable': 'true', 'value.converter.schemas.enable': 'true' };
  const begin = async (): Promise<number> => {
    const { pid } = worker;
    if (pid === undefined) throw new Error('the worker does not run');
    new ProcessUsage(pid).resetPeak();
    await worker.put(name, {
      'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
      'tasks.max': '1',
      topics: filled.topic,
      'insert.mode': 'upsert',
      'primary.key.mode': 'record_key',
      'delete.enabled': 'true',
      'schema.evolution': 'basic',
      'collection.name.format': name,
      'connection.url': target.jdbcUrl,
      'connection.username': target.user,
      'connection.password': target.password,
      'consumer.override.auto.offset.reset': 'earliest',
      ...TUNED,
      ...converters,
    });
    return pid;
  };
  const check = async (): Promise<void> => {
    // Throws the trace of a task that has failed; there is no deadline for one that runs.
    await worker.untilRunning(name);
  };
  const isDone = (): Promise<boolean> => target.has(name, filled.lastId);
  const firstEvents = (): Promise<number> => target.count(name);
  const figures = await measureRun(filled.events, { begin, firstEvents, isDone, check });
  cores.expectApart(worker.pid ?? 0);
  await compare(target, name, filled);
  await worker.delete(name);
  return figures;
}
