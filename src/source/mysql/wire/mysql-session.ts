import type { Socket } from 'node:net';
import type { Connection, QueryError } from 'mysql2';
import type { Clock } from '../../../foundation/clock.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { MysqlConnectionOptions } from '../mysql-connection-options.ts';
import { errorFromUse, mysqlErrorFrom } from '../mysql-errors.ts';
import { connectMysql, internalsOf } from './mysql-connect.ts';
import type { LoggedIn, SocketTap } from './mysql-connect.ts';

/** A small result: all of it in memory, values as text. */
export interface MysqlResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** What runs statements. */
export interface MysqlQuerier {
  query(sql: string, signal?: AbortSignal): Promise<MysqlResult>;
}

/** A packet of `mysql2`, which it uses again for the next one. */
interface ReceivedPacket {
  isError(): boolean;
  asError(encoding: string): Error;
}

/** What `addCommand` takes besides its own commands; with no packet it has just begun. */
interface OwnCommand {
  execute(packet: ReceivedPacket | undefined): boolean;
  onResult(error: Error | null): void;
}

interface CommandQueue {
  addCommand(command: OwnCommand): void;
}

/** What is handed to whoever goes on with the bytes of a session. */
export interface TakenSocket {
  readonly socket: Socket;
  readonly tap: SocketTap;
  readonly encrypted: boolean;
}

const CLOSE_DEADLINE_MS = 2000;

/** A CALL has a list for each of its results, and none for its end: nobody reads those by name. */
function columnNames(fields: unknown): readonly string[] {
  const list = (fields ?? []) as readonly ({ readonly name?: string } | undefined)[];
  return list.flatMap((field) => field?.name ?? []);
}

/**
 * How statements are read and values print, in every session alike: text in UTF-8, times in UTC,
 * and no mode that changes the meaning of quotes or the padding of CHAR (PITFALLS B116).
 */
const SESSION_SETTINGS = `SET SESSION time_zone = '+00:00', sql_mode = ''`;

/**
 * One connection to MySQL or MariaDB. `mysql2` logs it in and runs statements; a stream takes the
 * socket over and reads the packets itself.
 */
export class MysqlSession implements MysqlQuerier, AsyncDisposable {
  readonly options: MysqlConnectionOptions;
  /** As the handshake tells it. */
  readonly greeting: string;
  readonly encrypted: boolean;
  readonly #connection: Connection;
  readonly #tap: SocketTap;
  readonly #clock: Clock;
  readonly #socket: Socket;
  #failure: TidemarkError | undefined;

  private constructor(options: MysqlConnectionOptions, login: LoggedIn, clock: Clock) {
    this.options = options;
    this.greeting = login.greeting;
    this.encrypted = login.encrypted;
    this.#connection = login.connection;
    this.#tap = login.tap;
    this.#clock = clock;
    this.#socket = internalsOf(login.connection).stream;
    login.connection.on('error', (error: Error) => {
      this.#failure ??= errorFromUse(error, options);
    });
  }

