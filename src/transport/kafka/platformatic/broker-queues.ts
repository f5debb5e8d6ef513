import type { TidemarkError } from '../../../foundation/errors.ts';
import { toTidemarkError } from '../../../foundation/errors.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { connectionError } from './connection-error.ts';
import type { Chunk, ProduceLane } from './produce-lane.ts';
import type { ProduceAnswer } from './produce-request.ts';
import { sendProduce } from './produce-request.ts';

/** A chunk on its way, and where it belongs. */
export interface Sent {
  readonly lane: ProduceLane;
  readonly chunk: Chunk;
}

/** How a request ended. */
export type Outcome =
  { readonly answers: readonly ProduceAnswer[] } | { readonly error: TidemarkError };

interface Queue {
  inFlight: number;
  tail: Promise<void>;
}

/**
 * Produce requests, a queue per broker: they are written in the order of `send`, each as soon as
 * its batches are compressed, without waiting for answers.
 */
export class BrokerQueues {
  readonly #brokers: BrokerConnections;
  readonly #transactionalId: string | null;
  readonly #ended: (sent: readonly Sent[], outcome: Outcome) => void;
  readonly #queues = new Map<number, Queue>();

  constructor(
    brokers: BrokerConnections,
    transactionalId: string | null,
    ended: (sent: readonly Sent[], outcome: Outcome) => void,
  ) {
    this.#brokers = brokers;
    this.#transactionalId = transactionalId;
    this.#ended = ended;
  }

  inFlight(leader: number): number {
    return this.#queues.get(leader)?.inFlight ?? 0;
  }

  send(leader: number, sent: readonly Sent[]): void {
    let queue = this.#queues.get(leader);
    if (queue === undefined) {
      this.#queues.set(leader, (queue = { inFlight: 0, tail: Promise.resolve() }));
    }
    queue.inFlight++;
    const batches = Promise.all(sent.map(({ chunk }) => chunk.bytes));
    batches.catch(() => undefined);
    queue.tail = this.#write(leader, queue, sent, batches);
  }

  /** Resolves when the request is written; its answer is told to `ended`. */
  async #write(
    leader: number,
    queue: Queue,
    sent: readonly Sent[],
    batches: Promise<readonly Buffer[]>,
  ): Promise<void> {
    const end = (outcome: Outcome): void => {
      queue.inFlight--;
      for (const { lane } of sent) lane.inFlight--;
      this.#ended(sent, outcome);
    };
    try {
      await queue.tail;
      const bytes = await batches;
      const connection = await this.#brokers.broker(leader);
      const timeoutMs = this.#brokers.connection.requestTimeoutMs;
      const parts = sent.map(({ lane: { topic, partition } }, i) => ({
        topic,
        partition,
        bytes: bytes[i] as Buffer,
      }));
      sendProduce(connection, this.#transactionalId, timeoutMs, parts).then(
        (answers) => {
          end({ answers });
        },
        (error: unknown) => {
          // Whether the broker has them is not known.
          for (const { chunk } of sent) chunk.uncertain = true;
          end({ error: connectionError(error, `${connection.host}:${connection.port}`) });
        },
      );
    } catch (error) {
      end({ error: toTidemarkError(error, 'KAFKA_CONNECT') });
    }
  }
}
