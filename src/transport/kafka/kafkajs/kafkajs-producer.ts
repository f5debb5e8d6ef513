import { toTidemarkError, TidemarkError } from '../../../foundation/errors.ts';
import { systemClock } from '../../../foundation/clock.ts';
import type { RecordBatch } from '../../record-batch.ts';
import type {
  KafkaConnection,
  KafkaProducer,
  KafkaProducerOptions,
  PartitionRecords,
  ProducerIdentity,
} from '../kafka-client.ts';
import type { KafkaOperation } from '../kafka-errors.ts';
import { successorOf } from '../producer-succession.ts';
import { type BatchIdentity, batchBytesAlone } from '../record-batch-writer.ts';
import { BrokerConnections } from './kafkajs-cluster.ts';
import type { KafkajsBroker } from './kafkajs-library.ts';
import { PartitionQueue, Sequences } from './partition-queue.ts';
import { closedError, ProduceRun } from './produce-run.ts';

/** A producer on the library's connections; numbers, order and retries are kept here. */
export class KafkajsProducer implements KafkaProducer {
  readonly #connections: BrokerConnections;
  readonly #options: KafkaProducerOptions;
  readonly #identity: BatchIdentity;
  readonly #sequences = new Sequences();
  /** Partitions of the transaction, by topic; null outside of one. */
  #transaction: Map<string, Set<number>> | null = null;
  #failed: TidemarkError | null = null;

  private constructor(
    connections: BrokerConnections,
    options: KafkaProducerOptions,
    identity: BatchIdentity,
  ) {
    this.#connections = connections;
    this.#options = options;
    this.#identity = identity;
  }

  static async open(
    connection: KafkaConnection,
    options: KafkaProducerOptions,
  ): Promise<KafkajsProducer> {
    const connections = new BrokerConnections(connection);
    try {
      await connections.connect(true);
      const { transactionalId, transactionTimeoutMs, compression } = options;
      const successor = successorOf(options);
      if (successor !== null) {
        const identity = { ...successor, transactional: false, compression };
        return new KafkajsProducer(connections, options, identity);
      }
      const { operation, resource } = identityRequest(transactionalId);
      const timeout = systemClock.monotonicMs() + options.deliveryTimeoutMs;
      const attempt = { ...connections.attempt(operation, resource), deadline: timeout };
      const answer = await connections.retrying(attempt, async () => {
        const broker =
          transactionalId === null
            ? await connections.anyBroker()
            : await connections.coordinator('transaction', transactionalId);
        return broker.initProducerId({
          transactionalId: transactionalId ?? undefined,
          transactionTimeout: transactionTimeoutMs,
        });
      });
      return new KafkajsProducer(connections, options, {
        producerId: BigInt(answer.producerId),
        producerEpoch: answer.producerEpoch,
        transactional: transactionalId !== null,
        compression,
      });
    } catch (error) {
      await connections[Symbol.asyncDispose]();
      throw error;
    }
  }

  get identity(): ProducerIdentity {
    const { producerId, producerEpoch } = this.#identity;
    return { producerId, producerEpoch };
  }

