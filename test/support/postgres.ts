import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import type { StopMode } from '../../src/demo/embedded-postgres.ts';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import type { SharedPostgres } from './global-setup-postgres.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type Row = Record<string, unknown>;

/** A database of its own on some test server; disposing drops it with its slots. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The server's major version: 15, 18 … */
  readonly major: number;
  /** Rows of the (last) statement. Without params, several statements may be given at once. */
  query<R extends Row = Row>(sql: string, params?: readonly unknown[]): Promise<R[]>;
  /** A connection of its own, ended with the database at the latest. */
  connect(): Promise<pg.Client>;
  /** Waits until the query's first column is true, by asking again; fails after the deadline. */
  until(sql: string, params?: readonly unknown[], deadlineMs?: number): Promise<void>;
}

/** A new empty database on the project's shared server. */
export function freshDatabase(): Promise<TestDatabase> {
  return createDatabase(inject('postgres'));
}

/** A server that one test has for itself, to stop, kill and start again on the same data. */
export interface OwnServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly major: number;
  readonly pid: number | undefined;
  url(database: string): string;
  freshDatabase(): Promise<TestDatabase>;
  stop(mode?: StopMode): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface OwnServerOptions {
  readonly settings?: Readonly<Record<string, string | number>>;
  /** The project's own major by default. */
  readonly major?: number;
  readonly auth?: 'scram-sha-256' | 'trust';
}

/** Starts a server for this test only (about a second); disposing deletes its data. */
export async function startOwnServer(options: OwnServerOptions = {}): Promise<OwnServer> {
  const major = options.major ?? inject('postgres').major;
  const folder = await temporaryFolder(`own-pg${major}`);
  const server = await EmbeddedPostgres.start({
    directory: folder.path,
    major,
    auth: options.auth ?? 'scram-sha-256',
    durable: false,
    settings: options.settings ?? {},
    signal: new AbortController().signal,
  });
  return {
    host: server.host,
    get port() {
      return server.port;
    },
    user: server.user,
    password: server.password,
    major,
    get pid() {
      return server.pid;
    },
    url: (database) => server.url(database),
    freshDatabase: () => createDatabase(server),
    stop: (mode) => server.stop(mode),
    kill: () => server.kill(),
    start: () => server.start(),
    async [Symbol.asyncDispose]() {
      await server.stop('immediate');
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function createDatabase(server: SharedPostgres): Promise<TestDatabase> {
  const { host, user, password, major } = server;
  const name = `t_${randomBytes(6).toString('hex')}`;
  await asAdministrator(server, [`CREATE DATABASE ${name} TEMPLATE template0`]);
  const port = server.port;
  const pool = openPool(server, name);
  const clients: pg.Client[] = [];
  const database: TestDatabase = {
    name,
    url: `postgresql://${user}:${encodeURIComponent(password)}@${host}:${port}/${name}`,
    host,
    port,
    user,
    password,
    major,
    async query<R extends Row = Row>(sql: string, params?: readonly unknown[]): Promise<R[]> {
      const answer: unknown = await pool.query(sql, params === undefined ? undefined : [...params]);
      const last: unknown = Array.isArray(answer) ? answer.at(-1) : answer;
      return (last as { rows: R[] }).rows;
    },
    async connect() {
      const client = newClient(server, name);
      clients.push(client);
      await client.connect();
      return client;
    },
    async until(sql, params, deadlineMs = 20_000) {
      await untilTrue(database, sql, params, deadlineMs);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      await pool.end();
      await dropDatabase(server, name);
    },
  };
  return database;
}

async function untilTrue(
  database: TestDatabase,
  sql: string,
  params: readonly unknown[] | undefined,
  deadlineMs: number,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const [row] = await database.query(sql, params);
    if (row !== undefined && Object.values(row)[0] === true) return;
    if (performance.now() > deadline) {
      throw new Error(`not true after ${deadlineMs} ms: ${sql}; last row: ${JSON.stringify(row)}`);
    }
    await database.query('SELECT pg_sleep(0.02)');
  }
}

/** A walsender lets go of its slot only a moment after its client left. */
const DROP_SLOTS = `
  SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
   WHERE database = $1 AND active_pid IS NOT NULL`;

async function dropDatabase(server: SharedPostgres, name: string): Promise<void> {
  const client = newClient(server, 'postgres');
  try {
    await client.connect();
  } catch {
    return; // The test stopped the server; its data are deleted with it.
  }
  try {
    for (;;) {
      await client.query(DROP_SLOTS, [name]);
      const { rows } = await client.query<{ slot_name: string; active: boolean }>(
        'SELECT slot_name, active FROM pg_replication_slots WHERE database = $1',
        [name],
      );
      if (rows.length === 0) break;
      for (const { slot_name: slot, active } of rows) {
        if (!active) await client.query('SELECT pg_drop_replication_slot($1)', [slot]);
      }
      await client.query('SELECT pg_sleep(0.01)');
    }
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  } finally {
    await client.end();
  }
}

async function asAdministrator(server: SharedPostgres, statements: string[]): Promise<void> {
  const client = newClient(server, 'postgres');
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

function newClient(server: SharedPostgres, database: string): pg.Client {
  const client = new pg.Client(addressOf(server, database));
  // A server killed by the test must fail the next query, not the process.
  client.on('error', () => undefined);
  return client;
}

function openPool(server: SharedPostgres, database: string): pg.Pool {
  const pool = new pg.Pool({ ...addressOf(server, database), max: 6 });
  pool.on('error', () => undefined);
  return pool;
}

/** Field by field: an own server has them as getters, which a spread would lose. */
function addressOf(server: SharedPostgres, database: string): pg.ClientConfig {
  const { host, port, user, password } = server;
  return { host, port, user, password, database };
}
