import type { TidemarkError } from '../../foundation/errors.ts';
import { toTidemarkError } from '../../foundation/errors.ts';
import { partitionOfKey } from '../murmur2.ts';
import { RecordBatch } from '../record-batch.ts';
import type {
  KafkaClient,
  KafkaProducer,
  KafkaProducerOptions,
  ProducerIdentity,
} from './kafka-client.ts';
import { PartitionSplit } from './partition-split.ts';
import type { RecordLimits } from './record-limits.ts';
import type { TopicDirectory } from './topic-directory.ts';

/** A text record of a compacted topic. */
export interface TextRecord {
  /** As the directory gave it. */
  readonly topic: number;
  readonly key: string;
  /** Null: a tombstone. */
  readonly value: string | null;
}

/** What the appender writes with. */
export interface AppenderParts {
  readonly client: KafkaClient;
  readonly directory: TopicDirectory;
  readonly producer: KafkaProducerOptions;
  readonly limits: RecordLimits;
  readonly nowMs: () => number;
}

/**
 * Invariant: records acknowledged by all in-sync replicas → source offset sent → acknowledged; with
 * a transactional id both are one transaction, and a producer of the same id that was there before
 * can commit nothing any more.
 * What breaks otherwise: an offset that stands before its records skips them after a crash.
 *
 * A producer that failed is of no more use: the next write opens another one. Whoever wrote goes on
 * from the stored offset, so what is in doubt comes again. Not so when a newer one has its id: to
 * open another would shut that one out, and the two daemons would take turns.
 */
export class KafkaAppender {
  readonly #parts: AppenderParts;
  readonly #split: PartitionSplit;
  readonly #texts = new RecordBatch();
  #producer: KafkaProducer | null = null;
  /** The last producer that failed: requests of it may still lie in a broker. */
  #failed: ProducerIdentity | null = null;
  /** A transaction has begun, and more is to come into it. */
  #isOpen = false;
  /** Somebody else has taken over, and nothing may be written any more. */
  #fenced: TidemarkError | null = null;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(parts: AppenderParts) {
    this.#parts = parts;
    this.#split = new PartitionSplit(parts.directory);
  }

  /**
   * Shuts older writers of the same transactional id out; no more than connects without one. What
   * was begun and not ended is undone: whoever asks goes on from the stored offset.
   */
  fence(): Promise<void> {
    return this.#exclusive(async (producer) => {
      if (this.#isOpen) await producer.abortTransaction();
      this.#isOpen = false;
    });
  }

  /**
   * Records, then texts (the source's offsets); both are durable when it resolves. The texts stand
   * in the partition of the first one's key: as one batch they are there together or not at all.
   * With `more` the transaction stays open: nothing of it counts before a later append ends it.
   */
  append(batch: RecordBatch, texts: readonly TextRecord[], more = false): Promise<void> {
    const large = this.#parts.limits.tooLarge(batch);
    return this.#exclusive(async (producer) => {
      const isTransactional = this.#parts.producer.transactionalId !== null;
      if (isTransactional && !this.#isOpen) await producer.beginTransaction();
      this.#isOpen = isTransactional;
      if (batch.count > large.size) await producer.send(batch, this.#split.split(batch, large));
      if (large.size > 0) await this.#sendLetters(producer, batch, large);
      if (texts.length > 0) {
        const offsets = this.#textBatch(texts);
        await producer.send(offsets, this.#split.split(offsets));
      }
      if (!isTransactional || more) return;
      await producer.commitTransaction();
      this.#isOpen = false;
    });
  }

  async #sendLetters(
    producer: KafkaProducer,
    batch: RecordBatch,
    large: ReadonlySet<number>,
  ): Promise<void> {
    const { limits, directory } = this.#parts;
    const { handle } = await directory.open(limits.deadLetterTopic ?? '', {});
    const letters = limits.deadLetters(batch, large, handle);
    await producer.send(letters, this.#split.split(letters));
  }

  #textBatch(texts: readonly TextRecord[]): RecordBatch {
    const batch = this.#texts;
    batch.clear();
    const nowMs = this.#parts.nowMs();
    const first = Buffer.from(texts[0]?.key ?? '');
    for (const { topic, key, value } of texts) {
      const partitions = this.#parts.directory.partitionsOf(topic);
      batch.start(topic, nowMs);
      batch.partition(partitionOfKey(first, 0, first.length, partitions));
      batch.writer.utf8(key);
      batch.endKey(true);
      if (value !== null) batch.writer.utf8(value);
      batch.endValue(value !== null);
      batch.end();
    }
    return batch;
  }

  /** One write at a time: a transaction holds what was sent between its begin and its end. */
  #exclusive(work: (producer: KafkaProducer) => Promise<void>): Promise<void> {
    const turn = this.#tail.then(async () => {
      const producer = await this.#open();
      try {
        await work(producer);
      } catch (thrown) {
        await this.#giveUp(toTidemarkError(thrown, 'KAFKA_BROKER'));
        throw thrown;
      }
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #open(): Promise<KafkaProducer> {
    if (this.#fenced !== null) throw this.#fenced;
    const after = this.#failed === null ? {} : { after: this.#failed };
    this.#producer ??= await this.#parts.client.producer({ ...this.#parts.producer, ...after });
    return this.#producer;
  }

  /** An open transaction is aborted, so that readers need not wait until it times out. */
  async #giveUp(error: TidemarkError): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    if (producer === null) return;
    this.#failed = producer.identity;
    this.#noteFence(error);
    const open = this.#isOpen && this.#fenced === null;
    this.#isOpen = false;
    if (open) await this.#attempt(() => producer.abortTransaction());
    await this.#attempt(() => producer[Symbol.asyncDispose]());
  }

  /** The write's own error is the one to tell; of another only a fence counts. */
  async #attempt(work: () => PromiseLike<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#noteFence(toTidemarkError(thrown, 'KAFKA_BROKER'));
    }
  }

  #noteFence(error: TidemarkError): void {
    if (error.code === 'KAFKA_FENCED') this.#fenced = error;
  }

  async close(): Promise<void> {
    await this.#tail;
    const producer = this.#producer;
    this.#producer = null;
    // Readers would wait for an open one until it times out.
    if (this.#isOpen) await Promise.allSettled([producer?.abortTransaction()]);
    await producer?.[Symbol.asyncDispose]();
  }
}
