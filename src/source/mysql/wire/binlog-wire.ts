import type { Socket } from 'node:net';
import { DecodeError } from '../../../foundation/byte-reader.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import type { StreamInput } from '../../../model/change-event.ts';
import type { MysqlConnectionOptions } from '../mysql-connection-options.ts';
import { errorFromUse } from '../mysql-errors.ts';
import { dumpCommand, registerCommand } from './binlog-commands.ts';
import { dumpSettings } from './dump-settings.ts';
import type { DumpSettings } from './dump-settings.ts';
import { framed, MysqlSession, readServerError } from './mysql-session.ts';
import type { PacketSink } from './packet-input.ts';
import { PacketInput } from './packet-input.ts';

/** Receives the events of a stream, as bytes. */
export interface BinlogReceiver {
  /**
   * One event with its checksum; the range is valid until the next `settle` returns. A promise
   * holds back all that follows.
   */
  event(bytes: Buffer, start: number, end: number): Promise<void> | undefined;
  /** After each chunk; `more`: the beginning of a further event is already there. */
  settle(more: boolean): Promise<void> | undefined;
}

/** Where a stream begins, and how it is read. */
export interface BinlogDump extends DumpSettings {
  /** MariaDB: the statements behind the rows (PITFALLS B7). */
  readonly annotateRows: boolean;
  /** Ends at the end of the log. */
  readonly stopAtEnd?: boolean;
  /** How long the server may search for the start; it says nothing meanwhile. */
  readonly searchMs?: number;
}

const EVENT = 0x00;
const ERROR = 0xff;
const END = 0xfe;
/** An EOF packet is shorter than this; a longer one with that byte is none. */
const END_BYTES = 9;
/** So many heartbeats may be missing. */
const MISSED_HEARTBEATS = 3;
/** A server with thousands of files looks through them for the first GTID that we lack. */
const SEARCH_MS = 300_000;

/**
 * The stream of a binlog: a session of `mysql2` that is told what a replica tells, and whose socket
 * is then read here, event by event where it lies. It ends with an error whenever the server falls
 * silent, goes away or refuses; whoever reads it connects again and resumes (PITFALLS B8, B9).
 */
