import { gunzipSync, gzip, zstdCompress, zstdDecompressSync } from 'node:zlib';
import { promisify } from 'node:util';
import { compressFrame, decompressFrameSync } from 'lz4-napi';
import { compress as snappyCompress, uncompressSync as snappyUncompressSync } from 'snappy';
import { TidemarkError } from '../../foundation/errors.ts';
import type { Compression } from './kafka-client.ts';

/** Numbers of the codecs in the attributes of a record batch. */
export const CODECS: Readonly<Record<Compression, number>> = {
  none: 0,
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4,
};

/** Java's snappy writes blocks with lengths after this mark, not a bare snappy text. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;
const XERIAL_BLOCK_BYTES = 32 * 1024;

const gzipAsync = promisify(gzip);
const zstdAsync = promisify(zstdCompress);

/** The records of a batch, compressed as Java's client does. Works beside the event loop. */
export async function compressRecords(codec: Compression, bytes: Buffer): Promise<Buffer> {
  switch (codec) {
    case 'none':
      return bytes;
    case 'gzip':
      return gzipAsync(bytes);
    case 'snappy':
      return xerialBlocks(bytes);
    case 'lz4':
      return compressFrame(bytes);
    case 'zstd':
      return zstdAsync(bytes);
  }
}

/** The records of a batch with the codec of its attributes, plain. */
export function decompressRecords(codec: number, bytes: Buffer): Buffer {
  switch (codec) {
    case CODECS.none:
      return bytes;
    case CODECS.gzip:
      return gunzipSync(bytes);
    case CODECS.snappy:
      return fromXerialBlocks(bytes);
    case CODECS.lz4:
      return decompressFrameSync(bytes);
    case CODECS.zstd:
      return zstdDecompressSync(bytes);
    default:
      throw new TidemarkError(
        'KAFKA_BROKER',
        `A record batch is compressed with codec ${codec}, which is unknown.`,
      );
  }
}

async function xerialBlocks(bytes: Buffer): Promise<Buffer> {
  const header = Buffer.alloc(XERIAL_HEADER_BYTES);
  XERIAL_MAGIC.copy(header);
  header.writeInt32BE(1, 8);
  header.writeInt32BE(1, 12);
  const compressed: Promise<Buffer>[] = [];
  for (let at = 0; at < bytes.length; at += XERIAL_BLOCK_BYTES) {
    compressed.push(snappyCompress(bytes.subarray(at, at + XERIAL_BLOCK_BYTES)));
  }
  const chunks: Buffer[] = [header];
  for (const block of await Promise.all(compressed)) {
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length);
    chunks.push(length, block);
  }
  return Buffer.concat(chunks);
}

function fromXerialBlocks(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    return snappyUncompressSync(bytes) as Buffer;
  }
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length;) {
    const length = bytes.readInt32BE(at);
    blocks.push(snappyUncompressSync(bytes.subarray(at + 4, at + 4 + length)) as Buffer);
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}
