import { must } from '../foundation/assert.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type {
  BinlogOrigin,
  ChangeOrigin,
  ChangeReceiver,
  MessageChange,
  RowChange,
  SchemaChange,
  SchemaStatement,
  SourceOffset,
  SourceReader,
  TruncateChange,
} from '../model/change-event.ts';
import type { Notification } from '../model/source-notification.ts';
import type { SourceSignal } from '../model/source-signal.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { HeldTopicView } from './held-topics.ts';
import type { PipelineSource } from './pipeline-source.ts';
import { PUBLISHER_LIMITS, RecordPublisher } from './record-publisher.ts';
import { ReselectingReceiver } from './reselecting-receiver.ts';
import { loadSourceOffset, staleOffset, toConnectEntries, withState } from './source-offset.ts';
import type { SourceTaskParts } from './source-task-parts.ts';

/**
 * Reads a source into the transport. The order durable → offset → confirm stands in
 * `RecordPublisher`; this class connects it with the reader and the encoders.
 */
export class SourceTask implements PipelineSource {
  readonly name: string;
  readonly #parts: SourceTaskParts;
  #reader: SourceReader | null = null;
  #publisher: RecordPublisher | null = null;
  #hasWorked = false;
  #storedOffset: SourceOffset | null = null;

  constructor(parts: SourceTaskParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  get reader(): SourceReader | null {
    return this.#reader;
  }

  /** The newest notifications, the newest last. */
  notifications(): readonly Notification[] {
    return this.#parts.notifications.newest();
  }

  /** Puts a signal into the topic of signals, whether the source runs or not. */
  async sendSignal(signal: SourceSignal): Promise<void> {
    if (await this.#parts.signals.send(signal)) return;
    throw new TidemarkError('CONFIG_INVALID', 'signal.enabled.channels has no kafka', {
      cure: 'Add kafka to signal.enabled.channels, or send the signal without a channel.',
    });
  }

  /** Hands a signal to the running reader. Throws NOT_RUNNING when there is none. */
  signal(signal: SourceSignal): void {
    const reader = this.#reader;
    if (reader?.signal === undefined || reader.status().phase === 'stopped') {
      throw new TidemarkError('NOT_RUNNING', 'the source does not run now');
    }
    this.#parts.logger.info(
      { channel: 'http', id: signal.id, type: signal.type },
      'signal received',
    );
    reader.signal(signal);
    // Before the stream there is no offset that it could stand in.
    if (reader.status().phase === 'streaming') this.#publisher?.touch();
  }

  /** The offset that is durable in the transport; null before the first one. */
  get storedOffset(): SourceOffset | null {
    return this.#storedOffset;
  }

  /** Why what was read cannot be stored now, although the reader is well; null: it can. */
  get waitsFor(): TidemarkError | null {
    return this.#publisher?.full ?? this.#parts.outage.waitsFor;
  }

  /** Changes of this process that became no record; null: the first one stops the source. */
  get deadLetters(): number | null {
    return this.#parts.letters?.failed ?? null;
  }

  /** Topics whose records wait for the registry to take their schema. */
  heldTopics(): readonly HeldTopicView[] {
    return this.#parts.held.views();
  }

  /**
   * Tells, whenever it is asked, whether all that the reader of now has handed over before is
   * durable. When that reader has failed, it never is: the next one begins at the stored offset.
   */
  watermark(): () => boolean {
    return this.#publisher?.watermark() ?? (() => false);
  }

  hasWorked(): boolean {
    return this.#hasWorked;
  }

  /** Puts the post processors between reader and receiver, the first of them next to the reader. */
  #withReselectors(
    receiver: TaskReceiver,
    opened: AsyncDisposableStack,
    signal: AbortSignal,
  ): { readonly first: ChangeReceiver; readonly isWaiting: () => boolean } {
    const hold = (held: boolean): void => receiver.publisher.hold(held);
    let first: ChangeReceiver = receiver;
    const chain: ReselectingReceiver[] = [];
    for (const reselector of this.#parts.openReselectors().toReversed()) {
      const next = new ReselectingReceiver(first, opened.use(reselector), hold, signal);
      chain.push(next);
      first = next;
    }
    return { first, isWaiting: () => chain.some(({ isWaiting }) => isWaiting) };
  }

