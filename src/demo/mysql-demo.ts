import { randomUUID } from 'node:crypto';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import mysql from 'mysql2/promise';
import { compareMysqlDatabases } from './compare-mysql.ts';
import type { DatabaseComparison } from './compare-databases.ts';
import type { DemoMarker, DemoServer, RunningTraffic, TrafficSettings } from './demo-server.ts';
import { EmbeddedMysql } from './embedded-mysql.ts';
import type { ServerFlavor } from './mysql-programs.ts';
import { createMysqlShop, hasMysqlShop, SHOP_DATABASE } from './mysql-shop-schema.ts';
import { MysqlShopTraffic } from './mysql-shop-traffic.ts';
import type { ShopSize } from './shop-schema.ts';

/** Where the server lives, and which one it is. */
export interface MysqlDemoOptions {
  readonly flavor: ServerFlavor;
  readonly directory: string;
  readonly shop?: ShopSize;
  readonly signal: AbortSignal;
}

const WAREHOUSE = 'warehouse';

/** Starts the server and makes shop and warehouse where they are missing. */
export async function openMysqlDemo(options: MysqlDemoOptions): Promise<DemoServer> {
  const { flavor, directory, signal, shop } = options;
  const server = await EmbeddedMysql.start({ flavor, directory, signal });
  try {
    const client = await connect(server);
    try {
      await client.query(`CREATE DATABASE IF NOT EXISTS ${WAREHOUSE} CHARACTER SET utf8mb4`);
      const isNew = !(await hasMysqlShop(client));
      if (isNew) await createMysqlShop(client, shop);
      return new MysqlDemo(server, isNew);
    } finally {
      client.destroy();
    }
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Values of numbers and times as the server prints them. */
async function connect(server: EmbeddedMysql, database?: string): Promise<Connection> {
  const { host, port, user, password } = server;
  const client = await mysql.createConnection({
    host,
    port,
    user,
    password,
    ...(database === undefined ? {} : { database }),
    dateStrings: true,
    supportBigNumbers: true,
    charset: 'utf8mb4_unicode_ci',
  });
  // The next query reports a broken connection; without a listener it would end the process.
  client.on('error', () => undefined);
  return client;
}

class MysqlDemo implements DemoServer {
  readonly isNew: boolean;
  readonly #server: EmbeddedMysql;

  constructor(server: EmbeddedMysql, isNew: boolean) {
    this.#server = server;
    this.isNew = isNew;
  }

  get source(): DemoServer['source'] {
    const { flavor, host, port, user, password } = this.#server;
    return {
      'connector.class': flavor,
      'database.hostname': host,
      'database.port': port,
      'database.user': user,
      'database.password': password,
      'topic.prefix': 'shop',
      'database.include.list': SHOP_DATABASE,
      'heartbeat.interval.ms': 1000,
    };
  }

  get sink(): DemoServer['sink'] {
    const { flavor, host, port, user, password } = this.#server;
    return {
      'connector.class': 'jdbc',
      'connection.url': `${flavor}://${host}:${port}/${WAREHOUSE}`,
      'connection.user': user,
      'connection.password': password,
      // A schema is a database here: without it rows would go back into the shop.
      'table.name.format': '${source.table}',
    };
  }

  async openTraffic(settings: TrafficSettings): Promise<RunningTraffic> {
    const client = await connect(this.#server, SHOP_DATABASE);
    const traffic = new MysqlShopTraffic({ client, ...settings });
    return {
      get counts() {
        return traffic.counts;
      },
      run: async () => {
        try {
          await traffic.run();
        } finally {
          client.destroy();
        }
      },
    };
  }

  async mark(): Promise<DemoMarker> {
    const client = await connect(this.#server, SHOP_DATABASE);
    const marker = randomUUID();
    await client.query(`INSERT INTO carts (session, skus) VALUES (?, 'marker')`, [marker]);
    const found = async (sql: string, name: string): Promise<boolean> => {
      const [rows] = await client.query<RowDataPacket[]>(sql, [WAREHOUSE, name]);
      return rows.length > 0;
    };
    return {
      hasArrived: async () =>
        (await found(
          'SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
          'carts',
        )) && (await found(`SELECT ? FROM ${WAREHOUSE}.carts WHERE session = ?`, marker)),
      [Symbol.asyncDispose]: async () => {
        await client.end();
      },
    };
  }

  async compare(signal: AbortSignal): Promise<DatabaseComparison> {
    const [source, target] = [await connect(this.#server), await connect(this.#server)];
    try {
      return await compareMysqlDatabases({
        source,
        target,
        sourceDatabase: SHOP_DATABASE,
        targetDatabase: WAREHOUSE,
        signal,
      });
    } finally {
      source.destroy();
      target.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
  }
}
