import { constants } from 'node:fs';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { TidemarkError } from '../../foundation/errors.ts';
import type { SinkPosition } from '../../model/sink-record.ts';
import { errnoOf, notAFile } from './file-errors.ts';
import {
  fulfilled,
  identityOf,
  type IntendedLines,
  journalPath,
  positionKey,
  SinkJournal,
  type StoredJournal,
  syncFolder,
} from './sink-journal.ts';

/** Whose file it is, and who hears what happened to it. */
export interface LineFileParts {
  readonly file: string;
  readonly owner: string;
  readonly warn: (text: string) => void;
  readonly note: (text: string) => void;
}

const READ_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

/** Always at the end: where that is after somebody else has cut or added to the file. */
const APPENDING = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT;

/**
 * A file to which lines are added, each once, beside the journal that says how far it has come.
 *
 * Others may rename it (a new one is begun), cut it (lines go on at its new end) and add to it
 * (their text stays). What they do is seen before the next lines are written.
 */
export class LineFile implements AsyncDisposable {
  readonly #parts: LineFileParts;
  readonly #journalPath: string;
  readonly #positions: Map<string, SinkPosition>;
  #handle: FileHandle;
  #identity: string;
  #journal: SinkJournal;
  /** Bytes of the file as of our last look. */
  #end: number;
  /** Half a line of somebody else's stands at the end. */
  #startsInLine: boolean;

  private constructor(
    parts: LineFileParts,
    opened: Opened,
    journal: SinkJournal,
    positions: readonly SinkPosition[],
  ) {
    this.#parts = parts;
    this.#journalPath = journalPath(parts.file);
    this.#handle = opened.handle;
    this.#identity = opened.identity;
    this.#end = opened.end;
    this.#startsInLine = opened.startsInLine;
    this.#journal = journal;
    this.#positions = new Map(positions.map((one) => [positionKey(one), one]));
  }

  /**
   * Opens or makes the file, cuts off what a crash left of lines that are not whole, and fences
   * whoever has it. Throws SINK_FILE_STATE, and errors of the system.
   */
  static async open(parts: LineFileParts): Promise<LineFile> {
    const { file, owner } = parts;
    const stored = await SinkJournal.read(journalPath(file));
    if (stored !== null && stored.owner !== owner) throw foreignJournal(file, owner, stored.owner);
    const opened = await openFile(file);
    try {
      const journal = await recovered(parts, opened, stored);
      const positions = journal?.positions ?? [];
      const { identity, end } = opened;
      return new LineFile(
        parts,
        opened,
        await SinkJournal.create(journalPath(file), { owner, file: identity, end, positions }),
        positions,
      );
    } catch (error) {
      await opened.handle.close();
      throw error;
    }
  }

  /** By `topic/partition`: the next offset to write. */
  get positions(): ReadonlyMap<string, SinkPosition> {
    return this.#positions;
  }

  /**
   * Adds whole lines, and remembers positions with them; both are durable when resolved. After a
   * failure the file has none of the lines, or has to be opened anew to see how many.
   */
  async append(lines: string, positions: readonly SinkPosition[]): Promise<void> {
    await this.#follow();
    const text = lines !== '' && this.#startsInLine ? `\n${lines}` : lines;
    const bytes = Buffer.from(text);
    const from = this.#end;
    const to = from + bytes.length;
    await this.#journal.intend({ from, to, crc: crc32(bytes), positions });
    if (bytes.length > 0) {
      await this.#write(bytes, from);
      this.#end = to;
      this.#startsInLine = false;
    }
    await this.#journal.done();
    for (const one of positions) this.#positions.set(positionKey(one), one);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#journal[Symbol.asyncDispose]();
    await this.#handle.close();
  }

  async #write(bytes: Buffer, from: number): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at, null);
        at += bytesWritten;
      }
      await this.#handle.datasync();
    } catch (error) {
      // Whoever reads the file must not see half a line while the disk is full.
      await this.#handle.truncate(from).catch(() => undefined);
      throw error;
    }
  }

  /** Sees what others did to the file since the last lines. */
  async #follow(): Promise<void> {
    const { file, warn, note } = this.#parts;
    const isInPlace = await this.#journal.isInPlace();
    const identity = await identityAt(file);
    if (identity !== this.#identity) {
      const opened = await openFile(file);
      await this.#handle.close();
      this.#handle = opened.handle;
      this.#identity = opened.identity;
      this.#end = opened.end;
      this.#startsInLine = opened.startsInLine;
      await this.#beginJournal();
      note(`${file} was renamed or deleted: lines go on in a new file`);
      return;
    }
    const { size } = await this.#handle.stat();
    if (size !== this.#end) {
      if (size < this.#end) warn(`${file} was cut from ${this.#end} to ${size} bytes by others`);
      else note(`${file} has ${size - this.#end} bytes of others; lines go on behind them`);
      this.#end = size;
      this.#startsInLine = await endsInLine(this.#handle, size);
    }
    if (!isInPlace) warn(`${this.#journalPath} was deleted; it is written anew`);
    if (!isInPlace || this.#journal.isLong) await this.#beginJournal();
  }

  async #beginJournal(): Promise<void> {
    const old = this.#journal;
    this.#journal = await SinkJournal.create(this.#journalPath, {
      owner: this.#parts.owner,
      file: this.#identity,
      end: this.#end,
      positions: [...this.#positions.values()],
    });
    await old[Symbol.asyncDispose]();
  }
}

