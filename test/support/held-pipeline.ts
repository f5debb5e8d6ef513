import { readFile, writeFile } from 'node:fs/promises';
import type { HoldView } from '../../src/runtime/gate-views.ts';
import { binlogPipeline } from './binlog-ledger.ts';
import { daemonPipeline, type DaemonPipelineOptions } from './daemon-pipeline.ts';
import type { Daemon } from './daemon.ts';
import { eventually } from './eventually.ts';
import { fileWarehouse } from './file-warehouse.ts';
import { LOADED, type Loaded } from './held-load.ts';
import type { LedgerClient } from './ledger-load.ts';
import type { MysqlAddress } from './mysql-database.ts';

/** A pipeline over the tables under load, of any family; changes of `items` are governed. */
export interface HeldPipeline extends AsyncDisposable {
  readonly isPostgres: boolean;
  /** The warehouse is a file, whose columns nobody changes. */
  readonly isFile: boolean;
  readonly file: string;
  readonly port: number;
  readonly storePath: string;
  readonly source: LedgerClient;
  readonly warehouse: LedgerClient;
  /** One more connection to the source. */
  connect(): Promise<LedgerClient>;
  /** Writes the section `schema` of the file anew. */
  govern(schema: object): Promise<void>;
  /** Changes `items` while nobody writes to it. Returns its rows of right before. */
  change(ddl: string): Promise<string>;
}

// A shape that the catalog has passed already has no NOT NULL that anybody knew: v has none.
const TABLES = `
  CREATE TABLE items (id int, v int, w varchar(20), part int NOT NULL DEFAULT 0,
    PRIMARY KEY (id));
  CREATE TABLE orders (id int PRIMARY KEY, v int NOT NULL);
  CREATE TABLE notes (id int PRIMARY KEY, v int NOT NULL);
  CREATE TABLE marks (n int PRIMARY KEY);`;

/** Topics of the tables. */
export const LOADED_TOPICS = /^copy\.\w+\.(items|orders|notes)$/;

/** Over the embedded log, unless the options say otherwise. */
export async function heldOnPostgres(
  options: Omit<DaemonPipelineOptions, 'schema'> = {},
): Promise<HeldPipeline> {
  const pipeline = await daemonPipeline({ ...options, schema: TABLES });
  const control = await pipeline.connect('source');
  const alone = ['BEGIN', 'LOCK TABLE items IN ACCESS EXCLUSIVE MODE', 'COMMIT'] as const;
  const connect = () => pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  return {
    ...(await governed(pipeline, { source: control, warehouse, connect }, alone)),
    isPostgres: true,
    isFile: false,
    [Symbol.asyncDispose]: () => pipeline[Symbol.asyncDispose](),
  };
}

export async function heldOnBinlog(server: MysqlAddress): Promise<HeldPipeline> {
  const pipeline = await binlogPipeline(server, { schema: TABLES });
  const connect = () => pipeline.connect('source');
  const warehouse = pipeline.hasSink
    ? await pipeline.connect('warehouse')
    : await fileWarehouse(pipeline);
  const clients = { source: await connect(), warehouse };
  const alone = ['', 'LOCK TABLES items WRITE', 'UNLOCK TABLES'] as const;
  return {
    ...(await governed(pipeline, { ...clients, connect }, alone)),
    isPostgres: false,
    isFile: !pipeline.hasSink,
    [Symbol.asyncDispose]: () => pipeline[Symbol.asyncDispose](),
  };
}

type Written = Pick<HeldPipeline, 'file' | 'port' | 'storePath'>;
type Connected = Pick<HeldPipeline, 'source' | 'warehouse' | 'connect'>;

async function governed(
  { file, port, storePath }: Written,
  clients: Connected,
  alone: readonly [begin: string, lock: string, end: string],
): Promise<Omit<HeldPipeline, 'isPostgres' | 'isFile' | typeof Symbol.asyncDispose>> {
  const text = await readFile(file, 'utf8');
  return {
    file,
    port,
    storePath,
    ...clients,
    govern: async (schema) => {
      // Of YAML, too, JSON is a part.
      const isJson = text.startsWith('{');
      const section = `schema: ${JSON.stringify(schema)}\n`;
      const json = (): string => JSON.stringify({ ...(JSON.parse(text) as object), schema });
      await writeFile(file, isJson ? json() : text + section);
    },
    change: async (ddl) => {
      const { source } = clients;
      const [begin, lock, end] = alone;
      for (const sql of [begin, lock].filter((one) => one !== '')) await source.query(sql);
      const before = await rowsOf(source, 'items');
      await source.query(ddl);
      await source.query(end);
      return before;
    },
  };
}

/** All rows of a table: their keys, and what of them every shape has. */
export async function rowsOf(client: LedgerClient, table: Loaded): Promise<string> {
  const { rows } = await client.query<{ id: unknown; v: unknown }>(
    `SELECT id, v FROM ${table} ORDER BY id`,
  );
  return rows.map(({ id, v }) => `${String(id)}=${String(v)}`).join(' ');
}

/** Rows of one and not of the other; empty: they have the same. */
export function difference(got: string, wanted: string): string {
  const [one, other] = [new Set(got.split(' ')), new Set(wanted.split(' '))];
  const [more, less] = [[...one.difference(other)], [...other.difference(one)]];
  if (more.length + less.length === 0) return '';
  return `has ${more.join(' ')}, and lacks ${less.join(' ')}`;
}

/** Waits until the target has what the source has. */
export async function untilTargetEquals(
  { source, warehouse }: HeldPipeline,
  daemon: Daemon,
): Promise<void> {
  for (const table of LOADED) {
    await eventually(async () => {
      const found = difference(await rowsOf(warehouse, table), await rowsOf(source, table));
      if (found !== '') throw new Error(`${table} ${found}\n${daemon.output}`);
    });
  }
}

/** All tables that wait or go on in an old shape. */
export async function holdViews({ port }: { readonly port: number }): Promise<readonly HoldView[]> {
  const response = await fetch(`http://127.0.0.1:${port}/schema/held`);
  return (await response.json()) as readonly HoldView[];
}

/** Says what becomes of a table that waits. Returns the status of HTTP. */
export async function answerHold(
  { port }: { readonly port: number },
  what: string,
  answer: 'approve' | 'reject',
): Promise<number> {
  const url = `http://127.0.0.1:${port}/schema/held/${encodeURIComponent(what)}/${answer}`;
  const headers = { 'content-type': 'application/json' };
  return (await fetch(url, { method: 'POST', headers, body: '{}' })).status;
}
