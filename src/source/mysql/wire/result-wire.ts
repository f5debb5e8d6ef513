import type { Socket } from 'node:net';
import { DecodeError } from '../../../foundation/byte-reader.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import { RowImage } from '../../../model/row-image.ts';
import { errorFromUse } from '../mysql-errors.ts';
import type { MysqlQuerier, MysqlResult, MysqlSession } from './mysql-session.ts';
import { framed, readServerError } from './mysql-session.ts';
import type { PacketSink } from './packet-input.ts';
import { PacketInput } from './packet-input.ts';
import { readTextRow } from './text-row.ts';

/** What takes the rows of a result as they come; `readTextRow` reads one. */
export interface RowSink {
  /** The range is valid until the next `settle`. A promise holds back all that follows. */
  data(bytes: Buffer, start: number, end: number): Promise<void> | undefined;
  /** After each chunk of input, and at the end. */
  settle(): Promise<void> | undefined;
}

interface Command {
  readonly rows: RowSink;
  readonly columnNames: string[];
  readonly completion: PromiseWithResolvers<undefined>;
  /** Definitions of columns that have still to come; null: the answer has not begun. */
  columnsLeft: number | null;
  /** The end of the definitions has come. */
  hasColumns: boolean;
}

const CLOSE_DEADLINE_MS = 2000;
const COM_QUIT = Buffer.from([0x01]);
const COM_QUERY = 0x03;
const OK = 0x00;
const LOCAL_FILE = 0xfb;
const END = 0xfe;
const ERROR = 0xff;
/** A row may begin with that byte too, and is longer then. */
const END_BYTES = 9;
const TWO_BYTES = 0xfc;

/**
 * Statements on a session whose socket was taken over: rows of a result are handed over where they
 * lie in the receive buffer, one by one and without an object (PITFALLS B117). One statement at a
 * time; an error of the server ends the statement, anything else the connection.
 */
