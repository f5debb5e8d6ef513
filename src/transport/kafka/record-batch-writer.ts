import type { RecordBatch } from '../record-batch.ts';
import { crc32c } from './crc32c.ts';
import type { Compression } from './kafka-client.ts';
import { CODECS, compressRecords } from './record-codecs.ts';

/** Bytes before the records of a batch (format v2). */
const HEADER_BYTES = 61;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
/** What a record needs at most beyond key, value and headers as the columns have them. */
const RECORD_OVERHEAD = 40;
const MAGIC = 2;
const TRANSACTIONAL = 0x10;

/** As which producer a batch is written: what makes it idempotent. */
export interface BatchIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly transactional: boolean;
  readonly compression: Compression;
}

/** Bytes that a record takes in a batch at most, before compression. */
export function recordBytes(batch: RecordBatch, record: number): number {
  const end = batch.headerEnds[record] as number;
  return end - (batch.keyStarts[record] as number) + RECORD_OVERHEAD;
}

/** Bytes of the largest request that holds only this record, before compression. */
export function batchBytesAlone(batch: RecordBatch, record: number): number {
  return recordBytes(batch, record) + HEADER_BYTES;
}

/**
 * Kafka's record batch (format v2) of `records[from, to)`, ready for a produce request. Written
 * from the columns straight into one buffer: the libraries make several objects per record, which
 * costs more than everything else on the way to the broker.
 */
export async function writeRecordBatch(
  batch: RecordBatch,
  records: Int32Array,
  from: number,
  to: number,
  identity: BatchIdentity,
  baseSequence: number,
): Promise<Buffer> {
  const plain = writeRecords(batch, records, from, to);
  let bytes = plain;
  if (identity.compression !== 'none') {
    const body = await compressRecords(identity.compression, plain.subarray(HEADER_BYTES));
    bytes = Buffer.allocUnsafeSlow(HEADER_BYTES + body.length);
    body.copy(bytes, HEADER_BYTES);
  }
  writeHeader(bytes, batch, records.subarray(from, to), identity, baseSequence);
  return bytes;
}

function writeHeader(
  bytes: Buffer,
  batch: RecordBatch,
  records: Int32Array,
  identity: BatchIdentity,
  baseSequence: number,
): void {
  let latest = -Infinity;
  for (const record of records) {
    latest = Math.max(latest, batch.timestampsMs[record] as number);
  }
  const attributes = CODECS[identity.compression] | (identity.transactional ? TRANSACTIONAL : 0);
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt32BE(-1, 12);
  bytes.writeInt8(MAGIC, 16);
  bytes.writeInt16BE(attributes, ATTRIBUTES_AT);
  bytes.writeInt32BE(records.length - 1, 23);
  bytes.writeBigInt64BE(BigInt(batch.timestampsMs[records[0] as number] as number), 27);
  bytes.writeBigInt64BE(BigInt(latest), 35);
  bytes.writeBigInt64BE(identity.producerId, 43);
  bytes.writeInt16BE(identity.producerEpoch, 51);
  bytes.writeInt32BE(baseSequence, 53);
  bytes.writeInt32BE(records.length, 57);
  bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT, bytes.length), CRC_AT);
}

/** The records after room for the header. */
function writeRecords(batch: RecordBatch, records: Int32Array, from: number, to: number): Buffer {
  let room = HEADER_BYTES;
  for (let i = from; i < to; i++) room += recordBytes(batch, records[i] as number) + 8;
  const target = Buffer.allocUnsafeSlow(room);
  const source = batch.writer.bytes;
  const base = batch.timestampsMs[records[from] as number] as number;
  let at = HEADER_BYTES;
  for (let i = from; i < to; i++) {
    const record = records[i] as number;
    const delta = (batch.timestampsMs[record] as number) - base;
    const keyStart = batch.keyStarts[record] as number;
    const keyEnd = batch.keyEnds[record] as number;
    const valueStart = batch.valueStarts[record] as number;
    const valueEnd = batch.valueEnds[record] as number;
    const headerStart = batch.headerStarts[record] as number;
    const headerEnd = batch.headerEnds[record] as number;
    const keyLength = keyEnd < 0 ? -1 : keyEnd - keyStart;
    const valueLength = valueEnd < 0 ? -1 : valueEnd - valueStart;
    const headers =
      headerStart === headerEnd ? NO_HEADERS : measure(source, headerStart, headerEnd);
    const length =
      1 +
      varintBytes(delta) +
      varintBytes(i - from) +
      varintBytes(keyLength) +
      Math.max(keyLength, 0) +
      varintBytes(valueLength) +
      Math.max(valueLength, 0) +
      headers.bytes;
    at = varint(target, at, length);
    target[at++] = 0;
    at = varint(target, at, delta);
    at = varint(target, at, i - from);
    at = varint(target, at, keyLength);
    if (keyLength > 0) at += source.copy(target, at, keyStart, keyEnd);
    at = varint(target, at, valueLength);
    if (valueLength > 0) at += source.copy(target, at, valueStart, valueEnd);
    at = varint(target, at, headers.count);
    if (headers.count > 0) at = writeHeaders(source, headerStart, headerEnd, target, at);
  }
  return target.subarray(0, at);
}

interface HeaderMeasure {
  readonly count: number;
  /** With the number of headers before them. */
  readonly bytes: number;
}

const NO_HEADERS: HeaderMeasure = { count: 0, bytes: 1 };

function measure(source: Buffer, start: number, end: number): HeaderMeasure {
  let count = 0;
  let bytes = 0;
  for (let at = start; at < end; count++) {
    const nameLength = source.readUInt16BE(at);
    const valueLength = source.readInt32BE(at + 2 + nameLength);
    bytes += varintBytes(nameLength) + nameLength + varintBytes(valueLength);
    bytes += Math.max(valueLength, 0);
    at += 6 + nameLength + Math.max(valueLength, 0);
  }
  return { count, bytes: bytes + varintBytes(count) };
}

function writeHeaders(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  position: number,
): number {
  let to = position;
  for (let at = start; at < end;) {
    const nameLength = source.readUInt16BE(at);
    to = varint(target, to, nameLength);
    to += source.copy(target, to, at + 2, at + 2 + nameLength);
    at += 2 + nameLength;
    const valueLength = source.readInt32BE(at);
    to = varint(target, to, valueLength);
    at += 4;
    if (valueLength > 0) {
      to += source.copy(target, to, at, at + valueLength);
      at += valueLength;
    }
  }
  return to;
}

/** Zigzag numbers of 30 bits are written with shifts; timestamps may be further apart. */
const SMALL = 0x3fffffff;

function varintBytes(value: number): number {
  if (value > SMALL || value < -SMALL) return wideVarintBytes(value);
  let rest = (value << 1) ^ (value >> 31);
  let bytes = 1;
  while (rest > 0x7f) {
    rest >>>= 7;
    bytes++;
  }
  return bytes;
}

function varint(target: Buffer, position: number, value: number): number {
  if (value > SMALL || value < -SMALL) return wideVarint(target, position, value);
  let rest = (value << 1) ^ (value >> 31);
  let at = position;
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

function wideVarintBytes(value: number): number {
  let rest = value < 0 ? -value * 2 - 1 : value * 2;
  let bytes = 1;
  while (rest > 0x7f) {
    rest = Math.floor(rest / 128);
    bytes++;
  }
  return bytes;
}

function wideVarint(target: Buffer, position: number, value: number): number {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  let at = position;
  while (rest > 0x7fn) {
    target[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  target[at++] = Number(rest);
  return at;
}
