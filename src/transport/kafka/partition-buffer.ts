import type { FetchedRecords, LogRecord } from '../transport.ts';
import { sizeOf } from '../log-record.ts';
import type { KafkaFetch } from './kafka-client.ts';
import type { TopicGeneration } from './topic-generations.ts';

/** A partition of a consumer: where it stands, and what was read ahead of that. */
export class PartitionBuffer {
  readonly topic: string;
  readonly partition: number;
  generation: number;
  /** Offset of the next record to be handed over. */
  position: number;
  startOffset: number;
  endOffset: number;
  #records: readonly LogRecord[] = [];
  #at = 0;
  #nextOffset: number;

  constructor(
    at: { readonly topic: string; readonly partition: number },
    position: number,
    range: { readonly startOffset: number; readonly endOffset: number },
    generation: number,
  ) {
    this.topic = at.topic;
    this.partition = at.partition;
    this.position = position;
    this.#nextOffset = position;
    this.startOffset = range.startOffset;
    this.endOffset = range.endOffset;
    this.generation = generation;
  }

  /** Takes in what was read; records of an older generation are left out. */
  add(fetch: KafkaFetch, from: number): void {
    this.startOffset = Math.max(fetch.startOffset, from);
    this.endOffset = fetch.endOffset;
    const rest = this.#records.slice(this.#at);
    const wanted =
      (fetch.records[0]?.offset ?? from) >= from
        ? fetch.records
        : fetch.records.filter(({ offset }) => offset >= from);
    this.#records = rest.length === 0 ? wanted : [...rest, ...wanted];
    this.#at = 0;
    this.#nextOffset = Math.max(fetch.nextOffset, from);
    if (this.#records.length === 0) this.position = this.#nextOffset;
  }

  /** Behind what was read ahead. */
  get readOffset(): number {
    return this.#nextOffset;
  }

  /** Infinity when nothing is there. */
  get nextTimestampMs(): number {
    return this.#records[this.#at]?.timestampMs ?? Number.POSITIVE_INFINITY;
  }

  /** Records up to a time and about so many bytes; at least one. */
  take(untilMs: number, maxBytes: number, number: (record: LogRecord) => LogRecord): Taken {
    const taken: LogRecord[] = [];
    let bytes = 0;
    let full = false;
    for (; this.#at < this.#records.length; this.#at++) {
      const record = this.#records[this.#at] as LogRecord;
      if (taken.length > 0 && record.timestampMs > untilMs) break;
      const size = sizeOf(record);
      full = bytes + size > maxBytes;
      if (full && taken.length > 0) break;
      bytes += size;
      taken.push(number(record));
      if (full) {
        this.#at++;
        break;
      }
    }
    const next = this.#records[this.#at];
    this.position = next?.offset ?? this.#nextOffset;
    return { bytes, full, fetched: this.told(taken) };
  }

  /** What the caller of `poll` gets. */
  told(records: readonly LogRecord[]): FetchedRecords {
    const { topic, partition, generation, position, endOffset } = this;
    return { topic, partition, generation, records, nextOffset: position, endOffset };
  }

  /** Drops what was read ahead and goes on elsewhere. */
  moveTo(offset: number): void {
    this.#records = [];
    this.#at = 0;
    this.position = offset;
    this.#nextOffset = offset;
  }

  /** Begins the next generation; true when the consumer has to be moved to its first offset. */
  enter({ generation, starts }: TopicGeneration): boolean {
    const start = starts[this.partition] ?? 0;
    this.generation = generation;
    if (this.position >= start) return false;
    this.moveTo(start);
    this.endOffset = Math.max(this.endOffset, start);
    this.startOffset = start;
    return true;
  }
}

/** Records of one partition, and whether they took all the room. */
export interface Taken {
  readonly bytes: number;
  readonly full: boolean;
  readonly fetched: FetchedRecords;
}
