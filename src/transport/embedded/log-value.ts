import { TidemarkError } from '../../foundation/errors.ts';
import type { RecordBatch } from '../record-batch.ts';
import type { LogRecord, RecordHeader } from '../transport.ts';

/*
 * One value of the store holds consecutive records of one partition, little-endian:
 *
 *   u8 format (1) · u8[3] zero · u32 count · f64 base offset · f64 base sequence
 *   u32 span · u32 zero
 *   f64[count] timestamps in ms
 *   i32[count] offset − base · i32[count] sequence − base · i32[count] key length (−1 null)
 *   i32[count] value length (−1 null) · i32[count] length of the headers
 *   for each record: key, value, headers as RecordBatch has them
 *
 * The columns stand in front so that the bytes of records that follow each other in a batch are
 * copied in one piece. `span` is the number of offsets that the value stands for: compaction takes
 * records out, but never moves the end.
 */
const FORMAT = 1;
const HEAD_BYTES = 32;
const COLUMN_BYTES = 28;
const NO_HEADERS: readonly RecordHeader[] = [];

/**
 * Size of a value, unless one record alone is larger: four pages of the store with the page's head.
 * Values that fill the same number of pages leave holes that the next ones fit.
 */
export const VALUE_BYTES_MAX = 64 * 1024 - 64;

/** Size of a value with `count` records of together `dataBytes`, padded to align the next. */
export function encodedBytes(count: number, dataBytes: number): number {
  return (HEAD_BYTES + count * COLUMN_BYTES + dataBytes + 7) & ~7;
}

/** The records of a batch that go into one value: batch indexes in rising order. */
export interface ValueMembers {
  readonly indexes: Int32Array;
  readonly from: number;
  readonly to: number;
}

/**
 * Encodes values one behind the other in a buffer that is used again for each append. Invariant: a
 * value handed to the store stays untouched until its transaction has ended.
 */
export class LogValueWriter {
  #bytes = Buffer.allocUnsafeSlow(256 * 1024);
  #ints = new Int32Array(this.#bytes.buffer);
  #doubles = new Float64Array(this.#bytes.buffer);
  #position = 0;

  /** Starts over with room for `bytes`. A buffer grown by a rare giant is given back. */
  begin(bytes: number): void {
    this.#position = 0;
    const tooLarge = this.#bytes.length > 16 * 1024 * 1024 && this.#bytes.length > bytes * 4;
    if (bytes <= this.#bytes.length && !tooLarge) return;
    this.#bytes = Buffer.allocUnsafeSlow(((Math.max(bytes, 256 * 1024) * 5) >> 2) & ~7);
    this.#ints = new Int32Array(this.#bytes.buffer);
    this.#doubles = new Float64Array(this.#bytes.buffer);
  }

  /** The value of some records of `batch`; its record i has the sequence `batchSequence + i`. */
  write(
    batch: RecordBatch,
    members: ValueMembers,
    baseOffset: number,
    batchSequence: number,
  ): Buffer {
    const { indexes, from, to } = members;
    const count = to - from;
    const start = this.#position;
    const first = indexes[from] as number;
    const ints = this.#ints;
    const doubles = this.#doubles;
    const word = start >> 2;
    ints[word] = FORMAT;
    ints[word + 1] = count;
    doubles[(start >> 3) + 1] = baseOffset;
    doubles[(start >> 3) + 2] = batchSequence + first;
    ints[word + 6] = count;
    ints[word + 7] = 0;
    const times = (start + HEAD_BYTES) >> 3;
    const columns = word + (HEAD_BYTES >> 2) + count * 2;
    for (let n = 0; n < count; n++) {
      const i = indexes[from + n] as number;
      const keyEnd = batch.keyEnds[i] as number;
      const valueEnd = batch.valueEnds[i] as number;
      const headerStart = batch.headerStarts[i] as number;
      doubles[times + n] = batch.timestampsMs[i] as number;
      ints[columns + n] = n;
      ints[columns + count + n] = i - first;
      ints[columns + 2 * count + n] = keyEnd < 0 ? -1 : keyEnd - (batch.keyStarts[i] as number);
      ints[columns + 3 * count + n] =
        valueEnd < 0 ? -1 : valueEnd - (batch.valueStarts[i] as number);
      ints[columns + 4 * count + n] = (batch.headerEnds[i] as number) - headerStart;
    }
    const end = this.#copyRecords(batch, members, start + HEAD_BYTES + count * COLUMN_BYTES);
    this.#position = (end + 7) & ~7;
    return this.#bytes.subarray(start, end);
  }

  /** Records that are neighbours in the batch are copied together. */
  #copyRecords(batch: RecordBatch, { indexes, from, to }: ValueMembers, at: number): number {
    const source = batch.writer.bytes;
    let runStart = batch.keyStarts[indexes[from] as number] as number;
    let runEnd = runStart;
    let position = at;
    for (let n = from; n < to; n++) {
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

/** A decoded view of one value; its bytes belong to it and are never written again. */
export class LogValue {
  readonly count: number;
  readonly baseOffset: number;
  /** The offset after the last one that this value stands for. */
  readonly endOffset: number;
  readonly bytes: Buffer;
  readonly #baseSequence: number;
  readonly #view: DataView;
  readonly #columns: number;
  /** Where record i's key begins; one more for the end of the last. */
  readonly #starts: Int32Array;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEAD_BYTES || bytes[0] !== FORMAT) throw damaged(bytes);
    this.count = this.#view.getUint32(4, true);
    this.baseOffset = this.#view.getFloat64(8, true);
    this.#baseSequence = this.#view.getFloat64(16, true);
    this.endOffset = this.baseOffset + this.#view.getUint32(24, true);
    this.#columns = HEAD_BYTES + this.count * 8;
    const dataStart = HEAD_BYTES + this.count * COLUMN_BYTES;
    if (this.count > (bytes.length - HEAD_BYTES) / COLUMN_BYTES) throw damaged(bytes);
    const starts = new Int32Array(this.count + 1);
    let at = dataStart;
    for (let i = 0; i < this.count; i++) {
      starts[i] = at;
      at += Math.max(0, this.#int(2, i)) + Math.max(0, this.#int(3, i)) + this.#int(4, i);
    }
    starts[this.count] = at;
    if (at !== bytes.length) throw damaged(bytes);
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

  newestMs(): number {
    let newest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.count; i++) newest = Math.max(newest, this.timestampMs(i));
    return newest;
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

  /** The same value with only the given records (rising indexes, at least one). */
  withOnly(kept: readonly number[]): Buffer {
    const count = kept.length;
    const dataStart = HEAD_BYTES + count * COLUMN_BYTES;
    const bytes = Buffer.allocUnsafe(kept.reduce((sum, i) => sum + this.size(i), dataStart));
    this.bytes.copy(bytes, 0, 0, HEAD_BYTES);
    bytes.writeUInt32LE(count, 4);
    let at = dataStart;
    for (const [n, i] of kept.entries()) {
      bytes.writeDoubleLE(this.timestampMs(i), HEAD_BYTES + n * 8);
      for (let column = 0; column < 5; column++) {
        bytes.writeInt32LE(this.#int(column, i), HEAD_BYTES + count * 8 + (column * count + n) * 4);
      }
      at += this.bytes.copy(bytes, at, this.#starts[i], this.#starts[i + 1]);
    }
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

function damaged(bytes: Buffer): TidemarkError {
  const shown = bytes.subarray(0, HEAD_BYTES).toString('hex');
  return new TidemarkError('STORE_IO', `a value of ${bytes.length} bytes is damaged: ${shown}`);
}
