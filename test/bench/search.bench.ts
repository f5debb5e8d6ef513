/**
 * `npm run bench -- search [--server elasticsearch-9|opensearch-3|…] [--rows N] [--rounds N]
 * [--cores own|shared] [--json]`: our search sink from a topic of Kafka into an index, and a bare
 * client that sends the very documents of that index to another one like it, by turns. The ratio
 * `bulk` is that of their documents a second.
 * The bare client has its requests made beforehand, as large as ours may be,
 * and more of them under way. The server is warm before the first round: ours comes first in each.
 * `--cores`: see `bench-cores`; with `own` both have the core of what is measured, and the server
 * another. Its CPU for a document says whether ours ask more of it than those of the bare client.
 */
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { KafkaCluster } from '../support/kafka-cluster.ts';
import { RegistryServer } from '../support/registry-server.ts';
import type { SearchSeries } from '../support/search-packages.ts';
import { askSearch, SearchServer } from '../support/search-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { BenchCores } from './bench-cores.ts';
import { buildProgram } from './built-program.ts';
import { PipelineChild } from './pipeline-child.ts';
import { postgresBench } from './postgres-workload.ts';
import { ProcessUsage } from './process-usage.ts';
import { measureRun, type SinkFigures } from './sink-runs.ts';
import { converterLines, fillTopic, type FilledTopic, type SinkBench } from './sink-topic.ts';

