import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { SourceOffset, SourceReader } from '../model/change-event.ts';
import type { Notification } from '../model/source-notification.ts';
import type { SourceSignal } from '../model/source-signal.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { GateRelease } from './gate-release.ts';
import { heldTables } from './gate-views.ts';
import type { HeldTopicView } from './held-topics.ts';
import type { PipelineSource } from './pipeline-source.ts';
import type { RecordPublisher } from './record-publisher.ts';
import { ReplayReceiver } from './replay-receiver.ts';
import { reselecting } from './reselecting-receiver.ts';
import { loadSourceOffset, staleOffset } from './source-offset.ts';
import { isHealed } from './source-gap-alerts.ts';
import type { SourceTaskParts } from './source-task-parts.ts';
import { TaskReceiver } from './task-receiver.ts';

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
  /** Of this life: it ends to begin anew. */
  #life = new AbortController();
  /** The server had lost the slot when the life before ended. */
  #sawLoss = false;
  /** What tables wait for is not in the log of the server any more: the next life decides. */
  #lostLog = false;
  /** This life reads the log of the server again, from where tables wait in it. */
  #readsAgain = false;

  constructor(parts: SourceTaskParts) {
    this.name = parts.name;
    this.#parts = parts;
    const { gates } = parts;
    if (gates !== undefined) gates.replay.onDue = () => this.#life.abort();
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
    const isThere = reader !== null && reader.status().phase !== 'stopped' && !this.#readsAgain;
    if (!isThere || reader.signal === undefined) {
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

  /** Topics whose records wait, for the registry to take their schema or for somebody's answer. */
  heldTopics(): readonly HeldTopicView[] {
    return [...this.#parts.held.views(), ...heldTables(this.#parts.gates?.release.views() ?? [])];
  }

  get holds(): GateRelease | null {
    return this.#parts.gates?.release ?? null;
  }

  /**
   * Tells, whenever it is asked, whether all that the reader of now has handed over before is
   * durable. When that reader has failed, it never is: the next one begins at the stored offset.
   */
  watermark(): () => boolean {
    return this.#publisher?.watermark() ?? (() => false);
  }

  topicOf(table: TableSchema): string {
    return this.#parts.encoders.topicOf(table);
  }

  hasWorked(): boolean {
    return this.#hasWorked;
  }

  /** The next life does it, at once. */
  giveUpSlot(reason: string): void {
    const { surrender = null } = this.#parts;
    if (surrender === null) return;
    surrender.ask(reason);
    this.#life.abort();
  }

  async run(stop: AbortSignal, started: () => void, healthy: () => void): Promise<void> {
    const well = (): void => {
      this.#sawLoss = false;
      healthy();
    };
    for (;;) {
      this.#life = new AbortController();
      const { signal } = this.#life;
      try {
        const goesOn = await this.#live(AbortSignal.any([stop, signal]), started, well);
        if (stop.aborted || (!signal.aborted && !goesOn)) return;
      } catch (error) {
        if (stop.aborted) throw error;
        if (!signal.aborted && !this.#isLostLog(error) && !this.#mayHeal(error)) throw error;
      }
    }
  }

  /** The next life begins where the first table waits, and does what it does in such a case. */
  #isLostLog(error: unknown): boolean {
    this.#lostLog = this.#readsAgain && LOST_LOG.has(toTidemarkError(error).code);
    if (this.#lostLog) this.#parts.logger.error({ error }, 'what tables wait for is lost');
    return this.#lostLog;
  }

  /** A slot that the server took away while it was read: the next life looks what is left. */
  #mayHeal(error: unknown): boolean {
    const isLoss = toTidemarkError(error).code === 'PG_SLOT_LOST';
    const isNew = isLoss && !this.#sawLoss && (this.#parts.surrender ?? null) !== null;
    this.#sawLoss = isLoss;
    return isNew;
  }

  #healed(): void {
    this.#parts.logger.warn('all tables are read again: the gap is healed');
    this.#parts.fault('gap.healed');
  }

  /** True: another life is to follow. */
  async #live(signal: AbortSignal, started: () => void, healthy: () => void): Promise<boolean> {
    const { transport, partition, notifications, held, gates } = this.#parts;
    const found = await loadSourceOffset(transport, this.name, partition);
    const stored = found.offset;
    if (found.warning !== null) this.#parts.logger.warn(found.warning);
    this.#hasWorked ||= stored !== null;
    this.#storedOffset = stored;
    this.#parts.positions.restore(found.epoch);
    const from = await this.#prepare(stored, signal);
    await using reader = this.#parts.openReader(this.#readsAgain);
    if (stored !== null) reader.keep?.(stored);
    this.#reader = reader;
    const wake = (): void => reader.nudge?.();
    const durable = (offset: SourceOffset): void => this.#durable(offset, healthy);
    const end = new AbortController();
    const receiver = this.#readsAgain
      ? new ReplayReceiver(this.#parts, reader, signal, {
          wake,
          durable,
          reached: () => end.abort(),
        })
      : new TaskReceiver(this.#parts, reader, signal, wake, durable);
    this.#publisher = receiver.publisher;
    gates?.release.begin(wake, () => reader.logEnd());
    notifications.begun((write) => {
      receiver.publisher.aside(write);
      receiver.holdIfWaiting();
    });
    const beside = this.#besideReader(reader, receiver, signal);
    started();
    try {
      await using processors = new AsyncDisposableStack();
      const reselectors = this.#parts.openReselectors().map((one) => processors.use(one));
      const hold = (isHeld: boolean): void => receiver.publisher.hold(isHeld);
      const chain = reselecting(receiver, reselectors, hold, signal);
      await reader.run(chain.first, from, AbortSignal.any([signal, end.signal]));
      if (end.signal.aborted) await gates?.replay.end();
      // The reader has stopped at a clean end: what was handed over becomes durable and confirmed.
      if (!chain.isWaiting() || end.signal.aborted) await receiver.flush();
    } catch (error) {
      if (stored === null || this.#storedOffset !== stored) throw error;
      throw await staleOffset(transport, this.name, stored, error);
    } finally {
      if (receiver instanceof ReplayReceiver) receiver.close();
      await beside.end();
      held.close();
      gates?.release.close();
      await receiver.publisher.close();
      await notifications.ended();
    }
    if (end.signal.aborted) this.#parts.fault('gate.released');
    return end.signal.aborted;
  }

  /** What stands beside the reader goes on where the stored offset stands. Returns from where. */
  async #prepare(stored: SourceOffset | null, signal: AbortSignal): Promise<SourceOffset | null> {
    const { encoders, heartbeat, transactions, notifications, signals, held, outage, gates } =
      this.#parts;
    encoders.forget();
    outage.begin(signal, () => this.#hasWorked);
    await held.prepare(stored, () => this.#hasWorked);
    await gates?.tables.prepare(stored);
    const from = gates === undefined ? stored : await this.#begin(gates, stored);
    await heartbeat?.prepare();
    await transactions?.prepare(from);
    await notifications.prepare();
    await signals.prepare(stored);
    await this.#parts.letters?.prepare();
    return from;
  }

  /** Where this life begins: an ordinary one where the tables are that do not wait. */
  async #begin(
    { tables, replay }: NonNullable<SourceTaskParts['gates']>,
    stored: SourceOffset | null,
  ): Promise<SourceOffset | null> {
    if (this.#lostLog) tables.source.clear();
    this.#lostLog = false;
    const released = replay.released();
    this.#readsAgain = released.length > 0;
    if (!this.#readsAgain) return tables.source.ahead ?? stored;
    const names = released.join(', ');
    this.#parts.logger.info({ tables: released }, `the log is read again for ${names}`);
    const from = await replay.begin(released);
    this.#parts.fault('gate.releasing');
    return from;
  }

  #durable(offset: SourceOffset, healthy: () => void): void {
    const wasHealed = isHealed(this.#storedOffset, offset);
    this.#hasWorked = true;
    this.#storedOffset = offset;
    this.#parts.signals.durable(offset);
    healthy();
    if (wasHealed) this.#healed();
  }

  /** Heartbeats and signals; none while the log is read again, which has passed them before. */
  #besideReader(
    reader: SourceReader,
    receiver: TaskReceiver,
    signal: AbortSignal,
  ): { end(): Promise<void> } {
    if (this.#readsAgain) return { end: () => Promise.resolve() };
    const { heartbeat, signals } = this.#parts;
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
    return {
      async end() {
        stopBeating?.();
        ended.abort();
        await listening;
      },
    };
  }
}

/** The server has no more of its log what would be read. */
const LOST_LOG: ReadonlySet<string> = new Set([
  'PG_SLOT_LOST',
  'MYSQL_BINLOG_LOST',
  'MYSQL_POSITION',
  'MYSQL_GTID_DIVERGED',
]);
