import { readFileSync } from 'node:fs';
import { isIP, Socket } from 'node:net';
import type { Connection, ConnectionOptions, QueryError, SslOptions } from 'mysql2';
import { createConnection } from 'mysql2';
import type { ServerVersion } from '../../../dialects/mysql/ddl/ddl-dialect.ts';
import { parseServerVersion } from '../../../dialects/mysql/ddl/ddl-dialect.ts';
import type { CatalogRow, SqlText } from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { endsMysqlSession } from './mysql-sink-errors.ts';
import type { MysqlTargetAddress } from './mysql-url.ts';
import { parseMysqlUrl } from './mysql-url.ts';
import { toSinkError } from './sink-errors.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { StatementResult, TargetSession } from './target-session.ts';

const KEEP_ALIVE_DELAY_MS = 10_000;
const OLDEST: Readonly<Record<ServerVersion['flavor'], number>> = {
  mysql: 50_700,
  mariadb: 100_300,
};
/** Idle outside of a transaction; many servers are set to less. */
const IDLE_SECONDS = 28_800;

/**
 * What the session pins, so that no setting of server or account changes what a text means: nothing
 * is cut or replaced in silence (S24), 0 is 0 and no next number, and a zero date is what the
 * source had.
 */
function sessionSettings(
  options: SqlSinkOptions,
  { flavor, version }: ServerVersion,
): Readonly<Record<string, string | number>> {
  const lockSeconds = Math.max(1, Math.ceil(options.lockTimeoutMs / 1000));
  const isolation =
    flavor === 'mysql' && version >= 50_720 ? 'transaction_isolation' : 'tx_isolation';
  return {
    sql_mode: "'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
    time_zone: "'+00:00'",
    [isolation]: "'READ-COMMITTED'",
    autocommit: 1,
    sql_safe_updates: 0,
    sql_auto_is_null: 0,
    unique_checks: 1,
    innodb_lock_wait_timeout: lockSeconds,
    lock_wait_timeout: lockSeconds,
    wait_timeout: IDLE_SECONDS,
    // Long lists of keys are looked up in the index, however long.
    ...(flavor === 'mysql'
      ? { range_optimizer_max_mem_size: 0 }
      : {
          in_predicate_conversion_threshold: 0,
          max_statement_time: Math.ceil(options.statementTimeoutMs / 1000),
        }),
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

function tlsOptions({ sslMode, sslCa, sslCert, sslKey }: MysqlTargetAddress): SslOptions {
  const tls: SslOptions = {
    rejectUnauthorized: sslMode === 'verify_ca' || sslMode === 'verify_identity',
    verifyIdentity: sslMode === 'verify_identity',
  };
  if (sslCa !== undefined) tls.ca = pemOf('ssl-ca', sslCa);
  if (sslCert !== undefined) tls.cert = pemOf('ssl-cert', sslCert);
  if (sslKey !== undefined) tls.key = pemOf('ssl-key', sslKey);
  return tls;
}

function openSocket({ host, port }: MysqlTargetAddress): Socket {
  const socket = new Socket();
  socket.connect(port, host);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  // Node compares the certificate with this name, and without it with `localhost`.
  if (isIP(host) !== 0) Object.assign(socket, { _host: host });
  return socket;
}

function clientOptions(
  options: SqlSinkOptions,
  address: MysqlTargetAddress,
  socket: Socket,
  encrypts: boolean,
): ConnectionOptions {
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password ?? '',
    database: address.database,
    connectTimeout: options.connectTimeoutMs,
    charset: 'utf8mb4_bin',
    // A server could otherwise ask for files of ours.
    flags: ['-LOCAL_FILES'],
    multipleStatements: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    connectAttributes: { program_name: `tidemark sink ${options.name}`.slice(0, 63) },
    stream: () => socket,
    // No code is made from what a server calls its columns.
    disableEval: true,
    // Our texts are whole: nothing is looked for in them.
    queryFormat: (sql: string) => sql,
    ...(encrypts ? { ssl: tlsOptions(address) } : {}),
  };
}

async function login(
  options: SqlSinkOptions,
  address: MysqlTargetAddress,
  encrypts: boolean,
  signal: AbortSignal,
): Promise<Connection> {
  const socket = openSocket(address);
  const connection = createConnection(clientOptions(options, address, socket, encrypts));
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const abort = (): void => {
    reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort, { once: true });
  // A lost connection is reported by the query that meets it; the event must not go unheard.
  connection.on('error', reject);
  connection.connect((error) => {
    if (error === null) resolve(undefined);
    else reject(error);
  });
  try {
    await promise;
    return connection;
  } catch (error) {
    connection.destroy();
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** `preferred` does without TLS only where the server does not offer it. */
async function connect(
  options: SqlSinkOptions,
  address: MysqlTargetAddress,
  signal: AbortSignal,
): Promise<Connection> {
  signal.throwIfAborted();
  const { sslMode } = address;
  try {
    return await login(options, address, sslMode !== 'disabled', signal);
  } catch (thrown) {
    signal.throwIfAborted();
    const isWithoutTls =
      thrown instanceof Error && 'code' in thrown && thrown.code === 'HANDSHAKE_NO_SSL_SUPPORT';
    if (sslMode !== 'preferred' || !isWithoutTls) throw toSinkError(thrown);
  }
  return login(options, address, false, signal).catch((thrown: unknown) => {
    throw toSinkError(thrown);
  });
}

/** A session over `mysql2`, in the text protocol: nothing is prepared that DDL could void (S23). */
class MysqlTargetSession implements TargetSession {
  statementBytesMax = 1024 * 1024;
  readonly statementRowsMax = 500;
  foldsNames = false;
  readonly #connection: Connection;
  readonly #options: SqlSinkOptions;
  #broken = false;

  constructor(connection: Connection, options: SqlSinkOptions) {
    this.#connection = connection;
    this.#options = options;
    for (const event of ['error', 'end', 'close']) {
      connection.on(event, () => {
        this.#broken = true;
      });
    }
  }

  get broken(): boolean {
    return this.#broken;
  }

  async query(sql: SqlText | string): Promise<StatementResult> {
    const text = typeof sql === 'string' ? sql : sql.text;
    this.#checkSize(text);
    try {
      return await this.#run(text);
    } catch (thrown) {
      const error = toSinkError(thrown);
      if (error.code === 'SINK_CONNECT' || endsMysqlSession(thrown)) this.destroy();
      throw error;
    }
  }

  /** A process that hangs holds its rows no longer than this; then the next owner has them. */
  async begin(): Promise<void> {
    const seconds = Math.max(
      1,
      Math.floor(Math.min(15_000, this.#options.lockTimeoutMs / 2) / 1000),
    );
    await this.query(`SET SESSION wait_timeout = ${seconds}; BEGIN`);
  }

  async commit(): Promise<void> {
    await this.query(`COMMIT; SET SESSION wait_timeout = ${IDLE_SECONDS}`);
  }

  async rollback(): Promise<void> {
    await this.query(`ROLLBACK; SET SESSION wait_timeout = ${IDLE_SECONDS}`);
  }

  destroy(): void {
    this.#broken = true;
    this.#connection.destroy();
  }

  async close(): Promise<void> {
    if (this.#broken) {
      this.#connection.destroy();
      return;
    }
    await new Promise<void>((resolve) => {
      this.#connection.end(() => {
        resolve();
      });
    });
  }

  /** The server would cut the connection. */
  #checkSize(text: string): void {
    if (text.length * 3 < this.statementBytesMax) return;
    const bytes = Buffer.byteLength(text);
    if (bytes < this.statementBytesMax) return;
    throw new TidemarkError(
      'SINK_RECORD',
      `a row needs a statement of ${bytes} bytes, the target takes ${this.statementBytesMax}`,
      { cure: 'SET GLOBAL max_allowed_packet = 1073741824; in the target.' },
    );
  }

  #run(sql: string): Promise<StatementResult> {
    // MySQL has no such limit for what writes; one that is longer has hung.
    const timeout = this.#options.statementTimeoutMs + 5_000;
    return new Promise((resolve, reject) => {
      this.#connection.query({ sql, timeout }, (error: QueryError | null, answer: unknown) => {
        if (error === null) resolve(resultOf(answer));
        else reject(withoutStatement(error));
      });
    });
  }
}

