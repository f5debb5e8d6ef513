import type { SinkPosition } from '../model/sink-record.ts';
import type { Consumer, DocumentStore, TopicPartition } from '../transport/transport.ts';
import type { AppliedState } from './applied-transactions.ts';

const COLLECTION = 'transaction-cuts';

/** Offsets by `topic/partition`. */
type Offsets = Readonly<Record<string, number>>;

interface StoredCut {
  /** The group is at one of them, unless something else has moved it. */
  readonly offsets: readonly Offsets[];
  readonly applied: AppliedState;
}

/** Where a group stands that nothing but this mode has moved. */
export interface KnownCut {
  readonly applied: AppliedState;
}

/**
 * Invariant: the document with the offsets between whole transactions → the group's offsets.
 * Why: a group's offsets do not say who stored them. Those of a sink that paid no regard to
 * transactions, or that a person moved, may stand in the middle of some.
 * What breaks otherwise: the sink waits for records that it will never see.
 */
export class TransactionCuts {
  readonly #documents: DocumentStore;
  readonly #sink: string;
  #committed: Offsets | null = null;

  constructor(documents: DocumentStore, sink: string) {
    this.#documents = documents;
    this.#sink = sink;
  }

  /** Null: the group stands somewhere else. Partitions that the cut does not know are new. */
  find(group: readonly (TopicPartition & { readonly offset: number })[]): KnownCut | null {
    const text = this.#documents.get(COLLECTION, this.#sink);
    if (text === null) return null;
    const { offsets, applied } = JSON.parse(text) as StoredCut;
    const found = offsets.find((cut) =>
      group.every((at) => {
        const offset = cut[keyOf(at)];
        return offset === undefined || offset === at.offset;
      }),
    );
    this.#committed ??= found ?? null;
    return found === undefined ? null : { applied };
  }

  /**
   * What a group commits, with the document before it. `known`: what is applied there; null where
   * that is not whole transactions.
   */
  committing(
    consumer: Pick<Consumer, 'commit'>,
    known: () => AppliedState | null,
  ): Pick<Consumer, 'commit'> {
    return {
      commit: async (positions) => {
        const applied = known();
        const offsets = Object.fromEntries(positions.map((at) => [keyOf(at), at.offset]));
        if (applied !== null) await this.#store(offsets, applied);
        await consumer.commit(positions);
        if (applied !== null) this.#committed = offsets;
      },
    };
  }

  async #store(offsets: Offsets, applied: AppliedState): Promise<void> {
    const cut: StoredCut = {
      offsets: this.#committed === null ? [offsets] : [offsets, this.#committed],
      applied,
    };
    const value = JSON.stringify(cut);
    await this.#documents.write([{ collection: COLLECTION, key: this.#sink, value }]);
  }
}

/** As `SinkPosition`s are named here. */
function keyOf({ topic, partition }: Pick<SinkPosition, 'topic' | 'partition'>): string {
  return `${topic}/${partition}`;
}
