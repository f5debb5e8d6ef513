import { TidemarkError } from '../../foundation/errors.ts';
import { StringPosition } from '../../foundation/string-position.ts';
import type { LogRecord, RecordHeader } from '../transport.ts';
import { crc32c } from './crc32c.ts';
import type { Isolation } from './kafka-client.ts';
import { CODECS, decompressRecords } from './record-codecs.ts';

const OFFSET_AND_LENGTH = 12;
const HEADER_BYTES = 61;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const CODEC_MASK = 7;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
/** Type of the control record that ends an aborted transaction. */
const ABORT = 0;
const NO_HEADERS: readonly RecordHeader[] = [];

/** A transaction that was aborted, as a fetch names it. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** What the record batches of a fetched partition hold. */
export interface ReadRecords {
  readonly records: LogRecord[];
  /** Behind the last batch that was there whole, or `position` when there was none. */
  readonly nextOffset: number;
}

/**
 * The records at or after `position` in the batches of one partition's fetch. Control records are
 * left out, and with `read_committed` those of aborted transactions; a batch that the broker cut
 * off at the end of the fetch is read by the next one.
 */
export function readRecordBatches(
  bytes: Buffer,
  position: number,
  isolation: Isolation,
  aborted: readonly AbortedTransaction[],
): ReadRecords {
  const filter = isolation === 'read_committed' ? new AbortedFilter(aborted) : null;
  const records: LogRecord[] = [];
  let nextOffset = position;
  for (let at = 0; at + OFFSET_AND_LENGTH <= bytes.length;) {
    const end = at + OFFSET_AND_LENGTH + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    refuseOldFormat(bytes, at);
    const baseOffset = Number(bytes.readBigInt64BE(at));
    const attributes = bytes.readInt16BE(at + ATTRIBUTES_AT);
    const lastOffset = baseOffset + bytes.readInt32BE(at + 23);
    if (lastOffset >= position) {
      refuseDamaged(bytes, at, end, baseOffset);
      const body = bytes.subarray(at + HEADER_BYTES, end);
      const skipped = filter?.skips(bytes, at, attributes, lastOffset, body) ?? false;
      if (!skipped && (attributes & CONTROL) === 0) {
        readBatch(bytes, at, attributes, baseOffset, body, position, records);
      }
      nextOffset = lastOffset + 1;
    }
    at = end;
  }
  return { records, nextOffset };
}

function refuseOldFormat(bytes: Buffer, at: number): void {
  const magic = bytes[at + MAGIC_AT];
  if (magic === 2) return;
  throw new TidemarkError(
    'KAFKA_BROKER',
    `The topic holds records of format v${magic}, from before Kafka 0.11, which are not read.`,
    { cure: 'Copy the topic with a current client, or let retention remove its old segments.' },
  );
}

/** As Java's consumer does by default (`check.crcs`). */
function refuseDamaged(bytes: Buffer, at: number, end: number, baseOffset: number): void {
  if (bytes.readUInt32BE(at + CRC_AT) === crc32c(bytes, at + ATTRIBUTES_AT, end)) return;
  throw new TidemarkError(
    'KAFKA_BROKER',
    `The record batch at offset ${baseOffset} is damaged: its checksum does not fit.`,
    { cure: 'It is fetched again; if it stays so, look at the disk of the partition leader.' },
  );
}

/** Follows which producers have an aborted transaction open while batches pass in order. */
class AbortedFilter {
  readonly #waiting: AbortedTransaction[];
  readonly #open = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = aborted.toSorted((a, b) => b.firstOffset - a.firstOffset);
  }

  skips(bytes: Buffer, at: number, attributes: number, lastOffset: number, body: Buffer): boolean {
    for (;;) {
      const next = this.#waiting.at(-1);
      if (next === undefined || next.firstOffset > lastOffset) break;
      this.#open.add(next.producerId);
      this.#waiting.pop();
    }
    if ((attributes & TRANSACTIONAL) === 0 || this.#open.size === 0) return false;
    const producerId = bytes.readBigInt64BE(at + 43);
    if ((attributes & CONTROL) !== 0) {
      if (controlType(body) === ABORT) this.#open.delete(producerId);
      return true;
    }
    return this.#open.has(producerId);
  }
}

