import type { Socket } from 'node:net';
import { ByteReader, DecodeError } from '../../../foundation/byte-reader.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import type { StreamInput } from '../../../model/change-event.ts';
import { runInitialStatements } from './initial-statements.ts';
import { errorFromConnect, postgresErrorFrom } from '../postgres-errors.ts';
import type { PostgresConnectionOptions } from '../postgres-source-options.ts';
import { connectSuitable } from './server-choice.ts';
import type { ByteReceiver, WireSession } from './wire-connect.ts';
import { connectSocket } from './wire-connect.ts';
import type { FrameSink } from './wire-input.ts';
import { WireInput } from './wire-input.ts';
import {
  copyDataFrame,
  copyDoneFrame,
  queryFrame,
  readServerError,
  ServerMessage,
  terminateFrame,
} from './wire-messages.ts';
import type {
  CopyBothHandler,
  CopyOutHandler,
  QueryResult,
  WireOperation,
} from './wire-operation.ts';
import { CopyBothOperation, CopyOutOperation, QueryOperation } from './wire-operation.ts';
import type { ReadRate } from './wire-pause.ts';
import { IDLE_RATE, pauseAfterRead, rateAfterRead } from './wire-pause.ts';

/** How long a polite close may take before the socket is cut. */
const CLOSE_DEADLINE_MS = 2000;

/**
 * One connection to PostgreSQL that speaks the simple query protocol over a socket which `pg` has
 * logged in. Rows of a copy are handed over as ranges of the receive buffer: no object, event or
 * promise per row. One operation at a time; sending is possible while reading waits.
 */
