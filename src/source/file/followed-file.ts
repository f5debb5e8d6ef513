import type { FileHandle } from 'node:fs/promises';
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { TidemarkError } from '../../foundation/errors.ts';
import type { FilePlace } from './file-place.ts';
import { checkOf, identityOfFile } from './file-place.ts';
import { fileSourceError } from './file-source-errors.ts';
import { CONTEXT_BYTES, LineSplitter } from './line-splitter.ts';

const READ_BYTES = 256 * 1024;
/** What is longer is taken for no file of lines, before it fills the memory. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
/** How often a file that was replaced is found quiet before the new one is begun. */
const QUIET_READS = 3;

/** What was found of the file that a stored place is of. */
type Found = 'same' | 'changed' | 'gone';

interface OpenFile {
  readonly handle: FileHandle;
  readonly identity: string;
  readonly splitter: LineSplitter;
}

/**
 * A file that others add lines to. It may be missing, be cut, written anew, or renamed and replaced
 * (rotated): of a file that was renamed the rest is read first, also when that happened while
 * nobody looked, as long as it lies in the same folder.
 */
export class FollowedFile implements AsyncDisposable {
  readonly #path: string;
  readonly #warn: (text: string) => void;
  #open: OpenFile | null = null;
  #start: FilePlace | null;
  /** Where the file that was left ended, until the next one is open. */
  #left: FilePlace | null = null;
  #quietReads = 0;

  /** `start`: where to go on; null: at the beginning. */
  constructor(file: string, start: FilePlace | null, warn: (text: string) => void) {
    this.#path = file;
    this.#start = start;
    this.#warn = warn;
  }

  /** False: the file is missing. */
  get isOpen(): boolean {
    return this.#open !== null;
  }

