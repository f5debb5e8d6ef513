import type { ByteReader } from '../../../foundation/byte-reader.ts';
import { POSTGRES_EPOCH_MICROS } from '../pgoutput/pgoutput-control.ts';

export const XLOG_DATA = 0x77; // w
export const KEEPALIVE = 0x6b; // k
/** `w`, Int64 start, Int64 end, Int64 send time. */
export const XLOG_DATA_HEADER_BYTES = 25;

/** Primary keepalive. */
export interface Keepalive {
  /** Everything before it that concerns us has been sent. */
  readonly walEnd: bigint;
  readonly replyRequested: boolean;
}

/** The body of a `k` frame, behind its first byte. */
export function readKeepalive(reader: ByteReader): Keepalive {
  const walEnd = reader.u64be();
  reader.skip(8);
  const replyRequested = reader.u8() === 1;
  if (reader.remaining !== 0) reader.fail('bytes after the keepalive');
  return { walEnd, replyRequested };
}

/** What we tell the server; `flush` lets it discard WAL and is never ahead of what is durable. */
export interface StandbyStatus {
  readonly write: bigint;
  readonly flush: bigint;
  readonly nowMicros: bigint;
  readonly replyRequested: boolean;
}

/** A standby status update (`r`). Apply equals flush: we apply nothing else (P54). */
export function standbyStatusFrame(status: StandbyStatus): Buffer {
  const frame = Buffer.allocUnsafe(34);
  frame.writeUInt8(0x72, 0);
  frame.writeBigUInt64BE(status.write, 1);
  frame.writeBigUInt64BE(status.flush, 9);
  frame.writeBigUInt64BE(status.flush, 17);
  frame.writeBigInt64BE(status.nowMicros - POSTGRES_EPOCH_MICROS, 25);
  frame.writeUInt8(status.replyRequested ? 1 : 0, 33);
  return frame;
}
