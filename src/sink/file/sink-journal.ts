import { open, readFile, rename, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { TidemarkError } from '../../foundation/errors.ts';
import type { SinkPosition } from '../../model/sink-record.ts';
import { errnoOf } from './file-errors.ts';

/** Lines that are about to be in the file, from one byte to another, with what they bring. */
export interface IntendedLines {
  readonly from: number;
  readonly to: number;
  readonly crc: number;
  readonly positions: readonly SinkPosition[];
}

/** What is kept of a file. */
export interface JournalState {
  /** Which sink writes it. */
  readonly owner: string;
  /** Device and inode: a file that was renamed is still the same. */
  readonly file: string;
  /** All bytes before are ours, or were there before us. */
  readonly end: number;
  readonly positions: readonly SinkPosition[];
}

/** As it is read: the last lines may or may not be in the file. */
export interface StoredJournal extends JournalState {
  readonly pending: IntendedLines | null;
}

type StoredPosition = readonly [string, number, number, number];

type Entry =
  | {
      readonly kind: 'state';
      readonly version: 1;
      readonly owner: string;
      readonly file: string;
      readonly end: number;
      readonly positions: readonly StoredPosition[];
    }
  | {
      readonly kind: 'lines';
      readonly from: number;
      readonly to: number;
      readonly crc: number;
      readonly positions: readonly StoredPosition[];
    }
  | { readonly kind: 'done' };

/** The journal is begun anew beyond this; it has some hundred bytes for each put. */
const LENGTH_MAX = 1024 * 1024;

/** Where the journal of a file lies: hidden, so that `*.jsonl` or a rotation does not meet it. */
export function journalPath(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.tidemark`);
}

/**
 * Invariant: which lines are about to be written, and what they hold, is durable before the first
 * of their bytes is in the file.
 * Why: after a crash the end of the file shows by its checksum whether those lines are there. So
 * lines and offsets take effect together, though they stand in two files.
 * What breaks otherwise: lines stand twice, or half a line stays.
 *
 * An entry `done` needs no flush of its own: the next entry, which is flushed, stands behind it.
 * A task that starts puts a new file in the journal's place; by that the older one is fenced.
 */
export class SinkJournal implements AsyncDisposable {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #identity: string;
  #length: number;
  #owesDone = false;

  private constructor(file: string, handle: FileHandle, identity: string, length: number) {
    this.#path = file;
    this.#handle = handle;
    this.#identity = identity;
    this.#length = length;
  }

  /** Null: the file never had a journal. Throws SINK_FILE_STATE for a file that is none. */
  static async read(file: string): Promise<StoredJournal | null> {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
    const [first, ...rest] = entriesOf(text);
    if (first?.kind !== 'state') throw notAJournal(file);
    return rest.reduce<StoredJournal>(after, stored(first));
  }

  /** Durable, and in place of any other, when resolved. */
  static async create(file: string, state: JournalState): Promise<SinkJournal> {
    const fresh = `${file}.new`;
    const line = lineOf({
      kind: 'state',
      version: 1,
      ...state,
      positions: state.positions.map(packed),
    });
    const handle = await open(fresh, 'w', 0o600);
    try {
      await writeAt(handle, line, 0);
      await handle.sync();
      await rename(fresh, file);
      await syncFolder(path.dirname(file));
      return new SinkJournal(file, handle, await identityOf(handle), line.length);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** It should be begun anew. */
  get isLong(): boolean {
    return this.#length > LENGTH_MAX;
  }

  /** Throws SINK_FENCED when another task has begun a journal; false: somebody has deleted it. */
  async isInPlace(): Promise<boolean> {
    try {
      const { dev, ino } = await stat(this.#path, { bigint: true });
      if (`${dev}:${ino}` === this.#identity) return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
    throw new TidemarkError('SINK_FENCED', `another task writes the file of ${this.#path}`, {
      cure: 'One sink writes a file: give each a file of its own, or stop the other daemon.',
    });
  }

  /** Durable when resolved. After a failure the next entry takes the place of this one. */
  async intend({ positions, ...lines }: IntendedLines): Promise<void> {
    const entry = lineOf({ kind: 'lines', ...lines, positions: positions.map(packed) });
    const bytes = this.#owesDone ? Buffer.concat([DONE, entry]) : entry;
    await writeAt(this.#handle, bytes, this.#length);
    await this.#handle.datasync();
    this.#length += bytes.length;
    this.#owesDone = false;
  }

  /** The lines are durable. Never throws: what cannot be written now is written with the next. */
  async done(): Promise<void> {
    try {
      await writeAt(this.#handle, DONE, this.#length);
      this.#length += DONE.length;
    } catch {
      this.#owesDone = true;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

/** Device and inode of an open file. */
export async function identityOf(handle: FileHandle): Promise<string> {
  const { dev, ino } = await handle.stat({ bigint: true });
  return `${dev}:${ino}`;
}

/** A name in a folder outlives a power cut only when the folder is flushed. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

async function writeAt(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

/** `<checksum> <JSON>`, so that an entry that a crash cut off is known. */
function lineOf(entry: Entry): Buffer {
  const json = JSON.stringify(entry);
  return Buffer.from(`${checksum(json)} ${json}\n`);
}

const DONE = lineOf({ kind: 'done' });

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function entriesOf(text: string): Entry[] {
  const entries: Entry[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const json = line.slice(9);
    if (line.slice(0, 9) !== `${checksum(json)} `) break;
    entries.push(JSON.parse(json) as Entry);
  }
  return entries;
}

function after(journal: StoredJournal, entry: Entry): StoredJournal {
  if (entry.kind === 'state') return stored(entry);
  if (entry.kind === 'done') return fulfilled(journal);
  // Lines that were not done before others began had failed, and were taken back.
  const { from, to, crc, positions } = entry;
  return { ...journal, pending: { from, to, crc, positions: positions.map(unpacked) } };
}

function stored({ owner, file, end, positions }: Extract<Entry, { kind: 'state' }>): StoredJournal {
  return { owner, file, end, positions: positions.map(unpacked), pending: null };
}

/** What holds once the pending lines are in the file. */
export function fulfilled({ pending, ...journal }: StoredJournal): StoredJournal {
  if (pending === null) return { ...journal, pending };
  const positions = new Map(journal.positions.map((one) => [positionKey(one), one]));
  for (const one of pending.positions) positions.set(positionKey(one), one);
  return { ...journal, end: pending.to, positions: [...positions.values()], pending: null };
}

/** `topic/partition`. */
export function positionKey({
  topic,
  partition,
}: Pick<SinkPosition, 'topic' | 'partition'>): string {
  return `${topic}/${partition}`;
}

function packed({ topic, partition, generation, offset }: SinkPosition): StoredPosition {
  return [topic, partition, generation, offset];
}

function unpacked([topic, partition, generation, offset]: StoredPosition): SinkPosition {
  return { topic, partition, generation, offset };
}

function notAJournal(file: string): TidemarkError {
  return new TidemarkError('SINK_FILE_STATE', `${file} holds no offsets of a file sink`, {
    cure:
      'Bring the right one back from a backup. Without it (move it away) lines are added from ' +
      "the group's offset on, which may repeat some.",
  });
}
