import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { deletableKeys, keyText } from './deletable-keys.ts';
import type { ReadPace } from './read-pace.ts';
import { type Sample, sampledRanges, type SampledRange } from './sampled-ranges.ts';
import type {
  KeyDifference,
  KeyTexts,
  LogPositions,
  NamedDifference,
  RowRepair,
  SourceRows,
  SourceTable,
  TargetTable,
  VerifyLog,
} from './verify-ports.ts';

/** The part of a table that was compared. */
export interface ComparedSample {
  readonly seed: number;
  readonly ranges: number;
  /** Whether rows were found that only the target has; elsewhere than in the ranges none are. */
  readonly findsSurplus: boolean;
}

/** What a table came to. */
export interface TableVerdict {
  /** Null: all of it was compared. */
  readonly sample: ComparedSample | null;
  /** Of the source that were compared. */
  readonly rows: number;
  /** Rows of the source that were read again, because they differed at first. */
  readonly readAgain: number;
  readonly missing: number;
  readonly surplus: number;
  readonly different: number;
  /** Of the differences those that a look behind the repair found equal. */
  readonly repaired: number;
  /** Why rows were not told again; null: they were, or nobody asked for it. */
  readonly repairProblem: TidemarkError | null;
  /** Keys that changed in each of many looks: nothing can be said of them. */
  readonly unsettled: number;
  /** The first of the differences. */
  readonly differences: readonly NamedDifference[];
}

/** What one table is verified with. */
export interface VerificationParts {
  readonly source: SourceTable;
  readonly target: TargetTable;
  readonly log: VerifyLog;
  /** Null: what differs is named only. */
  readonly repair: RowRepair | null;
  /** Null: all rows are compared. */
  readonly sample: Sample | null;
  readonly pace: ReadPace;
  readonly clock: Clock;
  /** How long anybody is waited for. */
  readonly waitMs: number;
  /** How many differences are kept with their values. */
  readonly shown: number;
  /** `ofRows`: how many there will be; negative: nobody knows. */
  readonly onProgress: (rows: number, ofRows: number, suspects: number) => void;
}

/** A key that differed when it was last looked at. */
interface Suspect {
  /** As the target prints it. */
  readonly key: KeyTexts;
  /** As the source takes it. */
  readonly source: KeyTexts;
  readonly looks: number;
}

/** What a look has judged. */
interface Found {
  readonly suspect: Suspect;
  readonly difference: KeyDifference;
}

/** Suspects that are looked at again in one go. */
const LOOK_KEYS = 500;
/** With so many the table waits: under a sink that lags, what changes differs. */
const SUSPECTS_MOST = 5_000;
/** A key that changes more often than it can be looked at is left alone after so many. */
const LOOKS_MOST = 25;
const APPLIED_LOOK_MS = 20;

/**
 * Compares one table, row by row, while both sides change.
 *
 * The pass reads the source in the order of its keys and compares each chunk with the target as it
 * is. Rows that are equal are done: the target has what the source had. All others are suspects,
 * and only a *look* judges them:
 *
 * 1. A := the ends of the log. What the log has now is waited for to be visible in the source (S).
 * 2. The suspects' rows are read from the source, in one transaction.
 * 3. The log has to reach the fence of that read, and the target what the log then has.
 * 4. The rows of the target are compared with them. O := what the target has applied by then.
 *    (Where the target does not tell that with its rows, O is the end of the log.)
 * 5. Keys of records between A and O have changed around the look; they are looked at again.
 *
 * A key that differs and is not among those is different. Invariant: nothing else is. Why: take a
 * change of it that is in one of the two reads only. If the target has it, its record lies before
 * O; before A it was visible to the source by (1), so both have it; behind A it is among (5). If
 * the source has it, it lies before the fence, so by (3) the target had applied it.
 */
export class TableVerification {
  readonly #parts: VerificationParts;
  readonly #suspects = new Map<string, Suspect>();
  readonly #differences: NamedDifference[] = [];
  readonly #counts = { missing: 0, surplus: 0, different: 0 };
  #rows = 0;
  #ofRows: number;
  #readAgain = 0;
  #unsettled = 0;
  #repaired = 0;
  #repairProblem: TidemarkError | null = null;
  /** Of rows of other tables that were told again. */
  readonly #otherTopics = new Set<string>();

  constructor(parts: VerificationParts) {
    this.#parts = parts;
    this.#ofRows = parts.source.estimatedRows;
  }

  async run(signal: AbortSignal): Promise<TableVerdict> {
    const { source, target, sample } = this.#parts;
    await target.begin(signal);
    const ranges = sample === null ? null : sampledRanges(source.estimatedRows, sample);
    if (ranges === null) await this.#passAll(signal);
    else await this.#passSome(ranges, signal);
    await this.#judge(signal);
    const findsSurplus = target.isOrdered;
    return {
      sample:
        sample === null || ranges === null
          ? null
          : { seed: sample.seed, ranges: ranges.length, findsSurplus },
      rows: this.#rows,
      readAgain: this.#readAgain,
      ...this.#counts,
      repaired: this.#repaired,
      repairProblem: this.#repairProblem,
      unsettled: this.#unsettled,
      differences: this.#differences,
    };
  }

