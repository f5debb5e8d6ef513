/**
 * `npm run bench -- nested [--server elasticsearch-9|opensearch-3|…] [--orders N] [--lines N]
 * [--json]`: what `document.nest` costs the sink and the server. Rows of orders and of their lines
 * as a snapshot tells them, each order's lines one behind the other; then changes of single lines
 * of any order. The same rows into two indices, each a document of its own, are what to compare
 * with. In this process, from records to the end of the put; `memory` is the most it has had.
 */
import { parseArgs } from 'node:util';
import type { Nest } from '../../src/config/document-nest.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import { formatPosition } from '../../src/model/change-position.ts';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import { openSearchClient } from '../../src/sink/search/open-search-client.ts';
import { SearchSink } from '../../src/sink/search/search-sink.ts';
import { SEARCH_SINK_DEFAULTS } from '../../src/sink/search/search-sink-options.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { line, nestedTopics, order } from '../support/nested-topics.ts';
import { searchConnection } from '../support/search-connection.ts';
import type { SearchSeries } from '../support/search-packages.ts';
import { SearchServer } from '../support/search-server.ts';
import { positionsOf } from '../support/sink-records.ts';
import { ProcessUsage } from './process-usage.ts';

const { values: options } = parseArgs({
  options: {
    server: { type: 'string', default: 'elasticsearch-9' },
    orders: { type: 'string', default: '5000' },
    lines: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
});
const orderCount = Number(options.orders);
const perOrder = Number(options.lines);
/** As many as the daemon puts at once. */
const PUT_RECORDS = 2_500;
const RUNNING = new AbortController().signal;

interface Phase {
  readonly name: string;
  readonly rowsPerSecond: number;
  readonly cpuMicros: number;
  readonly serverMicros: number;
}

await using search = await SearchServer.start(options.server as SearchSeries, {
  heap: '1g',
  forSpeed: true,
});
const phases: Phase[] = [];
let memory = 0;
// The first of each is for the compilers of both processes.
for (const name of ['cold', 'apart', 'cold', 'nested']) {
  const isNested = name === 'nested';
  const before = phases.length;
  await run(`${name}_${before}`, isNested ? (nest) => [nest] : () => []);
  if (name === 'cold') phases.length = before;
}
report();

function* numbers(end: number): Generator<number> {
  for (let i = 0; i < end; i++) yield i;
}

async function run(name: string, nestsOf: (nest: Nest) => readonly Nest[]): Promise<void> {
  const { orders, lines, nest } = nestedTopics(name);
  const quiet = (): void => undefined;
  await using sink = new SearchSink(
    { ...SEARCH_SINK_DEFAULTS, name, nests: nestsOf(nest) },
    {
      open: (signal) => openSearchClient(searchConnection(search.url), signal),
      clock: systemClock,
      send: null,
      warn: quiet,
      tell: quiet,
      fault: noFaults,
      reread: null,
    },
  );
  await sink.start(RUNNING);
  const random = randomFrom(7);
  const kind = name.startsWith('nested') ? 'nested' : 'apart';
  const count = orderCount * perOrder;
  await measure(`${kind}: orders`, sink, numbers(orderCount), (i) =>
    orders.read(order(i, `order ${i}`)),
  );
  await measure(`${kind}: their lines`, sink, numbers(count), (i) =>
    lines.read(line(i, Math.floor(i / perOrder), `sku-${i}`)),
  );
  await measure(`${kind}: changes of lines`, sink, numbers(count), () => {
    const id = Math.floor(random() * count);
    return lines.update(line(id, Math.floor(id / perOrder), `new-${id}`, 2));
  });
}

async function measure(
  name: string,
  sink: SearchSink,
  all: Iterable<number>,
  recordOf: (i: number) => SinkRecord,
): Promise<void> {
  const [own, server] = [process.cpuUsage(), new ProcessUsage(search.pid ?? 0)];
  const serverBefore = server.cpuSeconds();
  const beganAt = performance.now();
  let rows = 0;
  let records: SinkRecord[] = [];
  const flush = async (): Promise<void> => {
    await sink.put(records, positionsOf(records), RUNNING);
    memory = Math.max(memory, process.memoryUsage.rss());
    records = [];
  };
  for (const i of all) {
    const record = recordOf(i);
    const commit = BigInt(0x10_0000 + record.sequence * 0x100);
    records.push({ ...record, position: formatPosition({ epoch: 1, commit, ordinal: 1 }) });
    rows++;
    if (records.length === PUT_RECORDS) await flush();
  }
  if (records.length > 0) await flush();
  const { parked } = sink.status();
  if (parked.length > 0) throw new Error(parked[0]?.message);
  const { user, system } = process.cpuUsage(own);
  phases.push({
    name,
    rowsPerSecond: Math.round((rows * 1_000) / (performance.now() - beganAt)),
    cpuMicros: Math.round((user + system) / rows),
    serverMicros: Math.round(((server.cpuSeconds() - serverBefore) * 1e6) / rows),
  });
}

function report(): void {
  const megabytes = Math.round(memory / 1024 / 1024);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ server: options.server, phases, megabytes })}\n`);
    return;
  }
  for (const { name, rowsPerSecond, cpuMicros, serverMicros } of phases) {
    process.stdout.write(
      `${name.padEnd(26)} ${String(rowsPerSecond).padStart(7)} rows/s, CPU of a row: ` +
        `${cpuMicros} µs here, ${serverMicros} µs of the server\n`,
    );
  }
  process.stdout.write(`memory ${megabytes} MB\n`);
}
