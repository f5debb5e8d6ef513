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

/** Bytes for a segment. */
export interface SegmentWrite {
  readonly segment: number;
  readonly position: number;
  readonly bytes: Buffer;
}

const FILE_NAME = /^(\d{10})\.log$/;

/** Files kept open for reading. */
const READERS_MAX = 32;

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

  /** Deletes files that a process left which ended between two steps. */
  async deleteAllBut(known: ReadonlySet<number>): Promise<void> {
    if (!existsSync(this.#folder)) mkdirSync(this.#folder);
    for (const name of readdirSync(this.#folder)) {
      const segment = Number(FILE_NAME.exec(name)?.[1] ?? Number.NaN);
      if (Number.isInteger(segment) && !known.has(segment)) await this.delete(segment);
    }
  }

  /** Durable when resolved. A write at position 0 makes the file. */
  async write({ segment, position, bytes }: SegmentWrite): Promise<void> {
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
    const handle = await open(this.#fileOf(segment), flags, 0o600);
    this.#writer = { segment, handle };
    if (isNew) {
      // A file whose name is lost with the power is lost.
      await syncFolder(this.#folder);
      await syncFolder(this.#store);
    }
    return handle;
  }

  /** Null when the file is gone: the process that writes has deleted it. */
  read(segment: number, position: number, length: number): Buffer | null {
    const descriptor = this.#readerOf(segment);
    if (descriptor === null) return null;
    const bytes = Buffer.allocUnsafeSlow(length);
    let read = 0;
    while (read < length) {
      const more = readSync(descriptor, bytes, read, length - read, position + read);
      if (more === 0) break;
      read += more;
    }
    return read === length ? bytes : bytes.subarray(0, read);
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
      descriptor = openSync(this.#fileOf(segment), 'r');
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
    await unlink(this.#fileOf(segment)).catch((error: NodeJS.ErrnoException) => {
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

  #fileOf(segment: number): string {
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
