import { ByteWriter } from '../foundation/byte-writer.ts';

const NO_BYTES = -1;

/**
 * Records on their way into the log: one growing buffer and columns of numbers, filled without an
 * object per record and used again after `clear`.
 *
 * For each record: `start`, write the key to `writer`, `endKey`, write the value, `endValue`, any
 * number of `header`s, `end`.
 */
export class RecordBatch {
  readonly writer = new ByteWriter(1024 * 1024);
  count = 0;
  /** Topic handles as `Transport.openTopic` gave them. */
  topics: Int32Array = new Int32Array(1024);
  timestampsMs: Float64Array = new Float64Array(1024);
  /** Start of record i's key in writer.bytes; its value starts at keyEnds[i] or at keyStarts[i]. */
  keyStarts: Int32Array = new Int32Array(1024);
  /** -1: null key. */
  keyEnds: Int32Array = new Int32Array(1024);
  valueStarts: Int32Array = new Int32Array(1024);
  /** -1: null value (tombstone). */
  valueEnds: Int32Array = new Int32Array(1024);
  /**
   * Headers follow the value: repeated u16 name length, name, i32 value length (-1 null), value.
   */
  headerStarts: Int32Array = new Int32Array(1024);
  headerEnds: Int32Array = new Int32Array(1024);
  /** Partitions that were chosen, by record; others follow from the key. Nearly always empty. */
  readonly chosen = new Map<number, number>();

  get byteLength(): number {
    return this.writer.position;
  }

  start(topic: number, timestampMs: number): void {
    const i = this.count;
    if (i === this.topics.length) this.#grow();
    this.topics[i] = topic;
    this.timestampsMs[i] = timestampMs;
    this.keyStarts[i] = this.writer.position;
  }

  /** The record's partition, instead of the one that follows from its key. */
  partition(partition: number): void {
    this.chosen.set(this.count, partition);
  }

  /** What was written since `start` is the key; nothing may have been written when not present. */
  endKey(present: boolean): void {
    const i = this.count;
    this.keyEnds[i] = present ? this.writer.position : NO_BYTES;
    this.valueStarts[i] = this.writer.position;
  }

  endValue(present: boolean): void {
    const i = this.count;
    this.valueEnds[i] = present ? this.writer.position : NO_BYTES;
    this.headerStarts[i] = this.writer.position;
  }

  header(name: string, value: Buffer | null): void {
    writeHeader(this.writer, name, value);
  }

  end(): void {
    this.headerEnds[this.count] = this.writer.position;
    this.count++;
  }

  /** Forgets a record begun with `start` and not ended (a value that could not be encoded). */
  abandon(): void {
    this.writer.position = this.keyStarts[this.count] as number;
    this.chosen.delete(this.count);
  }

  clear(): void {
    this.count = 0;
    this.chosen.clear();
    this.writer.clear();
  }

  #grow(): void {
    const capacity = this.topics.length * 2;
    const wider = (old: Int32Array): Int32Array => {
      const next = new Int32Array(capacity);
      next.set(old);
      return next;
    };
    this.topics = wider(this.topics);
    this.keyStarts = wider(this.keyStarts);
    this.keyEnds = wider(this.keyEnds);
    this.valueStarts = wider(this.valueStarts);
    this.valueEnds = wider(this.valueEnds);
    this.headerStarts = wider(this.headerStarts);
    this.headerEnds = wider(this.headerEnds);
    const timestamps = new Float64Array(capacity);
    timestamps.set(this.timestampsMs);
    this.timestampsMs = timestamps;
  }
}

/** A header as it stands in a batch, to be written between `endValue` and `end`. */
export function headerBytes(name: string, value: Buffer): Buffer {
  const writer = new ByteWriter(64);
  writeHeader(writer, name, value);
  return Buffer.from(writer.written());
}

function writeHeader(writer: ByteWriter, name: string, value: Buffer | null): void {
  const nameBytes = Buffer.from(name);
  writer.u16be(nameBytes.length);
  writer.raw(nameBytes);
  writer.i32be(value === null ? NO_BYTES : value.length);
  if (value !== null) writer.raw(value);
}
