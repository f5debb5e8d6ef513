import type { DeadLetter } from '../model/dead-letter.ts';
import { plainValue } from '../model/plain-value.ts';
import type { Struct } from '../model/connect-schema.ts';
import type { ParkedKey, ParkedKeys, SinkRecord } from '../model/sink-record.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { changeOf } from './record-change.ts';

/** Longer ones park their table: they would not fit into a row of ours everywhere. */
const KEY_LENGTH_MAX = 8_000;

/** A parked key as the target has it: of one partition, since its records stand in one order. */
export interface StoredParkedKey extends ParkedKey {
  readonly generation: number;
  /** Behind the last record that waits. */
  readonly nextOffset: number;
}

/** Parked keys of a topic by the key's text. Never changed: who adds to it makes another. */
export type ParkedSet = ReadonlyMap<string, readonly StoredParkedKey[]>;

export const NOTHING_PARKED: ParkedSet = new Map();

/** How a key is told from others; null: the record has none, or one that is too long. */
export function keyTextOf(record: SinkRecord): string | null {
  const { key: own, logKey, raw, failure } = record;
  const key = logKey ?? own;
  if (key !== null) return textOfKey(key);
  if (failure === undefined || raw === undefined || raw.key === null) return null;
  const text = `raw:${raw.key.toString('base64')}`;
  return text.length > KEY_LENGTH_MAX ? null : text;
}

/** The same of a key alone. */
export function textOfKey(key: Struct): string | null {
  const text = JSON.stringify(plainValue(key));
  return text.length > KEY_LENGTH_MAX ? null : text;
}

/** What a range of records comes to when those of parked keys are taken out. */
export interface SiftedRange {
  /** To be applied, in their order. */
  readonly live: readonly SinkRecord[];
  /** Number of each of them among all records. */
  readonly numbers: readonly number[];
  /** What is to be told, in the order of the log. */
  readonly letters: readonly DeadLetter[];
  /** The keys that are parked behind the range. */
  readonly parked: ParkedSet;
  /** A truncate stood in it: what was parked before is gone with the rows. */
  readonly cleared: boolean;
  /** A record that cannot be applied has no key that could wait. */
  readonly unkeyed: boolean;
}

/** By the number of a record: why it cannot be applied. */
export type Poison = ReadonlyMap<number, TidemarkError>;

/** How records are taken out. */
export interface SiftOptions {
  /** Keys wait behind a record that failed; false: only the record itself is taken out. */
  readonly parks: boolean;
  /** Truncates of the source empty the table. */
  readonly truncates: boolean;
  readonly nowMs: number;
}

/**
 * Takes out of `records[from..to)` what is poison, and what waits behind poison of its key, also of
 * the key that the row had before. Says which keys are parked after that.
 */
export function siftRange(
  records: readonly SinkRecord[],
  [from, to]: readonly [number, number],
  parked: ParkedSet,
  poison: Poison,
  options: SiftOptions,
): SiftedRange {
  const sifting = new Sifting(parked, poison, options);
  for (let i = from; i < to; i++) sifting.take(records[i] as SinkRecord, i);
  return sifting.result();
}

class Sifting {
  readonly #poison: Poison;
  readonly #options: SiftOptions;
  readonly #live: SinkRecord[] = [];
  readonly #numbers: number[] = [];
  readonly #letters: DeadLetter[] = [];
  #parked: Map<string, readonly StoredParkedKey[]>;
  #isOwn = false;
  #cleared = false;
  #unkeyed = false;

  constructor(parked: ParkedSet, poison: Poison, options: SiftOptions) {
    this.#parked = parked as Map<string, readonly StoredParkedKey[]>;
    this.#poison = poison;
    this.#options = options;
  }

  take(record: SinkRecord, number: number): void {
    const { failure } = record;
    if (this.#parked.size > 0 && this.#isToldAgain(record)) return;
    const error = this.#poison.get(number);
    if (error !== undefined) this.#fail(record, { record, stage: 'TASK_PUT', error });
    else if (failure !== undefined) this.#fail(record, { record, ...failure });
    else if (this.#parked.size === 0 || !this.#waits(record)) {
      this.#live.push(record);
      this.#numbers.push(number);
      const clears = this.#parked.size > 0 && this.#options.truncates;
      if (clears && changeOf(record).kind === 'truncate') this.#clear();
    }
  }

  result(): SiftedRange {
    return {
      live: this.#live,
      numbers: this.#numbers,
      letters: this.#letters,
      parked: this.#parked,
      cleared: this.#cleared,
      unkeyed: this.#unkeyed,
    };
  }

  #clear(): void {
    this.#parked = new Map();
    this.#isOwn = true;
    this.#cleared = true;
  }

