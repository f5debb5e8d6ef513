/** Bucket bounds grow by this factor: a quantile is right within 5 %. */
const GROWTH = 1.05;
const BUCKETS = 400;

/** Latencies in ms in logarithmic buckets: constant memory, any quantile. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #last: number | null = null;
  #sum = 0;
  #min: number | null = null;
  #max: number | null = null;

  get total(): number {
    return this.#total;
  }

  /** The latest value, ms. */
  get lastMs(): number | null {
    return this.#last;
  }

  get minMs(): number | null {
    return this.#min;
  }

  get maxMs(): number | null {
    return this.#max;
  }

  get averageMs(): number | null {
    return this.#total === 0 ? null : this.#sum / this.#total;
  }

  record(ms: number): void {
    const bucket =
      ms < 1 ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ms) / Math.log(GROWTH)));
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#total++;
    this.#last = ms;
    this.#sum += ms;
    this.#min = Math.min(this.#min ?? ms, ms);
    this.#max = Math.max(this.#max ?? ms, ms);
  }

  /** Upper bound of the bucket that holds the quantile (0 to 1), ms; null when empty. */
  quantile(fraction: number): number | null {
    if (this.#total === 0) return null;
    const rank = Math.ceil(this.#total * fraction);
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] as number;
      if (seen >= rank) return bucket === 0 ? 1 : Math.round(GROWTH ** bucket * 100) / 100;
    }
    return null;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#last = null;
    this.#sum = 0;
    this.#min = null;
    this.#max = null;
  }
}
