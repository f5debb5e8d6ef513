import type { ByteReader } from '../../../foundation/byte-reader.ts';
import type {
  BinlogChecksum,
  FormatDescriptionEvent,
  HeartbeatEvent,
  StatementContextEvent,
  TransactionPayloadEvent,
  XaPrepareEvent,
} from './binlog-event.ts';
import { filePosition, packedInteger, packedLength } from './packed-integer.ts';

const SERVER_VERSION_BYTES = 50;
const CHECKSUM_BYTES = 4;

/**
 * Whether the event behind its header tells an algorithm of checksums at its end (PITFALLS B0):
 * from MySQL 5.6.1 and MariaDB 5.3 on it does, and then always has room for a checksum.
 */
function tellsChecksum(serverVersion: string, isMariadb: boolean): boolean {
  const [major = 0, minor = 0, patch = 0] = (/^\d+\.\d+\.\d+/.exec(serverVersion)?.[0] ?? '')
    .split('.')
    .map(Number);
  if (isMariadb) return major > 5 || (major === 5 && minor >= 3);
  return major > 5 || (major === 5 && (minor > 6 || (minor === 6 && patch >= 1)));
}

/** FORMAT_DESCRIPTION: always of version 4, which every server from 5.0 on writes. */
export function readFormatDescription(reader: ByteReader): FormatDescriptionEvent {
  const binlogVersion = reader.u16le();
  if (binlogVersion !== 4) reader.fail(`binlog version ${binlogVersion}`);
  const versionBytes = reader.take(SERVER_VERSION_BYTES);
  const nul = versionBytes.indexOf(0);
  const serverVersion = versionBytes.toString('utf8', 0, nul < 0 ? SERVER_VERSION_BYTES : nul);
  const createdSeconds = reader.u32le();
  const headerLength = reader.u8();
  if (headerLength !== 19) reader.fail(`event headers of ${headerLength} bytes`);
  const isMariadb = /mariadb/i.test(serverVersion);
  let checksum: BinlogChecksum = 'none';
  let lengths = reader.remaining;
  if (tellsChecksum(serverVersion, isMariadb)) {
    lengths -= 1 + CHECKSUM_BYTES;
    if (lengths < 0) reader.fail('no algorithm of checksums');
    checksum = checksumOf(reader, reader.bytes[reader.position + lengths] as number);
  }
  const postHeaderLengths = Buffer.from(reader.take(lengths));
  reader.skip(reader.remaining);
  return {
    kind: 'format-description',
    serverVersion,
    // A renamed build of MariaDB still lists its own events, from type 160 on.
    flavor: isMariadb || lengths >= 160 ? 'mariadb' : 'mysql',
    createdSeconds,
    checksum,
    postHeaderLengths,
  };
}

function checksumOf(reader: ByteReader, algorithm: number): BinlogChecksum {
  if (algorithm === 1) return 'crc32';
  // 255: a server that knows of checksums and has not decided.
  if (algorithm === 0 || algorithm === 255) return 'none';
  return reader.fail(`checksum algorithm ${algorithm}`);
}

/** HEARTBEAT_V2: fields of type, length and value; only it tells positions over 4 GiB (B5). */
export function readHeartbeatV2(reader: ByteReader): HeartbeatEvent {
  let file: string | null = null;
  let position: number | null = null;
  while (reader.remaining > 0) {
    const field = packedInteger(reader);
    if (field === 0n) break;
    const end = packedLength(reader) + reader.position;
    if (field === 1n) file = reader.take(end - reader.position).toString('utf8');
    else if (field === 2n) position = filePosition(reader, packedInteger(reader));
    else reader.skip(end - reader.position);
    if (reader.position !== end) reader.fail(`length of heartbeat field ${field}`);
  }
  if (file === null || position === null) reader.fail('a heartbeat without file or position');
  return { kind: 'heartbeat', file, position };
}

/** XA_PREPARE: the identity of the prepared transaction (PITFALLS B32). */
export function readXaPrepare(reader: ByteReader): XaPrepareEvent {
  const onePhase = reader.u8() !== 0;
  const formatId = reader.u32le();
  const gtridLength = reader.u32le();
  const bqualLength = reader.u32le();
  // Copies: it is the name by which the outcome will be found.
  const gtrid = Buffer.from(reader.take(gtridLength));
  const bqual = Buffer.from(reader.take(bqualLength));
  return { kind: 'xa-prepare', onePhase, formatId, gtrid, bqual };
}

/** USER_VAR: of interest is only that a statement logged as text will follow. */
export function readUserVariable(reader: ByteReader): StatementContextEvent {
  const name = reader.take(reader.u32le()).toString('utf8');
  return { kind: 'statement-context', variable: `@${name}` };
}

/** TRANSACTION_PAYLOAD: fields up to one of type 0, then the payload (PITFALLS B90). */
export function readTransactionPayload(reader: ByteReader): TransactionPayloadEvent {
  let payloadBytes: bigint | null = null;
  let uncompressedBytes: bigint | null = null;
  let algorithm: bigint | null = null;
  for (let field = packedInteger(reader); field !== 0n; field = packedInteger(reader)) {
    const end = packedLength(reader) + reader.position;
    if (field === 1n) payloadBytes = packedInteger(reader);
    else if (field === 2n) algorithm = packedInteger(reader);
    else if (field === 3n) uncompressedBytes = packedInteger(reader);
    else reader.skip(end - reader.position);
    if (reader.position !== end) reader.fail(`length of payload field ${field}`);
  }
  if (payloadBytes !== null && payloadBytes !== BigInt(reader.remaining)) {
    reader.fail(`a payload of ${payloadBytes} bytes`);
  }
  const payload = reader.take(reader.remaining);
  const size = uncompressedBytes ?? BigInt(payload.length);
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) reader.fail(`${size} uncompressed bytes`);
  return {
    kind: 'transaction-payload',
    algorithm: payloadAlgorithm(reader, algorithm),
    uncompressedBytes: Number(size),
    payload,
  };
}

function payloadAlgorithm(reader: ByteReader, algorithm: bigint | null): 'zstd' | 'none' {
  if (algorithm === 0n) return 'zstd';
  if (algorithm === 255n) return 'none';
  return reader.fail(`compression algorithm ${String(algorithm)}`);
}