  #fail(record: SinkRecord, letter: DeadLetter): void {
    this.#letters.push(letter);
    if (!this.#options.parks) return;
    const key = keyTextOf(record);
    if (key === null) this.#unkeyed = true;
    else this.#park(record, key, letter.error);
  }

  /** It waits already: after positions were set back, or a commit whose answer was lost. */
  #isToldAgain(record: SinkRecord): boolean {
    const key = keyTextOf(record);
    const known = key === null ? undefined : this.#entry(key, record.partition);
    return known !== undefined && record.offset >= known.offset && record.offset < known.nextOffset;
  }

  /** Whether the record's key is parked, or is from now on. */
  #waits(record: SinkRecord): boolean {
    const key = keyTextOf(record);
    if (key === null) return false;
    const known = this.#entry(key, record.partition);
    if (known !== undefined) {
      // Applied before the key was parked, and told anew since: the row is to be as it was then.
      if (record.offset < known.offset) return false;
    } else if (!this.#parked.has(key)) {
      const from = record.movedFrom === undefined ? null : textOfKey(record.movedFrom);
      if (from === null || !this.#parked.has(from)) return false;
    }
    const error = behind(this.#parked.get(key)?.[0]);
    this.#letters.push({ record, stage: 'TASK_PUT', error });
    this.#park(record, key, error);
    return true;
  }

  #entry(key: string, partition: number): StoredParkedKey | undefined {
    return this.#parked.get(key)?.find((one) => one.partition === partition);
  }

  #park(record: SinkRecord, key: string, error: TidemarkError): void {
    const { topic, partition, offset, generation } = record;
    const known = this.#entry(key, partition);
    const next = offset + 1;
    const entry: StoredParkedKey =
      known === undefined
        ? {
            topic,
            partition,
            generation,
            key,
            offset,
            letters: 1,
            nextOffset: next,
            sinceMs: this.#options.nowMs,
            code: error.code,
            message: error.message,
          }
        : { ...known, letters: known.letters + 1, nextOffset: next };
    if (!this.#isOwn) this.#parked = new Map(this.#parked);
    this.#isOwn = true;
    const others = (this.#parked.get(key) ?? []).filter((one) => one !== known);
    this.#parked.set(key, [...others, entry]);
  }
}

function behind(first: StoredParkedKey | undefined): TidemarkError {
  const where =
    first === undefined ? '' : ` (${first.topic}/${first.partition}, offset ${first.offset})`;
  return new TidemarkError(
    'SINK_KEY_PARKED',
    `it waits behind an earlier record of its key that could not be applied${where}`,
  );
}

/** Names of columns may be texts of any kind; a message of ours is for people. */
export function printable(message: string): string {
  return message.replaceAll(/\p{Cc}/gu, ' ').slice(0, 4_000);
}

/** Keys in a status, which is read every few seconds. */
const KEYS_SHOWN = 20;

/** What the status shows of the keys that wait, by topic. */
export function parkedKeysView(sets: readonly ParkedSet[]): ParkedKeys {
  const first = sets.flatMap((set) => [...set.values()].slice(0, KEYS_SHOWN).flat());
  return {
    count: sets.reduce((sum, set) => sum + set.size, 0),
    first: first
      .slice(0, KEYS_SHOWN)
      .map(({ generation: _generation, nextOffset: _nextOffset, ...shown }) => shown),
  };
}

/** No more keys of a topic may wait; `next`: why one more would. */
export function tooManyParked(topic: string, most: number, next?: TidemarkError): TidemarkError {
  return new TidemarkError(
    'SINK_KEY_PARKED',
    `more than ${most} keys of ${topic} would wait` +
      (next === undefined ? '' : `; the next one would for: ${next.message}`),
    {
      cure:
        'Mend the cause, replay what waits (tidemark dlq replay), and start the sink again; ' +
        'errors.park.keys.max is the bound.',
    },
  );
}

/** Later records of a key that waits must not pass the earlier ones (PITFALLS S11). */
export function stillParked(topic: string, keys: number): TidemarkError {
  return new TidemarkError(
    'SINK_KEY_PARKED',
    `${keys} keys of ${topic} wait as dead letters; errors.park was key, and is not now`,
    {
      cure:
        'Replay them or give them up (tidemark dlq replay, tidemark dlq drop), or set ' +
        'errors.park to key again.',
    },
  );
}
