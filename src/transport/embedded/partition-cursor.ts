import type { LogRecord } from '../transport.ts';
import { LogValue } from './log-value.ts';
import type { Store } from './store.ts';
import { after, logKey, logPrefix } from './store-keys.ts';
import type { PartitionState, Topic } from './topic-catalog.ts';
import { stateOf } from './topic-catalog.ts';

/**
 * The value that holds `offset` or, when that record is gone, the next one behind it in the
 * partition; undefined when there is none.
 */
export function readValue(
  store: Store,
  topic: Topic,
  partition: number,
  offset: number,
): LogValue | undefined {
  const { storage } = topic.document;
  const key = logKey(storage, partition, offset);
  // Reading on in sequence hits a base exactly; only a seek or a gap needs the other two.
  const exact = store.get(key);
  if (exact !== undefined) return new LogValue(exact);
  const before = store.last(logKey(storage, partition, 0), key);
  if (before !== undefined) {
    const value = new LogValue(before);
    if (value.indexFrom(offset) < value.count) return value;
  }
  const limit =
    partition + 1 < topic.document.partitions
      ? logKey(storage, partition + 1, 0)
      : after(logPrefix(storage));
  const next = store.entries(key, limit, 1)[0]?.value;
  return next === undefined || next === null ? undefined : new LogValue(next);
}

/** A position in one partition of one generation, with the value that is being read. */
export class PartitionCursor {
  readonly topic: Topic;
  readonly partition: number;
  /** Of the records read now; a topic that has another one is to be told first. */
  generation: number;
  position: number;
  readonly #store: Store;
  #value: LogValue | null = null;
  #at = 0;

  constructor(store: Store, topic: Topic, partition: number, position: number) {
    this.#store = store;
    this.topic = topic;
    this.partition = partition;
    this.generation = topic.document.generation;
    this.position = Math.max(position, this.state.startOffset);
  }

  get state(): PartitionState {
    return stateOf(this.topic, this.partition);
  }

  seek(position: number): void {
    this.position = position;
    this.#value = null;
  }

  /** Goes over to the topic's generation, at its beginning. */
  enterGeneration(): void {
    this.generation = this.topic.document.generation;
    this.seek(this.state.startOffset);
  }

  /** Sequence of the record at the position; Infinity when there is none yet. */
  nextSequence(): number {
    if (this.#value !== null && this.#at < this.#value.count) return this.#value.sequence(this.#at);
    if (this.#value !== null) this.position = Math.max(this.position, this.#value.endOffset);
    this.#value = null;
    const { startOffset, endOffset } = this.state;
    this.position = Math.max(this.position, startOffset);
    if (this.position >= endOffset) return Number.POSITIVE_INFINITY;
    const value = readValue(this.#store, this.topic, this.partition, this.position);
    const at = value?.indexFrom(this.position) ?? 0;
    if (value === undefined || at >= value.count) {
      // Everything up to the end was compacted away.
      this.position = endOffset;
      return Number.POSITIVE_INFINITY;
    }
    this.#value = value;
    this.#at = at;
    return value.sequence(at);
  }

  /**
   * Moves records with a sequence below `sequenceEnd` into `records` while they fit `maxBytes`; the
   * first always does when `atLeastOne`. Returns their bytes.
   */
  take(
    sequenceEnd: number,
    maxBytes: number,
    atLeastOne: boolean,
    records: LogRecord[],
  ): { readonly bytes: number; readonly full: boolean } {
    let bytes = 0;
    let fits = atLeastOne;
    while (this.nextSequence() < sequenceEnd) {
      const value = this.#value;
      if (value === null) break;
      const size = value.size(this.#at);
      if (bytes + size > maxBytes && !fits) return { bytes, full: true };
      fits = false;
      records.push(value.record(this.#at));
      bytes += size;
      this.#at++;
      this.position = this.#at < value.count ? value.offset(this.#at - 1) + 1 : value.endOffset;
    }
    return { bytes, full: false };
  }
}