  async run(signal: AbortSignal, started: () => void, healthy: () => void): Promise<void> {
    const { transport, partition, encoders, heartbeat, transactions } = this.#parts;
    const { notifications, signals, held, outage } = this.#parts;
    const found = await loadSourceOffset(transport, this.name, partition);
    const { offset: stored, warning } = found;
    if (warning !== null) this.#parts.logger.warn(warning);
    this.#hasWorked ||= stored !== null;
    this.#storedOffset = stored;
    encoders.forget();
    this.#parts.positions.restore(found.epoch);
    outage.begin(signal, () => this.#hasWorked);
    await held.prepare(stored, () => this.#hasWorked);
    await heartbeat?.prepare();
    await transactions?.prepare(stored);
    await notifications.prepare();
    await signals.prepare(stored);
    await this.#parts.letters?.prepare();
    await using reader = this.#parts.openReader();
    this.#reader = reader;
    const receiver = new TaskReceiver(this.#parts, reader, signal, (offset) => {
      this.#hasWorked = true;
      this.#storedOffset = offset;
      signals.durable(offset);
      healthy();
    });
    this.#publisher = receiver.publisher;
    notifications.begun((write) => {
      receiver.publisher.aside(write);
      receiver.holdIfWaiting();
    });
    const stopBeating = heartbeat?.start(() => {
      // Before the stream there is no position that a heartbeat could carry.
      if (reader.status().phase !== 'streaming') return;
      receiver.publisher.heartbeat((batch) => heartbeat.write(batch));
      receiver.holdIfWaiting();
    });
    const ended = new AbortController();
    const target = {
      isStreaming: () => reader.status().phase === 'streaming',
      signal: (asked: SourceSignal) => reader.signal?.(asked),
      changed: () => receiver.publisher.touch(),
    };
    const listening = signals.listen(target, AbortSignal.any([signal, ended.signal]));
    started();
    try {
      await using processors = new AsyncDisposableStack();
      const chain = this.#withReselectors(receiver, processors, signal);
      await reader.run(chain.first, stored, signal);
      // The reader has stopped at a clean end: what was handed over becomes durable and confirmed.
      if (!chain.isWaiting()) await receiver.flush();
    } catch (error) {
      if (stored === null || this.#storedOffset !== stored) throw error;
      throw await staleOffset(transport, this.name, stored, error);
    } finally {
      stopBeating?.();
      ended.abort();
      await listening;
      held.close();
      await receiver.publisher.close();
      await notifications.ended();
    }
  }
}

/** Turns the reader's calls into records. */
class TaskReceiver implements ChangeReceiver {
  readonly publisher: RecordPublisher;
  readonly #parts: SourceTaskParts;
  readonly #signal: AbortSignal;
  #inSnapshot = false;
  #firstRow = false;
  #durable: SourceOffset | null = null;

  constructor(
    parts: SourceTaskParts,
    reader: SourceReader,
    signal: AbortSignal,
    durable: (offset: SourceOffset) => void,
  ) {
    this.#parts = parts;
    this.#signal = signal;
    const { clock, logger, statistics, fault } = parts;
    this.publisher = new RecordPublisher(
      parts.transport,
      parts.name,
      {
        offset: () => this.#offset(reader.offset()),
        durable: (offset, records) => {
          this.#durable = offset;
          statistics.published(records, clock.nowMs());
          parts.onDurable(records);
          if (!this.#inSnapshot) reader.confirm(offset);
          else fault('snapshot.rows-appended');
          durable(offset);
        },
        fault,
      },
      { clock, logger, signal, limits: parts.limits ?? PUBLISHER_LIMITS },
    );
  }

  /** The counts of an open transaction belong to the events handed over so far, as the offset. */
  #offset(offset: SourceOffset): SourceOffset {
    return this.#withOwnState(withState(offset, this.#parts.transactions?.offset() ?? {}));
  }

  #withOwnState(offset: SourceOffset): SourceOffset {
    const { signals, held, positions } = this.#parts;
    return withState(offset, { ...signals.offset(), ...held.offset(), ...positions.offset() });
  }

  async logOpened(log: string, resumes: boolean): Promise<void> {
    const { positions, logger } = this.#parts;
    if (!positions.opened(log)) return;
    logger.info({ log, epoch: positions.epoch }, 'another log: positions count anew');
    if (!resumes) return;
    this.publisher.touch();
    await this.flush();
  }

  async snapshotStarted(tables: readonly TableSchema[], offset: SourceOffset): Promise<void> {
    const { transport, name, encoders, held, fault, logger, statistics, clock } = this.#parts;
    statistics.snapshotBegan(clock.nowMs());
    logger.info({ tables: tables.length }, 'snapshot starts');
    encoders.claimTopics(tables);
    const topics = await encoders.openTopics(tables);
    held.forget(topics);
    await transport.beginGeneration(topics, toConnectEntries(name, this.#withOwnState(offset)));
    this.#inSnapshot = true;
    this.#firstRow = true;
    fault('snapshot.intent-stored');
  }

  async snapshotCompleted(_offset: SourceOffset): Promise<void> {
    // The reader's offset() is the completed one by now: one write makes rows and offset durable.
    await this.flush();
    this.#inSnapshot = false;
    this.#parts.statistics.snapshotCompleted(this.#parts.clock.nowMs());
    this.#parts.logger.info('snapshot completed');
    this.#parts.fault('snapshot.completed');
  }

  /** From here on the source may be told what is durable, as after a restart. */
  snapshotReleased(): void {
    this.#inSnapshot = false;
    this.#parts.statistics.snapshotReleased(this.#parts.clock.nowMs());
  }

  schemaChanged(change: SchemaChange): Promise<void> | undefined {
    this.#parts.statistics.schemaChanged(change, this.#parts.clock.nowMs());
    return this.#parts.encoders.prepare(change.table);
  }

  row(change: RowChange): void {
    if (this.#firstRow && change.op === 'r') {
      this.#firstRow = false;
      this.#parts.fault('snapshot.first-row');
    }
    const { encoders, transactions } = this.#parts;
    transactions?.enter(change, this.publisher.batch);
    const encoder = encoders.of(change.table);
    try {
      encoder.row(change, this.publisher.batch);
    } catch (error) {
      const { letters } = this.#parts;
      if (letters === undefined) throw error;
      letters.row(change, error, this.publisher.batch);
    }
    if (encoders.isWaiting) this.publisher.hold(true);
    this.#parts.statistics.row(change);
  }

  truncate(change: TruncateChange): void {
    this.#parts.transactions?.enter(change, this.publisher.batch);
    const { encoders } = this.#parts;
    encoders.of(change.table).truncate(change, this.publisher.batch);
    if (encoders.isWaiting) this.publisher.hold(true);
    this.#parts.statistics.truncated();
  }

  message(change: MessageChange): Promise<void> | undefined {
    const { messages, statistics, transactions } = this.#parts;
    return this.#after(messages.prepare(), () => {
      transactions?.enter(change, this.publisher.batch);
      messages.write(change, this.publisher.batch);
      statistics.message();
    });
  }

  statement(statement: SchemaStatement): Promise<void> | undefined {
    const { statements } = this.#parts;
    const write = (): void => statements?.write(statement, this.publisher.batch);
    return this.#after(statements?.prepare(), write);
  }

  #after(wait: Promise<void> | undefined, write: () => void): Promise<void> | undefined {
    if (wait !== undefined) return wait.then(() => this.#after(undefined, write));
    write();
    this.holdIfWaiting();
    return undefined;
  }

  began(origin: BinlogOrigin): void {
    this.#parts.transactions?.enter(origin, this.publisher.batch);
    this.holdIfWaiting();
  }

  committed(origin: ChangeOrigin): void {
    const { transactions } = this.#parts;
    transactions?.leave(origin, this.publisher.batch);
    if (transactions !== null) this.holdIfWaiting();
    this.#parts.statistics.committed(origin);
  }

  /** A transform made a record wait for its topic or schema: `settle` makes and writes it. */
  holdIfWaiting(): void {
    if (this.#parts.encoders.isWaiting) this.publisher.hold(true);
  }

  settle(more: boolean): Promise<void> | undefined {
    const { encoders, held } = this.#parts;
    encoders.nextChunk();
    if (encoders.isWaiting) return this.#drained().then(() => this.publisher.settle(more));
    if (held.isDue && !this.publisher.isHeld && this.publisher.mayFlush) {
      return this.#release().then(() => this.publisher.settle(more));
    }
    return this.publisher.settle(more);
  }

  /** The reader waits meanwhile: nothing comes between records that were held. */
  async #release(): Promise<void> {
    const { transport, name, encoders, held } = this.#parts;
    const released = await held.release(
      {
        output: () => this.publisher.batch,
        settle: () => this.publisher.settle(true),
        flush: () => this.publisher.flush(),
        empty: (topic) => {
          const stored = toConnectEntries(name, must(this.#durable, 'an offset was stored'));
          return transport.beginGeneration([topic], stored);
        },
      },
      this.#signal,
    );
    await encoders.released(released);
  }

  /** Everything handed over so far becomes durable. */
  async flush(): Promise<void> {
    await this.#drained();
    await this.publisher.flush();
  }

  /** Transforms may name topics and schemas that have to be made first: their records wait. */
  async #drained(): Promise<void> {
    await this.#parts.encoders.drain(() => this.publisher.batch, this.#signal);
    this.publisher.hold(false);
  }
}
