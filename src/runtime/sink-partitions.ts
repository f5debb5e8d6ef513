import { TidemarkError } from '../foundation/errors.ts';
import type { SinkPosition, SinkTask } from '../model/sink-record.ts';
import type { Consumer, FetchedRecords, TopicPartition } from '../transport/transport.ts';
import type { RefusedOffsets } from './refused-offsets.ts';

type Assigned = ReturnType<Consumer['assignment']>[number];

/** A partition that this member reads and applies. */
interface Hold extends TopicPartition {
  /** The version when it was taken: what was polled before is not for it. */
  readonly since: number;
  /** The target's position where the consumer has yet to be: of a later generation, or offset. */
  ahead: SinkPosition | null;
  /** Seeks that found the log too short, and what the last one said. */
  tries: number;
  failure: unknown;
  /** Going to another member: what was polled is applied, no more is taken. */
  leaving: boolean;
  /** When the target said that another task has it; null: it is ours. */
  fencedAtMs: number | null;
}

/** Between two looks at tables that are held: a few questions to the target's catalog each. */
const HELD_LOOK_MS = 2_000;

/** Seeks after which the brokers are asked for the end: a new leader may not know it at once. */
const TRIES_UNASKED = 4;

/** `topic/partition`. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/**
 * Invariant: records of a partition are applied only between taking it (claimed in the target, the
 * consumer moved to the offset that the target keeps) and giving it up.
 * Why: another member has applied more of it since this one last had it, or will from now on.
 * What breaks otherwise: records are applied twice, or skipped, where the target keeps no offsets;
 * where it does, tasks fence each other.
 *
 * An offset of an older generation means nothing in the new one.
 */
export class SinkPartitions {
  readonly #task: SinkTask;
  readonly #triesBeyondEnd: number;
  readonly #refused: RefusedOffsets | null;
  readonly #rereads: boolean;
  readonly #holds = new Map<string, Hold>();
  #version = 0;
  /** When held tables are looked at next. */
  #lookAtMs = 0;

  /**
   * `triesBeyondEnd`: how many polls the log may take to have what the target has. `rereads`: where
   * the group is behind the target, reading begins there, and the target leaves out what it has.
   */
  constructor(
    task: SinkTask,
    triesBeyondEnd = 0,
    refused: RefusedOffsets | null = null,
    rereads = false,
  ) {
    this.#task = task;
    this.#triesBeyondEnd = triesBeyondEnd;
    this.#refused = refused;
    this.#rereads = rereads;
  }

  /** Rises when partitions go: records that were polled before may be of those. */
  get version(): number {
    return this.#version;
  }

  has(partition: TopicPartition): boolean {
    return this.#holds.has(partitionKey(partition));
  }

  /** Whether what is polled now is taken. */
  isOpen(partition: TopicPartition): boolean {
    const hold = this.#holds.get(partitionKey(partition));
    return hold !== undefined && !hold.leaving && hold.tries === 0;
  }

  /** Whether what was polled under `version` may still be applied. */
  mayApply(partition: TopicPartition, version: number): boolean {
    const hold = this.#holds.get(partitionKey(partition));
    return hold !== undefined && hold.since <= version;
  }

  /**
   * Takes what is newly assigned and moves the consumer to where the target is. Returns what of
   * `fetched` is to be applied, and the positions of the partitions taken, null where the target
   * has none of this generation or the log does not show it yet. `version` is that of `fetched`.
   * Throws OFFSET_OUT_OF_RANGE, and what the task throws.
   */
  async settle(
    consumer: Consumer,
    fetched: readonly FetchedRecords[],
    signal: AbortSignal,
  ): Promise<{
    readonly fetched: readonly FetchedRecords[];
    readonly taken: ReadonlyMap<string, SinkPosition | null>;
    readonly version: number;
  }> {
    const begins = new Map<string, number>();
    for (const batch of fetched) {
      const key = partitionKey(batch);
      const first = batch.records[0];
      if (first !== undefined && !begins.has(key)) begins.set(key, first.offset);
    }
    const taken = await this.#take(consumer.assignment(), signal);
    const moved = this.#seek(consumer, begins);
    await this.#refuseShortLog(consumer);
    for (const [key, { tries }] of this.#holds) {
      if (tries > 0 && taken.has(key)) taken.set(key, null);
    }
    this.#refuseOlderLog(fetched);
    const kept = fetched.filter((batch) => {
      return this.isOpen(batch) && !moved.has(partitionKey(batch));
    });
    const { version } = this;
    return { fetched: kept.length === fetched.length ? fetched : kept, taken, version };
  }

