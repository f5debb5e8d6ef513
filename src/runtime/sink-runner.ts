import { Backoff } from '../foundation/backoff.ts';
import { BoundedQueue } from '../foundation/bounded-queue.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { SinkPosition, SinkRecord, SinkTask } from '../model/sink-record.ts';
import type { Consumer, FetchedRecords, Transport } from '../transport/transport.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import type { Logger } from './logger.ts';
import { decodeSinkRecords, changeTimeMs, type SinkConverters } from './sink-records.ts';
import type { SinkTransforms } from './sink-transforms.ts';
import type { SupervisedTask } from './supervisor.ts';

/** What a sink task is made of; the task itself is opened anew for each life. */
export interface SinkRunnerParts {
  readonly name: string;
  readonly group: string;
  readonly topics: readonly string[] | RegExp;
  readonly transport: Transport;
  readonly openTask: () => SinkTask;
  readonly converters: SinkConverters;
  /** Absent: the sink has no transforms. */
  readonly transforms?: SinkTransforms;
  readonly maxPollBytes: number;
  readonly commitIntervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fault: FaultHook;
}

interface DecodedBatch {
  readonly fetched: readonly FetchedRecords[];
  readonly records: readonly SinkRecord[];
  readonly positions: readonly SinkPosition[];
}

/** Decoded batches that may wait for the target. */
const QUEUE_LIMITS = { maxItems: 3, maxBytes: 6 * 1024 * 1024 };

/**
 * Invariant: rows durable in the target → log offset committed.
 * Why: the group's offset decides what retention may drop and where a sink without offsets of its
 * own goes on. What breaks otherwise: a crash between the two skips records.
 *
 * Where the target keeps offsets itself, those decide where reading starts; the log's may lag.
 */
