import { Backoff } from '../../../foundation/backoff.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import type { TopicPartition } from '../../transport.ts';
import type { KafkaConsumerOptions, KafkaFetch, PartitionOffset } from '../kafka-client.ts';
import { isRetriableKafkaError, kafkaErrorName } from '../kafka-error-names.ts';
import { kafkaError } from '../kafka-errors.ts';
import { ReadingTrouble } from '../reading-trouble.ts';
import { readRecordBatches } from '../record-batch-reader.ts';
import { partitionKey } from '../topic-partitions.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { connectionError } from './connection-error.ts';
import type { FetchAnswer } from './fetch-request.ts';
import { sendFetch } from './fetch-request.ts';
import { leadersOf, offsetsAt } from './partition-offsets.ts';

/** How long a broker may hold a fetch that finds nothing (`fetch.max.wait.ms`). */
const MAX_WAIT_MS = 500;
const NO_LEADER = -1;

type FetcherOptions = Pick<
  KafkaConsumerOptions,
  'isolation' | 'fetchMaxBytes' | 'partitionFetchBytes'
>;

/** A partition that is read. */
interface Slot extends TopicPartition {
  position: number;
  leader: number;
  /** What was read ahead. */
  ahead: FetchAnswer | null;
  /** Where the log begins, once the brokers have told that it moved past the position. */
  moved: boolean;
  startOffset: number;
  endOffset: number;
  /** Rises with each seek: an answer to a question asked before is void. */
  version: number;
  /** About to be given up: nothing of it is handed over any more. */
  held: boolean;
  partitionBytes: number;
}

/**
 * Reads partitions from their leaders: one fetch under way per broker, for the partitions of which
 * nothing is read ahead. So the next fetch is on its way while the caller works, and a caller that
 * does not come stops it after one.
 */
export class PartitionFetcher {
  readonly #brokers: BrokerConnections;
  readonly #options: FetcherOptions;
  readonly #changed: () => void;
  /** In the order in which they were last handed over: none of them starves. */
  readonly #slots = new Map<string, Slot>();
  readonly #busy = new Set<number>();
  readonly #backoff = new Backoff({ initialMs: 20, maxMs: 1000 });
  readonly #trouble: ReadingTrouble;
  #looking = false;

  constructor(brokers: BrokerConnections, options: FetcherOptions, changed: () => void) {
    this.#brokers = brokers;
    this.#options = options;
    this.#changed = changed;
    this.#trouble = new ReadingTrouble(systemClock, brokers.connection.requestTimeoutMs);
  }