  async #take(
    assigned: readonly Assigned[],
    signal: AbortSignal,
  ): Promise<Map<string, SinkPosition | null>> {
    const taken = new Map<string, SinkPosition | null>();
    let fresh = assigned.filter((partition) => !this.has(partition));
    if (fresh.length === 0) return taken;
    this.#retryParked(fresh);
    fresh = assigned.filter((partition) => !this.has(partition));
    const generations = new Map(fresh.map((one) => [partitionKey(one), one.generation]));
    const holds = fresh.map(({ topic, partition }): Hold => {
      const since = this.#version;
      const none = { ahead: null, tries: 0, failure: null, fencedAtMs: null };
      return { topic, partition, since, leaving: false, ...none };
    });
    for (const hold of holds) this.#holds.set(partitionKey(hold), hold);
    const answer = await this.#task.assign(holds.map(bare), signal);
    const stored = new Map(answer.map((position) => [partitionKey(position), position]));
    for (const hold of holds) {
      const key = partitionKey(hold);
      if (this.#holds.get(key) !== hold) {
        // Given up again while the target was asked.
        if (!this.has(hold)) this.#task.release([bare(hold)]);
        continue;
      }
      hold.ahead = stored.get(key) ?? null;
      const isOfLog = hold.ahead?.generation === generations.get(key);
      taken.set(key, isOfLog ? hold.ahead : null);
    }
    return taken;
  }

  /**
   * Which record parks a topic depends on the partitions that are read: with others, all of the
   * topic is read again from where the target is.
   */
  #retryParked(changed: readonly TopicPartition[]): void {
    this.#rereadParked(new Set(changed.map(({ topic }) => topic)));
  }

  /**
   * Once in a while: topics whose held table takes its records now are read again from where the
   * target is, by the next `settle`. Returns them.
   */
  async resumeHeld(nowMs: number, signal: AbortSignal): Promise<readonly string[]> {
    if (this.#task.fitting === undefined || nowMs < this.#lookAtMs) return [];
    const topics = await this.#task.fitting(signal);
    this.#lookAtMs = nowMs + HELD_LOOK_MS;
    this.#rereadParked(new Set(topics));
    return topics;
  }

  #rereadParked(topics: ReadonlySet<string>): void {
    const parked = new Set(this.#task.status().parked.map(({ topic }) => topic));
    for (const [key, { topic }] of this.#holds) {
      if (!topics.has(topic) || !parked.has(topic)) continue;
      this.#holds.delete(key);
      this.#version++;
    }
  }

  /** Moves the consumer where the target is; returns the keys of what was polled in vain. */
  #seek(consumer: Consumer, begins: ReadonlyMap<string, number>): ReadonlySet<string> {
    const moved = new Set<string>();
    for (const { topic, partition, generation, position } of consumer.assignment()) {
      const key = partitionKey({ topic, partition });
      const hold = this.#holds.get(key);
      // One that is ahead may belong to the snapshot that has not begun yet.
      if (hold === undefined || hold.ahead === null || hold.ahead.generation > generation) continue;
      const { ahead } = hold;
      const from = begins.get(key) ?? position;
      const isThere = ahead.offset === from;
      if (ahead.generation < generation || isThere) {
        hold.ahead = null;
        hold.tries = 0;
      } else {
        if (this.#isSought(consumer, hold, ahead, from)) {
          hold.ahead = null;
          hold.tries = 0;
        }
        moved.add(key);
      }
    }
    return moved;
  }

  /** A consumer knows the end as of some time ago; an owner before us may have been further. */
  #isSought(consumer: Consumer, hold: Hold, ahead: SinkPosition, from: number): boolean {
    if (this.#refused?.has(ahead) === true) throw shortLog(ahead, null);
    try {
      consumer.seek(bare(hold), ahead.offset);
      if (this.#rereads && from < ahead.offset) consumer.seek(bare(hold), from);
      return true;
    } catch (error) {
      hold.tries++;
      hold.failure = error;
      return false;
    }
  }

  /**
   * Invariant: an offset that this log did not reach is never sought in it later.
   * Why: the log was made anew, or is another one: its topic was deleted, the transport changed.
   * What breaks otherwise: once it is long enough, what stands before the offset is skipped.
   */
  async #refuseShortLog(consumer: Consumer): Promise<void> {
    let first: unknown = null;
    for (const hold of [...this.#holds.values()].filter(({ tries }) => tries > 0)) {
      const failure = await this.#beyondEnd(consumer, hold);
      if (failure === null || hold.ahead === null) continue;
      if (!isOutOfRange(failure)) throw failure;
      await this.#refused?.add(hold.ahead);
      first ??= shortLog(hold.ahead, failure);
    }
    if (first !== null) throw first;
  }

  /** Null: it is not sure yet. The commit asks for the end as it is, and is right if that is so. */
  async #beyondEnd(consumer: Consumer, hold: Hold): Promise<unknown> {
    const { tries, failure, ahead } = hold;
    if (tries > this.#triesBeyondEnd) return failure;
    if (tries < TRIES_UNASKED || ahead === null) return null;
    try {
      await consumer.commit([{ ...bare(hold), offset: ahead.offset }]);
      return null;
    } catch (error) {
      // Any other, such as a rebalance under way, says nothing of the log.
      return isOutOfRange(error) ? error : null;
    }
  }

  /** Records of a log that is older than the target's rows would be skipped without a word. */
  #refuseOlderLog(fetched: readonly FetchedRecords[]): void {
    for (const { topic, partition, generation, records } of fetched) {
      const ahead = this.#holds.get(partitionKey({ topic, partition }))?.ahead;
      if (ahead === null || ahead === undefined || records.length === 0) continue;
      if (ahead.generation <= generation) continue;
      throw new TidemarkError(
        'OFFSET_OUT_OF_RANGE',
        `the target holds rows of a later snapshot of ${topic} than this log`,
        { cure: 'Use the store that wrote them, or take a new snapshot: delete this store.' },
      );
    }
  }

  /** Nothing more of them is taken from polls; returns false when none of them is held. */
  leave(partitions: readonly TopicPartition[]): boolean {
    let any = false;
    for (const partition of partitions) {
      const hold = this.#holds.get(partitionKey(partition));
      if (hold === undefined) continue;
      hold.leaving = true;
      any = true;
    }
    return any;
  }

  /** Gives partitions up. */
  drop(partitions: readonly TopicPartition[]): void {
    const held = partitions.filter((partition) => this.has(partition));
    if (held.length === 0) return;
    for (const partition of held) this.#holds.delete(partitionKey(partition));
    this.#version++;
    this.#retryParked(held);
    this.#task.release(held.map(bare));
  }

  /** Another task has claimed them in the target; the group will say so too. */
  fence(partitions: readonly TopicPartition[], nowMs: number): readonly TopicPartition[] {
    return partitions.filter((partition) => {
      const hold = this.#holds.get(partitionKey(partition));
      if (hold === undefined || hold.fencedAtMs !== null) return false;
      hold.fencedAtMs = nowMs;
      return true;
    });
  }

  isFenced(partition: TopicPartition): boolean {
    const hold = this.#holds.get(partitionKey(partition));
    return hold !== undefined && hold.fencedAtMs !== null;
  }

  /** Throws SINK_FENCED when the group has not given a fenced partition to another for so long. */
  checkFenced(sink: string, nowMs: number, graceMs: number): void {
    for (const { topic, partition, fencedAtMs } of this.#holds.values()) {
      if (fencedAtMs === null || nowMs - fencedAtMs < graceMs) continue;
      throw new TidemarkError(
        'SINK_FENCED',
        `another task has taken over ${topic}/${partition} of the sink ${sink}`,
      );
    }
  }
}

function isOutOfRange(error: unknown): error is TidemarkError {
  return error instanceof TidemarkError && error.code === 'OFFSET_OUT_OF_RANGE';
}

function shortLog({ topic, partition, offset }: SinkPosition, cause: unknown): TidemarkError {
  const where = `${topic}/${partition}`;
  const why = cause instanceof TidemarkError ? cause.message : 'the log did not reach that before';
  return new TidemarkError(
    'OFFSET_OUT_OF_RANGE',
    `the target has applied ${where} up to ${offset}, which this log does not have: ${why}`,
    {
      cause,
      cure:
        'Retention has dropped it, or this is not the log that was applied (a topic made anew, ' +
        'another transport). Use that log, take a new snapshot, or apply what this one has: ' +
        `tidemark offsets set <file> --sink <name> --topic ${topic} --to-earliest.`,
    },
  );
}

function bare({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