  /** Connects and logs in; the signal aborts only this, a session ends by `close`. */
  static async connect(
    options: MysqlConnectionOptions,
    signal: AbortSignal,
    clock: Clock = systemClock,
  ): Promise<MysqlSession> {
    const login = await connectMysql(options, signal);
    const session = new MysqlSession(options, login, clock);
    try {
      await session.query(SESSION_SETTINGS, signal);
      await session.#limitQueries(signal);
      for (const sql of options.initialStatements ?? []) await session.query(sql, signal);
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  get isMariadb(): boolean {
    return /mariadb/i.test(this.greeting);
  }

  /** `host:port` of the server. */
  get server(): string {
    return `${this.options.host}:${this.options.port}`;
  }

  /** The server's number for it, as its lists of sessions and KILL have it. */
  get threadId(): number {
    return this.#connection.threadId;
  }

  /** False once the connection is closed, lost or failed. */
  get isOpen(): boolean {
    return this.#failure === undefined && !this.#socket.destroyed;
  }

  /** Runs one statement; an abort cuts the connection. */
  async query(sql: string, signal?: AbortSignal): Promise<MysqlResult> {
    return await this.#guarded(signal, async () => {
      const { promise, resolve, reject } = Promise.withResolvers<MysqlResult>();
      const query = { sql, rowsAsArray: true, typeCast: asText };
      this.#connection.query(query, (error: QueryError | null, rows, fields) => {
        if (error !== null) {
          reject(error);
          return;
        }
        // A statement without a result has an object in place of the rows.
        const found = Array.isArray(rows) ? (rows as unknown as (string | null)[][]) : [];
        resolve({ columns: columnNames(fields), rows: found });
      });
      return await promise;
    });
  }

  /** Sends a command of the protocol that answers with OK or an error. */
  async command(payload: Buffer, signal?: AbortSignal): Promise<void> {
    await this.#guarded(signal, async () => {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>();
      const command: OwnCommand = {
        execute: (packet) => {
          if (packet === undefined) {
            // The answer has the number after ours.
            Object.assign(this.#connection, { sequenceId: 1 });
            this.#socket.write(framed(payload));
            return false;
          }
          if (packet.isError()) reject(packet.asError('utf8'));
          else resolve(undefined);
          return true;
        },
        onResult: (error) => {
          reject(error ?? new Error('the connection ended'));
        },
      };
      (this.#connection as unknown as CommandQueue).addCommand(command);
      await promise;
    });
  }

  /** Hands the socket over: from here on nothing can be asked by this session any more. */
  takeOver(): TakenSocket {
    if (this.#failure !== undefined) throw this.#failure;
    this.#socket.removeAllListeners('data');
    return { socket: this.#socket, tap: this.#tap, encrypted: this.encrypted };
  }

  /** Says goodbye and closes; cuts the connection when that takes too long. */
  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    if (this.#failure !== undefined) {
      this.destroy();
      return;
    }
    this.#failure = new TidemarkError('MYSQL_CONNECTION_LOST', 'the connection is closed');
    const closed = Promise.withResolvers<undefined>();
    const cancel = this.#clock.after(CLOSE_DEADLINE_MS, () => {
      this.#socket.destroy();
    });
    this.#socket.once('close', () => {
      closed.resolve(undefined);
    });
    // The server closes it then.
    this.#connection.end(() => undefined);
    await closed.promise;
    cancel();
  }

  /** Cuts the connection; what runs on it is rejected. */
  destroy(): void {
    this.#failure ??= new TidemarkError('MYSQL_CONNECTION_LOST', 'the connection was cut by us');
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The two have different names for it, and MySQL before 5.7 none. */
  async #limitQueries(signal: AbortSignal): Promise<void> {
    const { queryTimeoutMs = 0 } = this.options;
    if (queryTimeoutMs === 0) return;
    const sql = this.isMariadb
      ? `SET SESSION max_statement_time = ${queryTimeoutMs / 1000}`
      : `SET SESSION max_execution_time = ${queryTimeoutMs}`;
    if (this.isMariadb || !this.greeting.startsWith('5.6')) await this.query(sql, signal);
  }

  async #guarded<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    // Node would call it unhandled when the run has ended first.
    aborted.catch(() => undefined);
    const abort = (): void => {
      this.destroy();
      reject(signal?.reason as Error);
    };
    const lost = (): void => {
      const text = `${this.server} closed the connection`;
      reject(this.#failure ?? new TidemarkError('MYSQL_CONNECTION_LOST', text));
    };
    signal?.addEventListener('abort', abort, { once: true });
    this.#socket.once('close', lost);
    try {
      return await Promise.race([run(), aborted]);
    } catch (error) {
      signal?.throwIfAborted();
      throw errorFromUse(error, this.options);
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#socket.off('close', lost);
    }
  }
}

/** A packet by itself, the first of its exchange. */
export function framed(payload: Buffer): Buffer {
  const packet = Buffer.allocUnsafe(4 + payload.length);
  packet.writeUIntLE(payload.length, 0, 3);
  packet[3] = 0;
  payload.copy(packet, 4);
  return packet;
}

function asText(field: { string(): string | null }): string | null {
  return field.string();
}

/** The content of an ERR packet behind its first byte. */
export function readServerError(bytes: Buffer, start: number, end: number): TidemarkError {
  const packet = bytes.subarray(start, end);
  if (packet.length < 3) {
    return mysqlErrorFrom({ errno: 0, sqlState: '', message: 'an error without a number' });
  }
  const errno = packet.readUInt16LE(1);
  const hasState = packet[3] === 0x23 && packet.length >= 9;
  const sqlState = hasState ? packet.toString('latin1', 4, 9) : '';
  const message = packet.toString('utf8', hasState ? 9 : 3);
  return mysqlErrorFrom({ errno, sqlState, message });
}
