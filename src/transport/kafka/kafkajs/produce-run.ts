import { Backoff } from '../../../foundation/backoff.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { RecordBatch } from '../../record-batch.ts';
import type { KafkaProducerOptions } from '../kafka-client.ts';
import { isRetriableKafkaError, kafkaErrorName } from '../kafka-error-names.ts';
import { type BatchIdentity, writeRecordBatch } from '../record-batch-writer.ts';
import type { BrokerConnections } from './kafkajs-cluster.ts';
import { mayPass } from './kafkajs-errors.ts';
import { halves, type PartitionQueue, type PendingBatch } from './partition-queue.ts';
import { PRODUCE, produceRequest, produceResponse } from './produce-protocol.ts';

const RETRY_INITIAL_MS = 20;
const RETRY_MAX_MS = 1000;
const MESSAGE_TOO_LARGE = new Set([10, 18]);
const OUT_OF_ORDER = 45;
const DUPLICATE = 46;

interface SentBatch {
  readonly queue: PartitionQueue;
  readonly batch: PendingBatch;
}

/** What is on the way to one broker. */
class BrokerPipe {
  inFlight = 0;
  /** Requests go out in the order in which their batches were taken. */
  written: Promise<unknown> = Promise.resolve();
}

/** One call of `send`: all batches of it, until each is acknowledged or one failed for good. */
export class ProduceRun {
  readonly #connections: BrokerConnections;
  readonly #options: KafkaProducerOptions;
  readonly #identity: BatchIdentity;
  readonly #batch: RecordBatch;
  readonly #queues: readonly PartitionQueue[];
  readonly #pipes = new Map<number, BrokerPipe>();
  readonly #topics: readonly string[];
  readonly #backoff = new Backoff({ initialMs: RETRY_INITIAL_MS, maxMs: RETRY_MAX_MS });
  #failure: TidemarkError | null = null;
  /** Why something is sent again: said when the time is over. */
  #reason: TidemarkError | null = null;
  #pause = false;
  #wake: () => void = nothing;

  constructor(
    connections: BrokerConnections,
    options: KafkaProducerOptions,
    identity: BatchIdentity,
    batch: RecordBatch,
    queues: readonly PartitionQueue[],
  ) {
    this.#connections = connections;
    this.#options = options;
    this.#identity = identity;
    this.#batch = batch;
    this.#queues = queues;
    this.#topics = [...new Set(queues.map((queue) => queue.topic))];
  }

