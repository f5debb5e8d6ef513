import type { BigIntStats } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { SourceOffset } from '../../model/change-event.ts';

/** Where the reading of a file stands. */
export interface FilePlace {
  /** Bytes from the beginning of the file; Connect's own key of the offset. */
  readonly position: number;
  /** Device and inode; null: an offset of Connect's, which does not tell. */
  readonly identity: string | null;
  /** Checksum of the last bytes in front of the position; null: as above. */
  readonly check: number | null;
}

/** Of our entry beside Connect's. */
const IDENTITY = 'tidemark.file';
const CHECK = 'tidemark.check';

/** Tells one file from another, whatever its name is. */
export function identityOfFile({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`;
}

/** What tells whether a place is still what it was. */
export function checkOf(context: Buffer): number {
  return crc32(context);
}

/** Connect's source partition: the file as the configuration names it. */
export function filePartition(file: string | null): SourceOffset['partition'] {
  return { filename: file ?? '' };
}

/** What is stored of a place: Connect's key, and ours beside it. */
export function offsetOfPlace(file: string | null, place: FilePlace): SourceOffset {
  const { position, identity, check } = place;
  return {
    partition: filePartition(file),
    offset: {
      position,
      ...(identity === null ? {} : { [IDENTITY]: identity }),
      ...(check === null ? {} : { [CHECK]: check }),
    },
  };
}

/** Null: the offset has no position. */
export function placeOfOffset({ offset }: SourceOffset): FilePlace | null {
  const position = Number(offset['position']);
  if (!Number.isSafeInteger(position) || position < 0) return null;
  const identity = offset[IDENTITY];
  const check = offset[CHECK];
  return {
    position,
    identity: typeof identity === 'string' ? identity : null,
    check: typeof check === 'number' ? check : null,
  };
}