export class PostgresWire implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #where: { readonly host: string; readonly port: number };
  readonly #input = new WireInput();
  readonly #reader = new ByteReader();
  readonly #closed = Promise.withResolvers<void>();
  readonly #frames: FrameSink = {
    frame: (type, bytes, start, end) => this.#frame(type, bytes, start, end),
  };
  #socket: Socket | undefined;
  #operation: WireOperation | undefined;
  #failure: TidemarkError | undefined;
  /** Rises whenever a wait loses its meaning, so that its late end resumes nothing. */
  #stall = 0;
  #stalled = false;
  #pumping = false;
  #cancelPause: (() => void) | undefined;
  #rate: ReadRate = IDLE_RATE;
  #lastReceivedMs: number;

  private constructor(options: PostgresConnectionOptions, clock: Clock) {
    this.#clock = clock;
    this.#where = { host: options.host, port: options.port };
    this.#lastReceivedMs = clock.monotonicMs();
  }

  /** Connects and logs in; the signal aborts only this, a connection ends by `close`. */
  static async connect(
    options: PostgresConnectionOptions,
    session: WireSession,
    signal: AbortSignal,
    clock: Clock = systemClock,
  ): Promise<PostgresWire> {
    signal.throwIfAborted();
    const open = (one: PostgresConnectionOptions): Promise<PostgresWire> =>
      PostgresWire.#open(one, session, signal, clock);
    const wire = await connectSuitable(options, open, signal);
    const { initialStatements = [] } = options;
    if (session.replication || initialStatements.length === 0) return wire;
    try {
      await runInitialStatements(wire, initialStatements, signal);
      return wire;
    } catch (error) {
      await wire.close();
      throw error;
    }
  }

  static async #open(
    options: PostgresConnectionOptions,
    session: WireSession,
    signal: AbortSignal,
    clock: Clock,
  ): Promise<PostgresWire> {
    const wire = new PostgresWire(options, clock);
    const receiver: ByteReceiver = {
      room: () => wire.#input.room(),
      received: (count) => wire.#received(count),
      chunk: (bytes) => {
        // No pause: a TLS record is small, and many of them come from one read of the kernel.
        wire.#input.append(bytes);
        wire.#lastReceivedMs = clock.monotonicMs();
        wire.#pump();
      },
    };
    const socket = await connectSocket(options, session, receiver, signal);
    wire.#socket = socket;
    socket.on('error', (error) => {
      wire.#fail(errorFromConnect(error, wire.#where));
    });
    socket.on('close', () => {
      wire.#fail(new TidemarkError('PG_CONNECTION_LOST', wire.#lostMessage()));
      wire.#closed.resolve();
    });
    if (socket.destroyed) wire.#fail(new TidemarkError('PG_CONNECTION_LOST', wire.#lostMessage()));
    return wire;
  }

  /** False once the connection is closed, lost or failed. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** `host:port` of the server that it was made to. */
  get server(): string {
    return `${this.#where.host}:${this.#where.port}`;
  }

  /** Monotonic ms of the last byte from the server; for liveness. */
  get lastReceivedMs(): number {
    return this.#lastReceivedMs;
  }

  /** As the status tells it. */
  get input(): StreamInput {
    const silentMs = this.#clock.monotonicMs() - this.#lastReceivedMs;
    return { silentMs, isHeldUp: this.#stalled };
  }

  /** Runs one or more statements of the simple protocol; the whole result is kept in memory. */
  async query(sql: string, signal?: AbortSignal): Promise<readonly QueryResult[]> {
    const operation = new QueryOperation();
    await this.#run(operation, queryFrame(sql), signal);
    return operation.results;
  }

  /**
   * Runs `COPY … TO STDOUT`. `data` is called once a row, with its newline in text format; `settle`
   * after each chunk of input, and while its promise is open nothing more is read.
   */
  async copyOut(sql: string, handler: CopyOutHandler, signal: AbortSignal): Promise<void> {
    await this.#run(new CopyOutOperation(handler), queryFrame(sql), signal);
  }

  /**
   * Runs START_REPLICATION. Resolves when the server has ended the stream after `endReplication`,
   * or of its own accord.
   */
  async startReplication(
    command: string,
    handler: CopyBothHandler,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#run(new CopyBothOperation(handler), queryFrame(command), signal);
  }

  /** Sends CopyData, at any time during replication, also while reading waits (P50). */
  send(payload: Buffer): void {
    this.#write(copyDataFrame(payload));
  }

  /**
   * Ends replication politely: frames that still come are dropped, the slot is released when
   * `startReplication` resolves (P56).
   */
  endReplication(): void {
    if (!(this.#operation instanceof CopyBothOperation)) return;
    this.#operation.ending = true;
    this.#write(copyDoneFrame());
    this.#stall++;
    this.#stalled = false;
    this.#pump();
    this.#resume();
  }

  /** Says goodbye and closes; cuts the connection when it is in the middle of something. */
  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return;
    if (this.#operation !== undefined || this.#failure !== undefined) {
      this.destroy();
      return;
    }
    this.#failure = new TidemarkError('PG_CONNECTION_LOST', 'the connection is closed');
    socket.end(terminateFrame());
    this.#resume();
    const cancel = this.#clock.after(CLOSE_DEADLINE_MS, () => {
      socket.destroy();
    });
    await this.#closed.promise;
    cancel();
  }

  /** Cuts the connection; what runs on it is rejected. */
  destroy(reason?: TidemarkError): void {
    this.#fail(reason ?? new TidemarkError('PG_CONNECTION_LOST', 'the connection was cut by us'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(operation: WireOperation, request: Buffer, signal?: AbortSignal): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#operation !== undefined) {
      throw new TidemarkError('INTERNAL', 'two operations at once on one connection');
    }
    signal?.throwIfAborted();
    const abort = (): void => {
      this.destroy();
    };
    signal?.addEventListener('abort', abort, { once: true });
    this.#operation = operation;
    this.#write(request);
    try {
      await operation.done;
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#operation = undefined;
    }
  }

  #write(frame: Buffer): void {
    if (this.#socket?.writable === true) this.#socket.write(frame);
  }

  #received(count: number): boolean {
    this.#input.received(count);
    this.#lastReceivedMs = this.#clock.monotonicMs();
    this.#rate = rateAfterRead(this.#rate, count, this.#lastReceivedMs);
    this.#pump();
    const pauseMs = pauseAfterRead(this.#rate, count);
    if (pauseMs > 0 && !this.#stalled && this.#cancelPause === undefined) {
      this.#socket?.pause();
      this.#cancelPause = this.#clock.after(pauseMs, () => {
        this.#cancelPause = undefined;
        this.#resume();
      });
    }
    return !this.#stalled && this.#cancelPause === undefined;
  }

  #resume(): void {
    if (this.#stalled || this.#cancelPause !== undefined) return;
    this.#socket?.resume();
  }

  /** Hands over what has been received; then lets the operation settle the chunk. */
  #pump(): void {
    // A handler may end replication from inside its call: the loop outside goes on by itself.
    if (this.#stalled || this.#pumping || this.#failure !== undefined) return;
    this.#pumping = true;
    try {
      const wait = this.#input.drain(this.#frames);
      if (wait !== undefined) {
        this.#waitFor(wait, true);
        return;
      }
      const settled = this.#operation?.settle(this.#input.pending > 0);
      if (settled !== undefined) {
        this.#input.hold();
        this.#waitFor(settled, false);
      }
    } catch (error) {
      this.#fail(toTidemarkError(error));
    } finally {
      this.#pumping = false;
    }
  }

  #waitFor(wait: Promise<void>, framesLeft: boolean): void {
    const stall = ++this.#stall;
    this.#stalled = true;
    this.#socket?.pause();
    const proceed = (): void => {
      if (stall !== this.#stall) return;
      this.#stalled = false;
      if (framesLeft) this.#pump();
      this.#resume();
    };
    wait.then(proceed, (error: unknown) => {
      this.#fail(toTidemarkError(error));
    });
  }

  #frame(type: number, bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    const operation = this.#operation;
    if (type === ServerMessage.copyData && operation !== undefined) {
      return operation.data(bytes, start, end);
    }
    const reader = this.#reader;
    reader.reset(bytes, start, end);
    switch (type) {
      case ServerMessage.parameterStatus:
      case ServerMessage.notice:
      case ServerMessage.notification:
        return undefined;
      case ServerMessage.error: {
        const error = postgresErrorFrom(readServerError(reader));
        // Outside an operation the server is about to close: this is why.
        if (operation === undefined) this.#fail(error);
        else operation.serverError = error;
        return undefined;
      }
      default:
        if (operation === undefined) {
          throw new DecodeError(`message ${type} while idle`, bytes.subarray(start, end), 0);
        }
        operation.message(type, reader);
        return undefined;
    }
  }

  #fail(error: TidemarkError): void {
    const serverError = this.#operation?.serverError;
    const cause = serverError ?? error;
    this.#failure ??= cause;
    this.#stall++;
    this.#stalled = true;
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#socket?.destroy();
    this.#operation?.reject(cause);
  }

  #lostMessage(): string {
    return `${this.server} closed the connection`;
  }
}
