import type { StoredTables } from '../source/incremental/known-tables.ts';
import type { DocumentStore } from '../transport/transport.ts';

const COLLECTION = 'stored-rows';

/** What a source keeps of each of its tables, in documents beside the log. */
export class StoredTableDocument implements StoredTables {
  readonly #documents: DocumentStore;
  readonly #pipeline: string;

  constructor(documents: DocumentStore, pipeline: string) {
    this.#documents = documents;
    this.#pipeline = pipeline;
  }

  load(table: string): string | null {
    return this.#documents.get(COLLECTION, this.#key(table));
  }

  async store(table: string, text: string): Promise<void> {
    if (text === this.load(table)) return;
    const key = this.#key(table);
    await this.#documents.write([{ collection: COLLECTION, key, value: text }]);
  }

  /** No pipeline's name has a slash. */
  #key(table: string): string {
    return `${this.#pipeline}/${table}`;
  }
}
