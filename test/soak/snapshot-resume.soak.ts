/**
 * `npm run test:soak -- snapshot-resume [--rows 5000000] [--kills 50]`: a first snapshot that is
 * killed again and again while rows change. Counts what the server read, and compares the log.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';

import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { joinConnectEntries } from '../../src/runtime/source-offset.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '5000000' },
    kills: { type: 'string', default: '50' },
  },
});
const rows = Number(values.rows);
const kills = Number(values.kills);
const LIMIT = 1.2;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

// One that the server's account can enter: otherwise its data go elsewhere and stay.
const folder = (await temporaryFolder('soak')).path;
const abort = new AbortController();
const server = await EmbeddedPostgres.start({
  directory: path.join(folder, 'postgres'),
  auth: 'trust',
  durable: false,
  settings: { max_wal_size: '4GB', wal_level: 'logical', autovacuum: 'off' },
  signal: abort.signal,
});
try {
  await soak();
} finally {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}

async function soak(): Promise<void> {
  const admin = new pg.Client({ connectionString: server.url('postgres') });
  await admin.connect();
  await admin.query('CREATE DATABASE soak');
  await admin.end();
  const client = new pg.Client({ connectionString: server.url('soak') });
  await client.connect();
  await client.query(`CREATE TABLE item (id bigint PRIMARY KEY, n int NOT NULL, note text)`);
  await client.query(
    `INSERT INTO item SELECT g, 0, 'note of item ' || g FROM generate_series(1, $1::bigint) g`,
    [rows],
  );
  await client.query('VACUUM ANALYZE item');
  await client.query('SELECT pg_stat_reset()');
  const pipeline = path.join(folder, 'pipeline.yaml');
  await writeFile(pipeline, pipelineYaml());
  const load = startLoad(client);
  try {
    await killRepeatedly(pipeline);
  } finally {
    await load.stop();
  }
  await caughtUp(pipeline, client);
  const read = await tuplesRead(client);
  const log = await newestInLog();
  const table = await client.query<{ id: string; n: number }>('SELECT id, n FROM item');
  const stale = table.rows.filter(({ id, n }) => log.get(id) !== n).length;
  await client.end();
  const factor = read / rows;
  const figures = { rows, kills, read, factor: Number(factor.toFixed(3)), stale };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (factor > LIMIT || stale > 0 || log.size !== table.rows.length) {
    throw new Error(`snapshot-resume failed: ${JSON.stringify({ ...figures, log: log.size })}`);
  }
}

/** The kills are spread evenly over the blocks of the table. */
async function killRepeatedly(pipeline: string): Promise<void> {
  for (let kill = 1; kill <= kills + 1; kill++) {
    const child = start(pipeline);
    const ended = once(child, 'close');
    try {
      const wanted = kill > kills ? 1 : kill / (kills + 1);
      while (progressOf(await storedOffset()) < wanted) await delay(20);
    } finally {
      child.kill(kill > kills ? 'SIGTERM' : 'SIGKILL');
      await ended;
    }
  }
}

/** Blocks that are read, as a part of all; 1: the snapshot is complete. */
function progressOf(offset: Offset): number {
  if (isComplete(offset)) return 1;
  const text = offset?.['tidemark.snapshots'];
  if (typeof text !== 'string') return 0;
  const { tasks } = JSON.parse(text) as {
    tasks: { parts: { pages: number; done: [number, number][] }[] }[];
  };
  const part = tasks[0]?.parts[0];
  const done = part?.done.reduce((sum, [from, to]) => sum + to - from, 0) ?? 0;
  return Math.min(0.9999, done / (part?.pages ?? 1));
}

function start(pipeline: string): ReturnType<typeof spawn> {
  return spawn(process.execPath, [MAIN, 'run', pipeline], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NO_COLOR: '1' },
  });
}

type Offset = Readonly<Record<string, unknown>> | null;

async function storedOffset(): Promise<Offset> {
  try {
    await using log = await openEmbeddedTransport({
      path: path.join(folder, 'log'),
      readOnly: true,
    });
    const [first] = joinConnectEntries(await log.listOffsets());
    return first?.offset ?? null;
  } catch {
    return null;
  }
}

function isComplete(offset: Offset): boolean {
  return (
    offset?.['tidemark.snapshot'] === 'completed' && offset['tidemark.snapshots'] === undefined
  );
}

/** Changes rows all over the table, some of them again and again. */
function startLoad(client: pg.Client): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const running = (async () => {
    while (!stopped.signal.aborted) {
      const id = 1 + Math.floor(Math.random() * rows);
      await client.query('UPDATE item SET n = n + 1 WHERE id BETWEEN $1 AND $1 + 9', [id]);
      await delay(10);
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

/** Lets the daemon stream what is left. */
async function caughtUp(pipeline: string, client: pg.Client): Promise<void> {
  const end = await client.query<{ lsn: string }>(
    'SELECT (pg_current_wal_insert_lsn() - $1::pg_lsn)::text AS lsn',
    ['0/0'],
  );
  const child = start(pipeline);
  const ended = once(child, 'close');
  try {
    const wanted = Number(end.rows[0]?.lsn);
    while (Number((await storedOffset())?.['lsn_proc'] ?? 0) < wanted) await delay(50);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

/** By sequential and TID range scans: what the snapshot read; the load uses the index. */
async function tuplesRead(client: pg.Client): Promise<number> {
  await delay(1500);
  const result = await client.query<{ read: string }>(
    `SELECT seq_tup_read AS read FROM pg_stat_user_tables WHERE relname = 'item'`,
  );
  return Number(result.rows[0]?.read);
}

async function newestInLog(): Promise<Map<string, number>> {
  const newest = new Map<string, number>();
  await using log = await openEmbeddedTransport({ path: path.join(folder, 'log'), readOnly: true });
  const topics = ['soak.public.item'];
  await using consumer = await log.consumer({ group: 'soak', topics, register: false });
  const { signal } = new AbortController();
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 8_000_000, maxWaitMs: 100, signal });
    if (fetched.every(({ records }) => records.length === 0)) return newest;
    for (const { records } of fetched) {
      for (const { value } of records) {
        const { after } = JSON.parse(String(value)) as { after: { id: number; n: number } };
        newest.set(String(after.id), after.n);
      }
    }
  }
}

function pipelineYaml(): string {
  return `name: soak
transport: { type: embedded, path: ${path.join(folder, 'log')} }
source:
  connector.class: postgres
  database.hostname: ${server.host}
  database.port: ${server.port}
  database.dbname: soak
  database.user: ${server.user}
  database.password: "${server.password}"
  topic.prefix: soak
  slot.retry.delay.ms: 50
  slot.max.retries: 400
  key.converter: json
  key.converter.schemas.enable: false
  value.converter: json
  value.converter.schemas.enable: false
`;
}
