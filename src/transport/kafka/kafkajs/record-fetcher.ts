import { Backoff } from '../../../foundation/backoff.ts';
import { systemClock } from '../../../foundation/clock.ts';
import type { TidemarkError } from '../../../foundation/errors.ts';
import type { KafkaConsumerOptions } from '../kafka-client.ts';
import { isRetriableKafkaError, kafkaErrorName } from '../kafka-error-names.ts';
import { ReadingTrouble } from '../reading-trouble.ts';
import { readRecordBatches } from '../record-batch-reader.ts';
import {
  FETCH,
  type FetchedPartition,
  type FetchLimits,
  fetchRequest,
  fetchResponse,
} from './fetch-protocol.ts';
import type { BrokerConnections } from './kafkajs-cluster.ts';
import { mayPass } from './kafkajs-errors.ts';
import { listOffsets } from './partition-offsets.ts';
import type { PartitionPosition, PartitionPositions } from './partition-positions.ts';

/** How long a broker holds a fetch that finds nothing (`fetch.max.wait.ms`). */
const BROKER_WAIT_MS = 500;
const OFFSET_OUT_OF_RANGE = 1;
const RETRY_INITIAL_MS = 20;
const RETRY_MAX_MS = 1000;

/**
 * Fetches of the partitions that have nothing read ahead, one at a time for each leader, and only
 * when asked: one fetch further than the caller, no more.
 */
export class RecordFetcher {
  readonly #connections: BrokerConnections;
  readonly #positions: PartitionPositions;
  readonly #limits: FetchLimits;
  readonly #changed: () => void;
  readonly #busy = new Set<number>();
  readonly #backoff = new Backoff({ initialMs: RETRY_INITIAL_MS, maxMs: RETRY_MAX_MS });
  readonly #outOfRange = new Set<PartitionPosition>();
  readonly #trouble: ReadingTrouble;
  #resting = false;
  #fetches = 0;

