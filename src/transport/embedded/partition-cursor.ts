import type { LogRecord } from '../transport.ts';
import type { LogBlock } from './log-block.ts';
import { type SegmentCatalog, SegmentGone } from './segment-catalog.ts';
import type { PartitionState, Topic } from './topic-catalog.ts';
import { stateOf } from './topic-catalog.ts';

/**
 * The block that holds `offset` or, when that record is gone, the next one behind it in the
 * partition; undefined when there is none. Throws SegmentGone.
 */
export function readBlock(
  log: SegmentCatalog,
  topic: Topic,
  partition: number,
  offset: number,
): LogBlock | undefined {
  for (const stored of log.blocks(topic.document.storage, partition, offset)) {
    const block = log.read(stored);
    if (block.indexFrom(offset) < block.count) return block;
  }
  return undefined;
}

/** Offset of the first record that is not older than `timestampMs`; the end when there is none. */
export function offsetAt(
  log: SegmentCatalog,
  topic: Topic,
  partition: number,
  timestampMs: number,
): number {
  const { startOffset, endOffset } = stateOf(topic, partition);
  for (const stored of log.blocks(topic.document.storage, partition, startOffset)) {
    if (stored.newestMs < timestampMs) continue;
    const block = log.read(stored);
    for (let i = block.indexFrom(startOffset); i < block.count; i++) {
      if (block.timestampMs(i) >= timestampMs) return block.offset(i);
    }
  }
  return endOffset;
}

/** A position in one partition of one generation, with the block that is being read. */
export class PartitionCursor {
  readonly topic: Topic;
  readonly partition: number;
  /** Of the records read now; a topic that has another one is to be told first. */
  generation: number;
  position: number;
  readonly #log: SegmentCatalog;
  #block: LogBlock | null = null;
  #at = 0;

  constructor(log: SegmentCatalog, topic: Topic, partition: number, position: number) {
    this.#log = log;
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
    this.#block = null;
  }

  /** Goes over to the topic's generation, at its beginning. */
  enterGeneration(): void {
    this.generation = this.topic.document.generation;
    this.seek(this.state.startOffset);
  }

  /** Sequence of the record at the position; Infinity when there is none yet. */
  nextSequence(): number {
    if (this.#block !== null && this.#at < this.#block.count) return this.#block.sequence(this.#at);
    if (this.#block !== null) this.position = Math.max(this.position, this.#block.endOffset);
    this.#block = null;
    const { startOffset, endOffset } = this.state;
    this.position = Math.max(this.position, startOffset);
    if (this.position >= endOffset) return Number.POSITIVE_INFINITY;
    const block = readBlock(this.#log, this.topic, this.partition, this.position);
    const at = block?.indexFrom(this.position) ?? 0;
    if (block === undefined || at >= block.count) {
      // Everything up to the end was compacted away.
      this.position = endOffset;
      return Number.POSITIVE_INFINITY;
    }
    this.#block = block;
    this.#at = at;
    return block.sequence(at);
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
    while (this.#isNextBelow(sequenceEnd, records.length > 0)) {
      const block = this.#block;
      if (block === null) break;
      const size = block.size(this.#at);
      if (bytes + size > maxBytes && !fits) return { bytes, full: true };
      fits = false;
      records.push(block.record(this.#at));
      bytes += size;
      this.#at++;
      this.position = this.#at < block.count ? block.offset(this.#at - 1) + 1 : block.endOffset;
    }
    return { bytes, full: false };
  }

  /** What is taken already must not be lost when the next block is gone: that comes next time. */
  #isNextBelow(sequenceEnd: number, hasRecords: boolean): boolean {
    try {
      return this.nextSequence() < sequenceEnd;
    } catch (thrown) {
      if (hasRecords && thrown instanceof SegmentGone) return false;
      throw thrown;
    }
  }
}
