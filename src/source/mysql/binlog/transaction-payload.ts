import { constants, createZstdDecompress, zstdDecompressSync } from 'node:zlib';
import { DecodeError } from '../../../foundation/byte-reader.ts';
import type { TransactionPayloadEvent } from './binlog-event.ts';
import { zstdFrames } from './zstd-frames.ts';

/** Transactions up to here are decompressed at once: nearly all, and nothing has to wait. */
const AT_ONCE_BYTES_MAX = 1024 * 1024;
/** Of zstd's window: what its own tools refuse to go beyond, 128 MiB. */
const WINDOW_LOG_MAX = 27;

/**
 * The events of a small compressed transaction; null: it is large, and `streamedPayload` has them
 * (PITFALLS B90).
 * @throws DecodeError
 */
export function smallPayload(event: TransactionPayloadEvent): Buffer | null {
  const { algorithm, payload, uncompressedBytes } = event;
  if (algorithm === 'none') return payload;
  if (uncompressedBytes > AT_ONCE_BYTES_MAX) return null;
  let room = uncompressedBytes;
  const parts = zstdFrames(payload).map((frame) => {
    const part = decompressed(frame, room, payload);
    room -= part.length;
    return part;
  });
  if (room !== 0) wrongSize(event, uncompressedBytes - room);
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}

/**
 * The same in pieces of any size, never more of them in memory than a few; `payload` must stay as
 * it is until the end.
 */
export async function* streamedPayload(event: TransactionPayloadEvent): AsyncGenerator<Buffer> {
  const { payload, uncompressedBytes } = event;
  let total = 0;
  for (const frame of zstdFrames(payload)) {
    const stream = createZstdDecompress({
      params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
    });
    stream.end(frame);
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        total += chunk.length;
        if (total > uncompressedBytes) wrongSize(event, total);
        yield chunk;
      }
    } catch (error) {
      throw asDecodeError(error, payload);
    } finally {
      stream.destroy();
    }
  }
  if (total !== uncompressedBytes) wrongSize(event, total);
}

function decompressed(frame: Buffer, room: number, payload: Buffer): Buffer {
  try {
    return zstdDecompressSync(frame, {
      // One byte more, so that a frame that is too long shows.
      maxOutputLength: room + 1,
      params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
    });
  } catch (error) {
    throw asDecodeError(error, payload);
  }
}

function wrongSize({ payload, uncompressedBytes }: TransactionPayloadEvent, total: number): never {
  throw new DecodeError(`${total} bytes decompressed instead of ${uncompressedBytes}`, payload, 0);
}

function asDecodeError(error: unknown, payload: Buffer): DecodeError {
  if (error instanceof DecodeError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new DecodeError(`compressed transaction: ${reason}`, payload, 0);
}
