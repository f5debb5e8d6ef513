import { Backoff } from '../foundation/backoff.ts';
import type { Clock } from '../foundation/clock.ts';
import { toTidemarkError } from '../foundation/errors.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { SinkPosition, SinkRecord, SinkTask } from '../model/sink-record.ts';
import type { Consumer, FetchedRecords, Transport } from '../transport/transport.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import type { Logger } from './logger.ts';
import { decodeSinkRecords, sourceTimeMs, type SinkConverters } from './sink-records.ts';
import type { SupervisedTask } from './supervisor.ts';

export interface SinkRunnerParts {
  readonly name: string;
  readonly group: string;
  readonly topics: readonly string[] | RegExp;
  readonly transport: Transport;
  readonly openTask: () => SinkTask;
  readonly converters: SinkConverters;
  readonly maxPollBytes: number;
  readonly commitIntervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fault: FaultHook;
}

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
  #hasWorked = false;
  #applied = 0;
  /** Next offset to apply, by `topic/partition`; durable in the target. */
  readonly #positions = new Map<string, SinkPosition>();
  #endOffsets = new Map<string, number>();

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

  hasWorked(): boolean {
    return this.#hasWorked;
  }

  /** Next offset to apply for a partition; null before the first one was applied. */
  position(topic: string, partition: number): SinkPosition | null {
    return this.#positions.get(`${topic}/${partition}`) ?? null;
  }

  /** Records between what is applied and the end of the log, as of the last poll. */
  lagRecords(): number {
    let lag = 0;
    for (const [key, end] of this.#endOffsets) {
      lag += Math.max(0, end - (this.#positions.get(key)?.offset ?? 0));
    }
    return lag;
  }

  async run(signal: AbortSignal, started: () => void, healthy: () => void): Promise<void> {
    const { transport, group, topics } = this.#parts;
    await using task = this.#parts.openTask();
    this.#task = task;
    const stored = await task.start(signal);
    await using consumer = await transport.consumer({ group, topics });
    const seeker = new PositionSeeker(stored);
    started();
    this.#hasWorked = true;
    const committer = new GroupCommitter(consumer, this.#parts);
    try {
      while (!signal.aborted) {
        seeker.apply(consumer);
        const fetched = await consumer.poll({
          maxBytes: this.#parts.maxPollBytes,
          maxWaitMs: 250,
          signal,
        });
        if (seeker.apply(consumer)) continue;
        await this.#applyFetched(task, consumer, fetched, signal);
        if (fetched.length > 0) healthy();
        await committer.commitWhenDue(this.#positions.values());
      }
    } finally {
      // Not on a lost connection alone: what is applied may always be committed.
      await committer.commit(this.#positions.values());
    }
  }

  async #applyFetched(
    task: SinkTask,
    consumer: Consumer,
    fetched: readonly FetchedRecords[],
    signal: AbortSignal,
  ): Promise<void> {
    const positions = this.#positionsAfter(consumer, fetched);
    const moved = positions.filter((position) => this.#hasMoved(position));
    if (moved.length === 0 && fetched.length === 0) return;
    this.#parts.fault('sink.polled');
    const records = await decodeSinkRecords(fetched, this.#parts.converters);
    await this.#put(task, records, positions, signal);
    if (signal.aborted && !this.#lastPutDone) return;
    this.#parts.fault('sink.applied');
    for (const position of positions) {
      this.#positions.set(`${position.topic}/${position.partition}`, position);
    }
    for (const batch of fetched) {
      this.#endOffsets.set(`${batch.topic}/${batch.partition}`, batch.endOffset);
    }
    this.#applied += records.length;
    this.#recordLatency(records);
  }

  #lastPutDone = false;

  /** Errors that may pass are tried again here, with the same records: nothing was applied. */
  async #put(
    task: SinkTask,
    records: readonly SinkRecord[],
    positions: readonly SinkPosition[],
    signal: AbortSignal,
  ): Promise<void> {
    this.#lastPutDone = false;
    const backoff = new Backoff({ initialMs: 50, maxMs: 5_000 });
    for (let attempt = 1; ; attempt++) {
      try {
        await task.put(records, positions, signal);
        this.#lastPutDone = true;
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toTidemarkError(thrown, 'SINK_SERVER');
        // A few tries on the same connection; then the supervisor opens a new one.
        if (error.retry !== 'backoff' || error.code === 'SINK_CONNECT' || attempt >= 3) throw error;
        const delayMs = backoff.nextDelayMs();
        this.#parts.logger.warn({ code: error.code, attempt, delayMs }, error.message);
        await this.#parts.clock.sleep(delayMs, signal);
        if (signal.aborted) return;
      }
    }
  }

  #positionsAfter(consumer: Consumer, fetched: readonly FetchedRecords[]): SinkPosition[] {
    const read = new Map(fetched.map((batch) => [`${batch.topic}/${batch.partition}`, batch]));
    return consumer.assignment().map(({ topic, partition, generation, position }) => {
      // What was read carries its own generation: the topic may have a newer one by now.
      const batch = read.get(`${topic}/${partition}`);
      return batch === undefined
        ? { topic, partition, generation, offset: position }
        : { topic, partition, generation: batch.generation, offset: batch.nextOffset };
    });
  }

  #hasMoved(position: SinkPosition): boolean {
    const known = this.#positions.get(`${position.topic}/${position.partition}`);
    return (
      known === undefined ||
      known.generation !== position.generation ||
      known.offset !== position.offset
    );
  }

  #recordLatency(records: readonly SinkRecord[]): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const record of records) {
      const sourceMs = sourceTimeMs(record.value);
      if (sourceMs !== null) this.latency.record(Math.max(0, nowMs - sourceMs));
    }
  }
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
      this.#stored.delete(key);
      if (stored.generation !== generation || stored.offset === position) continue;
      consumer.seek({ topic, partition }, stored.offset);
      moved = true;
    }
    return moved;
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