export class SinkRunner implements SupervisedTask {
  readonly name: string;
  readonly latency = new LatencyHistogram();
  readonly #parts: SinkRunnerParts;
  #task: SinkTask | null = null;
  #applied = 0;
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
    let lag = 0;
    for (const [key, end] of this.#endOffsets) {
      lag += Math.max(0, end - (this.#positions.get(key)?.offset ?? 0));
    }
    return lag;
  }

  /**
   * Two loops with a bounded queue between them: one polls and decodes, the other applies. While
   * the target works on a batch, the next one is made ready.
   */
  async run(signal: AbortSignal, started: () => void, healthy: () => void): Promise<void> {
    const { transport, group, topics } = this.#parts;
    await using task = this.#parts.openTask();
    this.#task = task;
    const stored = await task.start(signal);
    await using consumer = await transport.consumer({ group, topics });
    started();
    const committer = new GroupCommitter(consumer, this.#parts);
    const queue = new BoundedQueue<DecodedBatch>(QUEUE_LIMITS);
    // Without more records nobody else would commit the last ones: they would count as pending.
    const idle = (): Promise<void> => committer.commitWhenDue(this.#positions.values());
    const filling = this.#fill(queue, consumer, new PositionSeeker(stored), idle, signal);
    try {
      for await (const batch of queue) {
        if (!(await this.#apply(task, batch, signal))) break;
        if (batch.records.length > 0) healthy();
        await committer.commitWhenDue(this.#positions.values());
      }
    } finally {
      // What is applied may always be committed, also after a failure of the target.
      await filling;
      await committer.commit(this.#positions.values());
    }
  }

  /** Polls and decodes until the signal aborts or the queue's consumer leaves; never rejects. */
  async #fill(
    queue: BoundedQueue<DecodedBatch>,
    consumer: Consumer,
    seeker: PositionSeeker,
    idle: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    let told = '';
    try {
      while (!signal.aborted && !queue.closed) {
        seeker.apply(consumer);
        const fetched = await consumer.poll({
          maxBytes: this.#parts.maxPollBytes,
          maxWaitMs: 250,
          signal,
        });
        if (seeker.apply(consumer)) continue;
        seeker.refuseOlderLog(fetched);
        const positions = positionsAfter(consumer, fetched);
        const text = JSON.stringify(positions);
        for (const { topic, partition, endOffset } of fetched) {
          this.#endOffsets.set(`${topic}/${partition}`, endOffset);
        }
        if (fetched.length === 0 && text === told) {
          await idle();
          continue;
        }
        told = text;
        const { converters, transforms } = this.#parts;
        const records = await decodeSinkRecords(fetched, converters, transforms);
        await queue.push({ fetched, positions, records }, byteLength(fetched));
      }
      queue.close();
    } catch (error) {
      queue.close(error);
    }
  }

  /** False when it was given up because the signal aborted. */
  async #apply(task: SinkTask, batch: DecodedBatch, signal: AbortSignal): Promise<boolean> {
    this.#parts.fault('sink.polled');
    if (!(await this.#put(task, batch.records, batch.positions, signal))) return false;
    this.#parts.fault('sink.applied');
    this.#tellParked(task);
    this.#remember(task, batch.positions);
    this.#applied += batch.records.length;
    this.#recordLatency(batch.records);
    return true;
  }

  /** Once for each record that parks a table: from then on the table only falls behind. */
  #tellParked(task: SinkTask): void {
    const { parked } = task.status();
    for (const { topic, table, offset, code, message } of parked) {
      if (this.#parked.get(topic) === offset) continue;
      this.#parked.set(topic, offset);
      this.#parts.logger.error({ table, topic, offset, code }, `table parked: ${message}`);
    }
    for (const topic of this.#parked.keys()) {
      if (!parked.some((table) => table.topic === topic)) this.#parked.delete(topic);
    }
  }

  /**
   * A topic whose table is parked stays where it was: retention must not pass what waits behind the
   * poison record, in any of its partitions (ruling 8).
   */
  #remember(task: SinkTask, positions: readonly SinkPosition[]): void {
    const parked = new Set(task.status().parked.map((table) => table.topic));
    for (const position of positions) {
      if (parked.has(position.topic)) continue;
      this.#positions.set(`${position.topic}/${position.partition}`, position);
    }
  }

  /**
   * Errors that may pass are tried again here, with the same records: nothing was applied.
   * Resolves to false when the signal aborted before the records were applied.
   */
  async #put(
    task: SinkTask,
    records: readonly SinkRecord[],
    positions: readonly SinkPosition[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const backoff = new Backoff({ initialMs: 50, maxMs: 5_000 });
    for (let attempt = 1; ; attempt++) {
      try {
        await task.put(records, positions, signal);
        return true;
      } catch (thrown) {
        if (signal.aborted) return false;
        const error = toTidemarkError(thrown, 'SINK_SERVER');
        // A few tries on the same connection; then the supervisor opens a new one.
        if (error.retry !== 'backoff' || error.code === 'SINK_CONNECT' || attempt >= 3) throw error;
        const delayMs = backoff.nextDelayMs();
        this.#parts.logger.warn({ code: error.code, attempt, delayMs }, error.message);
        await this.#parts.clock.sleep(delayMs, signal);
        if (signal.aborted) return false;
      }
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

/** Where every partition stands after what was fetched is applied. */
function positionsAfter(consumer: Consumer, fetched: readonly FetchedRecords[]): SinkPosition[] {
  const read = new Map(fetched.map((batch) => [`${batch.topic}/${batch.partition}`, batch]));
  return consumer.assignment().map(({ topic, partition, generation, position }) => {
    // What was read carries its own generation: the topic may have a newer one by now.
    const batch = read.get(`${topic}/${partition}`);
    return batch === undefined
      ? { topic, partition, generation, offset: position }
      : { topic, partition, generation: batch.generation, offset: batch.nextOffset };
  });
}

function byteLength(fetched: readonly FetchedRecords[]): number {
  let bytes = 0;
  for (const batch of fetched) {
    for (const record of batch.records) {
      bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0) + 64;
    }
  }
  return bytes;
}

/**
 * Moves the consumer to the offsets that the target keeps, partition by partition as they are
 * assigned. An offset of an older generation means nothing in the new one.
 */
class PositionSeeker {
  readonly #stored: Map<string, SinkPosition>;

  constructor(stored: readonly SinkPosition[]) {
    this.#stored = new Map(stored.map((p) => [`${p.topic}/${p.partition}`, p]));
  }

  /** True when a seek was made: what was polled before it is to be dropped. */
  apply(consumer: Consumer): boolean {
    if (this.#stored.size === 0) return false;
    let moved = false;
    for (const { topic, partition, generation, position } of consumer.assignment()) {
      const key = `${topic}/${partition}`;
      const stored = this.#stored.get(key);
      if (stored === undefined) continue;
      // One that is ahead may belong to the snapshot that has not begun yet.
      if (stored.generation > generation) continue;
      this.#stored.delete(key);
      if (stored.generation !== generation || stored.offset === position) continue;
      consumer.seek({ topic, partition }, stored.offset);
      moved = true;
    }
    return moved;
  }

  /** Records of a log that is older than the target's rows would be skipped without a word. */
  refuseOlderLog(fetched: readonly FetchedRecords[]): void {
    for (const { topic, partition, generation, records } of fetched) {
      const stored = this.#stored.get(`${topic}/${partition}`);
      if (stored === undefined || records.length === 0 || stored.generation <= generation) continue;
      throw new TidemarkError(
        'OFFSET_OUT_OF_RANGE',
        `the target holds rows of a later snapshot of ${topic} than this log`,
        { cure: 'Use the store that wrote them, or take a new snapshot: delete this store.' },
      );
    }
  }
}

/** Commits the group's offsets now and then; the target's own are the truth. */
class GroupCommitter {
  readonly #consumer: Consumer;
  readonly #parts: Pick<SinkRunnerParts, 'clock' | 'commitIntervalMs' | 'fault'>;
  #committedAtMs: number;
  #committed = '';

  constructor(
    consumer: Consumer,
    parts: Pick<SinkRunnerParts, 'clock' | 'commitIntervalMs' | 'fault'>,
  ) {
    this.#consumer = consumer;
    this.#parts = parts;
    this.#committedAtMs = parts.clock.monotonicMs();
  }

  async commitWhenDue(positions: Iterable<SinkPosition>): Promise<void> {
    const sinceMs = this.#parts.clock.monotonicMs() - this.#committedAtMs;
    if (sinceMs >= this.#parts.commitIntervalMs) await this.commit(positions);
  }

  async commit(positions: Iterable<SinkPosition>): Promise<void> {
    this.#committedAtMs = this.#parts.clock.monotonicMs();
    const offsets = [...positions].map(({ topic, partition, offset }) => ({
      topic,
      partition,
      offset,
    }));
    const text = JSON.stringify(offsets);
    if (offsets.length === 0 || text === this.#committed) return;
    await this.#consumer.commit(offsets);
    this.#committed = text;
    this.#parts.fault('sink.committed');
  }
}
