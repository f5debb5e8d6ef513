/**
 * `npm run test:soak -- verify [--rows 1000000] [--runs 100] [--target elasticsearch-9]
 * [--seed 1]`: a table of a million rows under load in which single rows of the target,
 * PostgreSQL or a search server, are damaged, missing and too many. Verify has to name exactly
 * those, to repair them, to read little more than the table once, and to find nothing in a
 * hundred runs under load.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { openForReading } from '../../src/runtime/open-transport.ts';
import type { PipelineStatus } from '../../src/runtime/pipeline-status.ts';
import { verifyPipeline } from '../../src/runtime/verify-pipeline.ts';
import { SEARCH_SERIES } from '../support/search-packages.ts';
import { askSearch, SearchServer } from '../support/search-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '100' },
    target: { type: 'string', default: 'postgres' },
    seed: { type: 'string', default: '1' },
  },
});
const rows = Number(values.rows);
const runs = Number(values.runs);
const READ_MOST = 1.05;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** Nobody changes these: of them it is known what is damaged. */
const QUIET = 'id % 10 = 7';
let state = Number(values.seed);

/** The same numbers in every run of a seed. */
function below(count: number): number {
  state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((state / 2_147_483_648) * count);
}

interface Report {
  readonly equal: boolean;
  readonly tables: readonly {
    readonly rows: number;
    readonly readAgain: number;
    readonly repaired: number;
    readonly unsettled: number;
    readonly differences: readonly {
      readonly kind: string;
      readonly key: { readonly id: string };
    }[];
  }[];
}

/** Updates, deletes and inserts, one row each, until it is told to stop. */
class Load implements AsyncDisposable {
  #stopped = false;
  statements = 0;
  /** Rows of the large table. */
  fetched = 0;
  readonly #done: Promise<void>;

  constructor(client: pg.Client) {
    this.#done = this.#run(client);
  }