/** The driver's error has the text of the statement, which holds rows. */
function withoutStatement(error: QueryError): Error {
  if ('sql' in error) Object.assign(error, { sql: undefined });
  return error;
}

/** Of one statement: its rows, or a header; of several: an array of those. */
function resultOf(answer: unknown): StatementResult {
  if (!Array.isArray(answer)) return { rows: [], rowCount: touched(answer) };
  const isSeveral = answer.some((one) => Array.isArray(one) || isHeader(one));
  if (!isSeveral) return { rows: answer as CatalogRow[], rowCount: answer.length };
  const last: unknown = answer.at(-1);
  const rowCount = answer.reduce((sum: number, one: unknown) => sum + touched(one), 0);
  return { rows: Array.isArray(last) ? (last as CatalogRow[]) : [], rowCount };
}

function isHeader(one: unknown): boolean {
  return one?.constructor.name === 'ResultSetHeader';
}

function touched(one: unknown): number {
  if (Array.isArray(one)) return one.length;
  const { affectedRows = 0 } = (one ?? {}) as { readonly affectedRows?: number };
  return affectedRows;
}

function checkVersion({ flavor, version }: ServerVersion, text: string): void {
  if (version >= OLDEST[flavor]) return;
  throw new TidemarkError('SINK_SCHEMA', `the target is too old (${text})`, {
    cure: 'A target is MySQL 5.7, MariaDB 10.3, or newer.',
  });
}

/** Opens a session with everything set that the sink relies on. */
export async function openMysqlSession(
  options: SqlSinkOptions,
  signal: AbortSignal,
): Promise<TargetSession> {
  const address = parseMysqlUrl(options);
  const session = new MysqlTargetSession(await connect(options, address, signal), options);
  try {
    const { rows } = await session.query(
      `SELECT VERSION() AS version, @@max_allowed_packet AS packet,
         @@lower_case_table_names AS folds`,
    );
    const text = String(rows[0]?.['version']);
    const server = parseServerVersion(text) ?? { flavor: 'mysql', version: 0 };
    checkVersion(server, text);
    session.statementBytesMax = Number(rows[0]?.['packet']);
    session.foldsNames = Number(rows[0]?.['folds']) !== 0;
    const settings = Object.entries(sessionSettings(options, server));
    const pinned = settings.map(([name, value]) => `${name} = ${value}`);
    await session.query(`SET SESSION ${pinned.join(', SESSION ')}`);
  } catch (error) {
    session.destroy();
    throw error;
  }
  return session;
}