  /** `changed` is called when something came in, or failed. */
  constructor(
    connections: BrokerConnections,
    positions: PartitionPositions,
    options: KafkaConsumerOptions,
    changed: () => void,
  ) {
    this.#connections = connections;
    this.#positions = positions;
    this.#changed = changed;
    this.#trouble = new ReadingTrouble(systemClock, connections.requestTimeoutMs);
    this.#limits = {
      maxWaitMs: BROKER_WAIT_MS,
      maxBytes: options.fetchMaxBytes,
      partitionBytes: options.partitionFetchBytes,
      isolation: options.isolation,
    };
  }

  /** What went wrong for good since the last call, once. */
  takeFailure(): TidemarkError | null {
    return this.#trouble.take();
  }

  /** Asks the leaders that are not asked already. */
  start(): void {
    if (this.#resting || this.#connections.closing.aborted) return;
    const idle = this.#positions.all().filter((partition) => partition.ahead === null);
    try {
      const byLeader = Map.groupBy(idle, ({ topic, partition }) =>
        this.#connections.leader(topic, partition),
      );
      for (const [nodeId, partitions] of byLeader) {
        if (nodeId < 0) void this.#rest(null, partitions);
        else if (!this.#busy.has(nodeId)) void this.#fetch(nodeId, partitions);
      }
    } catch (thrown) {
      void this.#rest(thrown, idle);
    }
  }

  /** Never rejects. */
  async #fetch(nodeId: number, partitions: readonly PartitionPosition[]): Promise<void> {
    this.#busy.add(nodeId);
    const asked = new Map(partitions.map((partition) => [partition, partition.turn]));
    const body = fetchRequest(inTurn(partitions, this.#fetches++), this.#limits);
    try {
      const broker = await this.#connections.broker(nodeId);
      const wait = this.#limits.maxWaitMs;
      const payload = await this.#connections.send(broker, FETCH, [body], wait);
      const { partitions: answers } = fetchResponse(payload, this.#limits.isolation);
      this.#trouble.passed();
      let stale: number | null = null;
      for (const answer of answers) {
        const state = this.#positions.get(answer);
        // Another assignment, or a seek, came in between.
        if (state === undefined || asked.get(state) !== state.turn) continue;
        if (answer.errorCode === 0) this.#keep(state, answer);
        else stale = this.#refused(state, answer) ?? stale;
      }
      if (stale === null) this.#backoff.reset();
      else void this.#rest(null, partitions);
    } catch (thrown) {
      void this.#rest(thrown, partitions);
    } finally {
      this.#busy.delete(nodeId);
      this.#changed();
    }
  }

  #keep(asked: PartitionPosition, answer: FetchedPartition): void {
    const { isolation } = this.#limits;
    const { topic, partition, startOffset, endOffset, batches, aborted } = answer;
    const read = readRecordBatches(batches, asked.position, isolation, aborted);
    if (read.nextOffset === asked.position) return;
    asked.ahead = { topic, partition, startOffset, endOffset, ...read };
  }

  /** The code when the partition may be read a moment later, elsewhere perhaps. */
  #refused(asked: PartitionPosition, { errorCode }: FetchedPartition): number | null {
    const name = kafkaErrorName(errorCode);
    if (isRetriableKafkaError(name)) return errorCode;
    const { topic, partition, position } = asked;
    if (errorCode === OFFSET_OUT_OF_RANGE) {
      this.#outOfRange.add(asked);
      return errorCode;
    }
    const says = `partition ${partition}, offset ${position}`;
    const error = this.#connections.answer(errorCode, 'READ', `Topic:${topic}`, says);
    this.#trouble.note(error, false);
    return null;
  }

  /** Waits and asks for the leaders again; meanwhile nobody fetches. Never rejects. */
  async #rest(thrown: unknown, partitions: readonly PartitionPosition[]): Promise<void> {
    if (this.#resting) return;
    this.#resting = true;
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    if (thrown !== null) this.#failed(thrown, topics);
    const { closing } = this.#connections;
    await systemClock.sleep(this.#backoff.nextDelayMs(), closing);
    try {
      if (!closing.aborted) await this.#connections.know(topics, true);
      await this.#toStartOfLog();
    } catch (error) {
      this.#failed(error, topics);
    }
    this.#resting = false;
    this.#changed();
  }

  /**
   * What retention took away cannot be read any more; behind the end there is an error. Between the
   * two a new leader did not know yet how far the log is committed: the fetch is sent again.
   */
  async #toStartOfLog(): Promise<void> {
    const lost = [...this.#outOfRange];
    this.#outOfRange.clear();
    const [starts, ends] = await Promise.all([
      listOffsets(this.#connections, lost, 'earliest', 'read_uncommitted'),
      listOffsets(this.#connections, lost, 'latest', 'read_uncommitted'),
    ]);
    for (const [i, { topic, partition, offset }] of starts.entries()) {
      const { position } = lost[i] as PartitionPosition;
      if (position < offset) {
        this.#positions.skipTo(lost[i] as PartitionPosition, offset);
      } else if (position > (ends[i]?.offset ?? 0)) {
        const says = `partition ${partition}, offset ${position}`;
        const resource = `Topic:${topic}`;
        const error = this.#connections.answer(OFFSET_OUT_OF_RANGE, 'READ', resource, says);
        this.#trouble.note(error, false);
      }
    }
  }

  #failed(thrown: unknown, topics: readonly string[]): void {
    if (this.#connections.closing.aborted) return;
    this.#connections.noteFailure(thrown);
    const error = this.#connections.error(thrown, 'READ', `Topic:${topics.join(', ')}`);
    this.#trouble.note(error, mayPass(thrown));
  }
}

/**
 * Each partition comes first at some time: a broker gives a batch that is larger than
 * `max.partition.fetch.bytes` only to the first one that has any.
 */
function inTurn<T>(partitions: readonly T[], turn: number): readonly T[] {
  const first = turn % partitions.length;
  return [...partitions.slice(first), ...partitions.slice(0, first)];
}
