import type { TidemarkError } from '../../foundation/errors.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { NOTHING_PARKED, siftRange, type SiftOptions } from '../parked-key.ts';
import type { DocumentChange } from './document-change.ts';
import type { RefusedChange } from './document-writer.ts';
import { FoldedChanges } from './folded-changes.ts';
import type { RefusedRecord } from './topic-segments.ts';

/** How records of refused changes are applied, one by one. */
export interface OneByOne {
  /** All that a record wants, which one of the changes was made of. */
  readonly changesOf: (record: SinkRecord, change: DocumentChange) => readonly DocumentChange[];
  readonly write: (changes: readonly DocumentChange[]) => Promise<readonly RefusedChange[]>;
}

const ONLY_KEYS: SiftOptions = { parks: true, truncates: false, nowMs: 0 };

/**
 * Which records refused changes are refused for, where keys wait: what stands behind such a record
 * of its key is not applied. Each record is folded with those that went well before it, because it
 * may need values of a row whose document is gone from the index by now.
 */
export async function isolatedKeys(
  refused: readonly RefusedChange[],
  { changesOf, write }: OneByOne,
): Promise<readonly RefusedRecord[]> {
  const found: RefusedRecord[] = [];
  let parked = NOTHING_PARKED;
  const sound: DocumentChange[] = [];
  let folded = new FoldedChanges();
  for (const [record, changes] of byRecord(refused)) {
    const { live, parked: behind } = siftRange([record], [0, 1], parked, new Map(), ONLY_KEYS);
    parked = behind;
    if (live.length === 0) continue;
    const own = changes.slice(0, 1).flatMap(({ change }) => changesOf(record, change));
    for (const one of own) folded.add(one);
    const error = errorAlone(changes) ?? (await firstError(folded, record, write));
    if (error === null) {
      sound.push(...own);
      continue;
    }
    found.push({ record, error });
    ({ parked } = siftRange([record], [0, 1], parked, new Map([[0, error]]), ONLY_KEYS));
    folded = new FoldedChanges();
    for (const one of sound) folded.add(one);
  }
  return found;
}

/** In the order of the log. */
function byRecord(
  refused: readonly RefusedChange[],
): readonly (readonly [SinkRecord, readonly RefusedChange[]])[] {
  const changesOf = new Map<SinkRecord, RefusedChange[]>();
  for (const one of refused) {
    for (const record of one.change.records) {
      const known = changesOf.get(record);
      if (known === undefined) changesOf.set(record, [one]);
      else known.push(one);
    }
  }
  return [...changesOf].toSorted(([a], [b]) => a.sequence - b.sequence);
}

/** Of a change that was refused by itself; null: it is to be tried. */
function errorAlone(changes: readonly RefusedChange[]): TidemarkError | null {
  const alone = changes.find(
    ({ change, isHeldBack }) => change.records.length === 1 && isHeldBack !== true,
  );
  return alone?.error ?? null;
}

async function firstError(
  folded: FoldedChanges,
  record: SinkRecord,
  write: OneByOne['write'],
): Promise<TidemarkError | null> {
  const touched = folded.all().filter(({ records }) => records.at(-1) === record);
  const [first] = await write(touched);
  return first?.error ?? null;
}
