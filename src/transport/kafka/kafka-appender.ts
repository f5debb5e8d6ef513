import type { TidemarkError } from '../../foundation/errors.ts';
import { toTidemarkError } from '../../foundation/errors.ts';
import { partitionOfKey } from '../murmur2.ts';
import { RecordBatch } from '../record-batch.ts';
import type { KafkaClient, KafkaProducer, KafkaProducerOptions } from './kafka-client.ts';
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
 * from the stored offset, so what is in doubt comes again.
 */
export class KafkaAppender {
  readonly #parts: AppenderParts;
  readonly #split: PartitionSplit;
  readonly #texts = new RecordBatch();
  #producer: KafkaProducer | null = null;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(parts: AppenderParts) {
    this.#parts = parts;
    this.#split = new PartitionSplit(parts.directory);
  }

  /** Shuts older writers of the same transactional id out; no more than connects without one. */
  fence(): Promise<void> {
    return this.#exclusive(async () => {
      await this.#open();
    });
  }

  /**
   * Records, then texts (the source's offsets); both are durable when it resolves. The texts stand
   * in the partition of the first one's key: as one batch they are there together or not at all.
   */
  append(batch: RecordBatch, texts: readonly TextRecord[]): Promise<void> {
    const large = this.#parts.limits.tooLarge(batch);
    return this.#exclusive(async (producer) => {
      const { transactionalId } = this.#parts.producer;
      if (transactionalId !== null) await producer.beginTransaction();
      if (batch.count > large.size) await producer.send(batch, this.#split.split(batch, large));
      if (large.size > 0) await this.#sendLetters(producer, batch, large);
      if (texts.length > 0) {
        const offsets = this.#textBatch(texts);
        await producer.send(offsets, this.#split.split(offsets));
      }
      if (transactionalId !== null) await producer.commitTransaction();
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
    this.#producer ??= await this.#parts.client.producer(this.#parts.producer);
    return this.#producer;
  }

  /** An open transaction is aborted, so that readers need not wait until it times out. */
  async #giveUp(error: TidemarkError): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    if (producer === null) return;
    const open = this.#parts.producer.transactionalId !== null && error.code !== 'KAFKA_FENCED';
    // The write's own error is the one to tell.
    await Promise.allSettled(open ? [producer.abortTransaction()] : []);
    await Promise.allSettled([producer[Symbol.asyncDispose]()]);
  }

  async close(): Promise<void> {
    await this.#tail;
    const producer = this.#producer;
    this.#producer = null;
    await producer?.[Symbol.asyncDispose]();
  }
}
