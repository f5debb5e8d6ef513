import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { quoteIdentifier } from '../../dialects/postgres/postgres-identifiers.ts';
import type { DatabaseComparison } from './compare-databases.ts';
import { compareDatabases, listTablePairs } from './compare-databases.ts';
import type { DemoMarker, DemoServer, RunningTraffic, TrafficSettings } from './demo-server.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import type { ShopSize } from './shop-schema.ts';
import { createShop, hasShop } from './shop-schema.ts';
import { ShopTraffic } from './shop-traffic.ts';

/** What a pipeline needs to reach one database of the demo. */
export interface DemoDatabase {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The demo's PostgreSQL with its two databases. */
export interface DemoDatabases extends DemoServer {
  readonly shop: DemoDatabase;
  readonly warehouse: DemoDatabase;
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
    const [shop, warehouse] = [at('shop'), at('warehouse')];
    return {
      shop,
      warehouse,
      isNew,
      connect,
      source: sourceSection(shop),
      sink: sinkSection(warehouse),
      openTraffic: (settings) => openTraffic(shop, settings),
      mark: () => mark(shop, warehouse),
      compare: (signal) => compare(shop, warehouse, signal),
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

function sourceSection(database: DemoDatabase): DemoServer['source'] {
  return {
    'connector.class': 'postgres',
    'database.hostname': database.host,
    'database.port': database.port,
    'database.dbname': database.database,
    'database.user': database.user,
    'database.password': database.password,
    'topic.prefix': 'shop',
    'table.include.list': 'public\\..*',
    // The default, microseconds, cannot tell a day from 24 hours.
    'interval.handling.mode': 'string',
    'heartbeat.interval.ms': 1000,
  };
}

function sinkSection({ host, port, database, user, password }: DemoDatabase): DemoServer['sink'] {
  return {
    'connector.class': 'jdbc',
    'connection.url': `jdbc:postgresql://${host}:${port}/${database}`,
    'connection.user': user,
    'connection.password': password,
  };
}

async function openTraffic(shop: DemoDatabase, settings: TrafficSettings): Promise<RunningTraffic> {
  const client = await connect(shop);
  const traffic = new ShopTraffic({ client, ...settings });
  return {
    get counts() {
      return traffic.counts;
    },
    run: async () => {
      try {
        await traffic.run();
      } finally {
        await client.end();
      }
    },
  };
}

async function mark(shop: DemoDatabase, warehouse: DemoDatabase): Promise<DemoMarker> {
  const [source, target] = [await connect(shop), await connect(warehouse)];
  const marker = randomUUID();
  await source.query(`INSERT INTO carts (session, skus) VALUES ($1, '{marker}')`, [marker]);
  return {
    hasArrived: async () => {
      const { rows } = await target.query<{ there: boolean }>(
        `SELECT to_regclass('public.carts') IS NOT NULL AS there`,
      );
      if (rows[0]?.there !== true) return false;
      const found = await target.query('SELECT FROM carts WHERE session = $1', [marker]);
      return found.rowCount === 1;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([source.end(), target.end()]);
    },
  };
}

async function compare(
  shop: DemoDatabase,
  warehouse: DemoDatabase,
  signal: AbortSignal,
): Promise<DatabaseComparison> {
  const [source, target] = [await connect(shop), await connect(warehouse)];
  try {
    const tables = await listTablePairs(source, 'public');
    return await compareDatabases({ source, target, tables, signal });
  } finally {
    await Promise.all([source.end(), target.end()]);
  }
}
