import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { SinkPosition, SinkRecord } from '../model/sink-record.ts';
import type {
  Consumer,
  FetchedRecords,
  TopicPartition,
  Transport,
} from '../transport/transport.ts';
import { sizeOf } from '../transport/log-record.ts';
import { AppliedTransactions } from './applied-transactions.ts';
import type { Logger } from './logger.ts';
import type { PlainParts } from './plain-parts.ts';
import { partitionKey } from './sink-partitions.ts';
import { decodeSinkRecords, type SinkConverters } from './sink-records.ts';
import type { SinkTransforms } from './sink-transforms.ts';
import type { AssembledRecords, ReadRecord } from './assembled-records.ts';
import { TransactionAssembler } from './transaction-assembler.ts';
import { TransactionCuts } from './transaction-cuts.ts';
import { isChange, membershipOf, transactionMark } from './transaction-membership.ts';

/** What `transaction.mode: source` is told; see the options. */
export interface TransactionSettings {
  readonly metadataTopic: string;
  /** The topic of a data collection (`schema.table`), whether or not the sink reads it. */
  readonly topicOf: (collection: string) => string;
  readonly maxRows: number;
  readonly bufferBytes: number;
  /** How long a transaction may wait before somebody is told. */
  readonly waitMs: number;
}

/** What the mode has of the sink around it. */
export interface WholeTransactionsParts {
  readonly name: string;
  readonly settings: TransactionSettings;
  readonly consumes: (topic: string) => boolean;
  readonly transport: Transport;
  readonly converters: SinkConverters;
  readonly transforms: SinkTransforms | null;
  readonly plain: PlainParts | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the status shows of transactions. */
export interface TransactionsView {
  /** Begun in the log and not applied. */
  readonly open: number;
  /** Of their records, as the log has them. */
  readonly waitingBytes: number;
  /** Of the next one to be applied; null: none waits. */
  readonly oldestWaitMs: number | null;
  /** What the next one waits for, once that has taken `transaction.wait.ms`; null: nothing. */
  readonly waitsFor: string | null;
  /** Transactions that readers may have seen in parts, this process. */
  readonly inParts: number;
}

/** Characters of a position that a transaction's changes share: epoch and commit. */
const COMMIT_LENGTH = 25;

/** What fails here fails the sink: without it no transaction is whole. */
const PASSED_ON = { failures: false, bytes: false };

const NOTHING: TransactionsView = {
  open: 0,
  waitingBytes: 0,
  oldestWaitMs: null,
  waitsFor: null,
  inParts: 0,
};

/**
 * One life of a sink's reading with `transaction.mode: source`: what was polled goes in, what may
 * be applied at once comes out.
 *
 * Reading begins where the group stands, not where the target does: between whole transactions,
 * though of one that was applied in parts the target may have some. The target leaves out what it
 * has, so that nothing is applied twice.
 */
export class WholeTransactions {
  readonly #parts: WholeTransactionsParts;
  readonly #cuts: TransactionCuts;
  #assembler: TransactionAssembler;
  #isBegun = false;
  /** What the target has of the transactions; null: of some, parts. */
  #durable: number | null = null;
  #waitsFor: string | null = null;
  #askedAtMs = 0;
  #inParts = 0;
  /** Topics that were told to have changes without the block. */
  readonly #blockless = new Set<string>();

  constructor(parts: WholeTransactionsParts) {
    this.#parts = parts;
    this.#cuts = new TransactionCuts(parts.transport.documents, parts.name);
    this.#assembler = this.#newAssembler(new AppliedTransactions());
  }

  #newAssembler(applied: AppliedTransactions): TransactionAssembler {
    const { settings, consumes, logger } = this.#parts;
    const { topicOf, maxRows, bufferBytes } = settings;
    const warn = (text: string, transaction: string): void => {
      logger.warn({ transaction }, `transaction ${transaction} ${text}`);
    };
    return new TransactionAssembler(
      {
        topicOf: (collection) => {
          const topic = topicOf(collection);
          return consumes(topic) ? topic : null;
        },
        maxRows,
        bufferBytes,
        alert: (text, transaction) => {
          this.#inParts++;
          warn(text, transaction);
        },
        warn,
      },
      applied,
    );
  }