  async #run(client: pg.Client): Promise<void> {
    while (!this.#stopped) {
      const table = below(2) === 0 ? 'item' : 'small';
      const most = table === 'item' ? rows : 1_000;
      const id = below(most / 10) * 10 + below(7);
      const statements = [
        `UPDATE ${table} SET n = n + 1 WHERE id = ${id}`,
        `DELETE FROM ${table} WHERE id = ${id}`,
        `INSERT INTO ${table} VALUES (${id}, 0, 'back') ON CONFLICT DO NOTHING`,
      ];
      const kind = below(statements.length);
      const { rowCount } = await client.query(statements[kind] ?? '');
      this.statements++;
      // A change fetches its row, an insert the one that stands in its way.
      if (table === 'item' && (kind === 2 ? rowCount === 0 : rowCount === 1)) this.fetched++;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

const HTTP_PORT = 18_199;

// One that the server's account can enter: otherwise its data go elsewhere and stay.
await using folder = await temporaryFolder('soak');
const file = path.join(folder.path, 'pipeline.yaml');
await using server = await EmbeddedPostgres.start({
  directory: path.join(folder.path, 'postgres'),
  auth: 'trust',
  durable: false,
  settings: { max_wal_size: '4GB', wal_level: 'logical', autovacuum: 'off' },
  signal: new AbortController().signal,
});
const series = SEARCH_SERIES.find((one) => one === values.target) ?? null;
if (series === null && values.target !== 'postgres') throw new Error(`no ${values.target}`);
const search = series === null ? null : await SearchServer.start(series, { heap: '1g' });
try {
  await soak(search === null ? await warehouseTarget() : searchTarget(search));
} finally {
  await search?.[Symbol.asyncDispose]();
}

/** Where the sink writes, and how somebody else damages it there. */
interface Target {
  readonly sink: string;
  readonly damage: (rows: Planted) => Promise<void>;
}

interface Planted {
  readonly changed: readonly number[];
  readonly missing: readonly number[];
  readonly surplus: readonly number[];
}

async function warehouseTarget(): Promise<Target> {
  const admin = await connect('postgres');
  await admin.query('CREATE DATABASE warehouse');
  await admin.end();
  return {
    sink: `    connector.class: jdbc
    connection.url: jdbc:postgresql://${server.host}:${server.port}/warehouse
    connection.user: ${server.user}`,
    async damage({ changed, missing, surplus }) {
      const client = await connect('warehouse');
      const change = `UPDATE item SET note = 'damaged' WHERE id = ANY($1) AND ${QUIET}`;
      await client.query(change, [changed]);
      await client.query('DELETE FROM item WHERE id = ANY($1)', [missing]);
      await client.query(
        `INSERT INTO item SELECT id, 0, 'too many' FROM unnest($1::bigint[]) AS id`,
        [surplus],
      );
      await client.end();
    },
  };
}

function searchTarget(node: SearchServer): Target {
  const ask = async (method: string, place: string, body?: unknown): Promise<void> => {
    const { status } = await askSearch(node, method, `/item/${place}`, body);
    if (status >= 300) throw new Error(`${method} ${place}: ${status}`);
  };
  return {
    sink: `    connector.class: ${node.series.split('-')[0]}
    connection.url: ${node.url}
    index.name.format: \${source.table}`,
    async damage({ changed, missing, surplus }) {
      for (const id of changed) await ask('POST', `_update/${id}`, { doc: { note: 'damaged' } });
      for (const id of missing) await ask('DELETE', `_doc/${id}`);
      for (const id of surplus) await ask('PUT', `_doc/${id}`, { id, n: 0, note: 'too many' });
    },
  };
}

async function connect(database: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url(database) });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function prepare({ sink }: Target): Promise<void> {
  const admin = await connect('postgres');
  await admin.query('CREATE DATABASE source');
  await admin.end();
  const source = await connect('source');
  await source.query(`
    CREATE TABLE item (id bigint PRIMARY KEY, n int NOT NULL, note text);
    CREATE TABLE small (id bigint PRIMARY KEY, n int NOT NULL, note text);
    INSERT INTO item SELECT g, 0, 'note of item ' || g FROM generate_series(1, ${rows}) g;
    INSERT INTO small SELECT g, 0, 'note' FROM generate_series(1, 1000) g`);
  await source.query('VACUUM ANALYZE');
  await source.end();
  await writeFile(
    file,
    `name: soak
transport: { type: embedded, path: ${path.join(folder.path, 'store')} }
source:
  connector.class: postgres
  database.hostname: ${server.host}
  database.port: ${server.port}
  database.dbname: source
  database.user: ${server.user}
  topic.prefix: soak
sinks:
  - name: warehouse
${sink}
http: { listen: 127.0.0.1:${HTTP_PORT} }
`,
  );
}

/** Runs the program to its end; what it printed. */
async function program(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return printed;
}

async function soak(target: Target): Promise<void> {
  await prepare(target);
  const source = await connect('source');
  await using daemon = startDaemon();
  await daemon.untilCopied();
  await using load = new Load(await connect('source'));
  const sinceMs = systemClock.monotonicMs();
  const alarms = await falseAlarms();
  const runsMs = systemClock.monotonicMs() - sinceMs;
  const planted = await plant(target);
  const before = { read: await rowsRead(source), load: load.fetched };
  const beganMs = systemClock.monotonicMs();
  const item = ['verify', file, '--table', 'public.item', '--json'];
  const report = JSON.parse(await program(...item, '--repair')) as Report;
  const tookMs = systemClock.monotonicMs() - beganMs;
  const read = (await rowsRead(source)) - before.read - (load.fetched - before.load);
  const [table] = report.tables;
  const found = table?.differences.map(({ kind, key }) => `${key.id} ${kind}`) ?? [];
  const again = JSON.parse(await program(...item)) as Report;
  const figures = {
    target: values.target,
    seed: Number(values.seed),
    rows,
    runs,
    falseAlarms: alarms,
    runMs: Math.round(runsMs / runs),
    planted: planted.length,
    found: found.length,
    repaired: table?.repaired,
    verifyMs: Math.round(tookMs),
    readAgain: table?.readAgain,
    readFactor: Number((read / rows).toFixed(4)),
    loadStatements: load.statements,
    equalAfterwards: again.equal,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  await source.end();
  const isExact = found.toSorted().join() === planted.toSorted().join();
  const isMended = table?.repaired === planted.length && figures.equalAfterwards;
  if (!isExact || !isMended || alarms > 0 || figures.readFactor > READ_MOST) {
    throw new Error(`verify failed: ${JSON.stringify({ planted, found })}`);
  }
}

/** The program as its users run it. */
function startDaemon(): AsyncDisposable & {
  readonly untilCopied: () => Promise<void>;
} {
  const child = spawn(process.execPath, [MAIN, 'run', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  const ended = once(child, 'close');
  return {
    async untilCopied() {
      for (;;) {
        await delay(500);
        const response = await fetch(`http://127.0.0.1:${HTTP_PORT}/status`).catch(() => null);
        const status = response === null ? null : ((await response.json()) as PipelineStatus);
        if (status?.source.phase !== 'streaming') continue;
        if (status.sinks[0]?.lagRecords === 0 && status.sinks[0].applied >= rows) return;
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Of runs over a small table that changes all the time. */
async function falseAlarms(): Promise<number> {
  const config = loadPipelineFile(file, process.env);
  await using transport = await openForReading({ config }, systemClock);
  const request = { tables: [/^public\.small$/], sink: null, rowsPerSecond: null, shown: 10 };
  let alarms = 0;
  for (let run = 0; run < runs; run++) {
    const context = {
      transport,
      clock: systemClock,
      repair: null,
      warn: () => undefined,
      onProgress: () => undefined,
    };
    const all = { ...request, waitMs: 60_000 };
    const [table] = await verifyPipeline(config, all, context, new AbortController().signal);
    const verdict = table?.verdict ?? null;
    if (verdict === null || verdict.missing + verdict.surplus + verdict.different > 0) alarms++;
    // Who cuts it off knows how far it came.
    process.stderr.write(`run ${run + 1}: ${alarms} alarms\n`);
  }
  return alarms;
}

/** Damages rows of the target; `id kind` of each. */
async function plant(target: Target): Promise<readonly string[]> {
  const ids = new Set<number>();
  while (ids.size < 40) ids.add(below(rows / 10) * 10 + 7);
  const [changed, missing] = [[...ids].slice(0, 20), [...ids].slice(20)];
  const surplus = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? -1 - i : rows * 2 + i));
  await target.damage({ changed, missing, surplus });
  return [
    ...changed.map((id) => `${id} different`),
    ...missing.map((id) => `${id} missing`),
    ...surplus.map((id) => `${id} surplus`),
  ];
}

/** Rows of the large table that the source's server has fetched for anybody. */
async function rowsRead(client: pg.Client): Promise<number> {
  await client.query('SELECT pg_stat_force_next_flush()');
  const { rows: found } = await client.query<{ read: string }>(
    `SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_user_tables WHERE relname = 'item'`,
  );
  return Number(found[0]?.read ?? 0);
}
