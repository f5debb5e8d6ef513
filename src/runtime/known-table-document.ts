import type { KnownTables } from '../source/incremental/known-tables.ts';
import type { DocumentStore } from '../transport/transport.ts';

const COLLECTION = 'captured-tables';

/** The names of the tables that a pipeline has captured, in a document beside the log. */
export class KnownTableDocument implements KnownTables {
  readonly #documents: DocumentStore;
  readonly #pipeline: string;

  constructor(documents: DocumentStore, pipeline: string) {
    this.#documents = documents;
    this.#pipeline = pipeline;
  }

  load(): readonly string[] | null {
    const text = this.#documents.get(COLLECTION, this.#pipeline);
    return text === null ? null : (JSON.parse(text) as string[]);
  }

  async store(names: readonly string[]): Promise<void> {
    const value = JSON.stringify(names.toSorted((a, b) => (a < b ? -1 : 1)));
    if (value === this.#documents.get(COLLECTION, this.#pipeline)) return;
    await this.#documents.write([{ collection: COLLECTION, key: this.#pipeline, value }]);
  }
}
