/**
 * `npm run bench -- sink [postgres|mariadb|duckdb] [--rows N] [--rounds N] [--formats json,avro]
 * [--json] [--alone] [--cores own|shared] [--set name=value]`: our SQL sink and Debezium's JDBC
 * sink, tuned, in turns from the same topic of Kafka into fresh tables,
 * which are compared with the source when a run
 * ends. Rates and CPU are those from the first rows in the table to the last. The limit beside them
 * is the server itself that reads the same rows from a file (COPY, LOAD DATA). Debezium's has no
 * dialect for DuckDB: beside that stands DuckDB's own appender, with the rows in memory. `--alone`:
 * without the peers; `--set`: a property of our sink; `--cores`: see `bench-cores`.
 */
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { ConnectWorker } from '../support/connect-worker.ts';
import { KafkaCluster } from '../support/kafka-cluster.ts';
import { MysqlServer } from '../support/mysql-server.ts';
import { RegistryServer } from '../support/registry-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { BenchCores } from './bench-cores.ts';
import { buildProgram } from './built-program.ts';
import { type AppenderKind, duckdbTarget, type DuckdbTarget } from './duckdb-target.ts';
import { runDebezium, runOurs, type SinkFigures } from './sink-runs.ts';
import {
  mariadbTarget,
  postgresTarget,
  type ServerTarget,
  type SinkTarget,
  type TargetFamily,
} from './sink-targets.ts';
import { fillTopic, type FilledTopic, type SinkBench, type TopicFormat } from './sink-topic.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '300000' },
    rounds: { type: 'string', default: '3' },
    formats: { type: 'string', default: 'json,avro' },
    alone: { type: 'boolean', default: false },
    cores: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(options.rows);
const rounds = Number(options.rounds);
const formats = options.formats.split(',') as readonly TopicFormat[];
const families = (
  positionals.length === 0 ? ['postgres', 'mariadb', 'duckdb'] : positionals
) as readonly TargetFamily[];
const cores = BenchCores.take(options.cores);
const sinkLines = options.set.map((text) => text.replace('=', ': '));

/** Medians of the rounds of one target and format. */
interface Measured {
  readonly family: TargetFamily;
  readonly format: TopicFormat;
  readonly ours: SinkFigures;
  /** Debezium's sink, or DuckDB's appender, a row at a time and by vectors. */
  readonly peers: readonly (readonly [name: string, figures: SinkFigures])[];
  /** Rows a second that the server reads from a file of its own. */
  readonly limit: number;
}

