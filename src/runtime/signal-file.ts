import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { SourceSignal } from '../model/source-signal.ts';
import { parseSourceSignal } from '../model/source-signal.ts';

/** A line of the file: a signal, or null where it is none. */
export interface FileSignal {
  readonly signal: SourceSignal | null;
}

/** What is there to be done. */
export interface FileReading {
  readonly lines: readonly FileSignal[];
  /** What these lines are, to be kept with the source offset. */
  readonly mark: string;
}

const NEWLINE = 10;

/**
 * The channel `file`: a JSON object each line. Lines that are done stand as a mark (their length
 * and digest) in the source offset until they are cut off, so that a crash on the way repeats none.
 * The file is emptied in place, as the original does: whoever may write to it still may.
 */
export class SignalFile {
  readonly path: string;
  /** A last line without an end, as it was at the reading before. */
  #unfinished = '';

  constructor(path: string) {
    this.path = path;
  }

  /** Null: there is nothing. `done`: the mark of lines that need only be cut off. */
  async read(done: string | null): Promise<FileReading | null> {
    const content = await this.#content();
    if (content.length === 0) return null;
    if (done !== null && isMarked(content, done)) return { lines: [], mark: done };
    const taken = content.subarray(0, this.#complete(content));
    if (taken.length === 0) return null;
    const lines = taken.toString().split('\n');
    return {
      lines: lines
        .filter((line) => line.trim() !== '')
        .map((line) => ({ signal: parseSourceSignal(line) })),
      mark: markOf(taken),
    };
  }

  /** Cuts off the lines of the mark; what was written behind them stays. */
  async cut(mark: string): Promise<void> {
    const content = await this.#content();
    if (!isMarked(content, mark)) return;
    await writeFile(this.path, content.subarray(lengthOf(mark)));
  }

  async #content(): Promise<Buffer> {
    try {
      return await readFile(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    }
  }

  /** A last line that is no JSON may be half written: it counts when it is still so later. */
  #complete(content: Buffer): number {
    const end = content.lastIndexOf(NEWLINE) + 1;
    const last = content.subarray(end).toString();
    const isWhole = parseSourceSignal(last) !== null || last === this.#unfinished;
    this.#unfinished = isWhole ? '' : last;
    return isWhole ? content.length : end;
  }
}

function markOf(content: Buffer): string {
  return `${content.length}:${createHash('sha256').update(content).digest('base64url')}`;
}

function lengthOf(mark: string): number {
  return Number(mark.slice(0, mark.indexOf(':')));
}

function isMarked(content: Buffer, mark: string): boolean {
  const length = lengthOf(mark);
  return content.length >= length && markOf(content.subarray(0, length)) === mark;
}
