/** Where a reader of a partition stands. */
export interface PartitionProgress {
  /** `topic/partition`. */
  readonly key: string;
  /** Next offset that is applied. */
  readonly offset: number;
  /** Offset after the last record. */
  readonly end: number;
}

interface Mark {
  readonly offset: number;
  readonly atMs: number;
}

/** Marks are so much closer together than what they measure: a lag is right within that part. */
const PRECISION = 32;

/**
 * How long the oldest record that is not applied has waited, as far as looks at the offsets tell:
 * each look notes where the log ended. Unlike the latency of what was applied last it also grows
 * while nothing is applied at all. A partition that is not behind costs nothing; one that is, a few
 * hundred marks at most.
 */
export class BehindClock {
  readonly #marks = new Map<string, Mark[]>();

  /** Takes a look; returns how long each partition that is behind has been so, ms. */
  look(partitions: Iterable<PartitionProgress>, nowMs: number): ReadonlyMap<string, number> {
    const behind = new Map<string, number>();
    const seen = new Set<string>();
    for (const { key, offset, end } of partitions) {
      if (end <= offset) continue;
      seen.add(key);
      const marks = (this.#marks.get(key) ?? []).filter((mark) => mark.offset > offset);
      const [first, last] = [marks[0], marks.at(-1)];
      const spacingMs = (nowMs - (first?.atMs ?? nowMs)) / PRECISION;
      const isDue = last === undefined || nowMs - last.atMs >= spacingMs;
      if (isDue && (last?.offset ?? 0) < end) marks.push({ offset: end, atMs: nowMs });
      this.#marks.set(key, marks);
      behind.set(key, nowMs - (first?.atMs ?? nowMs));
    }
    for (const key of this.#marks.keys()) if (!seen.has(key)) this.#marks.delete(key);
    return behind;
  }
}
