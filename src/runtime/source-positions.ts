import type { ChangeOrigin, SourceOffset } from '../model/change-event.ts';
import { POSITION_HEADER, POSITION_LENGTH } from '../model/change-position.ts';
import { prepareBytes } from '../rowpath/prepared-bytes.ts';
import type { PreparedBytes } from '../rowpath/prepared-bytes.ts';
import { fileNumber } from '../source/mysql/stream/binlog-position.ts';
import { headerBytes } from '../transport/record-batch.ts';

type OffsetMap = SourceOffset['offset'];

const EPOCH = 'tidemark.epoch';
const LOG = 'tidemark.epoch_log';
const COMMIT = 'tidemark.epoch_commit';
const WORD = 2 ** 32;
const DASH = 0x2d;
const DIGITS = Buffer.from('0123456789abcdef');
const COMMIT_AT = 9;
const ORDINAL_AT = 26;

/** What of an offset map tells the epoch; it outlives every change of the rest. */
export function epochState(offset: OffsetMap): OffsetMap {
  const kept = [EPOCH, LOG, COMMIT].filter((key) => (offset[key] ?? null) !== null);
  return Object.fromEntries(kept.map((key) => [key, offset[key] ?? null]));
}

/**
 * The same for a source that somebody moved: what is told again from there is told anew, under the
 * next epoch, so that no guard leaves it out. Empty: it never ran under an epoch.
 */
export function nextEpochState(state: OffsetMap): OffsetMap {
  const epoch = state[EPOCH];
  return typeof epoch === 'number' ? { [EPOCH]: epoch + 1, [LOG]: state[LOG] ?? null } : {};
}

/**
 * Gives the changes of a source their positions (`model/change-position.ts`).
 *
 * Invariant: in the order in which changes are handed over, positions never fall.
 * Why: a target leaves out what does not stand behind what it has (DESIGN ruling 4).
 * What breaks otherwise: after a failover, whose log is numbered from the beginning, changes would
 * be taken for old ones and lost.
 *
 * So the epoch rises when the reader names another log, and also where a log that has kept its name
 * goes back (RESET BINARY LOGS, a restored server). It is durable before the first position of it
 * goes out: one that was handed over and forgotten would stand above all that comes later.
 */
export class SourcePositions {
  readonly #header = prepareBytes(headerBytes(POSITION_HEADER, Buffer.alloc(POSITION_LENGTH, '0')));
  /** Stands at the end of the header. */
  readonly #text = this.#header.bytes.subarray(-POSITION_LENGTH);
  #epoch = 1;
  #log: string | null = null;
  /** Of the last commit position: halves of its 64 bits, and what they were made from. */
  #high = 0;
  #low = 0;
  #commitLsn = -1n;
  #file = '';
  #fileNumber = 0;
  #groupPos = -1;
  #ordinal = 0;

  constructor() {
    this.#text[COMMIT_AT - 1] = DASH;
    this.#text[ORDINAL_AT - 1] = DASH;
    this.#goTo(0, 0);
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Goes on where a stored offset stands; one without an epoch is of the first. */
  restore(state: OffsetMap): void {
    const epoch = state[EPOCH];
    const log = state[LOG];
    const commit = String(state[COMMIT] ?? '');
    this.#epoch = typeof epoch === 'number' && epoch >= 1 ? Math.min(epoch, WORD - 1) : 1;
    this.#log = typeof log === 'string' ? log : null;
    const isKnown = /^[\da-f]{16}$/.test(commit);
    const halves = isKnown ? [commit.slice(0, 8), commit.slice(8)] : ['0', '0'];
    const [high = 0, low = 0] = halves.map((half) => Number.parseInt(half, 16));
    this.#restart(high, low);
  }

  /** From here on positions are of this log. True: another one, and the epoch has risen. */
  opened(log: string): boolean {
    const known = this.#log;
    this.#log = log;
    if (known === null || known === log) return false;
    this.#epoch++;
    this.#restart(0, 0);
    return true;
  }

  /** The position of what stands there, as text. */
  textOf(origin: ChangeOrigin, ordinal: number): string {
    this.headerOf(origin, ordinal);
    return this.#text.toString('latin1');
  }

  /** The same as the whole header; the bytes hold until the next call. */
  headerOf(origin: ChangeOrigin, ordinal: number): PreparedBytes {
    if (origin.family === 'postgres') {
      if (origin.commitLsn !== this.#commitLsn) this.#enterCommit(origin.commitLsn);
    } else if (origin.groupPos !== this.#groupPos || origin.file !== this.#file) {
      this.#enterGroup(origin.file, origin.groupPos);
    }
    if (ordinal !== this.#ordinal) {
      this.#ordinal = ordinal;
      writeWord(this.#text, ORDINAL_AT, ordinal);
    }
    return this.#header;
  }

  /** What the source offset has to keep; nothing before a reader has named its log. */
  offset(): OffsetMap {
    if (this.#log === null) return {};
    const commit = this.#text.toString('latin1', COMMIT_AT, ORDINAL_AT - 1);
    return { [EPOCH]: this.#epoch, [LOG]: this.#log, [COMMIT]: commit };
  }

  #enterCommit(commitLsn: bigint): void {
    this.#commitLsn = commitLsn;
    this.#advance(Number(commitLsn >> 32n), Number(commitLsn & 0xffffffffn));
  }

  #enterGroup(file: string, groupPos: number): void {
    if (file !== this.#file) {
      this.#file = file;
      this.#fileNumber = fileNumber(file);
    }
    this.#groupPos = groupPos;
    // Of a file past 4 GiB this runs into the numbers of the next one, which then falls.
    this.#advance(this.#fileNumber + Math.floor(groupPos / WORD), groupPos % WORD);
  }

  #advance(high: number, low: number): void {
    if (high < this.#high || (high === this.#high && low < this.#low)) this.#epoch++;
    this.#goTo(high, low);
  }

  /** What comes next is no repetition, though it may stand at the same place of another log. */
  #restart(high: number, low: number): void {
    this.#commitLsn = -1n;
    this.#groupPos = -1;
    this.#goTo(high, low);
  }

  #goTo(high: number, low: number): void {
    this.#high = high;
    this.#low = low;
    writeWord(this.#text, 0, this.#epoch);
    writeWord(this.#text, COMMIT_AT, high);
    writeWord(this.#text, COMMIT_AT + 8, low);
  }
}

/** Eight digits. */
function writeWord(text: Buffer, at: number, word: number): void {
  let rest = word;
  for (let i = at + 7; i >= at; i--) {
    text[i] = DIGITS[rest & 15] as number;
    rest >>>= 4;
  }
}
