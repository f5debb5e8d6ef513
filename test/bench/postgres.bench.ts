/**
 * `npm run bench -- postgres [--rows N] [--latency-rows N] [--json]`: snapshot, latency, streaming
 * catch-up into the embedded log, JSON without schemas. PEERS=<folder> adds Debezium beside it in
 * the same run, as it comes and tuned. Ours ends in the embedded log, Debezium's in Kafka.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { buildProgram } from './built-program.ts';
import { measureDebezium, measureRawLimit, type Figures } from './peer-debezium.ts';
import { JSON_WITHOUT_SCHEMAS, measurePipeline, ratiosOf } from './measured-pipeline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '500000' },
    'latency-rows': { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(options.rows);
const latencyRows = Number(options['latency-rows']);
const peers = process.env['PEERS'];

const NOTE = 'ours ends in the embedded log (flushed), Debezium in Kafka';

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
try {
  await report();
} finally {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}

async function report(): Promise<void> {
  const ours = await measureOurs();
  const databaseUrl = server.url('peersbench');
  const tuned =
    peers === undefined
      ? null
      : await measureDebezium(peers, databaseUrl, rows, latencyRows, { tuned: true });
  const plain =
    peers === undefined
      ? null
      : await measureDebezium(peers, databaseUrl, rows, latencyRows, { tuned: false });
  const raw = peers === undefined ? null : await measureRawLimit(peers, databaseUrl, rows);
  printTable({ ours, tuned, plain }, raw);
  if (!options.json) return;
  const figures = { ours, debeziumTuned: tuned, debezium: plain, rawEventsPerSecond: raw };
  const ratios = tuned === null ? null : ratiosOf(ours, tuned);
  const fractionOfRaw = raw === null ? null : ours.streamEventsPerSecond / raw;
  process.stdout.write(
    `${JSON.stringify({ bench: 'postgres', note: NOTE, rows, figures, fractionOfRaw, ratios })}\n`,
  );
}

async function measureOurs(): Promise<Figures> {
  return measurePipeline({
    server,
    database: 'tidemark_bench',
    folder,
    builtSources: await buildProgram(path.join(folder, 'built')),
    rows,
    latencyRows,
    sections: `transport: { type: embedded, path: ${path.join(folder, 'log')} }`,
    sourceLines: JSON_WITHOUT_SCHEMAS,
  });
}

function printTable(
  sides: { ours: Figures; tuned: Figures | null; plain: Figures | null },
  raw: number | null,
): void {
  const lines: [string, keyof Figures, number][] = [
    ['snapshot rows/s', 'snapshotRowsPerSecond', 0],
    ['stream events/s', 'streamEventsPerSecond', 0],
    ['latency p50 ms', 'latencyP50Ms', 2],
    ['latency p99 ms', 'latencyP99Ms', 2],
    ['CPU µs per event', 'cpuMicrosPerEvent', 2],
    ['peak memory MB', 'peakMb', 0],
    ['cold start ms', 'coldStartMs', 0],
  ];
  const cell = (figures: Figures | null, key: keyof Figures, digits: number): string =>
    (figures === null ? '–' : figures[key].toFixed(digits)).padStart(16);
  const out = [`\n${rows} rows; ${NOTE}\n`];
  out.push(
    ['tidemark', 'Debezium tuned', 'Debezium'].reduce(
      (line, title) => line + title.padStart(16),
      ''.padEnd(20),
    ),
  );
  for (const [label, key, digits] of lines) {
    const cells = [sides.ours, sides.tuned, sides.plain].map((side) => cell(side, key, digits));
    out.push(`${label.padEnd(20)}${cells.join('')}`);
  }
  if (raw !== null) {
    const fraction = sides.ours.streamEventsPerSecond / raw;
    out.push(
      `raw limit (pg_recvlogical to a null sink): ${raw.toFixed(0)} events/s; ` +
        `ours ${(fraction * 100).toFixed(0)} %`,
    );
  }
  process.stdout.write(`${out.join('\n')}\n`);
}
