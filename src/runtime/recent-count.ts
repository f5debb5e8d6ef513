/** Minutes are precise enough for an hour. */
const BUCKETS = 60;

/** How much a counter of the whole process rose within the last while; constant memory. */
export class RecentCount {
  readonly #bucketMs: number;
  /** Where the counter stood when a bucket began. */
  readonly #starts: { readonly atMs: number; readonly total: number }[] = [];

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  look(total: number, nowMs: number): number {
    const newest = this.#starts.at(-1);
    // What was counted before the first look is of this process, too, and of now.
    if (newest === undefined) this.#starts.push({ atMs: nowMs, total: 0 });
    else if (nowMs - newest.atMs >= this.#bucketMs) this.#starts.push({ atMs: nowMs, total });
    while (nowMs - (this.#starts[0]?.atMs ?? nowMs) > BUCKETS * this.#bucketMs) {
      this.#starts.shift();
    }
    return total - (this.#starts[0]?.total ?? total);
  }
}
