import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';
import { inject } from 'vitest';
import type { SharedMysql } from './global-setup-mysql.ts';
import type { ServerFlavor, ServerSeries } from '../../src/demo/mysql-programs.ts';
import type { Row } from './postgres.ts';

/** Where a server is, and which it is. */
export interface MysqlAddress {
  readonly flavor: ServerFlavor;
  readonly series: ServerSeries;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** A database of its own on some test server; disposing drops it. */
export interface MysqlDatabase extends MysqlAddress, AsyncDisposable {
  readonly name: string;
  /** Rows of the (last) statement; several may be given at once. */
  query<R extends Row = Row>(sql: string, params?: readonly unknown[]): Promise<R[]>;
  /** A connection of its own, ended with the database at the latest. */
  connect(options?: mysql.ConnectionOptions): Promise<mysql.Connection>;
  /** Waits until the query's first column is 1, by asking again; fails after the deadline. */
  until(sql: string, params?: readonly unknown[], deadlineMs?: number): Promise<void>;
}

/** The project's server: its binlog has the changes of everybody. */
export function sharedMysql(): SharedMysql {
  return inject('mysql');
}

/** A new empty database on the project's shared server. */
export function freshMysqlDatabase(): Promise<MysqlDatabase> {
  return createMysqlDatabase(sharedMysql());
}

/** A new empty database on any server. */
export async function createMysqlDatabase(server: MysqlAddress): Promise<MysqlDatabase> {
  const { flavor, series, version, host, port, user, password } = server;
  const name = `t_${randomBytes(6).toString('hex')}`;
  await onceConnected(server, `CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const pool = new MysqlConnections(server, name);
  const clients: mysql.Connection[] = [];
  return {
    flavor,
    series,
    version,
    host,
    port,
    user,
    password,
    name,
    query: (sql, params) => pool.query(sql, params),
    async connect(options = {}) {
      const client = await mysql.createConnection({ ...clientOptions(server, name), ...options });
      // A server killed by the test must fail the next query, not the process.
      client.on('error', () => undefined);
      clients.push(client);
      return client;
    },
    until: (sql, params, deadlineMs = 20_000) => untilTrue(pool, sql, params, deadlineMs),
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      await pool.end();
      // A server that the test stopped has data that are deleted with it.
      await onceConnected(server, `DROP DATABASE IF EXISTS ${name}`).catch(() => undefined);
    },
  };
}

/** A connection to a database that is there already; the server's end is its end. */
export async function connectTo(server: MysqlAddress, name: string): Promise<mysql.Connection> {
  const client = await mysql.createConnection(clientOptions(server, name));
  client.on('error', () => undefined);
  return client;
}

/** Connections for a test's own statements, begun as they are needed. */
export class MysqlConnections {
  readonly #pool: mysql.Pool;

  constructor(server: MysqlAddress, database?: string) {
    this.#pool = mysql.createPool({ ...clientOptions(server, database), connectionLimit: 6 });
  }

  async query<R extends Row = Row>(sql: string, params?: readonly unknown[]): Promise<R[]> {
    const [answer] = await this.#pool.query(sql, params === undefined ? [] : [...params]);
    return lastRows(answer) as R[];
  }

  async end(): Promise<void> {
    await this.#pool.end().catch(() => undefined);
  }
}

/** Of several statements the last one's; one that is no query has none. */
function lastRows(answer: unknown): readonly unknown[] {
  if (!Array.isArray(answer)) return [];
  const last: unknown = answer.at(-1);
  if (Array.isArray(last)) return last as unknown[];
  const several = answer.some((one) => Array.isArray(one) || isStatus(one));
  return several ? [] : (answer as unknown[]);
}

function isStatus(one: unknown): boolean {
  return one?.constructor.name === 'ResultSetHeader';
}

/** Values as the server prints them where JavaScript has none of their own. */
function clientOptions(server: MysqlAddress, database?: string): mysql.ConnectionOptions {
  const { host, port, user, password } = server;
  return {
    host,
    port,
    user,
    password,
    ...(database === undefined ? {} : { database }),
    multipleStatements: true,
    dateStrings: true,
    supportBigNumbers: true,
    timezone: 'Z',
    charset: server.series === '5.6' ? 'utf8mb4_general_ci' : 'utf8mb4_unicode_ci',
  };
}

async function onceConnected(server: MysqlAddress, sql: string): Promise<void> {
  const client = await mysql.createConnection(clientOptions(server));
  try {
    // One who holds a lock on it must not hold up the run for a year, which is the default.
    await client.query('SET SESSION lock_wait_timeout = 10');
    await client.query(sql);
  } finally {
    client.destroy();
  }
}

async function untilTrue(
  pool: MysqlConnections,
  sql: string,
  params: readonly unknown[] | undefined,
  deadlineMs: number,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const [row] = await pool.query(sql, params);
    if (row !== undefined && Number(Object.values(row)[0]) === 1) return;
    if (performance.now() > deadline) {
      throw new Error(`not true after ${deadlineMs} ms: ${sql}; last row: ${JSON.stringify(row)}`);
    }
    await pool.query('SELECT SLEEP(0.02)');
  }
}