interface Opened {
  readonly handle: FileHandle;
  readonly identity: string;
  end: number;
  startsInLine: boolean;
}

/** Makes the file where there is none. */
async function openFile(file: string): Promise<Opened> {
  const before = await stat(file).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  // A pipe would not even be opened before it has a reader.
  if (before !== null && !before.isFile()) throw notAFile(file);
  const handle = await open(file, APPENDING, 0o644);
  try {
    if (before === null) await syncFolder(path.dirname(path.resolve(file)));
    const { size } = await handle.stat();
    const startsInLine = await endsInLine(handle, size);
    return { handle, identity: await identityOf(handle), end: size, startsInLine };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function identityAt(file: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function endsInLine(handle: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  return last[0] !== LINE_FEED;
}

/** What the file has of the journal's records; the end of the file is what it is then. */
async function recovered(
  parts: LineFileParts,
  opened: Opened,
  stored: StoredJournal | null,
): Promise<StoredJournal | null> {
  const { file, warn, note } = parts;
  if (stored === null) {
    if (opened.end > 0)
      note(`${file} has ${opened.end} bytes already; lines are added behind them`);
    return null;
  }
  if (stored.file !== opened.identity) {
    note(`${file} is another file than before (renamed, deleted, copied): lines go on in this one`);
    return await fromRenamed(parts, stored);
  }
  const journal = await withoutTornLines(parts, opened.handle, stored);
  const { size } = await opened.handle.stat();
  if (size < journal.end) warn(`${file} was cut from ${journal.end} to ${size} bytes by others`);
  if (size > journal.end) {
    note(`${file} has ${size - journal.end} bytes of others; lines go on behind them`);
  }
  opened.end = size;
  opened.startsInLine = await endsInLine(opened.handle, size);
  return journal;
}

/** The last lines are there, or are cut off as far as they are. */
async function withoutTornLines(
  { file, warn, note }: Pick<LineFileParts, 'file' | 'warn' | 'note'>,
  handle: FileHandle,
  stored: StoredJournal,
): Promise<StoredJournal> {
  const { pending } = stored;
  if (pending === null) return stored;
  const { size } = await handle.stat();
  if (await holds(handle, size, pending)) {
    // They may be in memory only: whoever wrote them died before it could flush.
    await handle.datasync();
    return fulfilled(stored);
  }
  const voided: StoredJournal = { ...stored, end: pending.from, pending: null };
  if (size > pending.to) throw foreignTail(file, pending.from);
  if (size < pending.from) {
    warn(`${file} was cut by others while lines were written: those of the last write may repeat`);
    return { ...voided, end: size };
  }
  if (size > pending.from) {
    await handle.truncate(pending.from);
    await handle.sync();
    note(`${file}: ${size - pending.from} bytes that a crash had cut off are removed`);
  }
  return voided;
}

async function holds(handle: FileHandle, size: number, lines: IntendedLines): Promise<boolean> {
  const { from, to, crc } = lines;
  if (size < to) return false;
  const buffer = Buffer.alloc(Math.min(READ_BYTES, to - from));
  let found = 0;
  for (let at = from; at < to;) {
    const wanted = Math.min(buffer.length, to - at);
    const { bytesRead } = await handle.read(buffer, 0, wanted, at);
    if (bytesRead === 0) return false;
    found = crc32(buffer.subarray(0, bytesRead), found);
    at += bytesRead;
  }
  return found === crc;
}

/** Whether the last lines came into the file before it got another name, mostly in its folder. */
async function fromRenamed(parts: LineFileParts, stored: StoredJournal): Promise<StoredJournal> {
  if (stored.pending === null) return stored;
  const folder = path.dirname(path.resolve(parts.file));
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    if ((await identityAt(file)) !== stored.file) continue;
    await using handle = await open(file, 'r+');
    return await withoutTornLines({ ...parts, file }, handle, stored);
  }
  parts.warn(
    `what ${parts.file} was called before is not in ${folder}: lines of the last write before ` +
      'the crash may stand in both',
  );
  return { ...stored, pending: null };
}

/** The journal beside the file is another sink's. */
export function foreignJournal(file: string, owner: string, other: string): TidemarkError {
  return new TidemarkError(
    'SINK_FILE_STATE',
    `${journalPath(file)} is kept by the sink ${other}, this one is ${owner}`,
    { cure: 'Give each sink a file of its own, or move both files away to begin anew.' },
  );
}

function foreignTail(file: string, from: number): TidemarkError {
  return new TidemarkError(
    'SINK_FILE_STATE',
    `${file}: behind byte ${from} stands what a crash cut off, and text that others added since`,
    {
      cure:
        `Save what is yours behind byte ${from}, then cut the file there ` +
        `(truncate -s ${from} ${file}); the lines that were cut off are written again.`,
    },
  );
}
