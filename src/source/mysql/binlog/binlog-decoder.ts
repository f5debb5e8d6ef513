import { crc32 } from 'node:zlib';
import { ByteReader, DecodeError } from '../../../foundation/byte-reader.ts';
import type { RowImage } from '../../../model/row-image.ts';
import type { BinlogChecksum, BinlogEvent, FormatDescriptionEvent } from './binlog-event.ts';
import { EventFlag, EventType, eventTypeName } from './binlog-event-type.ts';
import type { BinlogTable } from './binlog-table.ts';
import { readFormatDescription, readTransactionPayload } from './control-events.ts';
import { readOtherEvent } from './other-events.ts';
import { filePosition } from './packed-integer.ts';
import { readQuery } from './query-event.ts';
import { rowsKind } from './rows-kind.ts';
import { RowsReader } from './rows-reader.ts';
import { TableMapCache } from './table-map-cache.ts';

const HEADER_BYTES = 19;
const CHECKSUM_BYTES = 4;
const FLAGS_AT = 17;
const STATEMENT_END = 1;
/** A table id that only ends a statement (PITFALLS B37). */
const NO_TABLE = 0x00ff_ffff;
const QUERY_FIXED_BYTES = 13;
/** The file's id, where its name stands in the text, and what to do with duplicates come behind. */
const LOAD_FIXED_BYTES = 26;

/**
 * Decodes binlog events where they lie. `open` reads the header; then a rows event is read by
 * `openRows` and `nextRow` into the reused images, and any other by `event`, which must not be left
 * out: it keeps track of formats, files and table maps.
 * Bytes that are no event throw DecodeError, and nothing else does.
 */
export class BinlogDecoder {
  /** Of the open event. */
  type = 0;
  /** Seconds since 1970, unsigned. */
  timestamp = 0;
  serverId = 0;
  flags = 0;
  /** Where the open event starts and ends in its file; of an inner event: the whole payload. */
  position = 4;
  endPosition = 4;
  /**
   * Where the event itself begins. `position` is before it where the server left events out: those
   * that a client has, of a file that it began to read at an index (MariaDB).
   */
  beginPosition = 4;
  /** Of the last ROTATE; empty in a file that is read by itself. */
  file = '';
  /** How events end; each FORMAT_DESCRIPTION says it anew (PITFALLS B3). */
  checksum: BinlogChecksum;
  format: FormatDescriptionEvent | null = null;
  /** Of the open rows event. */
  tableId = 0;
  readonly #reader = new ByteReader();
  readonly #rows = new RowsReader();
  #tables = new TableMapCache();
  #endsStatement = false;
  #isInner = false;
  /** Where the next event of the file starts. */
  #next = 4;

  /** `checksum` holds until the first FORMAT_DESCRIPTION: on the wire, what was negotiated. */
  constructor(checksum: BinlogChecksum = 'none') {
    this.checksum = checksum;
  }

  get before(): RowImage {
    return this.#rows.before;
  }

  get after(): RowImage {
    return this.#rows.after;
  }

  get op(): 'c' | 'u' | 'd' {
    return this.#rows.op;
  }

  /** The new row changes a JSON document whose old form the event lacks: it is absent (B84). */
  get lacksJson(): boolean {
    return this.#rows.lacksJson;
  }

  /** Where the next event of the file begins. */
  get nextPosition(): number {
    return this.#next;
  }

  /** The next event of the file, in `bytes[start, end)`; returns its type. */
  open(bytes: Buffer, start: number, end: number): number {
    try {
      this.#isInner = false;
      this.#header(bytes, start, end);
      if (this.type === EventType.formatDescription) this.#format();
      if (this.checksum === 'crc32') this.#verify(bytes, start, end);
      return this.type;
    } catch (error) {
      throw this.#located(error);
    }
  }

  /** An event inside of a compressed transaction: no checksum, no position (PITFALLS B90). */
  openInner(bytes: Buffer, start: number, end: number): number {
    try {
      this.#isInner = true;
      this.#header(bytes, start, end);
      const { type } = this;
      if (type === EventType.transactionPayload || type === EventType.formatDescription) {
        this.#reader.fail('not inside of a compressed transaction');
      }
      return type;
    } catch (error) {
      throw this.#located(error);
    }
  }

  /** The open event, which is not one of rows, as an object. */
  event(): BinlogEvent {
    try {
      return this.#event();
    } catch (error) {
      throw this.#located(error);
    }
  }

  /** The table of the open rows event; null: it has no rows, and only ends a statement. */
  openRows(): BinlogTable | null {
    try {
      const kind = rowsKind(this.type);
      const reader = this.#reader;
      if (kind === undefined) return reader.fail('no rows event');
      this.tableId = this.#tableId();
      this.#endsStatement = (reader.u16le() & STATEMENT_END) !== 0;
      const table = this.#tables.get(this.tableId);
      if (table === undefined) {
        if (this.tableId === NO_TABLE) return null;
        return reader.fail(`rows of table ${this.tableId}, which has no table map`);
      }
      this.#rows.open(kind, table, reader);
      return table;
    } catch (error) {
      throw this.#located(error);
    }
  }

  /** Fills `before` and `after` with the next row of the event that `openRows` opened. */
  nextRow(): boolean {
    try {
      return this.#rows.next();
    } catch (error) {
      throw this.#located(error);
    }
  }

  /** Gives the new row what it left out: unchanged values, or defaults (PITFALLS B61). */
  fillLeftOut(): void {
    this.#rows.fillLeftOut();
  }

