import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DecodeError } from '../foundation/byte-reader.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { BinlogDecoder } from '../source/mysql/binlog/binlog-decoder.ts';
import type { TransactionPayloadEvent } from '../source/mysql/binlog/binlog-event.ts';
import { EventSplitter } from '../source/mysql/binlog/event-splitter.ts';
import { rowsKind } from '../source/mysql/binlog/rows-kind.ts';
import { smallPayload, streamedPayload } from '../source/mysql/binlog/transaction-payload.ts';
import { BinlogLines } from './binlog-lines.ts';

/** Which file to print, and how much of it. */
export interface DecodeBinlogOptions {
  readonly path: string;
  /** Only rows: no line for an event itself. */
  readonly rowsOnly: boolean;
  readonly signal: AbortSignal;
}

const MAGIC = Buffer.from([0xfe, 0x62, 0x69, 0x6e]);
const ENCRYPTED_MAGIC = Buffer.from([0xfd, 0x62, 0x69, 0x6e]);
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const CHUNK_BYTES = 256 * 1024;
/** Lines are handed out in pieces of about this many characters. */
const TEXT_CHARACTERS = 64 * 1024;

/**
 * The events and rows of a binlog file, plain or gzipped, as JSON lines; no server is needed. What
 * comes before damaged bytes is handed out before DECODE is thrown.
 */
export async function* decodedBinlog(options: DecodeBinlogOptions): AsyncGenerator<string> {
  const printer = new BinlogPrinter(options.rowsOnly);
  let head = Buffer.alloc(0);
  for await (const chunk of fileChunks(options)) {
    let rest = chunk;
    if (head.length < MAGIC.length) {
      const missing = MAGIC.length - head.length;
      head = Buffer.concat([head, chunk.subarray(0, missing)]);
      if (head.length < MAGIC.length) continue;
      checkMagic(head);
      rest = chunk.subarray(missing);
    }
    yield* printer.print(rest);
  }
  checkMagic(head);
  printer.finish();
}

function checkMagic(head: Buffer): void {
  if (head.equals(MAGIC)) return;
  if (head.equals(ENCRYPTED_MAGIC)) encrypted();
  throw new DecodeError('not a binlog, which starts with fe62696e', head, 0);
}

function encrypted(): never {
  throw new TidemarkError('DECODE', 'the binlog is encrypted', {
    cure: 'Copy it out with mysqlbinlog --read-from-remote-server --raw: the server decrypts it.',
  });
}

async function* fileChunks({ path, signal }: DecodeBinlogOptions): AsyncGenerator<Buffer> {
  const isGzip = await startsLikeGzip(path);
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES, signal });
  if (!isGzip) {
    yield* file as AsyncIterable<Buffer>;
    return;
  }
  // The callback is what keeps an error from being thrown twice: the loop gets it.
  const plain = pipeline(file, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined);
  try {
    yield* plain as AsyncIterable<Buffer>;
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error;
    throw new TidemarkError('DECODE', `${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function startsLikeGzip(path: string): Promise<boolean> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(2), length: 2 });
    return bytesRead === 2 && buffer.equals(GZIP_MAGIC);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw new TidemarkError('USAGE', `${path}: ${reason}`, { cause: error });
  }
}

/** Turns the bytes of a file into lines, event by event. */
class BinlogPrinter {
  readonly #rowsOnly: boolean;
  readonly #decoder = new BinlogDecoder();
  readonly #lines = new BinlogLines(this.#decoder);
  readonly #events = new EventSplitter();
  #text = '';

  constructor(rowsOnly: boolean) {
    this.#rowsOnly = rowsOnly;
  }

  async *print(chunk: Buffer): AsyncGenerator<string> {
    const events = this.#events;
    events.push(chunk);
    let failure: unknown;
    try {
      while (this.#next()) {
        this.#decoder.open(events.bytes, events.start, events.end);
        const payload = this.#event(null);
        if (payload !== null) yield* this.#payload(payload);
        if (this.#text.length > TEXT_CHARACTERS) yield this.#take();
      }
    } catch (error) {
      failure = error;
    }
    // Also what stands in front of damaged bytes.
    if (this.#text !== '') yield this.#take();
    if (failure !== undefined) throw failure;
  }

  finish(): void {
    const { pendingBytes } = this.#events;
    if (pendingBytes === 0) return;
    const { endPosition } = this.#decoder;
    const what = `the file ends inside of the event at ${endPosition}`;
    throw new TidemarkError('DECODE', `${what}: ${pendingBytes} bytes of it are there`);
  }

  #next(): boolean {
    try {
      return this.#events.next();
    } catch (error) {
      if (error instanceof DecodeError) {
        error.message = `behind ${this.#decoder.endPosition}: ${error.message}`;
      }
      throw error;
    }
  }

  /** Adds the lines of the open event; returns it when it holds others. */
  #event(inner: number | null): TransactionPayloadEvent | null {
    const decoder = this.#decoder;
    if (rowsKind(decoder.type) !== undefined) {
      this.#rows(inner);
      return null;
    }
    const event = decoder.event();
    const line = this.#lines.event(event, inner);
    if (!this.#rowsOnly) this.#text += line;
    if (event.kind === 'start-encryption') encrypted();
    return event.kind === 'transaction-payload' ? event : null;
  }

  #rows(inner: number | null): void {
    const decoder = this.#decoder;
    const table = decoder.openRows();
    if (!this.#rowsOnly) this.#text += this.#lines.rowsEvent(table, inner);
    if (table === null) return;
    for (let row = 0; decoder.nextRow(); row++) this.#text += this.#lines.row(table, row, inner);
  }

  async *#payload(event: TransactionPayloadEvent): AsyncGenerator<string> {
    const events = new EventSplitter();
    let inner = 0;
    const small = smallPayload(event);
    for await (const chunk of small === null ? streamedPayload(event) : [small]) {
      events.push(chunk);
      while (events.next()) {
        this.#decoder.openInner(events.bytes, events.start, events.end);
        this.#event(inner++);
        if (this.#text.length > TEXT_CHARACTERS) yield this.#take();
      }
    }
    if (events.pendingBytes > 0) {
      const { position } = this.#decoder;
      const what = `the compressed transaction at ${position} ends inside of an event`;
      throw new TidemarkError('DECODE', what);
    }
  }

  #take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}