  async #passAll(signal: AbortSignal): Promise<void> {
    const { target, pace } = this.#parts;
    let after: KeyTexts | null = null;
    for (let more = true; more;) {
      const rows = await this.#compareBehind(after, pace.rows, false, signal);
      after = rows.lastKey;
      ({ more } = rows);
    }
    for await (const found of target.rest?.(signal) ?? []) {
      this.#suspect(found, []);
      if (this.#suspects.size >= SUSPECTS_MOST) await this.#judge(signal);
    }
  }

  async #passSome(ranges: readonly SampledRange[], signal: AbortSignal): Promise<void> {
    const { source } = this.#parts;
    this.#ofRows = ranges.reduce((sum, { rows }) => sum + rows, 0);
    let after: KeyTexts | null = null;
    for (const { skip, rows } of ranges) {
      if (skip > 0) after = await source.keyBehind(after, skip, signal);
      const isBeyond = skip > 0 && after === null;
      if (!isBeyond) after = await this.#compareRange(after, rows, signal);
      if (after === null) break;
    }
    // There are far fewer rows than was thought: those at the beginning, then.
    if (this.#rows === 0) await this.#compareRange(null, this.#ofRows, signal);
  }

  /** The last key; null: the table is over. */
  async #compareRange(
    from: KeyTexts | null,
    count: number,
    signal: AbortSignal,
  ): Promise<KeyTexts | null> {
    const { pace } = this.#parts;
    let after = from;
    for (let left = count; left > 0;) {
      const rows = await this.#compareBehind(after, Math.min(left, pace.rows), true, signal);
      if (!rows.more) return null;
      after = rows.lastKey;
      left -= rows.read;
    }
    return after;
  }

  async #compareBehind(
    after: KeyTexts | null,
    limit: number,
    isSample: boolean,
    signal: AbortSignal,
  ): Promise<SourceRows> {
    const { source, target, pace } = this.#parts;
    const rows = await source.readChunk(after, limit, signal);
    const scope = isSample
      ? ({ kind: 'within' } as const)
      : ({ kind: 'next', isLast: !rows.more } as const);
    this.#suspect(await target.compare(rows.records, scope, signal), rows.keys);
    this.#rows += rows.read;
    this.#tell();
    await pace.read(rows.read, rows.more, signal);
    if (this.#suspects.size >= SUSPECTS_MOST) await this.#judge(signal);
    return rows;
  }

  #suspect(differences: readonly KeyDifference[], keys: readonly KeyTexts[]): void {
    for (const difference of differences) {
      const { key, row, owner } = difference;
      const text = keyText(key);
      if (owner === 'none') this.#found(difference, false);
      else if (owner === 'unknown') this.#unsettled++;
      if (owner !== undefined || this.#suspects.has(text)) continue;
      const source = (row === null ? undefined : keys[row]) ?? key;
      this.#suspects.set(text, { key, source, looks: 0 });
    }
  }

  async #judge(signal: AbortSignal): Promise<void> {
    const found = await this.#lookUntilSure(signal);
    const stays = await this.#repair(found, signal);
    for (const { suspect, difference } of found) {
      this.#found(difference, !stays.has(keyText(suspect.key)));
    }
  }

  #found(difference: KeyDifference, isRepaired: boolean): void {
    this.#counts[difference.kind]++;
    if (this.#differences.length === this.#parts.shown) return;
    const repaired = this.#parts.repair === null ? null : isRepaired;
    this.#differences.push({ ...difference, repaired });
  }

  /** Has what differs told again, and looks once more; keys that differ all the same. */
  async #repair(found: readonly Found[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { repair, source, target } = this.#parts;
    const all = new Set(found.map(({ suspect }) => keyText(suspect.key)));
    if (repair === null || found.length === 0) return all;
    const keys: Suspect[] = [];
    const surplus = found.filter(({ difference }) => difference.kind === 'surplus');
    const deletable = await deletableKeys(
      { source, target },
      surplus.map(({ suspect }) => suspect.key),
      signal,
    );
    for (const { suspect, difference } of found) {
      if (difference.kind !== 'surplus' || deletable.has(keyText(suspect.key))) keys.push(suspect);
    }
    const own = keys.map((suspect) => suspect.source);
    await this.#tellAgain(repair, source, own, signal);
    const others = target.alsoToRepair?.(found.map(({ suspect }) => suspect.key)) ?? [];
    for (const { topic, table, keys: theirs } of others) {
      this.#otherTopics.add(topic);
      await this.#tellAgain(repair, table, theirs, signal);
    }
    for (const { suspect } of found) {
      this.#suspects.set(keyText(suspect.key), { ...suspect, looks: 0 });
    }
    const left = await this.#lookUntilSure(signal);
    const stays = new Set(left.map(({ suspect }) => keyText(suspect.key)));
    this.#repaired += all.size - stays.size;
    return stays;
  }

  async #tellAgain(
    repair: RowRepair,
    table: Parameters<RowRepair['repair']>[0],
    keys: readonly KeyTexts[],
    signal: AbortSignal,
  ): Promise<void> {
    for (let from = 0; from < keys.length && this.#repairProblem === null; from += LOOK_KEYS) {
      const some = keys.slice(from, from + LOOK_KEYS);
      this.#repairProblem = await repair.repair(table, some, signal);
    }
  }

  async #lookUntilSure(signal: AbortSignal): Promise<readonly Found[]> {
    const found: Found[] = [];
    // The first look is over soon, and clears nearly all: it waits for no transaction's end.
    for (let settles = false; this.#suspects.size > 0; settles = true) {
      const all = [...this.#suspects.values()];
      for (let from = 0; from < all.length; from += LOOK_KEYS) {
        found.push(...(await this.#look(all.slice(from, from + LOOK_KEYS), settles, signal)));
        this.#tell();
      }
    }
    return found;
  }

  async #look(
    suspects: readonly Suspect[],
    settles: boolean,
    signal: AbortSignal,
  ): Promise<readonly Found[]> {
    const { source, target, log } = this.#parts;
    const { topic } = source;
    const before = await log.ends(topic);
    if (settles) await source.settle(signal);
    const keys = suspects.map((suspect) => suspect.source);
    const rows = await source.readKeys(keys, signal);
    this.#readAgain += rows.read;
    await log.reach(rows.fence, signal);
    for (const one of [topic, ...this.#otherTopics]) await this.#untilApplied(one, signal);
    const scope = { kind: 'keys', keys: suspects.map(({ key }) => key) } as const;
    const found = await target.compare(rows.records, scope, signal);
    const byKey = new Map(found.map((difference) => [keyText(difference.key), difference]));
    const left = suspects.filter(({ key }) => byKey.has(keyText(key)));
    for (const { key } of suspects) this.#suspects.delete(keyText(key));
    if (left.length === 0) return [];
    const changed = settles ? await this.#changed(before, signal) : null;
    const judged: Found[] = [];
    for (const suspect of left) {
      const text = keyText(suspect.key);
      const difference = byKey.get(text);
      if (difference === undefined) continue;
      if (changed !== null && !changed.has(text)) judged.push({ suspect, difference });
      else if (suspect.looks >= LOOKS_MOST) this.#unsettled++;
      else this.#suspects.set(text, { ...suspect, looks: suspect.looks + 1 });
    }
    return judged;
  }

  /** Keys that changed around the look; null: any may have. */
  async #changed(before: LogPositions, signal: AbortSignal): Promise<ReadonlySet<string> | null> {
    const { source, target, log } = this.#parts;
    const { topic } = source;
    // What is not one with the rows may lag behind them: then all of the log may be applied.
    const applied = await (target.isAtomic ? target.applied(signal) : log.ends(topic));
    const records = await log.between(topic, before, applied, signal);
    const keys = await target.keysOf(records, signal);
    return keys === null ? null : new Set(keys.map(keyText));
  }

  /** What the log has of a topic by now. */
  async #untilApplied(topic: string, signal: AbortSignal): Promise<void> {
    const { target, log, clock, waitMs } = this.#parts;
    const ends = await log.ends(topic);
    let behind = Number.POSITIVE_INFINITY;
    for (let sinceMs = clock.monotonicMs(); ;) {
      const applied = await target.applied(signal, topic);
      let now = 0;
      for (const [partition, end] of ends) now += Math.max(0, end - (applied.get(partition) ?? 0));
      if (now === 0) return;
      // A sink that goes on is waited for, however far it is behind.
      if (now < behind) sinceMs = clock.monotonicMs();
      behind = now;
      if (clock.monotonicMs() - sinceMs > waitMs) throw sinkBehind(topic, target, now);
      await clock.sleep(APPLIED_LOOK_MS, signal);
      signal.throwIfAborted();
    }
  }

  #tell(): void {
    this.#parts.onProgress(this.#rows, this.#ofRows, this.#suspects.size);
  }
}

function sinkBehind(topic: string, target: TargetTable, records: number): TidemarkError {
  return new TidemarkError(
    'VERIFY_BEHIND',
    `${target.name} is ${records} records of ${topic} behind, and does not come nearer`,
    { cure: 'tidemark status <file> says what the sink waits for; --wait gives it longer.' },
  );
}