  add(offsets: readonly PartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      this.#slots.set(partitionKey({ topic, partition }), {
        topic,
        partition,
        position: offset,
        leader: NO_LEADER,
        ahead: null,
        moved: false,
        startOffset: 0,
        endOffset: offset,
        version: 0,
        held: false,
        partitionBytes: this.#options.partitionFetchBytes,
      });
    }
    this.#changed();
  }

  /** Nothing of these is handed over from now on; they stay in `positions`. */
  hold(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      const slot = this.#slots.get(partitionKey(at));
      if (slot !== undefined) slot.held = true;
    }
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      const slot = this.#slots.get(partitionKey(at));
      if (slot !== undefined) slot.version++;
      this.#slots.delete(partitionKey(at));
    }
  }

  positions(): readonly (TopicPartition & { readonly position: number })[] {
    return [...this.#slots.values()].map(({ topic, partition, position }) => ({
      topic,
      partition,
      position,
    }));
  }

  seek(at: TopicPartition, offset: number): void {
    const slot = this.#slots.get(partitionKey(at));
    if (slot !== undefined) moveTo(slot, offset);
  }

  /** Once; brokers that stay away longer than the request timeout are a failure too. */
  takeFailure(): TidemarkError | null {
    return this.#trouble.take();
  }

  /** What was read ahead, decoded. */
  take(): KafkaFetch[] {
    const fetches: KafkaFetch[] = [];
    for (const slot of this.#slots.values().toArray()) {
      if (slot.held) continue;
      let fetch: KafkaFetch | null;
      try {
        fetch = this.#takeSlot(slot);
      } catch (thrown) {
        // What was taken of others is behind their positions: it has to be handed over first.
        if (fetches.length === 0) throw thrown;
        this.#trouble.note(toTidemarkError(thrown, 'KAFKA_BROKER'), false);
        return fetches;
      }
      if (fetch === null) continue;
      this.#slots.delete(partitionKey(slot));
      this.#slots.set(partitionKey(slot), slot);
      fetches.push(fetch);
    }
    return fetches;
  }

  #takeSlot(slot: Slot): KafkaFetch | null {
    const { topic, partition, ahead, moved, position } = slot;
    slot.ahead = null;
    slot.moved = false;
    const from = { topic, partition, startOffset: slot.startOffset, endOffset: slot.endOffset };
    if (ahead === null) return moved ? { ...from, records: [], nextOffset: position } : null;
    const { isolation } = this.#options;
    const read = readRecordBatches(ahead.batches, position, isolation, ahead.aborted);
    if (read.nextOffset === position && ahead.batches.length > 0) {
      // Not one batch fits: the broker sends the first whole only to the first partition.
      slot.partitionBytes *= 2;
      return null;
    }
    slot.position = read.nextOffset;
    return { ...from, records: read.records, nextOffset: read.nextOffset };
  }

  /** Asks all brokers that are idle for what is not read ahead. */
  fetch(): void {
    const wanted = [...this.#slots.values()].filter(({ ahead, held }) => ahead === null && !held);
    if (wanted.some(({ leader }) => leader === NO_LEADER)) this.#lookForLeaders();
    const byLeader = Map.groupBy(wanted, ({ leader }) => leader);
    byLeader.delete(NO_LEADER);
    for (const [leader, slots] of byLeader) {
      if (!this.#busy.has(leader)) void this.#fetchFrom(leader, slots);
    }
  }

  async #fetchFrom(leader: number, slots: readonly Slot[]): Promise<void> {
    this.#busy.add(leader);
    const versions = slots.map(({ version }) => version);
    try {
      const connection = await this.#brokers.broker(leader);
      const answers = await sendFetch(connection, {
        maxWaitMs: MAX_WAIT_MS,
        maxBytes: this.#options.fetchMaxBytes,
        partitionBytes: Math.max(...slots.map(({ partitionBytes }) => partitionBytes)),
        isolation: this.#options.isolation,
        partitions: slots,
      }).catch((error: unknown) => {
        throw connectionError(error, `${connection.host}:${connection.port}`);
      });
      if (answers.errorCode !== 0) {
        throw kafkaError(answers.errorCode, this.#brokers.request('READ', 'Cluster'));
      }
      this.#recovered();
      const found = new Map(answers.partitions.map((answer) => [partitionKey(answer), answer]));
      for (const [i, slot] of slots.entries()) {
        const answer = found.get(partitionKey(slot));
        const valid = slot.version === versions[i] && this.#slots.get(partitionKey(slot)) === slot;
        if (valid && answer !== undefined) await this.#onAnswer(slot, answer);
      }
    } catch (thrown) {
      await this.#onTrouble(toTidemarkError(thrown, 'KAFKA_CONNECT'), slots);
    } finally {
      this.#busy.delete(leader);
      this.#changed();
    }
  }

  #recovered(): void {
    this.#trouble.passed();
    this.#backoff.reset();
  }

  async #onTrouble(error: TidemarkError, slots: readonly Slot[]): Promise<void> {
    for (const slot of slots) slot.leader = NO_LEADER;
    this.#trouble.note(error, error.retry !== 'stop');
    await systemClock.sleep(this.#backoff.nextDelayMs(), this.#brokers.signal);
  }

  async #onAnswer(slot: Slot, answer: FetchAnswer): Promise<void> {
    const error = kafkaErrorName(answer.errorCode);
    if (error === 'NONE') {
      const committed = this.#options.isolation === 'read_committed';
      slot.endOffset = committed ? answer.lastStableOffset : answer.highWatermark;
      slot.startOffset = answer.logStartOffset;
      if (answer.batches.length > 0) slot.ahead = answer;
    } else if (error === 'OFFSET_OUT_OF_RANGE') {
      await this.#onOutOfRange(slot);
    } else {
      slot.leader = NO_LEADER;
      if (isRetriableKafkaError(error)) return;
      throw kafkaError(error, this.#brokers.request('READ', `Topic:${slot.topic}`));
    }
  }

  /** Retention took what stood at the position: on from the start of the log. */
  async #onOutOfRange(slot: Slot): Promise<void> {
    const { version, position, topic, partition } = slot;
    const [start, end] = await Promise.all([
      offsetsAt(this.#brokers, [slot], 'earliest', 'read_uncommitted'),
      offsetsAt(this.#brokers, [slot], 'latest', 'read_uncommitted'),
    ]);
    const [first, last] = [start[0]?.offset ?? 0, end[0]?.offset ?? 0];
    if (slot.version !== version) return;
    if (position > last) {
      throw new TidemarkError(
        'OFFSET_OUT_OF_RANGE',
        `${topic}-${partition} is to be read from offset ${position}, it ends at ${last}: ` +
          'the topic was made anew, or its end was lost.',
      );
    }
    slot.leader = NO_LEADER;
    if (position >= first) return;
    moveTo(slot, first);
    slot.startOffset = first;
    slot.endOffset = last;
    slot.moved = true;
  }

  #lookForLeaders(): void {
    if (this.#looking) return;
    this.#looking = true;
    const slots = [...this.#slots.values()].filter(({ leader }) => leader === NO_LEADER);
    void this.#findLeaders(slots).finally(() => {
      this.#looking = false;
      this.#changed();
    });
  }

  async #findLeaders(slots: readonly Slot[]): Promise<void> {
    try {
      const { byLeader, failed } = await leadersOf(this.#brokers, slots);
      for (const [leader, led] of byLeader) for (const slot of led) slot.leader = leader;
      if (failed === null) return;
      await systemClock.sleep(this.#backoff.nextDelayMs(), this.#brokers.signal);
    } catch (thrown) {
      await this.#onTrouble(toTidemarkError(thrown, 'KAFKA_CONNECT'), []);
    }
  }
}

function moveTo(slot: Slot, offset: number): void {
  slot.position = offset;
  slot.ahead = null;
  slot.moved = false;
  slot.version++;
}