  async send(batch: RecordBatch, partitions: readonly PartitionRecords[]): Promise<void> {
    await this.#orUseless(async () => {
      for (const { topic, records } of partitions) this.#refuseTooLarge(batch, topic, records);
      if (this.#options.transactionalId !== null) await this.#addPartitions(partitions);
      const attempt = this.#attempt('WRITE', topicsOf(partitions));
      await this.#connections.retrying(attempt, () =>
        this.#connections.know(partitions.map(({ topic }) => topic)),
      );
      const { batchBytes, maxRequestBytes } = this.#options;
      const bytes = Math.min(batchBytes, maxRequestBytes);
      const queues = partitions.map(
        (partition) => new PartitionQueue(batch, partition, bytes, this.#sequences),
      );
      const { maxInFlight } = this.#options;
      const options = { ...this.#options, maxInFlight: Math.min(maxInFlight, 5) };
      await new ProduceRun(this.#connections, options, this.#identity, batch, queues).finish();
    });
  }

  beginTransaction(): Promise<void> {
    return this.#orUseless(() => {
      if (this.#transaction !== null) {
        throw new TidemarkError('INTERNAL', 'A Kafka transaction is open already.');
      }
      this.#transaction = new Map();
      return Promise.resolve();
    });
  }

  async commitTransaction(): Promise<void> {
    await this.#orUseless(() => this.#endTransaction(true));
  }

  async abortTransaction(): Promise<void> {
    await this.#orUseless(() => this.#endTransaction(false));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#failed ??= closedError();
    await this.#connections[Symbol.asyncDispose]();
  }

  /** The state is not known after a failure: what went wrong once is said to every later caller. */
  async #orUseless(work: () => Promise<void>): Promise<void> {
    if (this.#failed !== null) {
      const { code, message } = this.#failed;
      throw new TidemarkError(
        code,
        `The producer failed before and is of no more use: ${message}`,
        {
          cause: this.#failed,
          cure: this.#failed.cure,
        },
      );
    }
    try {
      await work();
    } catch (thrown) {
      this.#failed = toTidemarkError(thrown, 'KAFKA_BROKER');
      throw this.#failed;
    }
  }

  #refuseTooLarge(batch: RecordBatch, topic: string, records: Int32Array): void {
    const { maxRequestBytes } = this.#options;
    if (batch.byteLength + batchBytesAlone(batch, 0) < maxRequestBytes) return;
    for (const record of records) {
      const bytes = batchBytesAlone(batch, record);
      if (bytes <= maxRequestBytes) continue;
      const message = `A record of ${topic} has ${bytes} bytes; max.request.size is `;
      throw new TidemarkError('RECORD_TOO_LARGE', `${message}${maxRequestBytes}`);
    }
  }

  async #addPartitions(partitions: readonly PartitionRecords[]): Promise<void> {
    const open = this.#transaction;
    if (open === null) {
      throw new TidemarkError('INTERNAL', 'A transactional producer sends only in a transaction.');
    }
    const added = partitions.filter((p) => open.get(p.topic)?.has(p.partition) !== true);
    if (added.length === 0) return;
    const byTopic = Map.groupBy(added, ({ topic }) => topic);
    const topics = [...byTopic].map(([topic, entries]) => ({
      topic,
      partitions: entries.map(({ partition }) => partition),
    }));
    await this.#coordinated(this.#attempt('WRITE', topicsOf(added)), (broker, identity) =>
      broker.addPartitionsToTxn({ ...identity, topics }),
    );
    for (const { topic, partitions: numbers } of topics) {
      open.set(topic, new Set([...(open.get(topic) ?? []), ...numbers]));
    }
  }

  async #endTransaction(transactionResult: boolean): Promise<void> {
    const open = this.#transaction;
    if (open === null) throw new TidemarkError('INTERNAL', 'No Kafka transaction is open.');
    this.#transaction = null;
    // The coordinator does not know a transaction before its first partition.
    if (open.size === 0) return;
    const id = this.#options.transactionalId ?? '';
    await this.#coordinated(this.#attempt('WRITE', `TransactionalId:${id}`), (broker, identity) =>
      broker.endTxn({ ...identity, transactionResult }),
    );
  }

  async #coordinated(
    attempt: Parameters<BrokerConnections['retrying']>[0],
    work: (
      broker: KafkajsBroker,
      identity: { transactionalId: string; producerId: string; producerEpoch: number },
    ) => Promise<unknown>,
  ): Promise<void> {
    const transactionalId = this.#options.transactionalId ?? '';
    const identity = {
      transactionalId,
      producerId: String(this.#identity.producerId),
      producerEpoch: this.#identity.producerEpoch,
    };
    await this.#connections.retrying(attempt, async () => {
      const broker = await this.#connections.coordinator('transaction', transactionalId);
      await work(broker, identity);
    });
  }

  #attempt(operation: KafkaOperation, resource: string) {
    const deadline = systemClock.monotonicMs() + this.#options.deliveryTimeoutMs;
    return { ...this.#connections.attempt(operation, resource), deadline };
  }
}

function topicsOf(partitions: readonly PartitionRecords[]): string {
  return `Topic:${[...new Set(partitions.map(({ topic }) => topic))].join(', ')}`;
}

function identityRequest(transactionalId: string | null): {
  readonly operation: KafkaOperation;
  readonly resource: string;
} {
  return transactionalId === null
    ? { operation: 'IDEMPOTENT_WRITE', resource: 'Cluster' }
    : { operation: 'WRITE', resource: `TransactionalId:${transactionalId}` };
}
