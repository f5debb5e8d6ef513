import type { DocumentStore } from './transport.ts';

/** Documents of a command that keeps nothing; those given are there at first. */
export class MemoryDocuments implements DocumentStore {
  readonly #collections = new Map<string, Map<string, string>>();

  get(collection: string, key: string): string | null {
    return this.#collections.get(collection)?.get(key) ?? null;
  }

  entries(collection: string): readonly { readonly key: string; readonly value: string }[] {
    const entries = this.#collections.get(collection) ?? new Map<string, string>();
    return [...entries].map(([key, value]) => ({ key, value }));
  }

  write(writes: Parameters<DocumentStore['write']>[0]): Promise<void> {
    for (const { collection, key, value } of writes) {
      const entries = this.#collections.get(collection) ?? new Map<string, string>();
      this.#collections.set(collection, entries);
      if (value === null) entries.delete(key);
      else entries.set(key, value);
    }
    return Promise.resolve();
  }
}
