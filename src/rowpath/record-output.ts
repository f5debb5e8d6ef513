import type { ByteWriter } from '../foundation/byte-writer.ts';

/**
 * Where encoded records go; the transport's RecordBatch has this shape. For each record: `start`,
 * key bytes to `writer`, `endKey`, value bytes, `endValue`, headers (or, to `writer`, the bytes of
 * one as the output lays them out), `end`.
 */
export interface RecordOutput {
  readonly writer: ByteWriter;
  start(topic: number, timestampMs: number): void;
  /** Instead of the partition that follows from the key; after `start`. */
  partition(partition: number): void;
  endKey(present: boolean): void;
  endValue(present: boolean): void;
  header(name: string, value: Buffer | null): void;
  end(): void;
  abandon(): void;
}
