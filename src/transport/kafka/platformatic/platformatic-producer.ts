import { systemClock } from '../../../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import type { RecordBatch } from '../../record-batch.ts';
import type {
  KafkaProducer,
  KafkaProducerOptions,
  PartitionRecords,
  ProducerIdentity,
} from '../kafka-client.ts';
import { isRetriableKafkaError, kafkaErrorName } from '../kafka-error-names.ts';
import { kafkaError } from '../kafka-errors.ts';
import type { BatchIdentity } from '../record-batch-writer.ts';
import { batchBytesAlone } from '../record-batch-writer.ts';
import { partitionKey } from '../topic-partitions.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { BrokerQueues, type Outcome, type Sent } from './broker-queues.ts';
import { type Chunk, ProduceLane } from './produce-lane.ts';
import type { ProduceAnswer } from './produce-request.ts';
import type { Transactions } from './transaction.ts';
import { newProducerId } from './transaction.ts';

const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1000;
/** The broker has this batch already: a request was answered to nobody. */
const DUPLICATE = 'DUPLICATE_SEQUENCE_NUMBER';
/** The broker does not know what this producer wrote before. */
const LOST_IDENTITY = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
]);

/** Of a whole batch: a part of it may be taken. */
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/**
 * An idempotent producer on the library's connections. Producer id, epoch and sequence numbers are
 * kept here, a lane per partition, so that each partition is tried again by itself and in order;
 * the library's own producer takes an object per record and answers for a whole request.
 */
export class PlatformaticProducer implements KafkaProducer {
  readonly #brokers: BrokerConnections;
  readonly #options: KafkaProducerOptions;
  readonly #transactions: Transactions | null;
  readonly #lanes = new Map<string, Map<number, ProduceLane>>();
  readonly #queues: BrokerQueues;
  #identity: BatchIdentity;
  /** Lanes of the `send` under way. */
  #active: ProduceLane[] = [];
  #sending: PromiseWithResolvers<void> | null = null;
  #failure: TidemarkError | null = null;
  #cancelRetry: (() => void) | null = null;
  /** Another producer id is being asked for: nothing goes out. */
  #renewing = false;

