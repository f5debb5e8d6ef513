/**
 * `npm run bench -- search [--server elasticsearch-9|opensearch-3|…] [--rows N] [--rounds N]
 * [--log embedded|kafka] [--cores own|shared] [--json]`: our search sink from a topic into an
 * index, and a bare client that sends the very documents of that index to another one, by turns.
 * The topic is in our own log unless Kafka is asked for, whose broker and registry need part of the
 * core that ours has then, while nobody stands beside the bare client.
 *
 * The ratio `bulk` is that of their documents a second, from the first to the last, within each
 * round, of which it is the median. Each second round goes the other way round. The bare client
 * has its requests made beforehand and more of them under way. Its actions are ours (ids, versions,
 * as many to a bulk), since a load without versions is another one: the index would not refuse what
 * comes late. `plainBulk` is the ratio to that all the same: ids alone, in the largest bulks.
 *
 * `--cores`: see `bench-cores`. With `own` the search server has half of the cores to itself, and
 * whoever writes to it the others: the bare client, or our daemon (with its broker and registry).
 * The server is warm before the first round. Its CPU for a document says whether ours ask more of
 * it than those of the bare client, and its share of a core whether it had to wait for them.
 */
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import type { SearchSeries } from '../support/search-packages.ts';
import { SearchServer } from '../support/search-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { BenchCores } from './bench-cores.ts';
import { buildProgram } from './built-program.ts';
import { PipelineChild } from './pipeline-child.ts';
import { ProcessUsage } from './process-usage.ts';
import {
  asked,
  bareLoad,
  documentsOf,
  expectDocuments,
  mappingsOf,
  type BareActions,
  type StoredDocument,
} from './search-bare-client.ts';
import { measureRun, type WatchedFigures } from './sink-runs.ts';
import { embeddedLog, kafkaLog } from './search-log.ts';

