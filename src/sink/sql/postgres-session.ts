import { readFileSync } from 'node:fs';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import pg from 'pg';
import type { AddedRows, CatalogRow, SqlText, CopiedStatement } from '../../../dialects/dialect.ts';
import { systemClock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { SslMode, TargetAddress } from './connection-url.ts';
import { parseConnectionUrl } from './connection-url.ts';
import { AddingPace } from './adding-pace.ts';
import { type CopyFlight, CopyQuery } from './postgres-copy-query.ts';
import { toSinkError } from './sink-errors.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { StatementResult, TargetSession } from './target-session.ts';

/**
 * What the session pins, so that neither role nor database settings change the meaning of a text.
 * search_path without user schemas makes the catalog print qualified type names.
 */
function sessionSettings(options: SqlSinkOptions): string {
  const settings: Readonly<Record<string, string | number>> = {
    search_path: 'pg_catalog',
    TimeZone: 'UTC',
    DateStyle: 'ISO, YMD',
    IntervalStyle: 'postgres',
    extra_float_digits: 1,
    standard_conforming_strings: 'on',
    // Offsets promise that rows are durable: a database may have this off.
    synchronous_commit: 'on',
    statement_timeout: options.statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    // A process that hangs holds its partitions and topics no longer than this; then the next owner
    // has them. Shorter than the owner waits for a lock; longer than any statement takes to make.
    idle_in_transaction_session_timeout: Math.min(15_000, options.lockTimeoutMs / 2),
  };
  return Object.entries(settings)
    .map(([name, value]) => `SET ${name} = '${value}'`)
    .join('; ');
}

/** `pg`'s types do not know of channel binding. */
type SessionConfig = ClientConfig & { readonly enableChannelBinding: boolean };

/** As libpq: only verify-ca and verify-full check who answers, and only the latter the name. */
function tlsOptions(address: TargetAddress): ConnectionOptions {
  const { sslMode, sslRootCert, sslCert, sslKey, host } = address;
  return {
    rejectUnauthorized: sslMode === 'verify-ca' || sslMode === 'verify-full',
    ...(sslRootCert === undefined ? {} : { ca: pemOf('sslrootcert', sslRootCert) }),
    ...(sslCert === undefined ? {} : { cert: pemOf('sslcert', sslCert) }),
    ...(sslKey === undefined ? {} : { key: pemOf('sslkey', sslKey) }),
    // Node would compare with `localhost` where the host is an address.
    checkServerIdentity: (_name, certificate) =>
      sslMode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
  };
}

function pemOf(parameter: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new TidemarkError(
      'CONFIG_FILE',
      `connection.url: ${parameter}: ${file} cannot be read (${reason})`,
      { cause: error },
    );
  }
}

function clientConfig(
  options: SqlSinkOptions,
  address: TargetAddress,
  tls: boolean,
): SessionConfig {
  return {
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    ...(address.password === undefined ? {} : { password: address.password }),
    ssl: tls ? tlsOptions(address) : false,
    enableChannelBinding: true,
    connectionTimeoutMillis: options.connectTimeoutMs,
    keepAlive: true,
    application_name: `tidemark sink ${options.name}`.slice(0, 63),
  };
}

/** `prefer` tries TLS first, as libpq does, and goes on without where the server has none. */
const TLS_ATTEMPTS: Readonly<Record<SslMode, readonly boolean[]>> = {
  disable: [false],
  prefer: [true, false],
  require: [true],
  'verify-ca': [true],
  'verify-full': [true],
};

function refusesTls(error: unknown): boolean {
  return error instanceof Error && error.message.includes('does not support SSL');
}

async function connect(options: SqlSinkOptions, signal: AbortSignal): Promise<pg.Client> {
  const address = parseConnectionUrl(options);
  let failure: unknown;
  for (const tls of TLS_ATTEMPTS[address.sslMode]) {
    signal.throwIfAborted();
    const client = new pg.Client(clientConfig(options, address, tls));
    // A lost connection is reported by the query that meets it; the event must not go unheard.
    client.on('error', () => undefined);
    const cut = (): void => {
      client.connection.stream.destroy();
    };
    signal.addEventListener('abort', cut, { once: true });
    try {
      await client.connect();
      return client;
    } catch (error) {
      failure = error;
      if (!refusesTls(error)) break;
    } finally {
      signal.removeEventListener('abort', cut);
    }
  }
  const error = toSinkError(failure);
  throw error.code === 'SINK_SCHEMA'
    ? new TidemarkError('SINK_SCHEMA', error.message, {
        cure: `CREATE DATABASE "${address.database}"; or correct connection.url.`,
      })
    : error;
}

/** Each is emptied at the end of each transaction that uses one. */
const STAGING_TABLES = 16;
/**
 * The server cannot freeze tables of a session that is open for months, and the age of the oldest
 * row in a database is what bounds its transaction ids (vacuum, "wraparound").
 */
const STAGING_AGE_MS = 3_600_000;
const STAGING_IDLE_MS = 60_000;

