import { TidemarkError } from '../../foundation/errors.ts';
import { type BlockHead, HEAD_BYTES, padded, readHead } from './log-block.ts';

/** A block and where it stands. */
export interface StoredBlock extends BlockHead {
  readonly segment: number;
  readonly position: number;
}

/**
 * Reads `length` bytes of a segment, fewer at the end of its file; null when that is gone. They are
 * valid until the next call.
 */
export type SegmentReader = (position: number, length: number) => Buffer | null;

/** Bytes read for heads at a time: small blocks come many in one, large ones are skipped. */
export const SCAN_BYTES = 16 * 1024;

/** Partitions of a topic; storages are u32, so that one number is exact for both. */
export const PARTITIONS_MAX = 2 ** 20;

/** One number for a partition of a storage. */
export function partitionId(storage: number, partition: number): number {
  return storage * PARTITIONS_MAX + partition;
}

/** The blocks of a segment by partition, in the order of their offsets. */
export class SegmentIndex {
  readonly #blocks = new Map<number, StoredBlock[]>();
  count = 0;

  /** Returns the block in whose place this one comes: one that was written anew. */
  add(block: StoredBlock): StoredBlock | undefined {
    const id = partitionId(block.storage, block.partition);
    const blocks = this.#blocks.get(id);
    if (blocks === undefined) {
      this.#blocks.set(id, [block]);
      this.count++;
      return undefined;
    }
    // Only blocks that compaction or a move wrote come behind later ones.
    const last = blocks.at(-1);
    if (last === undefined || last.baseOffset < block.baseOffset) {
      blocks.push(block);
      this.count++;
      return undefined;
    }
    const at = firstBehind(blocks, block.baseOffset);
    const replaced = blocks[at]?.baseOffset === block.baseOffset ? blocks[at] : undefined;
    if (replaced === undefined) this.count++;
    blocks.splice(at, replaced === undefined ? 0 : 1, block);
    return replaced;
  }

  /** The blocks of a partition that begin at `offset` or behind it. */
  blocksFrom(storage: number, partition: number, offset: number): readonly StoredBlock[] {
    const blocks = this.#blocks.get(partitionId(storage, partition)) ?? [];
    const at = firstBehind(blocks, offset);
    const first = blocks[at];
    return blocks.slice(first !== undefined && first.baseOffset < offset ? at + 1 : at);
  }

  /** The first block that reaches beyond `offset`. */
  blockBehind(storage: number, partition: number, offset: number): StoredBlock | undefined {
    const blocks = this.#blocks.get(partitionId(storage, partition));
    return blocks?.[firstBehind(blocks, offset)];
  }
}

/**
 * The blocks between two positions of a segment, in that order. Null when its file is gone; throws
 * STORE_IO.
 */
export function scanBlocks(
  segment: number,
  read: SegmentReader,
  from: number,
  to: number,
): StoredBlock[] | null {
  const blocks: StoredBlock[] = [];
  let bytes: Buffer | null = null;
  let bytesAt = 0;
  for (let position = from; position < to;) {
    if (bytes === null || position + HEAD_BYTES > bytesAt + bytes.length) {
      bytes = read(position, Math.min(SCAN_BYTES, to - position));
      bytesAt = position;
      if (bytes === null) return null;
      if (bytes.length < HEAD_BYTES) throw cutOff(position);
    }
    const head = readHead(bytes, position - bytesAt);
    if (position + head.length > to) throw cutOff(position);
    blocks.push({ ...head, segment, position });
    position += padded(head.length);
  }
  return blocks;
}

/** Index of the first range whose end is above `offset`; they are disjoint and in order. */
export function firstBehind(
  ranges: readonly { readonly endOffset: number }[],
  offset: number,
): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as { readonly endOffset: number }).endOffset <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function cutOff(position: number): TidemarkError {
  return new TidemarkError('STORE_IO', `it ends within the block at ${position}`);
}
