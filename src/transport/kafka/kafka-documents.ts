import type { DocumentStore } from '../transport.ts';
import type { CompactedTopic } from './compacted-topic.ts';

type Write = Parameters<DocumentStore['write']>[0][number];

/** Documents in the state topic; its keys are `["document","<collection>","<key>"]`. */
export class KafkaDocuments implements DocumentStore {
  readonly #state: CompactedTopic;
  readonly #send: (texts: readonly { key: string; value: string | null }[]) => Promise<void>;

  /** `send` makes all texts durable in one batch of the state topic's only partition, or none. */
  constructor(
    state: CompactedTopic,
    send: (texts: readonly { key: string; value: string | null }[]) => Promise<void>,
  ) {
    this.#state = state;
    this.#send = send;
  }

  get(collection: string, key: string): string | null {
    return this.#state.get(documentKey(collection, key));
  }

  entries(collection: string): readonly { readonly key: string; readonly value: string }[] {
    const found: { key: string; value: string }[] = [];
    const prefix = documentKey(collection, '').slice(0, -2);
    for (const [name, value] of this.#state.entries()) {
      if (!name.startsWith(prefix)) continue;
      found.push({ key: String((JSON.parse(name) as unknown[])[2]), value });
    }
    // The embedded store has them in the order of their bytes.
    return found.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  }

  write(writes: readonly Write[]): Promise<void> {
    return this.#send(
      writes.map(({ collection, key, value }) => ({ key: documentKey(collection, key), value })),
    );
  }
}

function documentKey(collection: string, key: string): string {
  return JSON.stringify(['document', collection, key]);
}
