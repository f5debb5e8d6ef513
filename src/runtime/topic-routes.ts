import type { DocumentStore } from '../transport/transport.ts';

const COLLECTION = 'topic-routes';

/**
 * Which topics the transforms of a pipeline made of which, in a document beside the log. A snapshot
 * that starts over begins a new generation of a table's topics: only what is remembered here tells
 * which they are (DESIGN ruling 3).
 */
export class TopicRoutes {
  readonly #documents: DocumentStore;
  readonly #pipeline: string;
  readonly #outOf: Map<string, Set<string>>;

  constructor(documents: DocumentStore, pipeline: string) {
    this.#documents = documents;
    this.#pipeline = pipeline;
    const text = documents.get(COLLECTION, pipeline);
    const stored = text === null ? {} : (JSON.parse(text) as Record<string, readonly string[]>);
    this.#outOf = new Map(Object.entries(stored).map(([from, to]) => [from, new Set(to)]));
  }

  has(from: string, to: string): boolean {
    return this.#outOf.get(from)?.has(to) === true;
  }

  /** Remembers a route; durable when resolved. Before that no record may take it. */
  async add(from: string, to: string): Promise<void> {
    const known = this.#outOf.get(from) ?? new Set<string>();
    const all = new Map(this.#outOf).set(from, new Set([...known, to]));
    const value = JSON.stringify(Object.fromEntries([...all].map(([key, set]) => [key, [...set]])));
    await this.#documents.write([{ collection: COLLECTION, key: this.#pipeline, value }]);
    this.#outOf.set(from, new Set([...known, to]));
  }

  /** The topics of which this one got records; none: no transform made it. */
  into(topic: string): readonly string[] {
    return [...this.#outOf].flatMap(([from, made]) => (made.has(topic) ? [from] : []));
  }

  /** The topics that got records of these and of no others. */
  onlyFrom(topics: ReadonlySet<string>): readonly string[] {
    const others = new Set<string>();
    const ours = new Set<string>();
    for (const [from, made] of this.#outOf) {
      for (const topic of made) (topics.has(from) ? ours : others).add(topic);
    }
    return [...ours].filter((topic) => !others.has(topic));
  }
}
