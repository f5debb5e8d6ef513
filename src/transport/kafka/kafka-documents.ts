import type { DocumentStore } from '../transport.ts';
import type { CompactedTopic } from './compacted-topic.ts';

type Write = Parameters<DocumentStore['write']>[0][number];

/**
 * Documents in the state topic, which pipelines may share; its keys are
 * `["document","<owner>","<collection>","<key>"]`.
 */
export class KafkaDocuments implements DocumentStore {
  readonly #state: CompactedTopic;
  readonly #owner: string;
  readonly #send: (texts: readonly { key: string; value: string | null }[]) => Promise<void>;

  /** `send` makes all texts durable in one batch of the state topic's only partition, or none. */
  constructor(
    state: CompactedTopic,
    owner: string,
    send: (texts: readonly { key: string; value: string | null }[]) => Promise<void>,
  ) {
    this.#state = state;
    this.#owner = owner;
    this.#send = send;
  }

  get(collection: string, key: string): string | null {
    return this.#state.get(this.#keyOf(collection, key));
  }

  entries(collection: string): readonly { readonly key: string; readonly value: string }[] {
    const found: { key: string; value: string }[] = [];
    const prefix = this.#keyOf(collection, '').slice(0, -2);
    for (const [name, value] of this.#state.entries()) {
      if (!name.startsWith(prefix)) continue;
      found.push({ key: String((JSON.parse(name) as unknown[])[3]), value });
    }
    // The embedded store has them in the order of their bytes.
    return found.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  }

  write(writes: readonly Write[]): Promise<void> {
    return this.#send(
      writes.map(({ collection, key, value }) => ({ key: this.#keyOf(collection, key), value })),
    );
  }

  #keyOf(collection: string, key: string): string {
    return JSON.stringify(['document', this.#owner, collection, key]);
  }
}