const { values: options } = parseArgs({
  options: {
    server: { type: 'string', default: 'elasticsearch-9' },
    rows: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
    cores: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(options.rows);
const rounds = Number(options.rounds);
const cores = BenchCores.take(options.cores);

/** As `bulk.size.bytes` and `max.in.flight.requests` are by default. */
const BULK_BYTES = 5 * 1024 * 1024;
const IN_FLIGHT = 5;
const PAGE = 5_000;
const WARM_LOADS = 4;

/** The lines of one request, and how many documents they are. */
interface Bulk {
  readonly lines: string;
  readonly documents: number;
}

await using temporary = await temporaryFolder('bench');
const folder = temporary.path;
const abort = new AbortController();
await using server = await EmbeddedPostgres.start({
  directory: path.join(folder, 'postgres'),
  auth: 'trust',
  durable: false,
  settings: { max_wal_size: '4GB', max_wal_senders: 50, max_replication_slots: 50 },
  signal: abort.signal,
});
await using broker = await KafkaCluster.start({ major: '4', forSpeed: true });
await using registry = await RegistryServer.start();
await using search = await SearchServer.start(options.server as SearchSeries, {
  heap: '1g',
  forSpeed: true,
});
for (const { pid } of [server, ...broker.nodes, registry, search]) cores.watch(pid);
const bench: SinkBench = {
  server,
  bootstrapServers: broker.bootstrapServers,
  registry: registry.url,
  folder,
  builtSources: await buildProgram(path.join(folder, 'built')),
  cores,
};
const topic = await fillTopic(bench, 'avro', rows, false);
const ours: SinkFigures[] = [];
const bare: number[] = [];
/** The server's CPU µs for a document, of ours and of the bare client's. */
const ofServer: { readonly ours: number; readonly bare: number }[] = [];
await warmUp();
for (let round = 1; round <= rounds; round++) {
  const usage = new ProcessUsage(search.pid ?? 0);
  const beganAt = usage.cpuSeconds();
  const ran = await runOurs(topic, round);
  const read = usage.cpuSeconds();
  const bulks = await documentsOf(`ours_${round}`, `bare_${round}`);
  const loads = usage.cpuSeconds();
  const loaded = await load(`ours_${round}`, `bare_${round}`, bulks);
  const ended = usage.cpuSeconds();
  await asked('DELETE', `/ours_${round},bare_${round}`);
  ours.push(ran);
  bare.push(loaded);
  const micros = 1e6 / topic.sum.rows;
  ofServer.push({ ours: (read - beganAt) * micros, bare: (ended - loads) * micros });
}
report();

/** So that the server's compilers are done: a document costs a cold one four times the CPU. */
async function warmUp(): Promise<void> {
  await runOurs(topic, 0);
  for (let turn = 0; turn < WARM_LOADS; turn++) {
    const bulks = await documentsOf('ours_0', `warm_${turn}`);
    await load('ours_0', `warm_${turn}`, bulks);
    await asked('DELETE', `/warm_${turn}`);
  }
  await asked('DELETE', '/ours_0');
}

async function asked(method: string, target: string, body?: unknown): Promise<unknown> {
  const reply = await askSearch(search, method, target, body);
  if (reply.status < 300) return reply.body;
  throw new Error(`${method} ${target}: HTTP ${reply.status} ${JSON.stringify(reply.body)}`);
}

/** Our daemon, whose source follows a database in which nothing happens. */
async function runOurs(filled: FilledTopic, round: number): Promise<SinkFigures> {
  const name = `ours_${round}`;
  await using idle = await postgresBench(server, name);
  const file = path.join(folder, `${name}.yaml`);
  const source = [...idle.source, 'snapshot.mode: no_data'];
  const lines = [...source, ...converterLines('avro', registry.url)];
  await writeFile(
    file,
    `name: ${name}
transport:
  type: kafka
  bootstrap.servers: ${broker.bootstrapServers}
  path: ${path.join(folder, name)}
source:
${lines.map((line) => `  ${line}\n`).join('')}
sinks:
  - name: ${name}
    connector.class: elasticsearch
    connection.url: ${search.url}
    topics: ${filled.topic}
    index.name.format: ${name}
`,
  );
  let started: PipelineChild | undefined;
  try {
    const figures = await measureRun(filled.events, {
      begin: async () => {
        const start = (): PipelineChild => PipelineChild.start(file, bench.builtSources, folder);
        started = await cores.asClient(start);
        return started.pid;
      },
      firstEvents: async () => (await started?.applied(1)) ?? 0,
      isDone: async () => {
        await started?.applied(filled.records);
        return true;
      },
    });
    if (started !== undefined) cores.expectApart(started.pid);
    await expectDocuments(name, filled.sum.rows);
    return figures;
  } finally {
    await started?.stop();
  }
}

async function expectDocuments(index: string, documents: number): Promise<void> {
  await asked('POST', `/${index}/_refresh`);
  const { count } = (await asked('GET', `/${index}/_count`)) as { count: number };
  if (count !== documents) throw new Error(`${index} has ${count} documents, not ${documents}`);
}

/** All documents of an index, as requests that write them to another one. */
async function documentsOf(from: string, to: string): Promise<readonly Bulk[]> {
  interface Page {
    readonly _scroll_id: string;
    readonly hits: { readonly hits: readonly { _id: string; _source: unknown }[] };
  }
  const bulks: Bulk[] = [];
  let lines = '';
  let documents = 0;
  const end = (): void => {
    if (documents > 0) bulks.push({ lines, documents });
    lines = '';
    documents = 0;
  };
  const first = { size: PAGE, sort: ['_doc'] };
  let page = (await asked('POST', `/${from}/_search?scroll=5m`, first)) as Page;
  while (page.hits.hits.length > 0) {
    for (const { _id, _source } of page.hits.hits) {
      const action = JSON.stringify({ index: { _index: to, _id } });
      lines += `${action}\n${JSON.stringify(_source)}\n`;
      documents++;
      if (lines.length >= BULK_BYTES) end();
    }
    const next = { scroll: '5m', scroll_id: page._scroll_id };
    page = (await asked('POST', '/_search/scroll', next)) as Page;
  }
  end();
  return bulks;
}

/** Documents a second of a client that does nothing else, into an index like the one of ours. */
async function load(like: string, index: string, bulks: readonly Bulk[]): Promise<number> {
  const found = (await asked('GET', `/${like}/_mapping`)) as Record<string, { mappings: unknown }>;
  const settings = { 'index.gc_deletes': '1h' };
  await asked('PUT', `/${index}`, { settings, mappings: found[like]?.mappings });
  const startMs = performance.now();
  let next = 0;
  const work = async (): Promise<void> => {
    for (let bulk = bulks[next++]; bulk !== undefined; bulk = bulks[next++]) {
      const target = '/_bulk?filter_path=errors,items.*.error';
      const { errors } = (await asked('POST', target, bulk.lines)) as { errors: boolean };
      if (errors) throw new Error('a document of the bare client was refused');
    }
  };
  await cores.asClient(() => Promise.all(Array.from({ length: IN_FLIGHT }, work)));
  const seconds = (performance.now() - startMs) / 1000;
  const documents = bulks.reduce((sum, bulk) => sum + bulk.documents, 0);
  await expectDocuments(index, documents);
  return documents / seconds;
}

function report(): void {
  const sink = {
    rowsPerSecond: median(ours.map((run) => run.rowsPerSecond)),
    cpuMicrosPerRow: median(ours.map((run) => run.cpuMicrosPerRow)),
    peakMb: median(ours.map((run) => run.peakMb)),
  };
  const bulk = sink.rowsPerSecond / median(bare);
  const server = {
    ours: median(ofServer.map((run) => run.ours)),
    bare: median(ofServer.map((run) => run.bare)),
  };
  const load1 = os.loadavg()[0];
  const out = [
    `\n${rows} rows into ${options.server}, medians of ${rounds}, load ${load1}, ${cores.text}\n`,
    `documents/s  Tidemark     ${sink.rowsPerSecond.toFixed(0)}`,
    `             bare client  ${median(bare).toFixed(0)}`,
    `the server's CPU µs a document: ${server.ours.toFixed(1)}, ${server.bare.toFixed(1)}`,
    `ratio ${bulk.toFixed(2)}, CPU µs a row ${sink.cpuMicrosPerRow.toFixed(1)}`,
    `peak MB ${sink.peakMb.toFixed(0)}`,
  ];
  process.stdout.write(`${out.join('\n')}\n`);
  if (!options.json) return;
  const figures = { ours: sink, bare: median(bare), server };
  const result = {
    bench: 'search',
    server: options.server,
    cores: cores.choice,
    rows,
    rounds,
    figures,
    ratios: { bulk },
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
