import type { DocumentStore } from '../transport.ts';
import type { Store } from './store.ts';
import { after, collectionPrefix, documentKey } from './store-keys.ts';

/** Small texts under a collection and a key, in the same store as the log. */
export class EmbeddedDocuments implements DocumentStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get(collection: string, key: string): string | null {
    this.#refresh();
    return this.#store.get(documentKey(collection, key))?.toString() ?? null;
  }

  entries(collection: string): { key: string; value: string }[] {
    this.#refresh();
    const prefix = collectionPrefix(collection);
    return this.#store.entries(prefix, after(prefix)).map(({ key, value }) => ({
      key: key.toString('utf8', prefix.length),
      value: value?.toString() ?? '',
    }));
  }

  async write(
    writes: readonly {
      readonly collection: string;
      readonly key: string;
      readonly value: string | null;
    }[],
  ): Promise<void> {
    await this.#store.write('independent', () => ({
      operations: writes.map(({ collection, key, value }) => ({
        key: documentKey(collection, key),
        value: value === null ? null : Buffer.from(value),
      })),
    }));
  }

  #refresh(): void {
    if (this.#store.readOnly) this.#store.refresh();
  }
}