  get view(): TransactionsView {
    const assembler = this.#assembler;
    const awaited = assembler.awaited();
    if (awaited === null) return { ...NOTHING, inParts: this.#inParts };
    return {
      open: assembler.openTransactions,
      waitingBytes: assembler.bytes,
      oldestWaitMs: Math.max(0, this.#parts.clock.monotonicMs() - awaited.sinceMs),
      waitsFor: this.#waitsFor,
      inParts: this.#inParts,
    };
  }

  /** See `TransactionAssembler.ahead`. */
  ahead(): ReadonlySet<string> {
    return this.#assembler.ahead();
  }

  committing(consumer: Consumer): Pick<Consumer, 'commit'> {
    return this.#cuts.committing(consumer, () =>
      this.#durable === null ? null : this.#assembler.applied.upTo(this.#durable),
    );
  }

  /** Partitions that were taken, and where the target is with them. */
  async begin(consumer: Consumer, taken: ReadonlyMap<string, SinkPosition | null>): Promise<void> {
    if (taken.size === 0) return;
    const assigned = consumer.assignment().filter((at) => taken.has(partitionKey(at)));
    const at = assigned.map(({ topic, partition, generation, position }) => {
      return { topic, partition, generation, offset: position };
    });
    this.#checkMetadata(at);
    await this.#checkAlone(consumer);
    const known = this.#cuts.find(at);
    if (known !== null && !this.#isBegun) {
      this.#assembler = this.#newAssembler(new AppliedTransactions(known.applied));
    }
    this.#isBegun = true;
    for (const one of at) this.#assembler.begin(one, this.#isMetadata(one));
    const isNew = [...taken.values()].every((position) => position === null);
    if (known === null && !isNew && !(await this.#isAtStart(at))) await this.#join(at);
  }

  /**
   * Two members of a group have a part of the partitions each, and no transaction would be whole;
   * worse, a part at a place that nobody knows looks like a log that was read without this mode.
   * A topic that another member has whole is missed where a transaction waits for it.
   */
  async #checkAlone(consumer: Consumer): Promise<void> {
    const { metadataTopic } = this.#parts.settings;
    const described = await this.#parts.transport.describeTopic(metadataTopic);
    const topics = consumer.assignment().map(({ topic }) => topic);
    if (described !== null) topics.push(metadataTopic);
    const missing = await this.#unassigned(topics, consumer);
    if (missing === null) return;
    throw new TidemarkError(
      'SINK_TRANSACTION',
      `transactions are read in parts, without ${missing}`,
    );
  }

  /** All that there is will be read: then no transaction has parts before it. */
  async #isAtStart(at: readonly SinkPosition[]): Promise<boolean> {
    for (const { topic, partition, offset } of at) {
      const described = await this.#parts.transport.describeTopic(topic);
      const start = described?.partitions.find((one) => one.partition === partition)?.startOffset;
      if (offset > (start ?? 0)) return false;
    }
    return true;
  }

  /** Rows are in the target of a time when nobody looked at transactions. */
  async #join(at: readonly SinkPosition[]): Promise<void> {
    const { transport, logger } = this.#parts;
    const ends = new Map<string, number>();
    for (const topic of new Set(at.map((one) => one.topic))) {
      const described = await transport.describeTopic(topic);
      for (const { partition, endOffset } of described?.partitions ?? []) {
        ends.set(partitionKey({ topic, partition }), endOffset);
      }
    }
    this.#assembler.join(ends);
    const text = 'whole transactions begin behind what is in the log by now; until then records ';
    logger.warn(`${text}are applied as they come, for the sink has read it before without them`);
  }

  /** The order of the transactions is that of one partition. */
  #checkMetadata(at: readonly TopicPartition[]): void {
    const others = at.filter((one) => this.#isMetadata(one) && one.partition > 0);
    if (others.length === 0) return;
    const topic = this.#parts.settings.metadataTopic;
    throw new TidemarkError('SINK_TRANSACTION', `${topic} has ${others.length + 1} partitions`, {
      cure: 'The order of transactions is only in one: make the topic anew with one partition.',
    });
  }