  /** Behind the last line that was handed out; null: nothing of it is known yet. */
  get place(): FilePlace | null {
    if (this.#open === null) return this.#left ?? this.#start;
    const { identity, splitter } = this.#open;
    return { position: splitter.position, identity, check: checkOf(splitter.context) };
  }

  /** Bytes of the file that is read; null: it is missing. Throws SOURCE_FILE. */
  async size(): Promise<number | null> {
    return this.#guard(async () => (await this.#open?.handle.stat())?.size ?? null);
  }

  /** A line that has been read already, valid until the next `read`; null: `read` more. */
  next(): Buffer | null {
    return this.#open?.splitter.next() ?? null;
  }

  /**
   * Reads on. False: nothing new is there now. Throws SOURCE_FILE. `line` is handed the last line
   * of a file that was left, whose end never came.
   */
  async read(line: (bytes: Buffer) => void): Promise<boolean> {
    return this.#guard(async () => {
      this.#open ??= await this.#begin();
      if (this.#open === null) return false;
      const { handle, splitter } = this.#open;
      if (splitter.pending > LINE_BYTES_MAX) throw longLine(this.#path, splitter.position);
      // What stands before tells whether it is still the same file.
      const before = splitter.lastBytes;
      const from = splitter.end - before.length;
      const bytes = Buffer.allocUnsafe(before.length + READ_BYTES);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
      if (bytesRead < before.length || bytes.compare(before, 0, before.length, 0, before.length)) {
        return this.#rewritten(line);
      }
      if (bytesRead > before.length) {
        splitter.push(bytes.subarray(before.length, bytesRead));
        this.#quietReads = 0;
        return true;
      }
      return this.#follow(line);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open?.handle.close();
    this.#open = null;
  }

  async #begin(): Promise<OpenFile | null> {
    const start = this.#start;
    if (start !== null && start.identity !== null) {
      const rotated = await this.#rotated(start);
      if (rotated !== null) return rotated;
    }
    const opened = await openRegular(this.#path);
    if (opened === null || start === null) return opened && fromStart(opened);
    const found = await compare(opened.handle, opened.identity, start);
    if (found === 'same') return at(opened, start);
    const why = found === 'gone' ? 'is another file' : 'was cut or written anew';
    this.#warn(
      `${this.#path} ${why} since it was read up to byte ${start.position}: it is read from its ` +
        'beginning, and lines that stood behind that place are lost unless they are in it',
    );
    return fromStart(opened);
  }

  /** The file that the place is of, where another one has its name now. */
  async #rotated(start: FilePlace): Promise<OpenFile | null> {
    const current = await statOf(this.#path);
    if (current !== null && identityOfFile(current) === start.identity) return null;
    const folder = path.dirname(this.#path);
    for (const name of await readdir(folder).catch(() => [])) {
      const file = path.join(folder, name);
      const found = await statOf(file);
      if (found?.isFile() !== true || identityOfFile(found) !== start.identity) continue;
      const opened = await openRegular(file);
      if (opened === null) continue;
      if ((await compare(opened.handle, opened.identity, start)) === 'same') {
        return at(opened, start);
      }
      await opened.handle.close();
    }
    return null;
  }

  /** Cut, or written anew, while it was open: what was read of it has been handed out. */
  async #rewritten(line: (bytes: Buffer) => void): Promise<boolean> {
    const { handle, identity, splitter } = this.#open as OpenFile;
    this.#warn(
      `${this.#path} was cut or written anew at byte ${splitter.end}: it is read from its ` +
        'beginning; what was written and cut away between two looks is lost',
    );
    const rest = splitter.rest();
    if (rest !== null) line(rest);
    this.#open = { handle, identity, splitter: new LineSplitter() };
    return true;
  }

  /** At the end: another file may have the name by now. */
  async #follow(line: (bytes: Buffer) => void): Promise<boolean> {
    const current = await statOf(this.#path);
    const { handle, identity, splitter } = this.#open as OpenFile;
    // Renamed, and nothing there yet: whoever writes it may still have it open.
    if (current === null || identityOfFile(current) === identity) {
      this.#quietReads = 0;
      return false;
    }
    this.#quietReads++;
    if (this.#quietReads < QUIET_READS) return false;
    this.#quietReads = 0;
    const rest = splitter.rest();
    if (rest !== null) line(rest);
    this.#left = this.place;
    await handle.close();
    this.#open = null;
    this.#start = null;
    return true;
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw fileSourceError(thrown, this.#path);
    }
  }
}

async function statOf(file: string) {
  try {
    return await stat(file, { bigint: true });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
}

type Opened = Omit<OpenFile, 'splitter'>;

async function openRegular(file: string): Promise<Opened | null> {
  // A pipe would wait for its writer.
  const found = await statOf(file);
  if (found === null) return null;
  if (!found.isFile()) throw noRegularFile(file);
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
  return { handle, identity: identityOfFile(await handle.stat({ bigint: true })) };
}

function fromStart(opened: Opened): OpenFile {
  return { ...opened, splitter: new LineSplitter() };
}

async function at(opened: Opened, { position }: FilePlace): Promise<OpenFile> {
  const before = await contextAt(opened.handle, position);
  return { ...opened, splitter: new LineSplitter(position, before) };
}

async function contextAt(handle: FileHandle, position: number): Promise<Buffer> {
  const length = Math.min(CONTEXT_BYTES, position);
  const { bytesRead, buffer } = await handle.read(
    Buffer.alloc(length),
    0,
    length,
    position - length,
  );
  return buffer.subarray(0, bytesRead);
}

/** An offset of Connect's has a position alone: it counts while the file is long enough. */
async function compare(handle: FileHandle, identity: string, place: FilePlace): Promise<Found> {
  const { position, check } = place;
  const { size } = await handle.stat();
  // One that was put back from a copy is read again: a new one may have the same bytes there.
  if (place.identity !== null && place.identity !== identity) return 'gone';
  if (size < position) return 'changed';
  return check === null || check === checkOf(await contextAt(handle, position))
    ? 'same'
    : 'changed';
}

function noRegularFile(file: string): TidemarkError {
  return new TidemarkError('SOURCE_FILE', `${file} is no regular file`, {
    cure: 'Name a file; without the property file the lines come from standard input.',
  });
}

function longLine(file: string, position: number): TidemarkError {
  const text = `${file}: the line at byte ${position} is longer than 16 MiB`;
  return new TidemarkError('SOURCE_FILE', text, { cure: 'Is it a file of lines?' });
}