// One that the server's account can enter: otherwise its data go elsewhere and stay.
const folder = (await temporaryFolder('bench')).path;
const abort = new AbortController();
try {
  await using server = await EmbeddedPostgres.start({
    directory: path.join(folder, 'postgres'),
    auth: 'trust',
    durable: false,
    settings: { max_wal_size: '4GB', max_wal_senders: 50, max_replication_slots: 50 },
    signal: abort.signal,
  });
  await using broker = await KafkaCluster.start({ major: '4', forSpeed: true });
  const registry = formats.includes('avro') ? await RegistryServer.start() : null;
  for (const { pid } of [server, ...broker.nodes, ...(registry === null ? [] : [registry])]) {
    cores.watch(pid);
  }
  try {
    const { bootstrapServers } = broker;
    const bench = {
      server,
      bootstrapServers,
      registry: registry?.url ?? null,
      folder,
      builtSources: await buildProgram(path.join(folder, 'built')),
      cores,
    };
    report(await measureAll(bench, registry?.origin ?? null));
  } finally {
    await registry?.[Symbol.asyncDispose]();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measureAll(bench: SinkBench, origin: string | null): Promise<readonly Measured[]> {
  const { server, bootstrapServers } = bench;
  const topics: FilledTopic[] = [];
  for (const format of formats) topics.push(await fillTopic(bench, format, rows));
  const servers = families.filter((family) => family !== 'duckdb');
  const worker = { bootstrapServers, plugins: ['jdbc', 'avro'], forSpeed: true } as const;
  const debezium =
    options.alone || servers.length === 0
      ? null
      : await cores.asClient(() => ConnectWorker.start(worker));
  const measured: Measured[] = [];
  try {
    for (const family of servers) {
      const mariadb = family === 'mariadb' ? await startMariadb() : null;
      cores.watch(mariadb?.pid);
      try {
        await using target =
          mariadb === null
            ? await postgresTarget(server, 'target')
            : await mariadbTarget(mariadb, 'target');
        for (const topic of topics) {
          measured.push(await measure(bench, target, topic, debeziumOf(debezium, origin, target)));
        }
      } finally {
        await mariadb?.[Symbol.asyncDispose]();
      }
    }
  } finally {
    await debezium?.[Symbol.asyncDispose]();
  }
  if (families.includes('duckdb')) {
    await using target = duckdbTarget(bench.folder, cores);
    const peers = options.alone ? [] : appendersOf(target);
    for (const topic of topics) measured.push(await measure(bench, target, topic, peers));
  }
  return measured;
}

/** What else brings the rows of a topic into a table; of our run, whose table is there. */
interface Peer {
  readonly name: string;
  run(topic: FilledTopic, round: number, table: string): Promise<SinkFigures>;
}

function debeziumOf(
  worker: ConnectWorker | null,
  origin: string | null,
  target: ServerTarget,
): readonly Peer[] {
  if (worker === null) return [];
  const run: Peer['run'] = async (topic, round) => {
    await target.settle();
    const figures = await runDebezium(cores, worker, origin, target, topic, round);
    await target.drop(`debezium_${target.family}_${topic.format}_${round}`);
    return figures;
  };
  return [{ name: 'Debezium', run }];
}

function appendersOf(target: DuckdbTarget): readonly Peer[] {
  const peer = (name: string, kind: AppenderKind): Peer => ({
    name,
    run: (_topic, _round, table) => target.append(table, kind),
  });
  return [peer('appender', 'values'), peer('appender, vectors', 'chunks')];
}

/** Room for all of the rows: a server that writes its dirty pages would be what is measured. */
function startMariadb(): Promise<MysqlServer> {
  return MysqlServer.start('11.4', {
    settings: { 'innodb-buffer-pool-size': '1G', 'innodb-log-file-size': '512M' },
  });
}

/** In turns, so that what else the machine does meets both. */
async function measure(
  bench: SinkBench,
  target: SinkTarget,
  topic: FilledTopic,
  peers: readonly Peer[],
): Promise<Measured> {
  const ours: SinkFigures[] = [];
  const theirs = peers.map((): SinkFigures[] => []);
  const limits: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    await target.settle();
    ours.push(await runOurs(bench, target, topic, round, sinkLines));
    const table = `ours_${target.family}_${topic.format}_${round}`;
    limits.push(topic.sum.rows / (await target.bulkLoad(table)));
    for (const [i, peer] of peers.entries()) {
      theirs[i]?.push(await peer.run(topic, round, table));
    }
    await target.drop(table);
  }
  return {
    family: target.family,
    format: topic.format,
    ours: medians(ours),
    peers: peers.map(({ name }, i) => [name, medians(theirs[i] ?? [])]),
    limit: median(limits),
  };
}

function medians(runs: readonly SinkFigures[]): SinkFigures {
  return {
    startSeconds: median(runs.map((run) => run.startSeconds)),
    rowsPerSecond: median(runs.map((run) => run.rowsPerSecond)),
    cpuMicrosPerRow: median(runs.map((run) => run.cpuMicrosPerRow)),
    peakMb: median(runs.map((run) => run.peakMb)),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** How much better ours is than the first peer's. */
function ratiosOf({ ours, peers }: Measured): Record<string, number> | null {
  const [, theirs] = peers[0] ?? [];
  if (theirs === undefined) return null;
  return {
    rate: ours.rowsPerSecond / theirs.rowsPerSecond,
    cpu: theirs.cpuMicrosPerRow / ours.cpuMicrosPerRow,
    memory: theirs.peakMb / ours.peakMb,
  };
}

function report(all: readonly Measured[]): void {
  const machine = `load ${os.loadavg()[0]}, ${cores.text}`;
  const out = [`\n${rows} rows and their changes, medians of ${rounds}, ${machine}\n`];
  const line = (label: string, cells: readonly string[]): void => {
    out.push(label.padEnd(32) + cells.map((cell) => cell.padStart(14)).join(''));
  };
  line('', ['rows/s', 'CPU µs/row', 'peak MB', 'first rows']);
  const cells = (figures: SinkFigures): readonly string[] => [
    figures.rowsPerSecond.toFixed(0),
    figures.cpuMicrosPerRow.toFixed(1),
    figures.peakMb.toFixed(0),
    `${figures.startSeconds.toFixed(1)} s`,
  ];
  for (const one of all) {
    const title = `${one.family} ${one.format}`;
    line(`${title} Tidemark`, cells(one.ours));
    for (const [name, figures] of one.peers) line(`${title} ${name}`, cells(figures));
    const ratios = ratiosOf(one);
    if (ratios !== null) {
      const { rate = 0, cpu = 0, memory = 0 } = ratios;
      line('  times better', [rate.toFixed(2), cpu.toFixed(2), memory.toFixed(2)]);
    }
    line('  server alone, from a file', [one.limit.toFixed(0)]);
  }
  process.stdout.write(`${out.join('\n')}\n`);
  if (!options.json) return;
  const ratios: Record<string, unknown> = {};
  for (const one of all) {
    const found = ratiosOf(one);
    if (found === null) continue;
    // The names without a format are those of the smaller records.
    ratios[`${one.family}.${one.format}`] = found;
    if (one.format === formats.at(-1)) ratios[one.family] = found['rate'];
  }
  const result = { bench: 'sink', cores: cores.choice, rows, rounds, figures: all, ratios };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
