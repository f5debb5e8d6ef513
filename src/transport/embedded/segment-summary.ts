import { segmentKey, TAIL_KEY } from './store-keys.ts';
import type { StoreOperation } from './store-operation.ts';

/** Blocks of one partition that follow each other in one segment. All spans are disjoint. */
export interface Span {
  readonly segment: number;
  readonly storage: number;
  readonly partition: number;
  readonly firstOffset: number;
  readonly endOffset: number;
  readonly bytes: number;
}

/** A segment that is not written to any more. */
export interface ClosedSegment {
  readonly number: number;
  readonly bytes: number;
  readonly spans: readonly Span[];
}

/** Where the log ends. */
export interface Tail {
  /** The open segment, and how much of it counts. */
  readonly segment: number;
  readonly bytes: number;
  /** Rises when the closed segments change. */
  readonly version: number;
}

const SPAN_DOUBLES = 5;

/** Stores the bytes of a segment and of each span storage, partition, offsets, bytes: all f64. */
export function summaryOperation({ number, bytes, spans }: ClosedSegment): StoreOperation {
  const value = Buffer.allocUnsafe((1 + spans.length * SPAN_DOUBLES) * 8);
  let at = value.writeDoubleLE(bytes, 0);
  for (const { storage, partition, firstOffset, endOffset, bytes: spanBytes } of spans) {
    for (const part of [storage, partition, firstOffset, endOffset, spanBytes]) {
      at = value.writeDoubleLE(part, at);
    }
  }
  return { key: segmentKey(number), value };
}

/** What `summaryOperation` wrote. */
export function decodeSummary(number: number, value: Buffer): ClosedSegment {
  const spans: Span[] = [];
  for (let at = 8; at < value.length; at += SPAN_DOUBLES * 8) {
    spans.push({
      segment: number,
      storage: value.readDoubleLE(at),
      partition: value.readDoubleLE(at + 8),
      firstOffset: value.readDoubleLE(at + 16),
      endOffset: value.readDoubleLE(at + 24),
      bytes: value.readDoubleLE(at + 32),
    });
  }
  return { number, bytes: value.readDoubleLE(0), spans };
}

/** Stores where the log ends. */
export function tailOperation({ segment, bytes, version }: Tail): StoreOperation {
  const value = Buffer.allocUnsafe(24);
  value.writeDoubleLE(segment, 0);
  value.writeDoubleLE(bytes, 8);
  value.writeDoubleLE(version, 16);
  return { key: TAIL_KEY, value };
}

/** What `tailOperation` wrote; nothing yet: an empty log. */
export function decodeTail(value: Buffer | undefined): Tail {
  if (value === undefined) return { segment: 1, bytes: 0, version: 0 };
  return {
    segment: value.readDoubleLE(0),
    bytes: value.readDoubleLE(8),
    version: value.readDoubleLE(16),
  };
}
