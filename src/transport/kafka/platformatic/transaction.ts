import { addPartitionsToTxnV3, endTxnV3, initProducerIdV4 } from '@platformatic/kafka';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { ProducerIdentity } from '../kafka-client.ts';
import type { TopicPartition } from '../../transport.ts';
import { kafkaErrorName } from '../kafka-error-names.ts';
import { kafkaError } from '../kafka-errors.ts';
import { partitionKey } from '../topic-partitions.ts';
import type { BrokerConnections } from './broker-connections.ts';

/** -1 asks for the next epoch whatever the last one was: older producers of the id are fenced. */
const UNKNOWN: ProducerIdentity = { producerId: -1n, producerEpoch: -1 };

/** A producer id of its own; not transactional. */
export async function newProducerId(brokers: BrokerConnections): Promise<ProducerIdentity> {
  const request = brokers.request('IDEMPOTENT_WRITE', 'Cluster');
  return brokers.retrying(request, async () => {
    const answer = await brokers.ask(
      initProducerIdV4,
      await brokers.any(),
      null,
      0,
      UNKNOWN.producerId,
      UNKNOWN.producerEpoch,
    );
    const { errorCode, producerId, producerEpoch } = answer;
    if (errorCode !== 0) return { failed: kafkaErrorName(errorCode) };
    return { answer: { producerId, producerEpoch } };
  });
}

/** The transactions of one transactional id, at its coordinator. */
export class Transactions {
  readonly #brokers: BrokerConnections;
  readonly #transactionalId: string;
  readonly #timeoutMs: number;
  #identity: ProducerIdentity = UNKNOWN;
  /** Partitions of the open transaction; null: none is open. */
  #partitions: Set<string> | null = null;

  constructor(brokers: BrokerConnections, transactionalId: string, timeoutMs: number) {
    this.#brokers = brokers;
    this.#transactionalId = transactionalId;
    this.#timeoutMs = timeoutMs;
  }

  /** Fences older producers and ends what they left open. */
  async open(): Promise<ProducerIdentity> {
    this.#identity = await this.#initialize(UNKNOWN);
    return this.#identity;
  }

  async #initialize({ producerId, producerEpoch }: ProducerIdentity): Promise<ProducerIdentity> {
    const answer = await this.#ask(
      (connection) =>
        this.#brokers.ask(
          initProducerIdV4,
          connection,
          this.#transactionalId,
          this.#timeoutMs,
          producerId,
          producerEpoch,
        ),
      ({ errorCode }) => errorCode,
    );
    return { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
  }

  begin(): void {
    if (this.#partitions !== null) throw this.#misuse('begun twice');
    this.#partitions = new Set();
  }

  get isOpen(): boolean {
    return this.#partitions !== null;
  }

  /** Takes partitions into the transaction before the first record goes there. */
  async add(partitions: readonly TopicPartition[]): Promise<void> {
    const added = this.#partitions;
    if (added === null) throw this.#misuse('sent to without begin');
    const missing = partitions.filter((at) => !added.has(partitionKey(at)));
    if (missing.length === 0) return;
    const topics = [...Map.groupBy(missing, ({ topic }) => topic)].map(([name, entries]) => ({
      name,
      partitions: entries.map(({ partition }) => partition),
    }));
    const { producerId, producerEpoch } = this.#identity;
    const transactionalId = this.#transactionalId;
    const of = { transactionalId, producerId, producerEpoch, verifyOnly: false, topics };
    const answer = await this.#ask(
      (connection) => this.#brokers.ask(addPartitionsToTxnV3, connection, [of]),
      ({ resultsByTransaction }) =>
        firstError(resultsByTransaction).find(({ code }) => !NOT_ITS_OWN.has(code))?.code ?? 0,
      (result) => firstError(result.resultsByTransaction),
    );
    void answer;
    for (const at of missing) added.add(partitionKey(at));
  }

  async end(commit: boolean): Promise<void> {
    const partitions = this.#partitions;
    if (partitions === null) throw this.#misuse('ended without begin');
    if (partitions.size > 0) {
      const { producerId, producerEpoch } = this.#identity;
      await this.#ask(
        (connection) =>
          this.#brokers.ask(
            endTxnV3,
            connection,
            this.#transactionalId,
            producerId,
            producerEpoch,
            commit,
          ),
        ({ errorCode }) => errorCode,
      );
    }
    this.#partitions = null;
  }

  /**
   * A broker refuses our epoch: because a newer producer has the id, or because the coordinator
   * aborted a transaction that took too long. The coordinator knows which.
   */
  async whyFenced(cause: TidemarkError): Promise<TidemarkError> {
    try {
      await this.#initialize(this.#identity);
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.code !== 'KAFKA_FENCED') return cause;
      // Brokers before 4.0 say so in both cases, and a zombie must not come back.
      return new TidemarkError(
        'KAFKA_FENCED',
        `${error.message}: a newer producer has the id, or the transaction took longer than ` +
          `${this.#timeoutMs} ms (transaction.timeout.ms).`,
        { cause: error },
      );
    }
    return new TidemarkError(
      'KAFKA_TIMEOUT',
      `The transaction of ${this.#transactionalId} took longer than ${this.#timeoutMs} ms ` +
        '(transaction.timeout.ms) and was aborted by the broker.',
      { cause },
    );
  }

  async #ask<Answer>(
    send: (connection: Awaited<ReturnType<BrokerConnections['any']>>) => Promise<Answer>,
    code: (answer: Answer) => number,
    details?: (answer: Answer) => readonly PartitionError[],
  ): Promise<Answer> {
    const of = { transactionalId: this.#transactionalId };
    const request = this.#brokers.request('WRITE', `TransactionalId:${this.#transactionalId}`);
    const answer = await this.#brokers.atCoordinator(of, request, send, code);
    const error = code(answer);
    if (error === 0) return answer;
    const topic = details?.(answer).find(
      (entry) => entry.code === error && isOfTopic(error),
    )?.topic;
    throw kafkaError(
      error,
      topic === undefined ? request : this.#brokers.request('WRITE', `Topic:${topic}`),
    );
  }

  #misuse(what: string): TidemarkError {
    const message = `The transaction of ${this.#transactionalId} was ${what}.`;
    return new TidemarkError('INTERNAL', message);
  }
}

const OPERATION_NOT_ATTEMPTED = 55;
/** Codes of partitions that were left out because another one failed. */
const NOT_ITS_OWN = new Set([0, OPERATION_NOT_ATTEMPTED]);

interface PartitionError {
  readonly topic: string;
  readonly code: number;
}

interface TransactionResult {
  readonly topicResults: readonly {
    readonly name: string;
    readonly resultsByPartition: readonly { readonly partitionErrorCode: number }[];
  }[];
}

function firstError(results: readonly TransactionResult[]): PartitionError[] {
  return results.flatMap(({ topicResults }) =>
    topicResults.flatMap(({ name, resultsByPartition }) =>
      resultsByPartition.map(({ partitionErrorCode }) => ({
        topic: name,
        code: partitionErrorCode,
      })),
    ),
  );
}

function isOfTopic(code: number): boolean {
  const name = kafkaErrorName(code);
  return name.startsWith('TOPIC_') || name.startsWith('UNKNOWN_TOPIC');
}
