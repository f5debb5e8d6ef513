import type { RegistryStorage } from '../../src/converter/registry/embedded-registry.ts';

/**
 * A document store in memory. `hold` keeps writes from becoming durable until `release`, so that a
 * test can look at the moment in between.
 */
export class MemoryDocuments implements RegistryStorage {
  readonly collections = new Map<string, Map<string, string>>();
  writes = 0;
  #gate: PromiseWithResolvers<void> | null = null;

  get(collection: string, key: string): string | null {
    return this.collections.get(collection)?.get(key) ?? null;
  }

  entries(collection: string): readonly { readonly key: string; readonly value: string }[] {
    const entries = this.collections.get(collection) ?? new Map<string, string>();
    return [...entries].map(([key, value]) => ({ key, value }));
  }

  async write(
    writes: readonly {
      readonly collection: string;
      readonly key: string;
      readonly value: string | null;
    }[],
  ): Promise<void> {
    await this.#gate?.promise;
    this.writes++;
    for (const { collection, key, value } of writes) {
      const entries = this.collections.get(collection) ?? new Map<string, string>();
      this.collections.set(collection, entries);
      if (value === null) entries.delete(key);
      else entries.set(key, value);
    }
  }

  hold(): void {
    this.#gate = Promise.withResolvers<void>();
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = null;
  }
}
