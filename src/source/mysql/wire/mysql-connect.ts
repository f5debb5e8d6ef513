import { isIP, Socket } from 'node:net';
import { checkServerIdentity, TLSSocket } from 'node:tls';
import type { Connection, ConnectionOptions, SslOptions } from 'mysql2';
import { createConnection } from 'mysql2';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { MysqlConnectionOptions } from '../mysql-connection-options.ts';
import { errorFromConnect } from '../mysql-errors.ts';

/** Where the bytes of a plain socket go once a stream has begun; before that `mysql2` reads. */
export interface SocketTap {
  /** Set when the socket is taken over. */
  receiver:
    | {
        /** Room for the next read. */
        room(): Buffer;
        /** `count` bytes were written into the room. False: read no further until `resume`. */
        received(count: number): boolean;
      }
    | undefined;
}

/** A connection that is logged in. */
export interface LoggedIn {
  readonly connection: Connection;
  readonly tap: SocketTap;
  /** As the handshake tells it: `5.5.5-10.11.18-MariaDB-log`. */
  readonly greeting: string;
  readonly encrypted: boolean;
}

/** What `mysql2`'s types do not tell of its connection. */
export interface ConnectionInternals {
  readonly stream: Socket;
  readonly _handshakePacket?: { readonly serverVersion: string };
}

/** The parts of `mysql2`'s connection that its types leave out. */
export function internalsOf(connection: Connection): ConnectionInternals {
  return connection as unknown as ConnectionInternals;
}

const LOGIN_BUFFER_BYTES = 16 * 1024;
const KEEP_ALIVE_DELAY_MS = 10_000;

function tlsOptions(options: MysqlConnectionOptions): SslOptions {
  const verifies = options.sslMode === 'verify_ca' || options.sslMode === 'verify_identity';
  const tls: SslOptions = {
    rejectUnauthorized: verifies,
    verifyIdentity: options.sslMode === 'verify_identity',
  };
  if (options.sslRootCert !== undefined) tls.ca = options.sslRootCert;
  if (options.sslCert !== undefined) tls.cert = options.sslCert;
  if (options.sslKey !== undefined) tls.key = options.sslKey;
  if (options.sslPassword !== undefined) tls.passphrase = options.sslPassword;
  return tls;
}

/**
 * A plain socket that reads into a buffer of ours, which spares an allocation and an event per
 * chunk. Until the stream begins `mysql2` is handed copies.
 */
function plainSocket(tap: SocketTap): Socket {
  const login = Buffer.allocUnsafeSlow(LOGIN_BUFFER_BYTES);
  let room: Buffer = login;
  const socket: Socket = new Socket({
    onread: {
      buffer: () => (room = tap.receiver?.room() ?? login),
      callback: (count) => {
        if (room !== login && tap.receiver !== undefined) return tap.receiver.received(count);
        const copy = Buffer.from(room.subarray(0, count));
        if (tap.receiver !== undefined) return forward(tap.receiver, copy);
        socket.emit('data', copy);
        return true;
      },
    },
  });
  return socket;
}

/** The read that was under way when the stream began had still gone into the login's buffer. */
function forward(receiver: NonNullable<SocketTap['receiver']>, bytes: Buffer): boolean {
  let goesOn = true;
  for (let at = 0; at < bytes.length;) {
    const count = bytes.copy(receiver.room(), 0, at);
    goesOn = receiver.received(count);
    at += count;
  }
  return goesOn;
}

function openSocket(options: MysqlConnectionOptions, tap: SocketTap, encrypts: boolean): Socket {
  const socket = encrypts ? new Socket() : plainSocket(tap);
  socket.connect(options.port, options.host);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  // Node compares the certificate with this name, and without it with `localhost` (B15).
  if (isIP(options.host) !== 0) Object.assign(socket, { _host: options.host });
  return socket;
}

async function login(
  options: MysqlConnectionOptions,
  encrypts: boolean,
  signal: AbortSignal,
): Promise<LoggedIn> {
  const tap: SocketTap = { receiver: undefined };
  const socket = openSocket(options, tap, encrypts);
  const config: ConnectionOptions = {
    host: options.host,
    port: options.port,
    user: options.user,
    password: options.password ?? '',
    database: '',
    connectTimeout: options.connectTimeoutMs,
    charset: 'utf8mb4_general_ci',
    // A server could otherwise ask for files of ours; attributes would be a part of each statement.
    flags: ['-LOCAL_FILES', '-CLIENT_QUERY_ATTRIBUTES'],
    connectAttributes: { program_name: 'tidemark' },
    stream: () => socket,
    // No code is made from what a server calls its columns.
    disableEval: true,
    ...(encrypts ? { ssl: tlsOptions(options) } : {}),
  };
  const connection = createConnection(config);
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const abort = (): void => {
    reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort, { once: true });
  connection.on('error', reject);
  connection.connect((error) => {
    if (error === null) resolve(undefined);
    else reject(error);
  });
  try {
    await promise;
    const { stream, _handshakePacket } = internalsOf(connection);
    checkIdentity(stream, options);
    const greeting = _handshakePacket?.serverVersion ?? '';
    return { connection, tap, greeting, encrypted: encrypts };
  } catch (error) {
    // Late errors of a connection that nobody has any more.
    connection.on('error', () => undefined);
    internalsOf(connection).stream.destroy();
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Looks again after the login, because `mysql2` leaves addresses to what Node makes of them. */
function checkIdentity(stream: Socket, { sslMode, host }: MysqlConnectionOptions): void {
  if (sslMode !== 'verify_identity' || !(stream instanceof TLSSocket)) return;
  const problem = checkServerIdentity(host, stream.getPeerCertificate());
  if (problem !== undefined) throw problem;
}

/**
 * Connects, encrypts and logs in with `mysql2` (PITFALLS B1, B15). `preferred` does without TLS
 * only where the server does not offer it: a handshake that fails is an error.
 */
export async function connectMysql(
  options: MysqlConnectionOptions,
  signal: AbortSignal,
): Promise<LoggedIn> {
  signal.throwIfAborted();
  const { sslMode } = options;
  try {
    return await login(options, sslMode !== 'disabled', signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (sslMode !== 'preferred' || !isWithoutTls(thrown)) throw refusal(thrown, options);
  }
  try {
    return await login(options, false, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    throw refusal(thrown, options);
  }
}

function isWithoutTls(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'HANDSHAKE_NO_SSL_SUPPORT';
}

function refusal(thrown: unknown, options: MysqlConnectionOptions): TidemarkError {
  const error = errorFromConnect(thrown, options);
  if (error.code !== 'MYSQL_AUTH_PLUGIN') return error;
  const plugin = /using (?:unknown plugin )?(\w+)/.exec(error.message)?.[1];
  return new TidemarkError(
    'MYSQL_AUTH_PLUGIN',
    `${options.user}@${options.host}: the account logs in by ${plugin ?? 'a plugin'}, which is ` +
      'not supported',
    { cause: thrown },
  );
}
