import { TidemarkError } from '../../foundation/errors.ts';
import type { DeadLetter } from '../../model/dead-letter.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import type { DocumentChange } from './document-change.ts';
import type { RefusedChange } from './document-writer.ts';
import type { IndexNaming } from './index-naming.ts';
import type { WantedIndex } from './search-indexes.ts';
import type { SearchSinkSurroundings } from './search-parts.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';
import { park, type TopicWork } from './search-topic.ts';
import type { RefusedRecord } from './topic-segments.ts';

/** What becomes of records that the index does not take, and of their topics. */
export class RefusedRecords {
  readonly #naming: IndexNaming;
  readonly #options: SearchSinkOptions;
  readonly #surroundings: Pick<SearchSinkSurroundings, 'send' | 'warn'>;

  constructor(
    naming: IndexNaming,
    options: SearchSinkOptions,
    surroundings: Pick<SearchSinkSurroundings, 'send' | 'warn'>,
  ) {
    this.#naming = naming;
    this.#options = options;
    this.#surroundings = surroundings;
  }

  /** By errors.park and behavior.on.malformed.documents. */
  async settle(work: TopicWork, refused: readonly RefusedRecord[]): Promise<void> {
    const sorted = refused.toSorted((a, b) => a.record.sequence - b.record.sequence);
    const [first] = sorted;
    if (first === undefined) return;
    const { park: mode, onMalformed, dropInvalid } = this.#options;
    const { send, warn } = this.#surroundings;
    const left = sorted.filter(({ record }) =>
      record.failure === undefined ? onMalformed === 'fail' : !dropInvalid,
    );
    const letters = mode === 'record' ? sorted : sorted.filter((one) => !left.includes(one));
    if (onMalformed === 'warn') {
      for (const { record, error } of letters) warn(`${placeOf(record)}: ${error.message}`);
    }
    if (mode === 'key') {
      for (const { record, error } of left) work.poison.set(record, error);
    } else if (mode !== 'record' && left[0] !== undefined) {
      this.stop(work, this.#naming.of(left[0].record), left[0].record, left[0].error);
    }
    if (letters.length > 0 && send !== null) await send(letters.map(letterOf));
  }

  /** Parks the topic, or fails the task. */
  stop(
    work: TopicWork,
    index: string | null,
    record: SinkRecord | undefined,
    error: TidemarkError,
    heldFor: WantedIndex | null = null,
  ): void {
    if (this.#options.park !== 'task') {
      park(work, index, record, error, heldFor);
      return;
    }
    const where = record === undefined ? work.progress.topic : placeOf(record);
    const { code, message, cure, cause } = error;
    throw new TidemarkError(code, `${where}: ${message}`, { cure, cause });
  }
}

/**
 * Which records a refused change is refused for: one may be made of several, which `again` applies
 * by themselves, so that the last good one of them is what the index has. It gives the errors.
 */
export async function isolatedRecords(
  refused: readonly RefusedChange[],
  again: (record: SinkRecord, change: DocumentChange) => Promise<readonly TidemarkError[]>,
): Promise<readonly RefusedRecord[]> {
  const found: RefusedRecord[] = [];
  for (const { change, error, isHeldBack } of refused) {
    const [single] = change.records;
    if (single !== undefined && change.records.length === 1 && isHeldBack !== true) {
      found.push({ record: single, error });
      continue;
    }
    for (const record of change.records) {
      for (const failure of await again(record, change)) found.push({ record, error: failure });
    }
  }
  return found;
}

function letterOf({ record, error }: RefusedRecord): DeadLetter {
  return { record, stage: record.failure?.stage ?? 'TASK_PUT', error };
}

function placeOf({ topic, partition, offset }: SinkRecord): string {
  return `${topic}/${partition} at offset ${offset}`;
}