/** A session over the `pg` driver. Statements are not named: nothing to invalidate by DDL (S23). */
class PostgresSession implements TargetSession {
  /** Protocol and server allow a gigabyte, which no batch comes near. */
  readonly statementBytesMax = Infinity;
  readonly foldsNames = false;
  /** Whether the role may make temporary tables. */
  stages = false;
  readonly #client: pg.Client;
  /** Tables that may be there, and hold rows if they were used in this transaction. */
  readonly #staging = new Set<string>();
  readonly #used = new Set<string>();
  readonly #adding = new AddingPace();
  #stagedSinceMs = 0;
  #stopWaiting: () => void = () => undefined;
  #broken = false;

  constructor(client: pg.Client) {
    this.#client = client;
    client.on('error', () => {
      this.#broken = true;
    });
    client.on('end', () => {
      this.#broken = true;
    });
  }

  get broken(): boolean {
    return this.#broken;
  }

  async query(sql: SqlText | string): Promise<StatementResult> {
    try {
      const result =
        typeof sql === 'string'
          ? await this.#client.query<CatalogRow>(sql)
          : await this.#client.query<CatalogRow>(sql.text, [...sql.values]);
      return { rows: result.rows, rowCount: result.rowCount ?? 0 };
    } catch (thrown) {
      throw this.#failed(thrown);
    }
  }

  #failed(thrown: unknown): TidemarkError {
    const error = toSinkError(thrown);
    // 57P0x: the server ends the session after the message.
    if (error.code === 'SINK_CONNECT' || /SQLSTATE (?:57P|08)/.test(error.message)) {
      this.#broken = true;
    }
    return error;
  }

  load(copied: CopiedStatement, lines: Iterable<string>): Promise<number> | null {
    if (!this.stages || this.#used.has(copied.table)) return null;
    if (!this.#staging.has(copied.table) && this.#staging.size === STAGING_TABLES) return null;
    if (this.#staging.size === 0) this.#stagedSinceMs = systemClock.monotonicMs();
    this.#staging.add(copied.table);
    this.#used.add(copied.table);
    return this.#load(copied, lines);
  }

  mayAdd(name: string): boolean {
    return this.#adding.mayTry(name);
  }

  /** A key that is there, a policy of rows, a view: the statement that names a conflict judges. */
  async add({ copy }: AddedRows, lines: Iterable<string>): Promise<boolean> {
    const flight = {
      create: 'SAVEPOINT tidemark_added',
      copy,
      apply: 'RELEASE SAVEPOINT tidemark_added',
    };
    try {
      await this.#load(flight, lines);
      this.#adding.done(copy);
      return true;
    } catch (error) {
      const { code } = error as TidemarkError;
      if (this.#broken || (code !== 'SINK_RECORD' && code !== 'SINK_SCHEMA')) throw error;
      this.#adding.refused(copy);
      await this.query('ROLLBACK TO SAVEPOINT tidemark_added; RELEASE SAVEPOINT tidemark_added');
      return false;
    }
  }

  async #load(copied: CopyFlight, lines: Iterable<string>): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#client.query(new CopyQuery(copied, lines, resolve, reject));
    try {
      return await promise;
    } catch (thrown) {
      throw this.#failed(thrown);
    }
  }

  async begin(): Promise<void> {
    this.#stopWaiting();
    const isFull = this.#staging.size === STAGING_TABLES;
    const isOld = systemClock.monotonicMs() - this.#stagedSinceMs > STAGING_AGE_MS;
    if (this.#staging.size > 0 && (isFull || isOld)) await this.#dropStaging();
    this.#used.clear();
    await this.query('BEGIN');
  }

  /** Between two transactions. */
  async #dropStaging(): Promise<void> {
    this.#staging.clear();
    await this.query('DISCARD TEMP');
  }

  #whenIdle(): void {
    if (this.#staging.size === 0) return;
    this.#stopWaiting = systemClock.after(STAGING_IDLE_MS, () => {
      // One that fails is met by the next statement.
      this.#dropStaging().catch(() => undefined);
    });
  }

  async commit(): Promise<void> {
    await this.query('COMMIT');
    this.#whenIdle();
  }

  async rollback(): Promise<void> {
    await this.query('ROLLBACK');
  }

  destroy(): void {
    this.#broken = true;
    this.#stopWaiting();
    this.#client.connection.stream.destroy();
  }

  async close(): Promise<void> {
    this.#stopWaiting();
    if (this.#broken) this.#client.connection.stream.destroy();
    else await this.#client.end();
  }
}

/** Opens a session with everything set that the sink relies on. */
export async function openPostgresSession(
  options: SqlSinkOptions,
  signal: AbortSignal,
): Promise<TargetSession> {
  const session = new PostgresSession(await connect(options, signal));
  try {
    await session.query(sessionSettings(options));
    const { rows } = await session.query(
      `SELECT has_database_privilege(current_database(), 'TEMPORARY') AS staging`,
    );
    session.stages = rows[0]?.['staging'] === true;
  } catch (error) {
    session.destroy();
    throw error;
  }
  return session;
}
