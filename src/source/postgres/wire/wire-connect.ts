import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { errorFromConnect } from '../postgres-errors.ts';
import type { PostgresConnectionOptions } from '../postgres-source-options.ts';

/** What a connection is for. */
export interface WireSession {
  /** A walsender connection: replication commands besides simple queries (P116). */
  readonly replication: boolean;
  readonly applicationName: string;
  /** Further session settings, over those of `SESSION_SETTINGS`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Where received bytes go once the login is over. */
export interface ByteReceiver {
  /** Room for the next read of a plain socket. */
  room(): Buffer;
  /** `count` bytes were written into the room. False: read no further until `resume`. */
  received(count: number): boolean;
  /** A chunk of a TLS socket; pausing is the receiver's. */
  chunk(bytes: Buffer): void;
}

/** How values print. */
export const VALUE_SETTINGS: Readonly<Record<string, string>> = {
  DateStyle: 'ISO',
  IntervalStyle: 'iso_8601',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
};

/**
 * Values print the same in snapshot and stream only if both sessions have the same settings, and
 * role or database settings must not change them (P86, P104); nor may their timeouts end us (P58).
 * Not lc_monetary: it says how many digits of an amount of money stand after the point (P92).
 */
const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  ...VALUE_SETTINGS,
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

/** A stream, or a table that is read whole, takes as long as it takes. */
export const NO_STATEMENT_TIMEOUT: Readonly<Record<string, string>> = { statement_timeout: '0' };

function sessionSettings(
  { queryTimeoutMs = 0 }: PostgresConnectionOptions,
  { replication, settings }: WireSession,
): Readonly<Record<string, string>> {
  const timeout = replication
    ? NO_STATEMENT_TIMEOUT
    : { statement_timeout: String(queryTimeoutMs) };
  return { ...SESSION_SETTINGS, ...timeout, ...settings };
}

/** The `options` of the startup packet; a space or backslash in a value is escaped. */
function startupOptions(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, '\\$&')}`)
    .join(' ');
}

function tlsOptions(options: PostgresConnectionOptions): ConnectionOptions | false {
  const { sslMode } = options;
  if (sslMode === 'disable') return false;
  const tls: ConnectionOptions = {
    rejectUnauthorized: sslMode === 'verify-ca' || sslMode === 'verify-full',
  };
  if (options.sslRootCert !== undefined) tls.ca = options.sslRootCert;
  if (options.sslCert !== undefined) tls.cert = options.sslCert;
  if (options.sslKey !== undefined) tls.key = options.sslKey;
  if (options.sslPassword !== undefined) tls.passphrase = options.sslPassword;
  // Node would compare with `localhost` where the host is an address.
  tls.checkServerIdentity = (_name, certificate) =>
    sslMode === 'verify-full' ? checkServerIdentity(options.host, certificate) : undefined;
  return tls;
}

/**
 * `pg` owns the socket until the login is over, and is handed copies; then the receiver reads into
 * its own buffer, which spares an allocation and an event per chunk.
 */
function plainSocket(receiver: ByteReceiver, login: { over: boolean }): Socket {
  let room = receiver.room();
  const socket: Socket = new Socket({
    onread: {
      buffer: () => (room = receiver.room()),
      callback: (count) => {
        if (login.over) return receiver.received(count);
        socket.emit('data', Buffer.from(room.subarray(0, count)));
        return true;
      },
    },
  });
  return socket;
}

/** `pg`'s connection object, of which its types tell nothing. */
interface ClientInternals {
  readonly connection: { readonly stream: Duplex };
}

function streamOf(client: Client): Socket {
  return (client as unknown as ClientInternals).connection.stream as Socket;
}

async function login(
  options: PostgresConnectionOptions,
  session: WireSession,
  receiver: ByteReceiver,
  tls: ConnectionOptions | false,
  signal: AbortSignal,
): Promise<Socket> {
  const state = { over: false };
  const config: ClientConfig & { replication?: string; enableChannelBinding: boolean } = {
    host: options.host,
    port: options.port,
    user: options.user,
    // Never undefined: `pg` would look into the environment and ~/.pgpass.
    password: options.password ?? '',
    database: options.database,
    application_name: session.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: startupOptions(sessionSettings(options, session)),
    enableChannelBinding: true,
    ssl: tls,
    ...(tls === false ? { stream: () => plainSocket(receiver, state) } : {}),
    ...(session.replication ? { replication: 'database' } : {}),
  };
  const client = new Client(config);
  // After the login errors are the receiver's; without a listener `pg` would throw them.
  client.on('error', () => undefined);
  const abort = (): void => {
    streamOf(client).destroy();
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
  } catch (error) {
    streamOf(client).destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
  const socket = streamOf(client);
  socket.removeAllListeners('data');
  state.over = true;
  if (tls !== false) {
    socket.on('data', (chunk: Buffer) => {
      receiver.chunk(chunk);
    });
  }
  return socket;
}

/**
 * Connects, encrypts and authenticates with `pg`, then takes its socket over. Nothing is lost in
 * between: after ReadyForQuery the server waits for us.
 */
export async function connectSocket(
  options: PostgresConnectionOptions,
  session: WireSession,
  receiver: ByteReceiver,
  signal: AbortSignal,
): Promise<Socket> {
  const tls = tlsOptions(options);
  try {
    return await login(options, session, receiver, tls, signal);
  } catch (error) {
    const refused = error instanceof Error && error.message.includes('does not support SSL');
    if (!refused || options.sslMode !== 'prefer') throw errorFromConnect(error, options);
  }
  try {
    return await login(options, session, receiver, false, signal);
  } catch (error) {
    throw errorFromConnect(error, options);
  }
}