  #isMetadata({ topic }: Pick<TopicPartition, 'topic'>): boolean {
    return topic === this.#parts.settings.metadataTopic;
  }

  /** Takes in what was polled; `at` is where each partition is read next. */
  async read(fetched: readonly FetchedRecords[], at: readonly SinkPosition[]): Promise<void> {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const batch of fetched) {
      const next = { ...positionOf(batch), offset: batch.nextOffset };
      if (this.#isMetadata(batch)) await this.#readMetadata(batch, next, nowMs);
      else this.#assembler.read(next, await this.#decoded(batch), nowMs);
    }
    const read = new Set(fetched.map(partitionKey));
    for (const one of at) {
      if (read.has(partitionKey(one))) continue;
      if (this.#isMetadata(one)) this.#assembler.readMetadata(one);
      else this.#assembler.read(one, [], nowMs);
    }
  }

  async #readMetadata(batch: FetchedRecords, next: SinkPosition, nowMs: number): Promise<void> {
    for (const { value, offset } of await this.#plain(batch)) {
      const mark = transactionMark(value);
      if (mark !== null) this.#assembler.mark(mark, offset, nowMs);
    }
    this.#assembler.readMetadata(next);
  }

  #plain(batch: FetchedRecords): Promise<readonly SinkRecord[]> {
    const { converters, plain } = this.#parts;
    return decodeSinkRecords([batch], converters, null, false, { ...PASSED_ON, plain });
  }

  async #decoded(batch: FetchedRecords): Promise<readonly ReadRecord[]> {
    const { transforms } = this.#parts;
    const plain = await this.#plain(batch);
    return plain.map((record, i): ReadRecord => {
      const log = batch.records[i] as FetchedRecords['records'][number];
      const membership = membershipOf(record.value);
      if (membership === null && isChange(record.value)) this.#tellBlockless(record.topic);
      return {
        record: transforms === null ? record : transforms.transform(record, log.headers),
        membership,
        isTombstone: log.value === null,
        offset: log.offset,
        bytes: sizeOf(log) + 64,
        position: record.position?.slice(0, COMMIT_LENGTH) ?? null,
      };
    });
  }

  #tellBlockless(topic: string): void {
    if (this.#blockless.has(topic)) return;
    this.#blockless.add(topic);
    const text = 'changes without the block `transaction` (provide.transaction.metadata was off';
    this.#parts.logger.warn({ topic }, `${topic} has ${text} then): applied as they come`);
  }

  /** What may be applied now; null: nothing. */
  take(): (AssembledRecords & { readonly onApplied: () => void }) | null {
    const next = this.#assembler.take();
    if (next === null) return null;
    const onApplied = (): void => {
      if (next.cut !== null) this.#durable = next.applied;
    };
    return { ...next, onApplied };
  }

  /**
   * To be called when nothing more can be applied: tells what is waited for. Throws
   * SINK_TRANSACTION where it cannot come.
   */
  async look(consumer: Consumer): Promise<void> {
    const { clock, settings } = this.#parts;
    const awaited = this.#assembler.awaited();
    const nowMs = clock.monotonicMs();
    const isLong = awaited !== null && nowMs - awaited.sinceMs >= settings.waitMs;
    if (!isLong) this.#waitsFor = null;
    if (!isLong || nowMs - this.#askedAtMs < settings.waitMs) return;
    this.#askedAtMs = nowMs;
    const { metadataTopic } = settings;
    const topics = [metadataTopic, ...awaited.topics.map(({ topic }) => topic)];
    const missing = await this.#unassigned(topics, consumer);
    if (missing !== null) {
      throw new TidemarkError('SINK_TRANSACTION', `${awaited.id} waits for ${missing}`);
    }
    if (await this.#isReadToItsEnd(metadataTopic, consumer)) {
      this.#assembler.giveUp(nowMs - settings.waitMs);
    }
    const waits = awaited.topics.map(({ topic, missing: left }) => `${left} records of ${topic}`);
    const what = waits.length === 0 ? `its END in ${metadataTopic}` : waits.join(', ');
    this.#waitsFor = `transaction ${awaited.id} waits for ${what}`;
    this.#assembler.tellAwaited(`waits for ${what}`);
  }

  /** A topic that is not there, or a partition of it that another member of the group has. */
  async #unassigned(topics: readonly string[], consumer: Consumer): Promise<string | null> {
    const own = new Set(consumer.assignment().map(partitionKey));
    for (const topic of new Set(topics)) {
      const described = await this.#parts.transport.describeTopic(topic);
      if (described === null) return `${topic}, which is not there`;
      for (const { partition } of described.partitions) {
        const key = partitionKey({ topic, partition });
        if (!own.has(key)) return `${key}, which another member of the group reads`;
      }
    }
    return null;
  }

  async #isReadToItsEnd(topic: string, consumer: Consumer): Promise<boolean> {
    const described = await this.#parts.transport.describeTopic(topic);
    const end = described?.partitions[0]?.endOffset ?? 0;
    const at = consumer.assignment().find((one) => one.topic === topic);
    return at !== undefined && at.position >= end;
  }
}

function positionOf({
  topic,
  partition,
  generation,
}: FetchedRecords): Omit<SinkPosition, 'offset'> {
  return { topic, partition, generation };
}
