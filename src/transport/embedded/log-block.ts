import { crc32 } from 'node:zlib';
import { TidemarkError } from '../../foundation/errors.ts';
import type { RecordBatch } from '../record-batch.ts';
import type { LogRecord, RecordHeader } from '../transport.ts';

/*
 * A block of a segment holds consecutive records of one partition, little-endian:
 *
 *   u32 CRC-32 of all that follows · u32 format (3) · u32 length · u32 storage · u32 partition
 *   u32 count · f64 base offset · f64 base sequence · f64 newest timestamp · u32 span
 *   u32 check of the head alone
 *   f64[count] timestamps in ms
 *   i32[count] offset − base · i32[count] sequence − base · i32[count] key length (−1 null)
 *   i32[count] value length (−1 null) · i32[count] length of the headers
 *   for each record: key, value, headers as RecordBatch has them
 *
 * The columns stand in front so that the bytes of records that follow each other in a batch are
 * copied in one piece. `span` is the number of offsets that the block stands for: compaction takes
 * records out, but never moves the end. Blocks begin at multiples of eight. The head has a check of
 * its own because it is read without the rest, to find blocks: a flipped bit of an offset would
 * otherwise hide records instead of being an error.
 */
const FORMAT = 3;
const COLUMN_BYTES = 28;
const NO_HEADERS: readonly RecordHeader[] = [];

/** Bytes of a block before its columns; all that `BlockHead` needs. */
export const HEAD_BYTES = 56;

/** Size of a block, unless one record alone is larger. */
export const BLOCK_BYTES_MAX = 64 * 1024;

/** Size of a block with `count` records of together `dataBytes`, padded to align the next. */
export function encodedBytes(count: number, dataBytes: number): number {
  return padded(HEAD_BYTES + count * COLUMN_BYTES + dataBytes);
}

/** Where the block behind one of `length` bytes begins. */
export function padded(length: number): number {
  return (length + 7) & ~7;
}

/** What stands in front of a block. */
export interface BlockHead {
  /** Bytes of the block, without what aligns the next. */
  readonly length: number;
  readonly storage: number;
  readonly partition: number;
  readonly count: number;
  readonly baseOffset: number;
  /** The offset after the last one that the block stands for. */
  readonly endOffset: number;
  /** Newest timestamp of its records, ms since 1970. */
  readonly newestMs: number;
}

/** The words of the head that its check covers: from the format to the span. */
const CHECKED_FROM = 4;
const CHECK_AT = 52;

/** Any flipped bit changes it: each step is a bijection of the state. */
function headCheck(head: DataView, start: number): number {
  let check = 0x811c9dc5;
  for (let at = start + CHECKED_FROM; at < start + CHECK_AT; at += 4) {
    check = Math.imul(check ^ head.getInt32(at, true), 0x01000193);
    check ^= check >>> 15;
  }
  return check | 0;
}

/** Reads the head at `at`. Throws STORE_IO where no block of this format begins. */
export function readHead(bytes: Buffer, at: number): BlockHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.readUInt32LE(at + 8);
  const isHead = bytes.readUInt32LE(at + 4) === FORMAT && length >= HEAD_BYTES;
  if (!isHead || bytes.readInt32LE(at + CHECK_AT) !== headCheck(view, at)) throw damaged(bytes, at);
  const baseOffset = bytes.readDoubleLE(at + 24);
  return {
    length,
    storage: bytes.readUInt32LE(at + 12),
    partition: bytes.readUInt32LE(at + 16),
    count: bytes.readUInt32LE(at + 20),
    baseOffset,
    endOffset: baseOffset + bytes.readUInt32LE(at + 48),
    newestMs: bytes.readDoubleLE(at + 40),
  };
}

/** The records of a batch that go into one block: batch indexes in rising order. */
export interface BlockMembers {
  readonly indexes: Int32Array;
  readonly to: number;
}

/** Where a block belongs. */
export interface BlockPlace {
  readonly storage: number;
  readonly partition: number;
  readonly baseOffset: number;
}

/**
 * Encodes blocks one behind the other in a buffer that is used again for each append. Invariant:
 * what was handed to the store stays untouched until its write has ended.
 */
export class LogBlockWriter {
  #bytes = Buffer.allocUnsafeSlow(256 * 1024);
  #ints = new Int32Array(this.#bytes.buffer);
  #doubles = new Float64Array(this.#bytes.buffer);
  #view = new DataView(this.#bytes.buffer);
  #position = 0;

