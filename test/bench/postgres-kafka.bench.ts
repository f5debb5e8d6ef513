/**
 * `npm run bench -- postgres-kafka [--rows N] [--latency-rows N] [--formats json,avro] [--json]`:
 * snapshot, latency and streaming catch-up into a real Kafka, and the produce path alone beside
 * Kafka's own. PEERS=<folder> adds Debezium on Kafka Connect into the same broker, tuned.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { KafkaCluster } from '../support/kafka-cluster.ts';
import { RegistryServer } from '../support/registry-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { buildProgram } from './built-program.ts';
import { JSON_WITHOUT_SCHEMAS, measurePipeline, ratiosOf } from './measured-pipeline.ts';
import { measureDebezium } from './peer-debezium.ts';
import type { Figures } from './peer-figures.ts';
import { measureProduce, type ProduceFigures } from './produce-path.ts';
import { postgresBench } from './postgres-workload.ts';
import { recordCount } from './workload-counts.ts';

type Format = 'json' | 'avro';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '500000' },
    'latency-rows': { type: 'string', default: '1000' },
    formats: { type: 'string', default: 'json,avro' },
    client: { type: 'string', default: 'auto' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(options.rows);
const latencyRows = Number(options['latency-rows']);
const peers = process.env['PEERS'];

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
const broker = await KafkaCluster.start({ major: '4', forSpeed: true });
const formats = options.formats.split(',') as readonly Format[];
const registry = formats.includes('avro') ? await RegistryServer.start() : null;
try {
  await report(await buildProgram(path.join(folder, 'built')));
} finally {
  await registry?.[Symbol.asyncDispose]();
  await broker[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}

async function report(builtSources: string): Promise<void> {
  const ours = new Map<Format, Figures>();
  const tuned = new Map<Format, Figures>();
  for (const format of formats) {
    ours.set(format, await measureOurs(format, builtSources));
    if (peers !== undefined) tuned.set(format, await measureTuned(peers, format));
  }
  const { ours: produce, java: javaProduce } = await measureProduce(
    broker.bootstrapServers,
    options.client,
    recordCount(rows),
  );
  printTable(ours, tuned, produce, javaProduce);
  if (!options.json) return;
  const figures = {
    ours: Object.fromEntries(ours),
    debeziumTuned: Object.fromEntries(tuned),
    produce,
    javaProduce,
  };
  const produceOfJava = produce.recordsPerSecond / javaProduce.recordsPerSecond;
  const found = { ...ratios(ours, tuned, produce), produceOfJava };
  const line = { bench: 'postgres-kafka', rows, figures, ratios: found };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function measureOurs(format: Format, builtSources: string): Promise<Figures> {
  const sourceLines =
    format === 'json'
      ? JSON_WITHOUT_SCHEMAS
      : ['key', 'value'].flatMap((side) => [
          `${side}.converter: avro`,
          `${side}.converter.schema.registry.url: ${registry?.url ?? ''}`,
        ]);
  await using database = await postgresBench(server, `tidemark_${format}`);
  return await measurePipeline({
    database,
    folder,
    builtSources,
    rows,
    latencyRows,
    sections: `transport:
  type: kafka
  bootstrap.servers: ${broker.bootstrapServers}
  client: ${options.client}
  path: ${path.join(folder, format)}`,
    sourceLines,
  });
}

function measureTuned(tool: string, format: Format): Promise<Figures> {
  const databaseUrl = server.url('peersbench');
  return measureDebezium(
    tool,
    { family: 'pg', databaseUrl, rows, latencyRows },
    {
      tuned: true,
      bootstrapServers: broker.bootstrapServers,
      ...(format === 'avro' && registry !== null ? { registry: registry.origin } : {}),
    },
  );
}

/** The names that say how much better ours is, and how much of the produce path it uses. */
function ratios(
  ours: ReadonlyMap<Format, Figures>,
  tuned: ReadonlyMap<Format, Figures>,
  produce: ProduceFigures,
): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [format, figures] of ours) {
    const other = tuned.get(format);
    if (format === 'json') {
      found['streamOfProduce'] =
        (figures.streamEventsPerSecond * recordCount(rows)) /
        (1.25 * rows) /
        produce.recordsPerSecond;
    }
    if (other === undefined) continue;
    const { snapshot = 0, stream = 0, cpu = 0, latency = 0, memory = 0 } = ratiosOf(figures, other);
    if (format === 'json') Object.assign(found, { snapshot, stream, cpu, latency, memory });
    else Object.assign(found, { avroSnapshot: snapshot, avroStream: stream, avroCpu: cpu });
  }
  return found;
}

function printTable(
  ours: ReadonlyMap<Format, Figures>,
  tuned: ReadonlyMap<Format, Figures>,
  produce: ProduceFigures,
  javaProduce: ProduceFigures,
): void {
  const lines: readonly (readonly [string, keyof Figures, number])[] = [
    ['snapshot rows/s', 'snapshotRowsPerSecond', 0],
    ['stream events/s', 'streamEventsPerSecond', 0],
    ['latency p50 ms', 'latencyP50Ms', 2],
    ['latency p99 ms', 'latencyP99Ms', 2],
    ['CPU µs per event', 'cpuMicrosPerEvent', 2],
    ['peak memory MB', 'peakMb', 0],
  ];
  const columns = formats.flatMap((format) => [
    [`tidemark ${format}`, ours.get(format)] as const,
    [`Debezium ${format}`, tuned.get(format)] as const,
  ]);
  const out = [`\n${rows} rows into Kafka ${broker.version}; Debezium tuned\n`];
  out.push(columns.reduce((line, [title]) => line + title.padStart(16), ''.padEnd(20)));
  for (const [label, key, digits] of lines) {
    const cells = columns.map(([, figures]) => figures?.[key].toFixed(digits) ?? '–');
    out.push(label.padEnd(20) + cells.map((cell) => cell.padStart(16)).join(''));
  }
  const fraction = (produce.recordsPerSecond / javaProduce.recordsPerSecond) * 100;
  out.push(
    `produce path alone: ${produce.recordsPerSecond.toFixed(0)} records/s, ` +
      `${produce.cpuMicros.toFixed(1)} µs each; kafka-producer-perf-test ` +
      `${javaProduce.recordsPerSecond.toFixed(0)} records/s; ours ${fraction.toFixed(0)} % of it`,
  );
  process.stdout.write(`${out.join('\n')}\n`);
}
