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
import { measureDebezium, measureRawLimit, type PeerWorkload } from './peer-debezium.ts';
import type { Figures } from './peer-figures.ts';
import { printFigures } from './figures-table.ts';
import { JSON_WITHOUT_SCHEMAS, measurePipeline, ratiosOf } from './measured-pipeline.ts';
import { postgresBench } from './postgres-workload.ts';
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
  const workload: PeerWorkload = { family: 'pg', databaseUrl, rows, latencyRows };
  const tuned =
    peers === undefined ? null : await measureDebezium(peers, workload, { tuned: true });
  const plain =
    peers === undefined ? null : await measureDebezium(peers, workload, { tuned: false });
  const raw = peers === undefined ? null : await measureRawLimit(peers, databaseUrl, rows);
  printFigures(`${rows} rows; ${NOTE}`, [
    ['tidemark', ours],
    ['Debezium tuned', tuned],
    ['Debezium', plain],
  ]);
  if (raw !== null) {
    const fraction = (ours.streamEventsPerSecond / raw) * 100;
    process.stdout.write(
      `raw limit (pg_recvlogical to a null sink): ${raw.toFixed(0)} events/s; ` +
        `ours ${fraction.toFixed(0)} %\n`,
    );
  }
  if (!options.json) return;
  const figures = { ours, debeziumTuned: tuned, debezium: plain, rawEventsPerSecond: raw };
  const ratios = tuned === null ? null : ratiosOf(ours, tuned);
  const fractionOfRaw = raw === null ? null : ours.streamEventsPerSecond / raw;
  process.stdout.write(
    `${JSON.stringify({ bench: 'postgres', note: NOTE, rows, figures, fractionOfRaw, ratios })}\n`,
  );
}

async function measureOurs(): Promise<Figures> {
  await using database = await postgresBench(server, 'tidemark_bench');
  return await measurePipeline({
    database,
    folder,
    builtSources: await buildProgram(path.join(folder, 'built')),
    rows,
    latencyRows,
    sections: `transport: { type: embedded, path: ${path.join(folder, 'log')} }`,
    sourceLines: JSON_WITHOUT_SCHEMAS,
  });
}