  async finish(): Promise<void> {
    const deadline = systemClock.monotonicMs() + this.#options.deliveryTimeoutMs;
    const cancel = systemClock.after(this.#options.deliveryTimeoutMs, () => {
      this.#failure ??= this.#timedOut();
      this.#wake();
    });
    try {
      while (!this.#queues.every((queue) => queue.done)) {
        const woken = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        if (this.#pause) await this.#waitAndRenew(deadline);
        if (this.#failure === null) this.#dispatch();
        if (this.#failure !== null) throw this.#failure;
        if (!this.#pause) await woken;
        if (this.#failure !== null) throw this.#failure;
      }
    } finally {
      cancel();
    }
  }

  /** After a failure that may pass: waits, and asks who leads the partitions now. */
  async #waitAndRenew(deadline: number): Promise<void> {
    this.#pause = false;
    const { closing } = this.#connections;
    await systemClock.sleep(this.#backoff.nextDelayMs(), closing);
    if (closing.aborted) this.#failure ??= closedError();
    try {
      await this.#connections.know(this.#topics, true);
    } catch (thrown) {
      this.#passOrFail(thrown);
      if (systemClock.monotonicMs() > deadline) this.#failure ??= this.#timedOut();
    }
  }

  #dispatch(): void {
    try {
      const byLeader = Map.groupBy(
        this.#queues.filter((queue) => queue.next() !== null),
        (queue) => this.#connections.leader(queue.topic, queue.partition),
      );
      for (const [nodeId, queues] of byLeader) {
        if (nodeId < 0) this.#pause = true;
        else this.#fill(nodeId, queues);
      }
    } catch (thrown) {
      this.#passOrFail(thrown);
    }
  }

  #fill(nodeId: number, queues: readonly PartitionQueue[]): void {
    const pipe = this.#pipe(nodeId);
    while (pipe.inFlight < this.#options.maxInFlight) {
      const sent: SentBatch[] = [];
      let bytes = 0;
      for (const queue of queues) {
        const next = queue.next();
        if (next === null) continue;
        if (sent.length > 0 && bytes + next.bytes > this.#options.maxRequestBytes) break;
        queue.take();
        sent.push({ queue, batch: next });
        bytes += next.bytes;
      }
      if (sent.length === 0) return;
      pipe.inFlight++;
      void this.#request(nodeId, pipe, sent);
    }
  }

  #pipe(nodeId: number): BrokerPipe {
    const known = this.#pipes.get(nodeId);
    if (known !== undefined) return known;
    const pipe = new BrokerPipe();
    this.#pipes.set(nodeId, pipe);
    return pipe;
  }

  /** Never rejects. */
  async #request(nodeId: number, pipe: BrokerPipe, sent: readonly SentBatch[]): Promise<void> {
    try {
      const chunks = this.#encode(sent);
      const before = pipe.written;
      const writing = this.#write(nodeId, before, chunks);
      pipe.written = writing.catch(nothing);
      const payload = await (await writing).answer;
      this.#read(payload, sent);
    } catch (thrown) {
      this.#connections.noteFailure(thrown);
      this.#passOrFail(thrown);
      for (const { queue, batch } of sent) queue.sendAgain(batch);
    } finally {
      pipe.inFlight--;
      this.#wake();
    }
  }

  /** The answer stands in an object: the next request goes out before it is there. */
  async #write(
    nodeId: number,
    before: Promise<unknown>,
    encoding: Promise<Buffer[]>,
  ): Promise<{ readonly answer: Promise<Buffer> }> {
    const [chunks] = await Promise.all([encoding, before]);
    if (this.#failure !== null) throw this.#failure;
    const broker = await this.#connections.broker(nodeId);
    const answer = this.#connections.send(broker, PRODUCE, chunks);
    answer.catch(nothing);
    return { answer };
  }

  async #encode(sent: readonly SentBatch[]): Promise<Buffer[]> {
    const batches = sent.map(async ({ queue, batch }) => ({
      topic: queue.topic,
      partition: queue.partition,
      bytes: await writeRecordBatch(
        this.#batch,
        queue.records,
        batch.from,
        batch.to,
        this.#identity,
        batch.baseSequence,
      ),
    }));
    const { transactionalId } = this.#options;
    const { requestTimeoutMs } = this.#connections;
    return produceRequest(await Promise.all(batches), transactionalId, requestTimeoutMs);
  }

  #read(payload: Buffer, sent: readonly SentBatch[]): void {
    for (const { topic, partition, errorCode, says } of produceResponse(payload)) {
      const entry = sent.find((s) => s.queue.partition === partition && s.queue.topic === topic);
      if (entry === undefined) continue;
      const { queue, batch } = entry;
      if (errorCode === 0 || errorCode === DUPLICATE) {
        queue.acknowledge(batch);
        if (queue.done) this.#backoff.reset();
        continue;
      }
      this.#refused(queue, batch, errorCode, says);
    }
  }

  #refused(queue: PartitionQueue, batch: PendingBatch, code: number, says: string | null): void {
    const parts = MESSAGE_TOO_LARGE.has(code) ? halves(batch) : null;
    if (parts !== null) {
      queue.sendAgain(batch, parts);
      return;
    }
    const name = kafkaErrorName(code);
    const error = this.#connections.answer(code, 'WRITE', `Topic:${queue.topic}`, says);
    // Behind a batch that failed the next ones are out of order: they go again after it.
    const behind = code === OUT_OF_ORDER && queue.hasEarlier(batch);
    if (behind || isRetriableKafkaError(name)) {
      this.#reason = behind ? (this.#reason ?? error) : error;
      this.#pause = true;
    } else {
      this.#failure ??= error;
    }
    queue.sendAgain(batch);
  }

  #passOrFail(thrown: unknown): void {
    const error = this.#connections.error(thrown, 'WRITE', `Topic:${this.#topics.join(', ')}`);
    if (mayPass(thrown)) {
      this.#reason = error;
      this.#pause = true;
    } else {
      this.#failure ??= error;
    }
  }

  #timedOut(): TidemarkError {
    const reason = this.#reason;
    if (reason !== null && reason.retry !== 'backoff') return reason;
    const topics = this.#topics.join(', ');
    return new TidemarkError(
      'KAFKA_TIMEOUT',
      `Records for ${topics} were not acknowledged within ${this.#options.deliveryTimeoutMs} ms ` +
        `(delivery.timeout.ms)${reason === null ? '' : `: ${reason.message}`}`,
      reason === null ? {} : { cause: reason },
    );
  }
}

/** What a producer throws after it was closed. */
export function closedError(): TidemarkError {
  return new TidemarkError('KAFKA_CONNECT', 'The producer was closed while it sent records.');
}

function nothing(): void {
  // Whoever awaits the same promise sees the error.
}