export class ResultWire implements MysqlQuerier, AsyncDisposable {
  readonly #session: MysqlSession;
  readonly #socket: Socket;
  readonly #input = new PacketInput(1, 'rows');
  readonly #packets: PacketSink = {
    packet: (bytes, start, end) => this.#packet(bytes, start, end),
  };
  #command: Command | undefined;
  #failure: TidemarkError | undefined;
  /** The answer is complete: what came last is still to be settled. */
  #atEnd = false;
  #stalled = false;
  #pumping = false;

  constructor(session: MysqlSession) {
    this.#session = session;
    const { socket, tap, encrypted } = session.takeOver();
    this.#socket = socket;
    socket.on('error', (error) => {
      this.#fail(errorFromUse(error, session.options));
    });
    socket.on('close', () => {
      const text = `${session.server} closed the connection`;
      this.#fail(new TidemarkError('MYSQL_CONNECTION_LOST', text));
    });
    if (encrypted) {
      socket.on('data', (chunk: Buffer) => {
        this.#input.append(chunk);
        this.#pump();
      });
      return;
    }
    tap.receiver = {
      room: () => this.#input.room(),
      received: (count) => {
        this.#input.received(count);
        this.#pump();
        return !this.#stalled;
      },
    };
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Runs a statement whose result is small. */
  async query(sql: string, signal?: AbortSignal): Promise<MysqlResult> {
    const rows: (string | null)[][] = [];
    const image = new RowImage();
    const columns = await this.#run(sql, signal, (names) => ({
      data: (bytes, start, end) => {
        readTextRow(bytes, start, end, image, names.length);
        rows.push(names.map((_, i) => image.text(i) ?? null));
        return undefined;
      },
      settle: () => undefined,
    }));
    return { columns, rows };
  }

  /** Runs a statement whose rows go to the sink. */
  async read(sql: string, rows: RowSink, signal?: AbortSignal): Promise<void> {
    await this.#run(sql, signal, () => rows);
  }

  /** Says goodbye and waits for the server to close; what runs is cut off. */
  async close(): Promise<void> {
    if (this.#command !== undefined) {
      this.#fail(new TidemarkError('MYSQL_CONNECTION_LOST', 'the connection was closed by us'));
    }
    if (this.#socket.destroyed) return;
    const closed = Promise.withResolvers<undefined>();
    const cancel = systemClock.after(CLOSE_DEADLINE_MS, () => this.#session.destroy());
    this.#socket.once('close', () => {
      closed.resolve(undefined);
    });
    this.#input.expectAnswer();
    this.#socket.end(framed(COM_QUIT));
    this.#socket.resume();
    await closed.promise;
    cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(
    sql: string,
    signal: AbortSignal | undefined,
    sink: (columnNames: readonly string[]) => RowSink,
  ): Promise<readonly string[]> {
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#command !== undefined) throw new TidemarkError('INTERNAL', 'a second statement');
    const columnNames: string[] = [];
    const completion = Promise.withResolvers<undefined>();
    this.#command = {
      rows: sink(columnNames),
      columnNames,
      completion,
      columnsLeft: null,
      hasColumns: false,
    };
    const abort = (): void => {
      this.#fail(toTidemarkError(signal?.reason));
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      this.#input.expectAnswer();
      this.#socket.write(framed(Buffer.concat([Buffer.of(COM_QUERY), Buffer.from(sql)])));
      await completion.promise;
      return columnNames;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  #pump(): void {
    if (this.#stalled || this.#pumping || this.#failure !== undefined) return;
    this.#pumping = true;
    try {
      const wait = this.#input.drain(this.#packets);
      if (wait !== undefined) {
        this.#waitFor(wait);
        return;
      }
      const settled = this.#command?.rows.settle();
      if (settled === undefined) {
        this.#end();
        return;
      }
      this.#input.hold();
      this.#waitFor(settled);
    } catch (error) {
      this.#fail(toTidemarkError(error));
    } finally {
      this.#pumping = false;
    }
  }

  #waitFor(wait: Promise<void>): void {
    this.#stalled = true;
    this.#socket.pause();
    const proceed = (): void => {
      this.#stalled = false;
      this.#pump();
      if (!this.#stalled) this.#socket.resume();
    };
    wait.then(proceed, (error: unknown) => {
      this.#fail(toTidemarkError(error));
    });
  }

  #packet(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    const command = this.#command;
    const first = bytes[start];
    if (command === undefined || first === undefined || this.#atEnd) {
      throw new DecodeError('an answer to nothing', bytes.subarray(start, end), 0);
    }
    // A row has no value that begins so.
    if (first === ERROR) {
      this.#end(readServerError(bytes, start, end));
      return undefined;
    }
    if (command.columnsLeft === null) {
      this.#begin(command, bytes, start, end);
      return undefined;
    }
    if (first === END && end - start < END_BYTES) {
      if (command.hasColumns) this.#atEnd = true;
      else command.hasColumns = true;
      return undefined;
    }
    if (command.hasColumns) return command.rows.data(bytes, start, end);
    command.columnsLeft--;
    command.columnNames.push(columnName(bytes.subarray(start, end)));
    return undefined;
  }

  #begin(command: Command, bytes: Buffer, start: number, end: number): void {
    const first = bytes[start] as number;
    if (first === OK) {
      this.#atEnd = true;
      return;
    }
    // A server could ask for a file of ours, although we have said that it may not.
    const isCount = first < LOCAL_FILE || (first === TWO_BYTES && end - start === 3);
    if (!isCount) throw new DecodeError('no result', bytes.subarray(start, end), 0);
    command.columnsLeft = first === TWO_BYTES ? bytes.readUInt16LE(start + 1) : first;
  }

  /** The statement is done, if its answer is complete or it failed. */
  #end(error?: TidemarkError): void {
    const command = this.#command;
    if (command === undefined || (error === undefined && !this.#atEnd)) return;
    this.#command = undefined;
    this.#atEnd = false;
    if (error === undefined) command.completion.resolve(undefined);
    else command.completion.reject(error);
  }

  #fail(error: TidemarkError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#end(error);
    this.#session.destroy();
  }
}

/** The fifth of the texts of a column's definition. */
function columnName(bytes: Buffer): string {
  let at = 0;
  for (let i = 0; i < 4; i++) at = textEnd(bytes, at);
  const end = textEnd(bytes, at);
  const prefix = bytes[at] === TWO_BYTES ? 3 : 1;
  return bytes.toString('utf8', at + prefix, end);
}

function textEnd(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? ERROR;
  const isShort = first < LOCAL_FILE;
  if (!isShort && (first !== TWO_BYTES || at + 3 > bytes.length)) {
    throw new DecodeError('no definition of a column', bytes, at);
  }
  return isShort ? at + 1 + first : at + 3 + bytes.readUInt16LE(at + 1);
}