/** The key of a control record: version and type, 16 bits each. */
function controlType(body: Buffer): number {
  const cursor = new RecordCursor(body);
  cursor.varint();
  cursor.at++;
  cursor.varint();
  cursor.varint();
  cursor.varint();
  return body.readInt16BE(cursor.at + 2);
}

function readBatch(
  bytes: Buffer,
  at: number,
  attributes: number,
  baseOffset: number,
  body: Buffer,
  position: number,
  records: LogRecord[],
): void {
  const codec = attributes & CODEC_MASK;
  const plain = codec === CODECS.none ? body : decompressRecords(codec, body);
  const baseTimestamp = Number(bytes.readBigInt64BE(at + 27));
  const appended = (attributes & LOG_APPEND_TIME) !== 0;
  const latest = appended ? Number(bytes.readBigInt64BE(at + 35)) : 0;
  const count = bytes.readInt32BE(at + 57);
  const cursor = new RecordCursor(plain);
  for (let i = 0; i < count; i++) {
    const length = cursor.varint();
    const end = cursor.at + length;
    cursor.at++;
    const timestampMs = baseTimestamp + cursor.varint();
    const offset = baseOffset + cursor.varint();
    if (offset < position) {
      cursor.at = end;
      continue;
    }
    records.push(new BatchRecord(plain, cursor.at, offset, appended ? latest : timestampMs));
    cursor.at = end;
  }
}

/**
 * A record as it lies in its batch: key, value and headers are made when somebody asks, and made
 * again when somebody asks again. Records that wait for a slow target are one small object each.
 */
class BatchRecord implements LogRecord {
  readonly offset: number;
  readonly sequence = 0;
  readonly timestampMs: number;
  readonly #bytes: Buffer;
  /** Of its key. */
  readonly #at: number;

  constructor(bytes: Buffer, at: number, offset: number, timestampMs: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.offset = offset;
    this.timestampMs = timestampMs;
  }

  get key(): Buffer | null {
    return this.#from().bytes();
  }

  get value(): Buffer | null {
    const cursor = this.#from();
    cursor.skipBytes();
    return cursor.bytes();
  }

  get headers(): readonly RecordHeader[] {
    const cursor = this.#from();
    cursor.skipBytes();
    cursor.skipBytes();
    return cursor.headers();
  }

  get size(): number {
    const cursor = this.#from();
    return cursor.skipBytes() + cursor.skipBytes();
  }

  #from(): RecordCursor {
    shared.reset(this.#bytes, this.#at);
    return shared;
  }
}

/** Reads the fields of records one after another. */
class RecordCursor {
  at = 0;
  #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  reset(bytes: Buffer, at: number): void {
    this.#bytes = bytes;
    this.at = at;
  }

  varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++] as number;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = bytes[this.at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    return this.#wideVarint(BigInt(value));
  }

  /** What is left of a number of more than 28 bits. */
  #wideVarint(low: bigint): number {
    let value = low;
    for (let shift = 28n; ; shift += 7n) {
      const byte = this.#bytes[this.at++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return Number((value >> 1n) ^ -(value & 1n));
  }

  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    this.at += length;
    return this.#bytes.subarray(start, this.at);
  }

  /** Goes past a key or a value; its length, 0 for null. */
  skipBytes(): number {
    const length = Math.max(0, this.varint());
    this.at += length;
    return length;
  }

  headers(): readonly RecordHeader[] {
    const count = this.varint();
    if (count === 0) return NO_HEADERS;
    const headers: RecordHeader[] = [];
    for (let i = 0; i < count; i++) headers.push({ name: this.#name(i), value: this.bytes() });
    return headers;
  }

  /** Record after record has the same headers at the same places. */
  #name(place: number): string {
    const length = Math.max(0, this.varint());
    const start = this.at;
    this.at += length;
    const known = (names[place % NAMES] ??= new StringPosition());
    return known.read(this.#bytes, start, length);
  }
}

const NAMES = 16;
const names: (StringPosition | undefined)[] = [];

/** Records are read without waiting, so one cursor is enough. */
const shared = new RecordCursor(Buffer.alloc(0));
