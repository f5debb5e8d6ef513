import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
} from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import path from 'node:path';
import { TidemarkError } from '../../foundation/errors.ts';
import { SCAN_BYTES, type SegmentReader } from './segment-index.ts';

/** Bytes for a segment. */
export interface SegmentWrite {
  readonly segment: number;
  readonly position: number;
  readonly bytes: Buffer;
}

const FILE_NAME = /^(\d{10})\.log$/;

/** Files kept open for reading. */
const READERS_MAX = 32;

/** Nothing of such a write counts, so it may be tried again; a quota is not seen before. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What a write waits for: through this descriptor it resolves when the disk has the bytes. */
const WRITE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_DSYNC;

/**
 * The files of the log: `log/0000000001.log` and so on. One is written, at its end; what counts of
 * it is what the store's tree says, so bytes behind that are no harm.
 */
export class SegmentFiles {
  readonly #store: string;
  readonly #folder: string;
  /** Descriptors by segment, the one used last at the end. */
  readonly #readers = new Map<number, number>();
  #writer: { readonly segment: number; readonly handle: FileHandle } | null = null;

  constructor(store: string) {
    this.#store = store;
    this.#folder = path.join(store, 'log');
  }

  /** Numbers of the segments that have a file. */
  present(): number[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder).flatMap((name) => {
      const digits = FILE_NAME.exec(name)?.[1];
      return digits === undefined ? [] : [Number(digits)];
    });
  }

  /** Deletes files that a process left which ended between two steps. */
  async deleteAllBut(known: ReadonlySet<number>): Promise<void> {
    if (!existsSync(this.#folder)) mkdirSync(this.#folder);
    for (const segment of this.present()) if (!known.has(segment)) await this.delete(segment);
  }

  /** Closes others: a file that is deleted keeps its space as long as somebody has it open. */
  keepOpen(known: ReadonlySet<number>): void {
    for (const segment of this.#readers.keys()) if (!known.has(segment)) this.#forget(segment);
  }

  /**
   * Durable when resolved. A write at position 0 makes the file. Throws STORE_FULL where the disk
   * or a quota of the system ends; the write may be tried again.
   */
  async write(write: SegmentWrite): Promise<void> {
    try {
      await this.#write(write);
    } catch (thrown) {
      const { code = '' } = thrown as NodeJS.ErrnoException;
      if (!NO_ROOM.has(code)) throw thrown;
      throw new TidemarkError(
        'STORE_FULL',
        `there is no room for ${write.bytes.length} bytes more in ` +
          `${this.fileOf(write.segment)} (${code})`,
        { cause: thrown },
      );
    }
  }

  async #write({ segment, position, bytes }: SegmentWrite): Promise<void> {
    const handle = await this.#writerOf(segment, position === 0);
    for (let written = 0; written < bytes.length;) {
      const left = bytes.length - written;
      written += (await handle.write(bytes, written, left, position + written)).bytesWritten;
    }
  }

  async #writerOf(segment: number, isNew: boolean): Promise<FileHandle> {
    if (this.#writer?.segment === segment && !isNew) return this.#writer.handle;
    await this.#writer?.handle.close();
    this.#writer = null;
    const flags = isNew ? WRITE_FLAGS | constants.O_TRUNC : WRITE_FLAGS;
    const handle = await open(this.fileOf(segment), flags, 0o600);
    this.#writer = { segment, handle };
    if (isNew) {
      // A file whose name is lost with the power is lost.
      await syncFolder(this.#folder);
      await syncFolder(this.#store);
    }
    return handle;
  }

  /**
   * Null when the file is gone: the process that writes has deleted it. The bytes are the caller's
   * own, or the beginning of `into`.
   */
  read(segment: number, position: number, length: number, into?: Buffer): Buffer | null {
    const descriptor = this.#readerOf(segment);
    if (descriptor === null) return null;
    const bytes = into ?? Buffer.allocUnsafeSlow(length);
    let read = 0;
    while (read < length) {
      const more = readSync(descriptor, bytes, read, length - read, position + read);
      if (more === 0) break;
      read += more;
    }
    return read === bytes.length ? bytes : bytes.subarray(0, read);
  }

  /** Reads into one buffer: a large segment has thousands of heads. */
  scanner(segment: number): SegmentReader {
    const into = Buffer.allocUnsafe(SCAN_BYTES);
    return (position, length) => this.read(segment, position, length, into);
  }

  #readerOf(segment: number): number | null {
    const known = this.#readers.get(segment);
    if (known !== undefined) {
      this.#readers.delete(segment);
      this.#readers.set(segment, known);
      return known;
    }
    let descriptor: number;
    try {
      descriptor = openSync(this.fileOf(segment), 'r');
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw thrown;
    }
    this.#readers.set(segment, descriptor);
    const [oldest] = this.#readers.keys();
    if (this.#readers.size > READERS_MAX && oldest !== undefined) this.#forget(oldest);
    return descriptor;
  }

  #forget(segment: number): void {
    const descriptor = this.#readers.get(segment);
    if (descriptor !== undefined) closeSync(descriptor);
    this.#readers.delete(segment);
  }

  async delete(segment: number): Promise<void> {
    this.#forget(segment);
    if (this.#writer?.segment === segment) {
      await this.#writer.handle.close();
      this.#writer = null;
    }
    await unlink(this.fileOf(segment)).catch((error: NodeJS.ErrnoException) => {
      // A segment that was begun and never written has none.
      if (error.code !== 'ENOENT') throw error;
    });
  }

  async close(): Promise<void> {
    for (const descriptor of this.#readers.values()) closeSync(descriptor);
    this.#readers.clear();
    await this.#writer?.handle.close();
    this.#writer = null;
  }

  /** The path of a segment's file. */
  fileOf(segment: number): string {
    return path.join(this.#folder, `${String(segment).padStart(10, '0')}.log`);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
