import { createServer } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { expect, vi } from 'vitest';

import type { Daemon } from './daemon.ts';
import { expectedRecords, LEDGER_SCHEMA, type LedgerRecord } from './ledger-load.ts';
import { readLedgerLog } from './ledger-log.ts';
import { startOwnServer, type OwnServer } from './postgres.ts';

export interface LedgerPipeline extends AsyncDisposable {
  readonly server: OwnServer;
  /** Pipeline file of a daemon that copies `source` into `warehouse` on the same server. */
  readonly file: string;
  readonly port: number;
  readonly storePath: string;
  connect(database: 'source' | 'warehouse'): Promise<pg.Client>;
}

export interface LedgerPipelineOptions {
  /** Where the source is reached: a proxy's port instead of the server's own. */
  readonly sourcePort?: number;
  readonly extraSource?: string;
}

/** An own server with a source and a target database, and the pipeline file between them. */
export async function ledgerPipeline(options: LedgerPipelineOptions = {}): Promise<LedgerPipeline> {
  const server = await startOwnServer({ settings: { wal_sender_timeout: '5s' } });
  const folder = await mkdtemp(path.join(tmpdir(), 'tidemark-e2e-'));
  const clients: pg.Client[] = [];
  const connect = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: server.url(database) });
    // A server that a test stops ends its clients; they are not what is tested.
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  };
  const admin = await connect('postgres');
  await admin.query('CREATE DATABASE source');
  await admin.query('CREATE DATABASE warehouse');
  const source = await connect('source');
  await source.query(LEDGER_SCHEMA);
  const port = await freeLoopbackPort();
  const file = path.join(folder, 'pipeline.yaml');
  const storePath = path.join(folder, 'store');
  await writeFile(file, pipelineYaml(server, storePath, port, options));
  return {
    server,
    file,
    port,
    storePath,
    connect,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.end().catch(() => undefined);
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port that was free a moment ago. */
export async function freeLoopbackPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}

function pipelineYaml(
  server: OwnServer,
  storePath: string,
  port: number,
  options: LedgerPipelineOptions,
): string {
  return `name: ledger
transport: { type: embedded, path: ${storePath} }
source:
  connector.class: postgres
  database.hostname: ${server.host}
  database.port: ${options.sourcePort ?? server.port}
  database.dbname: source
  database.user: ${server.user}
  database.password: "${server.password}"
  topic.prefix: ledger
  table.include.list: public\\.account,public\\.movement
  slot.retry.delay.ms: 200
  slot.max.retries: 100
  retriable.restart.connector.wait.ms: 200
${options.extraSource ?? ''}
sinks:
  - name: warehouse
    connector.class: jdbc
    connection.url: jdbc:postgresql://${server.host}:${server.port}/warehouse
    connection.user: ${server.user}
    connection.password: "${server.password}"
    topics.regex: ledger\\.public\\..*
    table.name.format: \${source.table}
http: { listen: 127.0.0.1:${port} }
`;
}

const DIGEST = (table: string): string =>
  `SELECT count(*)::int AS rows, md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) AS digest FROM (SELECT * FROM ${table}) t`;

/** Waits until the target holds exactly what the source holds, as the database compares them. */
export async function untilEqual(
  pipeline: LedgerPipeline,
  daemon: Daemon,
  timeoutMs = 60_000,
): Promise<void> {
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  await vi.waitFor(
    async () => {
      for (const table of ['account', 'movement']) {
        const [wanted, got] = await Promise.all([
          source.query(DIGEST(table)),
          warehouse.query(DIGEST(table)),
        ]);
        expect(got.rows[0], `${table}\n${daemon.output}`).toEqual(wanted.rows[0]);
      }
    },
    { timeout: timeoutMs, interval: 100 },
  );
}

/**
 * The log's latest generation holds every snapshot row once and, behind them, exactly the records
 * that the committed operations must have left, in their order across both topics.
 */
export async function expectWholeHistory(pipeline: LedgerPipeline): Promise<void> {
  const source = await pipeline.connect('source');
  const log = await readLedgerLog(pipeline.storePath);
  const snapshot = log.filter((record) => record.split(' ')[1] === 'r');
  const streamed = log.filter((record) => record.split(' ')[1] !== 'r');
  const snapshotOps = snapshot
    .filter((record) => record.startsWith('movement'))
    .map((record) => Number(record.split(' ')[2]));
  expect(new Set(snapshotOps).size).toBe(snapshotOps.length);
  expect(Math.max(...snapshotOps), 'a consistent snapshot has no gap').toBe(snapshotOps.length);
  const expected = await expectedRecords(source, snapshotOps.length + 1);
  firstDifference(streamed, expected);
}

/** Compares without printing thousands of lines. */
function firstDifference(got: readonly LedgerRecord[], wanted: readonly LedgerRecord[]): void {
  const length = Math.max(got.length, wanted.length);
  for (let i = 0; i < length; i++) {
    if (got[i] === wanted[i]) continue;
    const around = (list: readonly string[]): string =>
      list.slice(Math.max(0, i - 3), i + 4).join(' | ');
    expect.fail(
      `record ${i} of ${got.length}, wanted ${wanted.length}\n  log: ${around(got)}\n  db:  ${around(wanted)}`,
    );
  }
}
