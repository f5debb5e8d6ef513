import type { RecordBatch } from '../../record-batch.ts';
import type { PartitionRecords } from '../kafka-client.ts';
import type { BatchIdentity } from '../record-batch-writer.ts';
import { recordBytes, writeRecordBatch } from '../record-batch-writer.ts';

const SEQUENCE_LIMIT = 2 ** 31;
const NO_RECORDS = new Int32Array(0);
/** Well below what brokers keep an idle producer's state for (producer.id.expiration.ms: a day). */
const PROVEN_MS = 60_000;

/** Some records of a partition as they go into one produce request. */
export interface Chunk {
  readonly from: number;
  readonly to: number;
  readonly baseSequence: number;
  /** Before compression. */
  readonly plainBytes: number;
  readonly bytes: Promise<Buffer>;
  /** A request with it was lost: nobody knows whether the broker has it. */
  uncertain: boolean;
  acknowledged: boolean;
}

/**
 * One partition on the way to its leader. Invariant: chunks leave in the order of their sequence
 * numbers, and after a failure nothing leaves until all that was under way is answered; then it
 * begins again at the first chunk that is not acknowledged, with the numbers that it had. Until
 * the leader has acknowledged something, chunks leave one by one.
 * What breaks otherwise: a broker without state of this producer takes any number as the first. It
 * appends the second of two batches (the partition was not ready for the first one), and then the
 * first, which it takes for a stranger's, behind it or never.
 */
export class ProduceLane {
  readonly topic: string;
  readonly partition: number;
  /** -1: not known. */
  leader = -1;
  /** No requests until the retry is due. */
  waiting = false;
  inFlight = 0;
  /** Since when its first chunk is tried, monotonic ms. */
  since = 0;
  retries = 0;
  /** Set when the topic takes less than a whole batch, before compression. */
  #limit = Infinity;
  /** The last error, for the message when time is over. */
  failure = '';
  #batch: RecordBatch | null = null;
  #records: Int32Array = NO_RECORDS;
  #next = 0;
  #sequence = 0;
  /** Not acknowledged, in order; the first `#sent` of them are under way. */
  #chunks: Chunk[] = [];
  #sent = 0;
  #rewind = false;
  /** When the leader last acknowledged something, monotonic ms. */
  #acknowledgedAt = -Infinity;
  /** The leader is known to have state of this producer. */
  #proven = false;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  start(batch: RecordBatch, { records }: PartitionRecords, nowMs: number): void {
    this.#batch = batch;
    this.#records = records;
    this.#next = 0;
    this.since = nowMs;
    this.retries = 0;
    this.#proven = nowMs - this.#acknowledgedAt < PROVEN_MS;
  }

  get done(): boolean {
    return this.#chunks.length === 0 && this.#next === this.#records.length;
  }

  get sendable(): boolean {
    if (this.waiting || this.#rewind || (!this.#proven && this.inFlight > 0)) return false;
    return this.#sent < this.#chunks.length || this.#next < this.#records.length;
  }

  /** Something of it may be written already, or is: behind a chunk that was refused. */
  get uncertain(): boolean {
    return this.#chunks.some(({ uncertain, acknowledged }) => uncertain || acknowledged);
  }

  isHead(chunk: Chunk): boolean {
    return this.#chunks[0] === chunk;
  }

  /** The next chunk to go out. */
  take(identity: BatchIdentity, batchBytes: number): Chunk {
    const chunk = this.#chunks[this.#sent] ?? this.#cut(identity, batchBytes);
    this.#sent++;
    this.inFlight++;
    return chunk;
  }

  #cut(identity: BatchIdentity, batchBytes: number): Chunk {
    const batch = this.#batch as RecordBatch;
    const records = this.#records;
    const from = this.#next;
    let to = from;
    let plainBytes = 0;
    while (to < records.length) {
      const bytes = recordBytes(batch, records[to] as number);
      if (to > from && plainBytes + bytes > Math.min(batchBytes, this.#limit)) break;
      plainBytes += bytes;
      to++;
    }
    this.#next = to;
    const chunk = this.#encode(identity, { from, to, plainBytes }, this.#sequence);
    this.#sequence = after(chunk);
    this.#chunks.push(chunk);
    return chunk;
  }

  #encode(
    identity: BatchIdentity,
    { from, to, plainBytes }: Pick<Chunk, 'from' | 'to' | 'plainBytes'>,
    baseSequence: number,
  ): Chunk {
    const batch = this.#batch as RecordBatch;
    const bytes = writeRecordBatch(batch, this.#records, from, to, identity, baseSequence);
    return { from, to, baseSequence, plainBytes, bytes, uncertain: false, acknowledged: false };
  }

  acknowledge(chunk: Chunk, nowMs: number): void {
    chunk.acknowledged = true;
    this.#proven = true;
    this.#acknowledgedAt = nowMs;
    while (this.#chunks[0]?.acknowledged === true) {
      this.#chunks.shift();
      this.#sent--;
      this.since = nowMs;
      this.retries = 0;
    }
    if (!this.done || this.inFlight > 0) return;
    this.#batch = null;
    this.#records = NO_RECORDS;
    this.#next = 0;
  }

  /** The chunk has to go again, and all behind it. */
  fail(failure: string): void {
    this.failure = failure;
    this.#rewind = true;
  }

  /** Whether everything under way is answered and the lane has to begin again. */
  get drained(): boolean {
    return this.#rewind && this.inFlight === 0;
  }

  rewind(): void {
    this.#rewind = false;
    this.#proven = false;
    this.#sent = 0;
    this.retries++;
  }

  /** For another producer id: numbers begin at 0, and chunks are written again with them. */
  restamp(identity: BatchIdentity): void {
    this.#sequence = 0;
    this.#acknowledgedAt = -Infinity;
    this.#proven = false;
    this.#chunks = this.#chunks.map((old) => {
      const chunk = this.#encode(identity, old, this.#sequence);
      this.#sequence = after(chunk);
      return chunk;
    });
  }

  /**
   * Two chunks with the same records and numbers in the place of one that the topic does not take;
   * false when it is a single record. The next ones are not made larger.
   */
  split(identity: BatchIdentity, chunk: Chunk): boolean {
    const { from, to, baseSequence } = chunk;
    if (to - from < 2) return false;
    const middle = (from + to) >>> 1;
    const plainBytes = Math.ceil(chunk.plainBytes / 2);
    this.#limit = plainBytes;
    const first = this.#encode(identity, { from, to: middle, plainBytes }, baseSequence);
    const second = this.#encode(identity, { from: middle, to, plainBytes }, after(first));
    this.#chunks.splice(this.#chunks.indexOf(chunk), 1, first, second);
    return true;
  }
}

/** The number of the record behind a chunk. */
function after({ baseSequence, from, to }: Chunk): number {
  return (baseSequence + to - from) % SEQUENCE_LIMIT;
}