  #header(bytes: Buffer, start: number, end: number): void {
    if (this.#endsStatement) {
      this.#endsStatement = false;
      this.#tables.endStatement();
    }
    const reader = this.#reader;
    reader.reset(bytes, start, end);
    this.timestamp = reader.u32le();
    this.type = reader.u8();
    this.serverId = reader.u32le();
    const size = reader.u32le();
    const logPosition = reader.u32le();
    this.flags = reader.u16le();
    if (this.#isInner) {
      if (size !== end - start) reader.fail(`an event of ${size} bytes in ${end - start}`);
      return;
    }
    this.position = this.#next;
    this.endPosition = this.#next;
    this.beginPosition = this.#next;
    if (size !== end - start) reader.fail(`an event of ${size} bytes in ${end - start}`);
    this.#move(size, logPosition);
  }

  /**
   * The header's position has 32 bits only, and may be missing (PITFALLS B5, B10, B11): positions
   * are sums of sizes, moved up to where the header says; a server leaves out events that the
   * client has, and sends them shorter where it takes off the checksum.
   */
  #move(size: number, logPosition: number): void {
    const isArtificial = (this.flags & EventFlag.artificial) !== 0;
    // A description of the format that is sent in front of the middle of a file has no position.
    const isOfFile = this.type !== EventType.formatDescription || logPosition !== 0;
    const isHeartbeat = this.type === EventType.heartbeat || this.type === EventType.heartbeatV2;
    if (isArtificial || !isOfFile) return;
    if (!isHeartbeat) this.endPosition += size;
    if (logPosition !== 0) {
      this.endPosition += (logPosition - (this.endPosition % 2 ** 32) + 2 ** 32) % 2 ** 32;
    }
    if (isHeartbeat) this.position = this.endPosition;
    this.beginPosition = isHeartbeat ? this.endPosition : this.endPosition - size;
    this.#next = this.endPosition;
  }

  #format(): void {
    const reader = this.#reader;
    const { bytes, position } = reader;
    const format = readFormatDescription(reader);
    reader.reset(bytes, position - HEADER_BYTES, reader.end);
    reader.position = position;
    const isSameServer = this.format?.serverVersion === format.serverVersion;
    if (isSameServer) this.#tables.clear();
    else this.#tables = new TableMapCache();
    this.format = format;
    this.checksum = format.checksum;
  }

  #verify(bytes: Buffer, start: number, end: number): void {
    const reader = this.#reader;
    const bodyEnd = end - CHECKSUM_BYTES;
    if (bodyEnd < reader.position) reader.fail('no room for a checksum');
    let content = bytes.subarray(start, bodyEnd);
    // Set while the server writes the file, and not part of the sum.
    if (this.type === EventType.formatDescription && (this.flags & EventFlag.inUse) !== 0) {
      content = Buffer.from(content);
      content[FLAGS_AT] = (content[FLAGS_AT] as number) & ~EventFlag.inUse;
    }
    const expected = bytes.readUInt32LE(bodyEnd);
    const actual = crc32(content);
    if (actual !== expected) {
      reader.fail(`checksum ${actual.toString(16)} instead of ${expected.toString(16)}`);
    }
    reader.end = bodyEnd;
  }

  #event(): BinlogEvent {
    const reader = this.#reader;
    switch (this.type) {
      case EventType.formatDescription:
        return this.format as FormatDescriptionEvent;
      case EventType.rotate:
        return this.#rotate();
      case EventType.tableMap:
        return this.#tableMap();
      case EventType.query:
      case EventType.queryCompressed:
      case EventType.executeLoadQuery: {
        const compressed = this.type === EventType.queryCompressed;
        const load = this.type === EventType.executeLoadQuery;
        const least = load ? LOAD_FIXED_BYTES : QUERY_FIXED_BYTES;
        const length = Math.max(this.#postHeaderLength(this.type) ?? 0, least);
        return readQuery(reader, length, { compressed, load });
      }
      case EventType.transactionPayload:
        return readTransactionPayload(reader);
      default: {
        const { type, serverId, flags, endPosition } = this;
        return readOtherEvent(reader, { type, serverId, flags, position: endPosition });
      }
    }
  }

  #rotate(): BinlogEvent {
    const reader = this.#reader;
    const position = filePosition(reader, reader.u64le());
    const file = reader.take(reader.remaining).toString('utf8');
    this.file = file;
    this.#next = position;
    this.#tables.clear();
    return { kind: 'rotate', file, position };
  }

  #tableMap(): BinlogEvent {
    const reader = this.#reader;
    const { format } = this;
    if (format === null) return reader.fail('a table map before the format');
    const tableId = this.#tableId();
    reader.skip(2);
    return { kind: 'table-map', tableId, table: this.#tables.add(tableId, reader, format) };
  }

  /** Six bytes; four of servers before 5.1.4, which their shorter fixed part tells. */
  #tableId(): number {
    const isShort = this.#postHeaderLength(this.type) === 6;
    return isShort ? this.#reader.u32le() : this.#reader.u48le();
  }

  #postHeaderLength(type: number): number | undefined {
    return this.format?.postHeaderLengths[type - 1];
  }

  /** Says in which event of the file it was. */
  #located(error: unknown): unknown {
    if (error instanceof DecodeError) {
      const file = this.file === '' ? '' : `${this.file}:`;
      error.message = `${eventTypeName(this.type)} at ${file}${this.position}: ${error.message}`;
    }
    return error;
  }
}