export class BinlogWire implements AsyncDisposable {
  readonly #session: MysqlSession;
  readonly #dump: BinlogDump;
  readonly #clock: Clock;
  readonly #input = new PacketInput(1);
  readonly #completion = Promise.withResolvers<undefined>();
  readonly #packets: PacketSink = {
    packet: (bytes, start, end) => this.#packet(bytes, start, end),
  };
  #receiver: BinlogReceiver | undefined;
  #socket: Socket | undefined;
  #ended = false;
  /** The server has said that there is no more: what came before is still to be settled. */
  #atEnd = false;
  /** Rises whenever a wait loses its meaning, so that its late end resumes nothing. */
  #stall = 0;
  #stalled = false;
  /**
   * The server closed while the receiver was waiting: what has come before is handed over first,
   * the end of the log among it. Servers close behind that end at once.
   */
  #lost: TidemarkError | undefined;
  #pumping = false;
  #cancelWatch: (() => void) | undefined;
  #lastReceivedMs = 0;
  #hasEvents = false;

  private constructor(session: MysqlSession, dump: BinlogDump, clock: Clock) {
    this.#session = session;
    this.#dump = dump;
    this.#clock = clock;
    // Rejection is always seen through `stream`; this only keeps Node from calling it unhandled.
    this.#completion.promise.catch(() => undefined);
  }

  /** Connects, tells the server what a replica tells, and registers. */
  static async connect(
    options: MysqlConnectionOptions,
    dump: BinlogDump,
    signal: AbortSignal,
    clock: Clock = systemClock,
  ): Promise<BinlogWire> {
    // Made before the session, so that a start that has no command is refused without one.
    dumpCommand(dump.start, dump.replica.serverId, { annotateRows: false, stopAtEnd: false });
    const plain = { ...options, initialStatements: [], queryTimeoutMs: 0 };
    const session = await MysqlSession.connect(plain, signal, clock);
    try {
      const flavor = session.isMariadb ? 'mariadb' : 'mysql';
      for (const sql of dumpSettings(flavor, dump)) await session.query(sql, signal);
      await session.command(registerCommand(dump.replica), signal);
      return new BinlogWire(session, dump, clock);
    } catch (error) {
      session.destroy();
      throw withoutReplication(error, options.user);
    }
  }

  /** Monotonic ms of the last byte from the server. */
  get lastReceivedMs(): number {
    return this.#lastReceivedMs;
  }

  /** As the status tells it. */
  get input(): StreamInput {
    const silentMs = this.#clock.monotonicMs() - this.#lastReceivedMs;
    return { silentMs, isHeldUp: this.#stalled };
  }

  /** `host:port` of the server. */
  get server(): string {
    return this.#session.server;
  }

  /** The server's number for the connection. */
  get threadId(): number {
    return this.#session.threadId;
  }

  /**
   * Begins the dump and hands over its events; once. Resolves at the end of the log where that was
   * asked for, or after `stop`; everything else is an error.
   */
  async stream(receiver: BinlogReceiver, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#receiver !== undefined) throw new TidemarkError('INTERNAL', 'a second dump');
    this.#receiver = receiver;
    const { start, replica, annotateRows, stopAtEnd = false } = this.#dump;
    const flags = { annotateRows: annotateRows && this.#session.isMariadb, stopAtEnd };
    const abort = (): void => {
      this.stop();
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      this.#takeOver();
      this.#socket?.write(framed(dumpCommand(start, replica.serverId, flags)));
      await this.#completion.promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
    signal.throwIfAborted();
  }

  /** Ends the stream; the protocol has no other way than to cut the connection. */
  stop(): void {
    this.#finish(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#session.close();
  }

  #takeOver(): void {
    const { socket, tap, encrypted } = this.#session.takeOver();
    this.#socket = socket;
    this.#lastReceivedMs = this.#clock.monotonicMs();
    socket.on('error', (error) => {
      this.#finish(errorFromUse(error, this.#session.options));
    });
    socket.on('close', () => {
      const text = `${this.server} closed the connection`;
      this.#lost = new TidemarkError('MYSQL_CONNECTION_LOST', text);
      if (!this.#stalled) this.#finish(this.#lost);
    });
    if (encrypted) {
      socket.on('data', (chunk: Buffer) => {
        // No pause: a TLS record is small, and many of them come from one read of the kernel.
        this.#input.append(chunk);
        this.#lastReceivedMs = this.#clock.monotonicMs();
        this.#pump();
      });
    } else {
      tap.receiver = {
        room: () => this.#input.room(),
        received: (count) => this.#received(count),
      };
    }
    if (socket.destroyed) socket.emit('close');
    this.#watch();
  }

  #received(count: number): boolean {
    this.#input.received(count);
    this.#lastReceivedMs = this.#clock.monotonicMs();
    this.#pump();
    return !this.#stalled;
  }

  /** Hands over what has been received; then lets the receiver settle the chunk. */
  #pump(): void {
    if (this.#stalled || this.#pumping || this.#ended) return;
    this.#pumping = true;
    try {
      const wait = this.#input.drain(this.#packets);
      if (wait !== undefined) {
        this.#waitFor(wait, true);
        return;
      }
      if (this.#ended) return;
      const settled = this.#receiver?.settle(this.#input.pending > 0);
      if (settled === undefined) {
        if (this.#atEnd) this.#finish(undefined);
        return;
      }
      this.#input.hold();
      this.#waitFor(settled, false);
    } catch (error) {
      this.#finish(toTidemarkError(error));
    } finally {
      this.#pumping = false;
    }
  }

  #waitFor(wait: Promise<void>, packetsLeft: boolean): void {
    const stall = ++this.#stall;
    this.#stalled = true;
    this.#socket?.pause();
    const proceed = (): void => {
      if (stall !== this.#stall) return;
      this.#stalled = false;
      // The server's silence is counted from where we listen again.
      this.#lastReceivedMs = this.#clock.monotonicMs();
      if (packetsLeft) this.#pump();
      else if (this.#atEnd) this.#finish(undefined);
      if (this.#stalled) return;
      if (this.#lost === undefined) this.#socket?.resume();
      else this.#finish(this.#lost);
    };
    wait.then(proceed, (error: unknown) => {
      this.#finish(toTidemarkError(error));
    });
  }

  #packet(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    if (this.#ended) return undefined;
    const status = start < end ? bytes[start] : undefined;
    if (status === EVENT) {
      this.#hasEvents = true;
      return this.#receiver?.event(bytes, start + 1, end);
    }
    if (status === ERROR) {
      const error = readServerError(bytes, start, end);
      this.#finish(withoutReplication(error, this.#session.options.user));
      return undefined;
    }
    if (status === END && end - start < END_BYTES) {
      this.#endOfStream();
      return undefined;
    }
    throw new DecodeError('a packet that is no event', bytes.subarray(start, end), 0);
  }

  /** The end of the log, if we asked for it; otherwise the server goes down, or has killed us. */
  #endOfStream(): void {
    this.#atEnd = this.#dump.stopAtEnd === true;
    if (this.#atEnd) return;
    const text = `${this.server} ended the stream: it shuts down, or its thread was killed`;
    this.#finish(new TidemarkError('MYSQL_CONNECTION_LOST', text));
  }

  /** Whether the server is still there (PITFALLS B9): when idle it sends heartbeats. */
  #watch(): void {
    const { heartbeatMs, searchMs = SEARCH_MS } = this.#dump;
    this.#cancelWatch = this.#clock.after(heartbeatMs, () => {
      if (this.#ended) return;
      const silentMs = this.#clock.monotonicMs() - this.#lastReceivedMs;
      const patienceMs = MISSED_HEARTBEATS * heartbeatMs;
      const limitMs = this.#hasEvents ? patienceMs : Math.max(searchMs, patienceMs);
      if (silentMs <= limitMs || this.#stalled) {
        this.#watch();
        return;
      }
      const text = `${this.server} has sent nothing for ${Math.round(silentMs)} ms, no heartbeat`;
      this.#finish(new TidemarkError('MYSQL_CONNECTION_LOST', text));
    });
  }

  #finish(error: TidemarkError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stall++;
    this.#stalled = true;
    this.#cancelWatch?.();
    this.#session.destroy();
    if (error === undefined) this.#completion.resolve(undefined);
    else this.#completion.reject(error);
  }
}

/** Servers answer as if the password were wrong, long after it was not (PITFALLS B17). */
function withoutReplication<E>(error: E, user: string): E | TidemarkError {
  if (!(error instanceof TidemarkError) || error.code !== 'MYSQL_AUTH') return error;
  return new TidemarkError(
    'MYSQL_PERMISSION',
    `the account of ${user} may not read the binlog: ${error.message}`,
    {
      cure: 'GRANT REPLICATION SLAVE ON *.* TO <account>; (its name: SELECT CURRENT_USER();)',
      cause: error,
    },
  );
}
