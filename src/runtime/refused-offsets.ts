import type { SinkPosition } from '../model/sink-record.ts';
import type { DocumentStore } from '../transport/transport.ts';

const COLLECTION = 'refused-offsets';

/**
 * Offsets that a target keeps and the log does not reach, in documents beside that log. By the next
 * start it may have grown past them, and nothing else would tell that the target has them of
 * another log: what stands before them would be skipped without a word.
 */
export class RefusedOffsets {
  readonly #documents: DocumentStore;
  readonly #sink: string;

  constructor(documents: DocumentStore, sink: string) {
    this.#documents = documents;
    this.#sink = sink;
  }

  /** Not once somebody has moved the sink: the target has another offset then. */
  has(position: SinkPosition): boolean {
    return this.#documents.get(COLLECTION, this.#keyOf(position)) === valueOf(position);
  }

  /** Durable when resolved. */
  async add(position: SinkPosition): Promise<void> {
    if (this.has(position)) return;
    const write = { collection: COLLECTION, key: this.#keyOf(position), value: valueOf(position) };
    await this.#documents.write([write]);
  }

  #keyOf({ topic, partition }: SinkPosition): string {
    return JSON.stringify([this.#sink, topic, partition]);
  }
}

function valueOf({ generation, offset }: SinkPosition): string {
  return JSON.stringify({ generation, offset });
}
