import { readFileSync, statfsSync } from 'node:fs';
import { TidemarkError } from '../../foundation/errors.ts';

/** What the store's file holds, in bytes. */
export interface FileUse {
  /** Size of the file up to its last page. */
  readonly fileBytes: number;
  /** Pages of it that are free for use again. */
  readonly reusableBytes: number;
}

/** Appends are admitted without a new measurement up to this many bytes. */
const CREDIT_BYTES_MAX = 64 * 1024 * 1024;

/** Large, because each one is looked at as a whole; small, because each goes as a whole. */
const SEGMENT_BYTES_MAX = 128 * 1024 * 1024;
const SEGMENT_BYTES_MIN = 64 * 1024;

/** Room on the disk below which nothing is written at all. */
const DISK_BYTES_MIN = 4 * 1024 * 1024;

/**
 * Keeps the store within its quota and the disk from running full. Invariant: what `admit` lets
 * through leaves a reserve, because deleting and storing offsets need fresh pages too; a store
 * without them could never be emptied again.
 */
export class StoreSpace {
  readonly limitBytes: number;
  /** What stays free; enough to move what still counts of a segment. */
  readonly reserveBytes: number;
  /** Size at which a segment of the log is full. */
  readonly segmentBytes: number;
  readonly #folder: string;
  readonly #use: () => FileUse;
  readonly #isPinned: () => boolean;
  readonly #fileSizeLimit = fileSizeLimit();
  #creditBytes = 0;

  /** `isPinned`: another process holds an old snapshot, so that free pages cannot be used. */
  constructor(
    folder: string,
    limitBytes: number,
    use: () => FileUse,
    isPinned: () => boolean = () => false,
  ) {
    this.#folder = folder;
    this.#use = use;
    this.#isPinned = isPinned;
    this.limitBytes = limitBytes;
    const share = Math.max(SEGMENT_BYTES_MIN, Math.floor(limitBytes / 64));
    this.segmentBytes = Math.min(SEGMENT_BYTES_MAX, share, Math.floor(this.#fileSizeLimit / 2));
    const reserve = Math.max(16 * 1024 * 1024, this.segmentBytes);
    this.reserveBytes = Math.min(reserve, Math.floor(limitBytes / 8));
  }

  /** Throws STORE_FULL when `bytes` more would not leave the reserve; nothing is written yet. */
  admit(bytes: number): void {
    // Pages are filled incompletely and the tree above them grows.
    const needed = Math.ceil(bytes * 1.1) + 64 * 1024;
    if (needed <= this.#creditBytes) {
      this.#creditBytes -= needed;
      return;
    }
    if (bytes > this.#fileSizeLimit) {
      throw new TidemarkError(
        'STORE_FULL',
        `this process may write no file of more than ${inMiB(this.#fileSizeLimit)} MiB (ulimit -f)`,
      );
    }
    const use = this.#use();
    const quota = this.limitBytes - use.fileBytes + use.reusableBytes - this.reserveBytes;
    if (needed > quota) {
      throw new TidemarkError(
        'STORE_FULL',
        `the store ${this.#folder} uses ${inMiB(use.fileBytes - use.reusableBytes)} of ` +
          `${inMiB(this.limitBytes)} MiB; ${inMiB(bytes)} MiB more do not fit: ` +
          `${inMiB(this.reserveBytes)} MiB have to stay free`,
      );
    }
    // Free pages count as room, but behind an old snapshot only the end of the file is.
    if (use.fileBytes + needed > this.limitBytes * 1.25 && this.#isPinned()) {
      throw new TidemarkError(
        'STORE_FULL',
        `the file of the store ${this.#folder} has ${inMiB(use.fileBytes)} MiB, and a process ` +
          'that reads it holds an old snapshot: its free pages cannot be used again',
        { cure: 'End the process that reads the store (`tidemark tail`) and does not go on.' },
      );
    }
    const room = this.#roomBytes();
    if (needed + this.reserveBytes > room + use.reusableBytes) {
      throw this.#diskFull(room, this.reserveBytes);
    }
    const spare = Math.min(quota, room + use.reusableBytes - this.reserveBytes) - needed;
    this.#creditBytes = Math.max(0, Math.min(CREDIT_BYTES_MAX, spare / 4));
  }

  /** Throws STORE_FULL when `bytes` more, of what frees space later, would be over the quota. */
  checkQuota(bytes: number): void {
    const { fileBytes, reusableBytes } = this.#use();
    if (fileBytes - reusableBytes + bytes > this.limitBytes) {
      throw new TidemarkError(
        'STORE_FULL',
        `the store ${this.#folder} has no room left to compact: it uses ` +
          `${inMiB(fileBytes - reusableBytes)} of ${inMiB(this.limitBytes)} MiB`,
      );
    }
  }

  /**
   * Throws STORE_FULL when the disk has no room for `bytes` or next to nothing left, whatever is to
   * be written. Others use the disk too, so this is asked before every commit.
   */
  checkDisk(bytes: number): void {
    const disk = statfsSync(this.#folder);
    const room = disk.bavail * disk.bsize;
    const needed = DISK_BYTES_MIN + Math.ceil(bytes * 1.1);
    const fits = needed <= room || needed <= room + this.#use().reusableBytes;
    if (room < DISK_BYTES_MIN || !fits) throw this.#diskFull(room, DISK_BYTES_MIN);
  }

  #diskFull(roomBytes: number, keptBytes: number): TidemarkError {
    return new TidemarkError(
      'STORE_FULL',
      `the disk of the store ${this.#folder} has only ${inMiB(roomBytes)} MiB left; ` +
        `${inMiB(keptBytes)} MiB have to stay free`,
    );
  }

  /** After deletions or a failure: measure again at the next append. */
  forget(): void {
    this.#creditBytes = 0;
  }

  #roomBytes(): number {
    const disk = statfsSync(this.#folder);
    return disk.bavail * disk.bsize;
  }
}

function inMiB(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

/** RLIMIT_FSIZE of this process; Infinity where it is unlimited or unknown. */
function fileSizeLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const bytes = /^Max file size\s+(\d+)/m.exec(limits)?.[1];
    return bytes === undefined ? Number.POSITIVE_INFINITY : Number(bytes);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