  constructor(
    brokers: BrokerConnections,
    options: KafkaProducerOptions,
    transactions: Transactions | null,
    identity: ProducerIdentity,
  ) {
    this.#brokers = brokers;
    this.#options = options;
    this.#transactions = transactions;
    this.#identity = this.#batchIdentity(identity);
    this.#queues = new BrokerQueues(brokers, options.transactionalId, (sent, outcome) => {
      this.#onOutcome(sent, outcome);
    });
  }

  get identity(): ProducerIdentity {
    const { producerId, producerEpoch } = this.#identity;
    return { producerId, producerEpoch };
  }

  #batchIdentity(identity: ProducerIdentity): BatchIdentity {
    const { compression } = this.#options;
    return { ...identity, compression, transactional: this.#transactions !== null };
  }

  async send(batch: RecordBatch, partitions: readonly PartitionRecords[]): Promise<void> {
    this.#checkUsable();
    const wanted = partitions.filter(({ records }) => records.length > 0);
    for (const part of wanted) this.#checkSizes(batch, part);
    const now = systemClock.monotonicMs();
    try {
      await this.#transactions?.add(wanted);
      const lanes = wanted.map((part) => this.#lane(part.topic, part.partition));
      const unknown = lanes.filter(({ leader }) => leader < 0).map(({ topic }) => topic);
      if (unknown.length > 0) await this.#refreshLeaders([...new Set(unknown)], lanes);
      for (const [i, lane] of lanes.entries()) {
        lane.start(batch, wanted[i] as PartitionRecords, now);
        if (lane.leader < 0) this.#retryLane(lane, lane.failure || 'LEADER_NOT_AVAILABLE');
      }
      this.#active = lanes.filter((lane) => !lane.done);
      if (this.#active.length === 0) return;
      this.#sending = Promise.withResolvers();
      const { promise } = this.#sending;
      this.#pump();
      this.#scheduleRetry();
      await promise;
    } catch (thrown) {
      throw this.#broken(thrown);
    }
  }

  #checkUsable(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#sending !== null) throw new TidemarkError('INTERNAL', 'Two sends at once.');
  }

  #broken(thrown: unknown): TidemarkError {
    this.#failure ??= toTidemarkError(thrown, 'KAFKA_BROKER');
    return this.#failure;
  }

  #checkSizes(batch: RecordBatch, { topic, records }: PartitionRecords): void {
    const { maxRequestBytes } = this.#options;
    if (batch.byteLength < maxRequestBytes / 2) return;
    for (const record of records) {
      const bytes = batchBytesAlone(batch, record);
      if (bytes <= maxRequestBytes) continue;
      throw new TidemarkError(
        'RECORD_TOO_LARGE',
        `A record for ${topic} has ${bytes} bytes, max.request.size allows ${maxRequestBytes}.`,
      );
    }
  }

  #lane(topic: string, partition: number): ProduceLane {
    let lanes = this.#lanes.get(topic);
    if (lanes === undefined) this.#lanes.set(topic, (lanes = new Map<number, ProduceLane>()));
    let lane = lanes.get(partition);
    if (lane === undefined) lanes.set(partition, (lane = new ProduceLane(topic, partition)));
    return lane;
  }

  /** A lane keeps its leader while something is under way to it. */
  async #refreshLeaders(topics: readonly string[], lanes: readonly ProduceLane[]): Promise<void> {
    const metadata = await this.#brokers.metadata(topics);
    const found = new Map(metadata.topics.map((topic) => [topic.name, topic]));
    for (const lane of lanes) {
      const topic = found.get(lane.topic);
      if (topic === undefined || lane.inFlight > 0) continue;
      const at = topic.partitions.find(({ partitionIndex }) => partitionIndex === lane.partition);
      const missing = topic.errorCode === 0 ? 3 : topic.errorCode;
      const name = kafkaErrorName(at?.errorCode ?? missing);
      lane.leader = at === undefined ? -1 : at.leaderId;
      if (lane.leader < 0) lane.failure = name;
      if (name !== 'NONE' && !isRetriableKafkaError(name)) throw this.#laneError(lane, name, null);
    }
  }

  #laneError(lane: ProduceLane, name: string, says: string | null): TidemarkError {
    const request = this.#brokers.request('WRITE', `Topic:${lane.topic}`);
    return kafkaError(name, request, { says });
  }

  /** Sends whatever may go out now. */
  #pump(): void {
    if (this.#renewing || this.#failure !== null || this.#sending === null) return;
    const byLeader = new Map<number, ProduceLane[]>();
    for (const lane of this.#active) {
      if (!lane.sendable) continue;
      const lanes = byLeader.get(lane.leader);
      if (lanes === undefined) byLeader.set(lane.leader, [lane]);
      else lanes.push(lane);
    }
    for (const [leader, lanes] of byLeader) this.#pumpBroker(leader, lanes);
  }

  #pumpBroker(leader: number, lanes: readonly ProduceLane[]): void {
    while (this.#queues.inFlight(leader) < this.#options.maxInFlight) {
      const sent = this.#collect(lanes);
      if (sent.length === 0) return;
      this.#queues.send(leader, sent);
    }
  }

  /** One chunk of each lane, as far as the request has room. */
  #collect(lanes: readonly ProduceLane[]): Sent[] {
    const { batchBytes, maxRequestBytes } = this.#options;
    const sent: Sent[] = [];
    let bytes = 0;
    for (const lane of lanes) {
      if (!lane.sendable || (sent.length > 0 && bytes + batchBytes > maxRequestBytes)) continue;
      const chunk = lane.take(this.#identity, batchBytes);
      bytes += chunk.plainBytes;
      sent.push({ lane, chunk });
    }
    return sent;
  }

  #onOutcome(sent: readonly Sent[], outcome: Outcome): void {
    if ('answers' in outcome) this.#onAnswers(sent, outcome.answers);
    else this.#onUnanswered(sent, outcome.error);
    this.#proceed();
  }

  #onUnanswered(sent: readonly Sent[], error: TidemarkError): void {
    if (error.retry === 'stop') {
      this.#fail(error);
      return;
    }
    for (const { lane } of sent) lane.fail(error.message);
  }

  #onAnswers(sent: readonly Sent[], answers: readonly ProduceAnswer[]): void {
    const now = systemClock.monotonicMs();
    const byLane = new Map(answers.map((answer) => [partitionKey(answer), answer]));
    for (const { lane, chunk } of sent) {
      const answer = byLane.get(partitionKey(lane));
      const name = answer === undefined ? 'NETWORK_EXCEPTION' : kafkaErrorName(answer.errorCode);
      if (name === 'NONE' || name === DUPLICATE) lane.acknowledge(chunk, now);
      else this.#onRefused(lane, chunk, name, answer?.says ?? null);
    }
  }

  #onRefused(lane: ProduceLane, chunk: Chunk, name: string, says: string | null): void {
    // A chunk behind one that failed is out of order, of course: both go again.
    const follows = !lane.isHead(chunk) && name === 'OUT_OF_ORDER_SEQUENCE_NUMBER';
    const divided = TOO_LARGE.has(name) && lane.split(this.#identity, chunk);
    if (follows || divided || isRetriableKafkaError(name)) {
      lane.fail(name);
      return;
    }
    const error = this.#laneError(lane, name, says);
    if (!LOST_IDENTITY.has(name)) {
      this.#fail(error);
    } else if (this.#transactions === null) {
      lane.fail(name);
      this.#renewing = true;
    } else if (error.code === 'KAFKA_FENCED') {
      void this.#transactions.whyFenced(error).then((why) => {
        this.#fail(why);
      });
      lane.fail(name);
    } else {
      this.#fail(new TidemarkError('KAFKA_BROKER', error.message, { cause: error }));
    }
  }

  /** After an answer: finished, the next requests, or another try. */
  #proceed(): void {
    if (this.#failure !== null || this.#sending === null) return;
    for (const lane of this.#active) {
      if (!lane.drained) continue;
      lane.rewind();
      this.#retryLane(lane, lane.failure);
    }
    if (this.#failure !== null) return;
    this.#active = this.#active.filter((lane) => !lane.done || lane.inFlight > 0);
    if (this.#active.length === 0) {
      const sending = this.#sending;
      this.#sending = null;
      sending.resolve();
      return;
    }
    if (this.#renewing) {
      if (this.#active.every(({ inFlight }) => inFlight === 0)) void this.#renewIdentity();
      return;
    }
    this.#scheduleRetry();
    this.#pump();
  }

  /** The lane waits for the next retry, or its time is over. */
  #retryLane(lane: ProduceLane, failure: string): void {
    lane.failure = failure;
    lane.waiting = true;
    const late = systemClock.monotonicMs() - lane.since;
    if (late <= this.#options.deliveryTimeoutMs) return;
    const where = `${lane.topic}-${lane.partition}`;
    this.#fail(
      new TidemarkError(
        failure.startsWith('UNKNOWN_TOPIC') ? 'KAFKA_TOPIC' : 'KAFKA_TIMEOUT',
        `Records for ${where} were not acknowledged within delivery.timeout.ms = ` +
          `${this.#options.deliveryTimeoutMs}: ${failure}`,
      ),
    );
  }

  #scheduleRetry(): void {
    const waiting = this.#active.filter((lane) => lane.waiting);
    if (waiting.length === 0 || this.#cancelRetry !== null || this.#failure !== null) return;
    const tries = Math.min(...waiting.map(({ retries }) => retries));
    const delay = Math.min(FIRST_RETRY_MS * 2 ** tries, LAST_RETRY_MS);
    this.#cancelRetry = systemClock.after(delay, () => {
      void this.#retry();
    });
  }

  async #retry(): Promise<void> {
    const waiting = this.#active.filter((lane) => lane.waiting);
    try {
      const topics = new Set(waiting.map(({ topic }) => topic));
      await this.#refreshLeaders([...topics], waiting);
      for (const lane of waiting) {
        lane.waiting = lane.leader < 0;
        lane.retries += lane.waiting ? 1 : 0;
        if (lane.waiting) this.#retryLane(lane, lane.failure);
      }
    } catch (thrown) {
      const error = toTidemarkError(thrown, 'KAFKA_CONNECT');
      if (error.retry === 'stop') this.#fail(error);
      for (const lane of waiting) {
        lane.retries++;
        this.#retryLane(lane, error.message);
      }
    }
    this.#cancelRetry = null;
    this.#scheduleRetry();
    this.#pump();
  }

  /**
   * The brokers forgot this producer (its id expired, or the records went). What is not
   * acknowledged goes again under a new id: but only if none of it can have been written, for a new
   * id hides duplicates from the broker.
   */
  async #renewIdentity(): Promise<void> {
    try {
      const doubtful = this.#active.find((lane) => lane.uncertain);
      if (doubtful !== undefined) {
        throw new TidemarkError(
          'KAFKA_BROKER',
          `The brokers have lost the producer's state, and whether records of ` +
            `${doubtful.topic}-${doubtful.partition} were written is not known.`,
        );
      }
      this.#identity = this.#batchIdentity(await newProducerId(this.#brokers));
      for (const lanes of this.#lanes.values()) {
        for (const lane of lanes.values()) lane.restamp(this.#identity);
      }
      this.#renewing = false;
      this.#proceed();
    } catch (thrown) {
      this.#fail(toTidemarkError(thrown, 'KAFKA_BROKER'));
    }
  }

  #fail(error: TidemarkError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#cancelRetry?.();
    const sending = this.#sending;
    this.#sending = null;
    sending?.reject(error);
  }

  async beginTransaction(): Promise<void> {
    this.#checkUsable();
    this.#transaction().begin();
    await Promise.resolve();
  }

  async commitTransaction(): Promise<void> {
    this.#checkUsable();
    await this.#end(true);
  }

  /** Also after a failure, so that readers need not wait for the transaction's timeout. */
  async abortTransaction(): Promise<void> {
    if (!this.#transaction().isOpen) return;
    await this.#end(false);
  }

  async #end(commit: boolean): Promise<void> {
    try {
      await this.#transaction().end(commit);
    } catch (thrown) {
      const error = toTidemarkError(thrown, 'KAFKA_BROKER');
      const fenced = error.code === 'KAFKA_FENCED';
      throw this.#broken(fenced ? await this.#transaction().whyFenced(error) : error);
    }
  }

  #transaction(): Transactions {
    if (this.#transactions !== null) return this.#transactions;
    throw new TidemarkError('INTERNAL', 'The producer has no transactional id.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new TidemarkError('KAFKA_CONNECT', 'The producer was closed.'));
    await this.#brokers.close();
  }
}
