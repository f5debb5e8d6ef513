import type { TidemarkError } from '../foundation/errors.ts';
import type { ParkedKey, SinkRecord } from '../model/sink-record.ts';
import type { ParkedSet, SiftedRange, StoredParkedKey } from './parked-key.ts';
import { keyTextOf } from './parked-key.ts';

/** A key of a topic; all keys of the topic where there is none. */
export interface KeyChoice {
  readonly topic: string;
  readonly key: string | null;
}

/** What became of letters. */
export interface ReplayedLetters {
  readonly applied: number;
  /** By the key: why it waits on. */
  readonly failed: ReadonlyMap<string, TidemarkError>;
}

/** What waits in a target, and how it comes to its rows. */
export interface LetterReplay extends AsyncDisposable {
  /** The oldest first within a topic; none before the sink has ever parked one. */
  list(): Promise<readonly ParkedKey[]>;
  /** Gives the records of keys up; the next record of each is applied again. Returns the keys. */
  drop(choice: KeyChoice): Promise<number>;
  /**
   * Applies letters of one topic, in the order in which they were told, as far as their keys wait
   * for them; a key stops at the first that fails, and says why.
   */
  replay(topic: string, letters: readonly SinkRecord[]): Promise<ReplayedLetters>;
}

function entryOf(keys: ParkedSet, letter: SinkRecord): StoredParkedKey | undefined {
  const key = keyTextOf(letter);
  if (key === null) return undefined;
  return keys.get(key)?.find(({ partition }) => partition === letter.partition);
}

/** Letters may be told twice, of a key that was parked before, or of a put that failed then. */
export function waitingLetters(
  letters: readonly SinkRecord[],
  keys: ParkedSet,
  generation: number,
): readonly SinkRecord[] {
  const next = new Map<StoredParkedKey, number>();
  return letters.filter((letter) => {
    const entry = entryOf(keys, letter);
    if (entry === undefined || entry.generation !== generation) return false;
    const from = next.get(entry) ?? entry.offset;
    if (letter.offset < from || letter.offset >= entry.nextOffset) return false;
    next.set(entry, letter.offset + 1);
    return true;
  });
}

/** What waits on when `letters[0..done)` are through, but for what was taken out of them. */
export function keysAfter(
  before: ParkedSet,
  letters: readonly SinkRecord[],
  done: number,
  { letters: out }: SiftedRange,
): ParkedSet {
  const left = new Map<SinkRecord, TidemarkError | null>(
    out.map(({ record, error }) => [record, error]),
  );
  for (const letter of letters.slice(done)) left.set(letter, null);
  const moved = new Map<StoredParkedKey, StoredParkedKey>();
  const stopped = new Set<StoredParkedKey>();
  for (const letter of letters) {
    const entry = entryOf(before, letter);
    if (entry === undefined || stopped.has(entry)) continue;
    const now = moved.get(entry) ?? entry;
    const error = left.get(letter);
    if (error === undefined) {
      moved.set(entry, { ...now, offset: letter.offset + 1, letters: now.letters - 1 });
      continue;
    }
    stopped.add(entry);
    const why = error === null ? {} : { code: error.code, message: error.message };
    moved.set(entry, { ...now, offset: letter.offset, ...why });
  }
  const after = new Map<string, readonly StoredParkedKey[]>();
  for (const [key, entries] of before) {
    const waiting = entries.map((one) => moved.get(one) ?? one).filter((one) => one.letters > 0);
    if (waiting.length > 0) after.set(key, waiting);
  }
  return after;
}

/** The first reason of each key. */
export function failuresOf(
  letters: readonly SinkRecord[],
  done: number,
  { letters: out }: SiftedRange,
  obstacle: TidemarkError | null,
): ReadonlyMap<string, TidemarkError> {
  const failed = new Map<string, TidemarkError>();
  const add = (record: SinkRecord, error: TidemarkError): void => {
    const key = keyTextOf(record);
    if (key !== null && !failed.has(key)) failed.set(key, error);
  };
  for (const { record, error } of out) add(record, error);
  if (obstacle !== null) for (const record of letters.slice(done)) add(record, obstacle);
  return failed;
}