  /** Starts over with room for `bytes`. A buffer grown by a rare giant is given back. */
  begin(bytes: number): void {
    this.#position = 0;
    const tooLarge = this.#bytes.length > 16 * 1024 * 1024 && this.#bytes.length > bytes * 4;
    if (bytes <= this.#bytes.length && !tooLarge) return;
    this.#bytes = Buffer.allocUnsafeSlow(((Math.max(bytes, 256 * 1024) * 5) >> 2) & ~7);
    this.#ints = new Int32Array(this.#bytes.buffer);
    this.#doubles = new Float64Array(this.#bytes.buffer);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** All blocks since `begin`. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#position);
  }

  /**
   * Writes the block of some records of `batch`; its record i has the sequence `batchSequence + i`.
   * The position is the one among the written bytes.
   */
  write(
    batch: RecordBatch,
    { indexes, to: count }: BlockMembers,
    { storage, partition, baseOffset }: BlockPlace,
    batchSequence: number,
  ): BlockHead & { readonly position: number } {
    const start = this.#position;
    const first = indexes[0] as number;
    const ints = this.#ints;
    const doubles = this.#doubles;
    const word = start >> 2;
    const double = start >> 3;
    const times = (start + HEAD_BYTES) >> 3;
    const columns = word + (HEAD_BYTES >> 2) + count * 2;
    let newestMs = Number.NEGATIVE_INFINITY;
    for (let n = 0; n < count; n++) {
      const i = indexes[n] as number;
      const keyEnd = batch.keyEnds[i] as number;
      const valueEnd = batch.valueEnds[i] as number;
      const headerStart = batch.headerStarts[i] as number;
      const timestampMs = batch.timestampsMs[i] as number;
      if (timestampMs > newestMs) newestMs = timestampMs;
      doubles[times + n] = timestampMs;
      ints[columns + n] = n;
      ints[columns + count + n] = i - first;
      ints[columns + 2 * count + n] = keyEnd < 0 ? -1 : keyEnd - (batch.keyStarts[i] as number);
      ints[columns + 3 * count + n] =
        valueEnd < 0 ? -1 : valueEnd - (batch.valueStarts[i] as number);
      ints[columns + 4 * count + n] = (batch.headerEnds[i] as number) - headerStart;
    }
    const end = this.#copyRecords(batch, indexes, count, start + HEAD_BYTES + count * COLUMN_BYTES);
    const length = end - start;
    ints[word + 1] = FORMAT;
    ints[word + 2] = length;
    ints[word + 3] = storage;
    ints[word + 4] = partition;
    ints[word + 5] = count;
    doubles[double + 3] = baseOffset;
    doubles[double + 4] = batchSequence + first;
    doubles[double + 5] = newestMs;
    ints[word + 12] = count;
    ints[word + 13] = headCheck(this.#view, start);
    ints[word] = crc32(this.#bytes.subarray(start + 4, end));
    this.#position = padded(end);
    this.#bytes.fill(0, end, this.#position);
    const endOffset = baseOffset + count;
    return { position: start, length, storage, partition, count, baseOffset, endOffset, newestMs };
  }

  /** Records that are neighbours in the batch are copied together. */
  #copyRecords(batch: RecordBatch, indexes: Int32Array, count: number, at: number): number {
    const source = batch.writer.bytes;
    let runStart = batch.keyStarts[indexes[0] as number] as number;
    let runEnd = runStart;
    let position = at;
    for (let n = 0; n < count; n++) {
      const i = indexes[n] as number;
      const start = batch.keyStarts[i] as number;
      if (start !== runEnd) {
        position += source.copy(this.#bytes, position, runStart, runEnd);
        runStart = start;
      }
      runEnd = batch.headerEnds[i] as number;
    }
    return position + source.copy(this.#bytes, position, runStart, runEnd);
  }
}

/** A decoded view of one block; its bytes belong to it and are never written again. */
export class LogBlock {
  readonly head: BlockHead;
  readonly count: number;
  readonly baseOffset: number;
  readonly endOffset: number;
  readonly bytes: Buffer;
  readonly #baseSequence: number;
  readonly #view: DataView;
  readonly #columns: number;
  /** Where record i's key begins; one more for the end of the last. */
  readonly #starts: Int32Array;

  /** Throws STORE_IO when a bit of it is not as it was written. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEAD_BYTES) throw damaged(bytes, 0);
    this.head = readHead(bytes, 0);
    const whole = this.head.length === bytes.length;
    if (!whole || bytes.readUInt32LE(0) !== crc32(bytes.subarray(4))) throw damaged(bytes, 0);
    this.count = this.head.count;
    this.baseOffset = this.head.baseOffset;
    this.endOffset = this.head.endOffset;
    this.#baseSequence = this.#view.getFloat64(32, true);
    this.#columns = HEAD_BYTES + this.count * 8;
    const starts = new Int32Array(this.count + 1);
    let at = HEAD_BYTES + this.count * COLUMN_BYTES;
    for (let i = 0; i < this.count; i++) {
      starts[i] = at;
      at += Math.max(0, this.#int(2, i)) + Math.max(0, this.#int(3, i)) + this.#int(4, i);
    }
    starts[this.count] = at;
    this.#starts = starts;
  }

  #int(column: number, i: number): number {
    return this.#view.getInt32(this.#columns + (column * this.count + i) * 4, true);
  }

  offset(i: number): number {
    return this.baseOffset + this.#int(0, i);
  }

  sequence(i: number): number {
    return this.#baseSequence + this.#int(1, i);
  }

  timestampMs(i: number): number {
    return this.#view.getFloat64(HEAD_BYTES + i * 8, true);
  }

  /** Bytes of record i's key, value and headers. */
  size(i: number): number {
    return (this.#starts[i + 1] as number) - (this.#starts[i] as number);
  }

  isTombstone(i: number): boolean {
    return this.#int(3, i) < 0;
  }

  /** Index of the first record whose offset is not below `offset`; `count` when there is none. */
  indexFrom(offset: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.offset(middle) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  key(i: number): Buffer | null {
    const length = this.#int(2, i);
    const start = this.#starts[i] as number;
    return length < 0 ? null : this.bytes.subarray(start, start + length);
  }

  record(i: number): LogRecord {
    const start = this.#starts[i] as number;
    const keyLength = this.#int(2, i);
    const valueLength = this.#int(3, i);
    const valueStart = start + Math.max(0, keyLength);
    const headerStart = valueStart + Math.max(0, valueLength);
    const end = this.#starts[i + 1] as number;
    return {
      offset: this.offset(i),
      sequence: this.sequence(i),
      timestampMs: this.timestampMs(i),
      key: keyLength < 0 ? null : this.bytes.subarray(start, valueStart),
      value: valueLength < 0 ? null : this.bytes.subarray(valueStart, headerStart),
      headers: headerStart === end ? NO_HEADERS : decodeHeaders(this.bytes, headerStart, end),
    };
  }

  /** The same block with only the given records (rising indexes, at least one). */
  withOnly(kept: readonly number[]): Buffer {
    const count = kept.length;
    const dataStart = HEAD_BYTES + count * COLUMN_BYTES;
    const bytes = Buffer.allocUnsafe(kept.reduce((sum, i) => sum + this.size(i), dataStart));
    this.bytes.copy(bytes, 0, 0, HEAD_BYTES);
    let newestMs = Number.NEGATIVE_INFINITY;
    let at = dataStart;
    for (const [n, i] of kept.entries()) {
      newestMs = Math.max(newestMs, this.timestampMs(i));
      bytes.writeDoubleLE(this.timestampMs(i), HEAD_BYTES + n * 8);
      for (let column = 0; column < 5; column++) {
        bytes.writeInt32LE(this.#int(column, i), HEAD_BYTES + count * 8 + (column * count + n) * 4);
      }
      at += this.bytes.copy(bytes, at, this.#starts[i], this.#starts[i + 1]);
    }
    bytes.writeUInt32LE(bytes.length, 8);
    bytes.writeUInt32LE(count, 20);
    bytes.writeDoubleLE(newestMs, 40);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    bytes.writeInt32LE(headCheck(view, 0), CHECK_AT);
    bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
    return bytes;
  }
}

function decodeHeaders(bytes: Buffer, start: number, end: number): RecordHeader[] {
  const headers: RecordHeader[] = [];
  let at = start;
  while (at < end) {
    const nameEnd = at + 2 + bytes.readUInt16BE(at);
    const name = bytes.toString('utf8', at + 2, nameEnd);
    const length = bytes.readInt32BE(nameEnd);
    at = nameEnd + 4 + Math.max(0, length);
    headers.push({ name, value: length < 0 ? null : bytes.subarray(nameEnd + 4, at) });
  }
  return headers;
}

function damaged(bytes: Buffer, at: number): TidemarkError {
  const shown = bytes.subarray(at, at + HEAD_BYTES).toString('hex');
  return new TidemarkError('STORE_IO', `no whole block begins with ${shown}`);
}
