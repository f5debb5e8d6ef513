import type { ByteReader } from '../../../foundation/byte-reader.ts';
import type { TidemarkError } from '../../../foundation/errors.ts';
import { readColumnNames, readDataRow, ServerMessage } from './wire-messages.ts';

/** Result of one statement, values as the server prints them. */
export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** The command tag, e.g. `SELECT 3`. */
  readonly command: string;
}

/** Receives a copy. */
export interface CopyOutHandler {
  /**
   * One CopyData; the range is writable and valid until the next `settle` returns. A promise holds
   * back all that follows.
   */
  data(bytes: Buffer, start: number, end: number): Promise<void> | undefined;
  /** After each chunk of input; nothing more is read while the promise is open. */
  settle(): Promise<void> | undefined;
}

/** Receives a replication stream. */
export interface CopyBothHandler {
  /** The server has accepted the command. */
  started(): void;
  /** One CopyData; a promise holds back all that follows. */
  frame(bytes: Buffer, start: number, end: number): Promise<void> | undefined;
  /** After each chunk; `more` = the beginning of a further frame is already there. */
  settle(more: boolean): Promise<void> | undefined;
}

/** What a connection is busy with, from its request to ReadyForQuery. */
export abstract class WireOperation {
  readonly #completion = Promise.withResolvers<void>();
  /** The first error of the server; the operation ends with it. */
  #serverError: TidemarkError | undefined;

  constructor() {
    // Rejection is always seen through `done`; this only keeps Node from calling it unhandled.
    this.#completion.promise.catch(() => undefined);
  }

  get done(): Promise<void> {
    return this.#completion.promise;
  }

  get serverError(): TidemarkError | undefined {
    return this.#serverError;
  }

  set serverError(error: TidemarkError) {
    this.#serverError ??= error;
  }

  reject(error: TidemarkError): void {
    this.#completion.reject(error);
  }

  data(_bytes: Buffer, _start: number, _end: number): Promise<void> | undefined {
    return undefined;
  }

  settle(_more: boolean): Promise<void> | undefined {
    return undefined;
  }

  /** Every message but CopyData, errors and asynchronous ones. */
  message(type: number, reader: ByteReader): void {
    switch (type) {
      case ServerMessage.readyForQuery:
        if (this.#serverError === undefined) this.#completion.resolve();
        else this.#completion.reject(this.#serverError);
        return;
      case ServerMessage.commandComplete:
      case ServerMessage.copyDone:
      case ServerMessage.copyOut:
      case ServerMessage.copyBoth:
      case ServerMessage.dataRow:
      case ServerMessage.emptyQuery:
      case ServerMessage.rowDescription:
        return;
      default:
        reader.fail(`unexpected message ${type}`);
    }
  }
}

/** Keeps the results of a simple query. */
export class QueryOperation extends WireOperation {
  readonly results: QueryResult[] = [];
  #columns: readonly string[] = [];
  #rows: (readonly (string | null)[])[] = [];

  override message(type: number, reader: ByteReader): void {
    switch (type) {
      case ServerMessage.rowDescription:
        this.#columns = readColumnNames(reader);
        return;
      case ServerMessage.dataRow:
        this.#rows.push(readDataRow(reader));
        return;
      case ServerMessage.commandComplete:
        this.results.push({ columns: this.#columns, rows: this.#rows, command: reader.cstring() });
        this.#columns = [];
        this.#rows = [];
        return;
      default:
        super.message(type, reader);
    }
  }
}

/** Passes the data of a COPY TO on. */
export class CopyOutOperation extends WireOperation {
  readonly #handler: CopyOutHandler;

  constructor(handler: CopyOutHandler) {
    super();
    this.#handler = handler;
  }

  override data(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    return this.#handler.data(bytes, start, end);
  }

  override settle(): Promise<void> | undefined {
    return this.#handler.settle();
  }
}

/** Passes the frames of START_REPLICATION on. */
export class CopyBothOperation extends WireOperation {
  readonly #handler: CopyBothHandler;
  /** We have sent CopyDone: what still comes is not ours to read. */
  ending = false;

  constructor(handler: CopyBothHandler) {
    super();
    this.#handler = handler;
  }

  override data(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    return this.ending ? undefined : this.#handler.frame(bytes, start, end);
  }

  override settle(more: boolean): Promise<void> | undefined {
    return this.ending ? undefined : this.#handler.settle(more);
  }

  override message(type: number, reader: ByteReader): void {
    if (type === ServerMessage.copyBoth) this.#handler.started();
    else super.message(type, reader);
  }
}
