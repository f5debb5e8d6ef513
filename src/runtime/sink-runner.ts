import { Backoff } from '../foundation/backoff.ts';
import { BoundedQueue } from '../foundation/bounded-queue.ts';
import { type TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { SinkPosition, SinkRecord, SinkTask } from '../model/sink-record.ts';
import type { Consumer, TopicPartition } from '../transport/transport.ts';
import { applicable, type Applicable, partitionsGone, positionsAfter } from './applicable-batch.ts';
import type { PartitionProgress } from './behind-clock.ts';
import { GroupCommitter } from './group-committer.ts';
import { InFlightBatches } from './in-flight-batches.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { RefusedOffsets } from './refused-offsets.ts';
import { PutSize } from './put-size.ts';
import { PutBatches, queuedBytes, queueLimits, type DecodedBatch } from './sink-batches.ts';
import { changeTimeMs, decodeSinkRecords } from './sink-records.ts';
import { partitionKey, SinkPartitions } from './sink-partitions.ts';
import type { SinkRunnerParts } from './sink-runner-parts.ts';
import type { SupervisedTask } from './supervisor.ts';
import { topicCounts, type TopicCounts } from './topic-counts.ts';
import type { WholeTransactions } from './whole-transactions.ts';

/** Partitions that go wait so long for what was polled of them: a group expects members in 60 s. */
const REVOKE_TIMEOUT_MS = 20_000;

/** Polls after which a log that other members read, too, must have what the target has of it. */
const TRIES_BEYOND_END = 100;

/** One life of the task, from `run` to its end. */
interface Life {
  readonly task: SinkTask;
  readonly partitions: SinkPartitions;
  readonly inFlight: InFlightBatches;
  readonly queue: BoundedQueue<DecodedBatch>;
  readonly batches: PutBatches;
  readonly transactions: WholeTransactions | null;
  committer: GroupCommitter | null;
  over: boolean;
}

/**
 * Invariant: rows durable in the target → log offset committed.
 * Why: the group's offset decides what retention may drop and where a sink without offsets of its
 * own goes on. What breaks otherwise: a crash between the two skips records.
 *
 * Where the target keeps offsets itself, those decide where reading starts; the log's may lag.
 *
 * Members of a group share the partitions, and those come and go between polls. One that goes is
 * flushed first: what was polled of it is applied and committed before the group may give it on.
 * A full queue stops polling, which is all that a slow target needs: to pause single partitions
 * would let others pass, but a transaction of the target has all of them.
 */
export class SinkRunner implements SupervisedTask {
  readonly name: string;
  readonly latency = new LatencyHistogram();
  readonly #parts: SinkRunnerParts;
  #task: SinkTask | null = null;
  /** Null: records are applied as they come. */
  transactions: WholeTransactions | null = null;
  #applied = 0;
  /** What stands in the way of the batch that is tried again. */
  #trouble: TidemarkError | null = null;
  /** Next offset to apply, by `topic/partition`; durable in the target. */
  readonly #positions = new Map<string, SinkPosition>();
  readonly #endOffsets = new Map<string, number>();
  /** Offset of the record that parked a topic's table, as far as the log has been told. */
  readonly #parked = new Map<string, number>();

  constructor(parts: SinkRunnerParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  get task(): SinkTask | null {
    return this.#task;
  }

  /** Why the batch under way is tried again; null: nothing is in its way. */
  get trouble(): TidemarkError | null {
    return this.#trouble;
  }

  /** Dead letters of this process; null: the sink has none. */
  get deadLetters(): number | null {
    return this.#parts.deadLetters?.sent ?? null;
  }

  /** Records that went through `put`, this process. */
  get applied(): number {
    return this.#applied;
  }

  /**
   * A first start checks the targets before anything runs. Later a sink that gave up because its
   * server was not up yet would stand still until somebody restarts a daemon that goes on without.
   */
  hasWorked(): boolean {
    return true;
  }

  /** Next offset to apply for a partition; null before the first one was applied. */
  position(topic: string, partition: number): SinkPosition | null {
    return this.#positions.get(`${topic}/${partition}`) ?? null;
  }

  consumes(topic: string): boolean {
    const { topics } = this.#parts;
    return topics instanceof RegExp ? topics.test(topic) : topics.includes(topic);
  }

  /** Records between what is applied and the end of the log, as of the last poll. */
  lagRecords(): number {
    return this.progress().reduce((lag, { offset, end }) => lag + Math.max(0, end - offset), 0);
  }

  /** Where it stands in each partition, as of the last poll. */
  progress(): readonly PartitionProgress[] {
    const offsetOf = (key: string): number => this.#positions.get(key)?.offset ?? 0;
    return [...this.#endOffsets].map(([key, end]) => ({ key, offset: offsetOf(key), end }));
  }

  /** The same by topic, and dead letters of this process by the topic of their records. */
  byTopic(): TopicCounts {
    return topicCounts(this.#endOffsets, this.#positions, this.#parts.deadLetters?.byTopic);
  }

  /**
   * Two loops with a bounded queue between them: one polls and decodes, the other applies. While
   * the target works on a batch, the next one is made ready.
   */
  async run(signal: AbortSignal, started: () => void, healthy: () => void): Promise<void> {
    const { name, transport, group, topics, clock, startAt = 'earliest' } = this.#parts;
    await using task = await this.#parts.openTask();
    this.#trouble = null;
    this.#task = task;
    await task.start(signal);
    const size = new PutSize(task, clock);
    const queue = new BoundedQueue<DecodedBatch>(queueLimits(size));
    const transactions = (this.transactions = this.#parts.openTransactions?.() ?? null);
    const partitions = new SinkPartitions(
      task,
      this.#parts.fencedGraceMs > 0 ? TRIES_BEYOND_END : 0,
      new RefusedOffsets(transport.documents, name),
      transactions !== null,
    );
    const inFlight = new InFlightBatches(clock);
    const idle = { committer: null, over: false, batches: new PutBatches(queue, size) };
    const life: Life = { task, partitions, inFlight, queue, transactions, ...idle };
    await using consumer = await transport.consumer({
      group,
      topics,
      startAt,
      onRevoked: (gone) => this.#revoked(life, gone),
      onLost: (gone) => {
        this.#lost(life, gone);
      },
    });
    started();
    const committed = transactions?.committing(consumer) ?? consumer;
    const committer = new GroupCommitter(committed, this.#parts);
    life.committer = committer;
    const filling = this.#fill(life, consumer, signal);
    try {
      for await (const batch of life.batches) {
        if (!(await this.#apply(life, batch, signal))) break;
        size.ended();
        if (batch.records.length > 0) healthy();
        await committer.commitWhenDue(this.#positions.values());
      }
    } finally {
      life.over = true;
      // Whoever waits for what was polled would wait for ever, and the poll with it.
      inFlight.close();
      // What is applied may always be committed, also after a failure of the target.
      await filling;
      await committer.commit(this.#positions.values());
    }
  }

  /** Polls and decodes until the signal aborts or the queue's consumer leaves; never rejects. */
  async #fill(life: Life, consumer: Consumer, signal: AbortSignal): Promise<void> {
    const { queue, partitions, inFlight, transactions } = life;
    const { converters, transforms, takesWhole, kept, maxPollBytes } = this.#parts;
    let told = '';
    try {
      await this.#begin((await partitions.settle(consumer, [], signal)).taken, life, consumer);
      while (!signal.aborted && !queue.closed) {
        await this.#resumeHeld(partitions, signal);
        const limits = { maxBytes: maxPollBytes, maxWaitMs: 250, signal };
        const polled = await consumer.poll({ ...limits, except: transactions?.ahead() });
        const { fetched, taken, version } = await partitions.settle(consumer, polled, signal);
        await this.#begin(taken, life, consumer);
        if (fetched.length === 0 && polled.length > 0) continue;
        const positions = positionsAfter(consumer, fetched, partitions);
        const text = JSON.stringify(positions);
        for (const batch of fetched) this.#endOffsets.set(partitionKey(batch), batch.endOffset);
        if (transactions !== null) {
          await transactions.read(fetched, positions);
          if (await this.#queueWhole(life, transactions, version)) continue;
          await transactions.look(consumer);
          await this.#idle(life);
          continue;
        }
        if (fetched.length === 0 && (positions.length === 0 || text === told)) {
          await this.#idle(life);
          continue;
        }
        told = text;
        inFlight.begin();
        const bytes = queuedBytes(fetched, kept?.bytes);
        // Decoded it takes ten times the memory: not before there is room for it.
        await queue.room(bytes);
        const records = await decodeSinkRecords(fetched, converters, transforms, takesWhole, kept);
        await queue.push({ version, positions, records, polls: 1 }, bytes);
      }
      queue.close();
    } catch (error) {
      // A target that is cut off because the signal aborted is no failure.
      queue.close(signal.aborted ? null : error);
    }
  }

  async #resumeHeld(partitions: SinkPartitions, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts;
    for (const topic of await partitions.resumeHeld(clock.monotonicMs(), signal)) {
      logger.info({ topic }, 'the table takes its records now: it goes on where it was held');
    }
  }

  /** Without more records nobody else would commit the last ones: they would be pending. */
  async #idle({ partitions, committer }: Life): Promise<void> {
    this.#checkFenced(partitions);
    await committer?.commitWhenDue(this.#positions.values());
  }

  /** Hands over all that is complete; false: nothing is. */
  async #queueWhole(
    { queue, inFlight }: Life,
    transactions: WholeTransactions,
    version: number,
  ): Promise<boolean> {
    let batches = 0;
    for (let next = transactions.take(); next !== null; next = transactions.take()) {
      batches++;
      inFlight.begin();
      await queue.push({ version, ...next, polls: 1 }, next.bytes);
    }
    return batches > 0;
  }

  /** What is known of partitions is what the target said when they were taken. */
  async #begin(
    taken: ReadonlyMap<string, SinkPosition | null>,
    { partitions, transactions }: Life,
    consumer: Consumer,
  ): Promise<void> {
    if (taken.size === 0) return;
    await transactions?.begin(consumer, taken);
    for (const [key, position] of taken) {
      // Of a transaction that was applied in parts the target is further than the group may be.
      if (position === null || transactions !== null) this.#positions.delete(key);
      else this.#positions.set(key, position);
    }
    // Of an earlier life: another member may have them.
    for (const [key, position] of this.#positions) {
      if (!partitions.has(position)) this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#positions.delete(key);
    this.#endOffsets.delete(key);
  }

  /** Flushes partitions that go to another member; never rejects. */
  async #revoked(life: Life, gone: readonly TopicPartition[]): Promise<void> {
    if (life.over || !life.partitions.leave(gone)) return;
    const { logger } = this.#parts;
    if (await life.inFlight.drained(REVOKE_TIMEOUT_MS)) {
      try {
        await life.committer?.commit(this.#positions.values());
      } catch (error) {
        logger.warn({ err: error }, 'offsets of partitions that go were not committed');
      }
    } else if (!life.over) {
      logger.warn(
        { partitions: gone.length },
        'the target is too slow to flush partitions that go',
      );
    }
    this.#lost(life, gone);
  }

  /** What is queued of them is dropped before it is put. */
  #lost(life: Life, gone: readonly TopicPartition[]): void {
    if (life.over) return;
    life.partitions.drop(gone);
    for (const partition of gone) this.#forget(partitionKey(partition));
    // Transactions lie over all partitions: reading begins anew with those that are left.
    if (life.transactions !== null) life.queue.close(partitionsGone());
  }

  #checkFenced(partitions: SinkPartitions): void {
    const { name, clock, fencedGraceMs } = this.#parts;
    partitions.checkFenced(name, clock.monotonicMs(), fencedGraceMs);
  }

  /** False when it was given up because the signal aborted. */
  async #apply(life: Life, batch: DecodedBatch, signal: AbortSignal): Promise<boolean> {
    this.#parts.fault('sink.polled');
    const done = await this.#put(life, batch, signal);
    if (done === null) return false;
    this.#parts.fault('sink.applied');
    this.#tellParked(life.task);
    this.#remember(life, batch.cut === undefined ? done.positions : (batch.cut ?? []));
    batch.onApplied?.();
    this.#applied += done.records.length;
    this.#recordLatency(done.records);
    life.inFlight.end(batch.polls);
    this.#checkFenced(life.partitions);
    return true;
  }

  /** Once for each record that parks a table: from then on the table only falls behind. */
  #tellParked(task: SinkTask): void {
    const { parked } = task.status();
    for (const { topic, table, offset, code, message, held } of parked) {
      if (this.#parked.get(topic) === offset) continue;
      this.#parked.set(topic, offset);
      const what = held === true ? 'held' : 'parked';
      this.#parts.logger.error({ table, topic, offset, code }, `table ${what}: ${message}`);
    }
    for (const topic of this.#parked.keys()) {
      if (!parked.some((table) => table.topic === topic)) this.#parked.delete(topic);
    }
  }

  /**
   * A topic whose table is parked stays where it was: retention must not pass what waits behind the
   * poison record, in any of its partitions (ruling 8).
   */
  #remember({ task, partitions }: Life, positions: readonly SinkPosition[]): void {
    const parked = new Set(task.status().parked.map((table) => table.topic));
    for (const position of positions) {
      if (parked.has(position.topic)) continue;
      // One that went while it was applied is another member's to commit.
      if (!partitions.has(position) || partitions.isFenced(position)) continue;
      this.#positions.set(partitionKey(position), position);
    }
  }

  /**
   * Errors that may pass are tried again here, with the same records: nothing was applied.
   * Resolves to what was applied, null when the signal aborted before that.
   */
  async #put(life: Life, batch: DecodedBatch, signal: AbortSignal): Promise<Applicable | null> {
    const { clock, retryTimeoutMs = 0, retryDelayMaxMs = 5_000 } = this.#parts;
    const backoff = new Backoff({ initialMs: 50, maxMs: retryDelayMaxMs });
    const beganAtMs = clock.monotonicMs();
    const { task, partitions, batches } = life;
    const ahead = (later: () => void) => batches.ahead(partitions.version, later);
    for (let attempt = 1; ; attempt++) {
      const { records, positions } = applicable(batch, partitions);
      try {
        this.#tellFenced(partitions, await task.put(records, positions, signal, ahead));
        this.#trouble = null;
        return { records, positions };
      } catch (thrown) {
        if (signal.aborted) return null;
        const error = toTidemarkError(thrown, 'SINK_SERVER');
        const isInTime = retryTimeoutMs < 0 || clock.monotonicMs() - beganAtMs < retryTimeoutMs;
        // A few tries on the same connection; then the supervisor opens a new one.
        const isOver = !isInTime && (error.code === 'SINK_CONNECT' || attempt >= 3);
        this.#trouble = error.retry === 'backoff' && !isOver ? error : null;
        if (this.#trouble === null) throw error;
        const delayMs = backoff.nextDelayMs();
        this.#parts.logger.warn({ code: error.code, attempt, delayMs }, error.message);
        await clock.sleep(delayMs, signal);
        if (signal.aborted) return null;
      }
    }
  }

  /** Another member was given them while this one was taken for dead: the group will say so. */
  #tellFenced(partitions: SinkPartitions, fenced: readonly TopicPartition[]): void {
    if (fenced.length === 0) return;
    for (const partition of partitions.fence(fenced, this.#parts.clock.monotonicMs())) {
      this.#forget(partitionKey(partition));
      const { topic } = partition;
      const message = 'another task has taken the partition over; its records are left to that';
      this.#parts.logger.warn({ topic, partition: partition.partition }, message);
    }
  }

  #recordLatency(records: readonly SinkRecord[]): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const record of records) {
      const sourceMs = changeTimeMs(record.value);
      if (sourceMs !== null) this.latency.record(Math.max(0, nowMs - sourceMs));
    }
  }
}