const { values: options } = parseArgs({
  options: {
    server: { type: 'string', default: 'elasticsearch-9' },
    rows: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
    log: { type: 'string', default: 'embedded' },
    cores: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(options.rows);
const rounds = Number(options.rounds);
const cores = BenchCores.take(options.cores);

/** A bulk of ours: a put of a server that is not slow (`runtime/put-size`). */
const BULK_DOCUMENTS = 1_000;
const WARM_LOADS = 4;

/** A load, and what the search server did for it. */
interface Load {
  readonly documentsPerSecond: number;
  readonly serverMicros: number;
  /** Of one core, while it ran. */
  readonly serverBusy: number;
}

await using temporary = await temporaryFolder('bench');
const folder = temporary.path;
const abort = new AbortController();
await using search = await SearchServer.start(options.server as SearchSeries, {
  heap: '1g',
  forSpeed: true,
  settings: {
    // It counts garbage as memory in use, which only the collector of a larger machine avoids.
    'indices.breaker.total.use_real_memory': 'false',
  },
});
cores.watch(search.pid);
await using server = await cores.asClient(() =>
  EmbeddedPostgres.start({
    directory: path.join(folder, 'postgres'),
    auth: 'trust',
    durable: false,
    settings: { max_wal_size: '4GB', max_wal_senders: 50, max_replication_slots: 50 },
    signal: abort.signal,
  }),
);
const builtSources = await buildProgram(path.join(folder, 'built'));
await using log =
  options.log === 'kafka'
    ? await kafkaLog(server, folder, builtSources, cores, rows)
    : await embeddedLog(server, folder, builtSources, cores, rows);
const usage = new ProcessUsage(search.pid ?? 0);
const ours: WatchedFigures[] = [];
const loads = { ours: [] as Load[], same: [] as Load[], plain: [] as Load[] };
const { documents, mappings } = await warmUp();
for (let round = 1; round <= rounds; round++) {
  const turns = [
    async () => {
      const figures = await runOurs(round);
      ours.push(figures);
      loads.ours.push(loadOf(figures.rowsPerSecond, figures));
    },
    async () => loads.same.push(await runBare(`same_${round}`, 'same')),
    async () => loads.plain.push(await runBare(`plain_${round}`, 'plain')),
  ];
  // Whoever comes later finds a warmer server.
  for (const turn of round % 2 === 1 ? turns : turns.toReversed()) await turn();
}
report();

/**
 * So that the server's compilers are done: a document costs a cold one four times the CPU. Returns
 * the documents of the index that ours made, and its mappings.
 */
async function warmUp(): Promise<{ documents: readonly StoredDocument[]; mappings: unknown }> {
  await runOurs(0, false);
  const like = await mappingsOf(search, 'ours_0');
  const found = await documentsOf(search, 'ours_0');
  for (let turn = 0; turn < WARM_LOADS; turn++) {
    await bareLoad(search, likeOurs(like), `warm_${turn}`, found, 'same');
    await asked(search, 'DELETE', `/warm_${turn}`);
  }
  await asked(search, 'DELETE', '/ours_0');
  return { documents: found, mappings: like };
}

function likeOurs(like: unknown): Parameters<typeof bareLoad>[1] {
  return { mappings: like, bulkDocuments: BULK_DOCUMENTS, server: usage };
}

/** The bare client's load of all documents, into an index like one of ours. */
async function runBare(index: string, actions: BareActions): Promise<Load> {
  const done = await cores.asClient(() =>
    bareLoad(search, likeOurs(mappings), index, documents, actions),
  );
  const { seconds, serverSeconds } = done;
  const load = loadOf(documents.length / seconds, { seconds, serverSeconds: [serverSeconds] });
  await expectDocuments(search, index, documents.length);
  await asked(search, 'DELETE', `/${index}`);
  return load;
}

/** Both within the same time: what the server does before and behind it is nobody's. */
function loadOf(
  documentsPerSecond: number,
  { seconds, serverSeconds }: Pick<WatchedFigures, 'seconds' | 'serverSeconds'>,
): Load {
  const serverBusy = (serverSeconds[0] as number) / seconds;
  return { documentsPerSecond, serverMicros: (serverBusy / documentsPerSecond) * 1e6, serverBusy };
}

/** Our daemon, whose source follows a database in which nothing happens. */
async function runOurs(round: number, isOver = true): Promise<WatchedFigures> {
  const name = `ours_${round}`;
  const file = path.join(folder, `${name}.yaml`);
  await using pipeline = await log.pipeline(name);
  await writeFile(
    file,
    `${pipeline.text}
sinks:
  - name: ${name}
    connector.class: elasticsearch
    connection.url: ${search.url}
    topics: ${log.topic}
    index.name.format: ${name}
`,
  );
  let started: PipelineChild | undefined;
  try {
    const figures = await measureRun(log.records, {
      servers: [usage],
      begin: async () => {
        const start = (): PipelineChild => PipelineChild.start(file, builtSources, folder);
        started = await cores.asClient(start);
        return started.pid;
      },
      firstEvents: async () => (await started?.applied(1)) ?? 0,
      isDone: async () => {
        await started?.applied(log.records);
        return true;
      },
    });
    if (started !== undefined) cores.expectApart(started.pid);
    await expectDocuments(search, name, log.records);
    if (isOver) await asked(search, 'DELETE', `/${name}`);
    return figures;
  } finally {
    await started?.stop();
  }
}

function report(): void {
  const sink = {
    rowsPerSecond: median(ours.map((run) => run.rowsPerSecond)),
    cpuMicrosPerRow: median(ours.map((run) => run.cpuMicrosPerRow)),
    peakMb: median(ours.map((run) => run.peakMb)),
  };
  const figures = {
    ours: { ...medianLoad(loads.ours), ...sink },
    same: medianLoad(loads.same),
    plain: medianLoad(loads.plain),
  };
  const bulk = median(ratiosTo(loads.same));
  const plainBulk = median(ratiosTo(loads.plain));
  const load1 = os.loadavg()[0];
  const line = (who: string, load: Load): string =>
    `${who.padEnd(28)} ${load.documentsPerSecond.toFixed(0).padStart(8)} documents/s, ` +
    `server ${load.serverMicros.toFixed(1)} µs each, ${load.serverBusy.toFixed(2)} of a core`;
  const out = [
    `\n${rows} rows from ${options.log} into ${options.server}, medians of ${rounds}, ` +
      `load ${load1}, ${cores.text}\n`,
    line('Tidemark', figures.ours),
    line('bare client, same actions', figures.same),
    line('bare client, ids alone', figures.plain),
    `ratio ${bulk.toFixed(2)}, to ids alone ${plainBulk.toFixed(2)}; of the rounds ` +
      ratiosTo(loads.same)
        .map((ratio) => ratio.toFixed(2))
        .join(', '),
    `CPU µs a row ${sink.cpuMicrosPerRow.toFixed(1)}, peak MB ${sink.peakMb.toFixed(0)}`,
  ];
  process.stdout.write(`${out.join('\n')}\n`);
  if (!options.json) return;
  const result = {
    bench: 'search',
    server: options.server,
    log: options.log,
    cores: cores.choice,
    rows,
    rounds,
    figures,
    ratios: { bulk, plainBulk },
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** Within each round: a machine that is slower for a while is so for all of them. */
function ratiosTo(others: readonly Load[]): readonly number[] {
  return loads.ours.map(
    ({ documentsPerSecond }, i) => documentsPerSecond / (others[i] as Load).documentsPerSecond,
  );
}

function medianLoad(all: readonly Load[]): Load {
  return {
    documentsPerSecond: median(all.map((load) => load.documentsPerSecond)),
    serverMicros: median(all.map((load) => load.serverMicros)),
    serverBusy: median(all.map((load) => load.serverBusy)),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((below as number) + (above as number)) / 2;
}
