import pg from 'pg';
import { quoteIdentifier } from '../../dialects/postgres/postgres-identifiers.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import type { ShopSize } from './shop-schema.ts';
import { createShop, hasShop } from './shop-schema.ts';

/** What a pipeline needs to reach one database of the demo. */
export interface DemoDatabase {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The demo's server with its two databases. */
export interface DemoDatabases extends AsyncDisposable {
  readonly source: DemoDatabase;
  readonly warehouse: DemoDatabase;
  /** True when this run made the shop; false when it found the one of an earlier run. */
  readonly isNew: boolean;
  /** A new connection, which the caller ends. */
  connect(database: DemoDatabase): Promise<pg.Client>;
}

/** Where the databases live. */
export interface DemoDatabasesOptions {
  readonly directory: string;
  readonly shop?: ShopSize;
  readonly signal: AbortSignal;
}

/** Starts the server and makes shop and warehouse where they are missing. */
export async function openDemoDatabases(options: DemoDatabasesOptions): Promise<DemoDatabases> {
  const { directory, signal } = options;
  const server = await EmbeddedPostgres.start({ directory, signal });
  try {
    const at = (database: string): DemoDatabase => {
      const { host, port, user, password } = server;
      return { host, port, user, password, database };
    };
    await createMissing(at('postgres'), ['shop', 'warehouse']);
    const isNew = await openShop(at('shop'), options.shop);
    return {
      source: at('shop'),
      warehouse: at('warehouse'),
      isNew,
      connect,
      [Symbol.asyncDispose]: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function connect(database: DemoDatabase): Promise<pg.Client> {
  const client = new pg.Client({ ...database, application_name: 'tidemark demo' });
  // The next query reports a broken connection; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function createMissing(administration: DemoDatabase, names: string[]): Promise<void> {
  const client = await connect(administration);
  try {
    for (const name of names) {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${quoteIdentifier(name)}`);
    }
  } finally {
    await client.end();
  }
}

async function openShop(database: DemoDatabase, size: ShopSize | undefined): Promise<boolean> {
  const client = await connect(database);
  try {
    if (await hasShop(client)) return false;
    await createShop(client, size);
    return true;
  } finally {
    await client.end();
  }
}
