import { must } from '../foundation/assert.ts';
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
import type { GapStep, SourceGap } from '../model/source-gap.ts';
import { tableName, type TableSchema } from '../model/table-schema.ts';
import type { RecordBatch } from '../transport/record-batch.ts';
import type { GateTarget } from './gate-release.ts';
import type { ReleaseTarget } from './held-topics.ts';
import { PUBLISHER_LIMITS, RecordPublisher } from './record-publisher.ts';
import { toConnectEntries, withState } from './source-offset.ts';
import { gapAlert } from './source-gap-alerts.ts';
import type { SourceTaskParts } from './source-task-parts.ts';

/** Turns the reader's calls into records. */
export class TaskReceiver implements ChangeReceiver {
  readonly publisher: RecordPublisher;
  readonly #parts: SourceTaskParts;
  readonly #signal: AbortSignal;
  /** Has the reader call `settle`, also while the source is quiet. */
  readonly #wake: () => void;
  #inSnapshot = false;
  #firstRow = false;
  /** The event that is told now. */
  #event: ChangeOrigin | null = null;
  #durable: SourceOffset | null = null;

  constructor(
    parts: SourceTaskParts,
    reader: SourceReader,
    signal: AbortSignal,
    wake: () => void,
    durable: (offset: SourceOffset) => void,
  ) {
    this.#parts = parts;
    this.#wake = wake;
    this.#signal = signal;
    const { clock, logger, statistics, fault } = parts;
    const { gates, transactions } = parts;
    if (gates !== undefined) {
      gates.tables.place = {
        ofChange: () => this.#reached(reader.offset()),
        ofEvent: (isCounted) => {
          const event = must(this.#event, 'an event that is told');
          const at = gates.tables.parts.places.beforeEvent(event, reader.offset());
          const table = 'table' in event ? (event as RowChange).table.id : null;
          if (!isCounted || table === null) return this.#reached(at);
          return withState(at, transactions?.offsetBefore(table) ?? {});
        },
      };
    }
    this.publisher = new RecordPublisher(
      parts.transport,
      parts.name,
      {
        offset: () => this.#offset(reader.offset()),
        durable: (offset, records) => {
          this.#durable = offset;
          parts.gates?.tables.durable(offset);
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
    const reached = this.#reached(offset);
    return this.#withOwnState(this.#parts.gates?.tables.source.stored(reached) ?? reached);
  }

  #reached(offset: SourceOffset): SourceOffset {
    return withState(offset, this.#parts.transactions?.offset() ?? {});
  }

  #withOwnState(offset: SourceOffset): SourceOffset {
    const { signals, held, positions, gates } = this.#parts;
    const own = { ...signals.offset(), ...held.offset(), ...positions.offset() };
    return withState(offset, { ...own, ...gates?.tables.offset() });
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
    await this.#parts.gates?.tables.begin(tables);
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

  /** What is told of a gap is durable before the slot goes, and the gap before the stream. */
  async gapReached(step: GapStep, gap: SourceGap): Promise<void> {
    const { name, clock, fault, outlet, transactions } = this.#parts;
    if (step === 'intended') await this.#parts.gates?.replay.leaveLog();
    if (step === 'intended' || step === 'marked') {
      this.publisher.touch();
      await this.flush();
    }
    // Behind the offset, which a full store takes as long as no record comes with it.
    if (step === 'marked') transactions?.interrupted(this.publisher.batch);
    if (step === 'intended') await outlet?.raise(gapAlert(gap, name, clock.nowMs()));
    fault(`gap.${step}`);
  }

  schemaChanged(change: SchemaChange): Promise<void> | undefined {
    const { encoders, gates, statistics, clock } = this.#parts;
    // Rows of the new shape are not to overtake those that wait for the old one's topic or schema.
    if (encoders.isWaiting) return this.#settled().then(() => this.schemaChanged(change));
    statistics.schemaChanged(change, clock.nowMs());
    const { table } = change;
    if (gates === undefined) return encoders.prepare(table);
    return gates.tables
      .changed(change, () => this.publisher.batch, this.isOfBefore(change))
      .then(() => {
        if (gates.tables.isClosed(tableName(table.id))) encoders.closed(table.id);
        return encoders.prepare(table);
      });
  }

  /** The shape is one of rows that went out before, or wait. */
  protected isOfBefore({ again }: SchemaChange): boolean {
    return again === true;
  }

  row(change: RowChange): void {
    if (this.#firstRow && change.op === 'r') {
      this.#firstRow = false;
      this.#parts.fault('snapshot.first-row');
    }
    const { encoders, transactions } = this.#parts;
    this.#event = change;
    transactions?.enter(change, this.transactionOutput());
    const encoder = encoders.of(change.table);
    try {
      encoder.row(change, this.publisher.batch);
    } catch (error) {
      const { letters } = this.#parts;
      if (letters === undefined) throw error;
      letters.row(change, error, this.publisher.batch);
    }
    this.holdIfWaiting();
    this.#parts.statistics.row(change);
  }

  truncate(change: TruncateChange): void {
    this.#event = change;
    this.#parts.transactions?.enter(change, this.transactionOutput());
    const { encoders, gates } = this.#parts;
    const goesOut = gates?.tables.truncated(change) !== false;
    if (gates?.tables.isPending === true) encoders.closed(change.table.id);
    if (goesOut) encoders.of(change.table).truncate(change, this.publisher.batch);
    else this.count(change);
    this.holdIfWaiting();
    this.#parts.statistics.truncated();
    const { schemaAlerts } = this.#parts;
    if (schemaAlerts === undefined || change.family !== 'postgres') return;
    schemaAlerts.truncated(change);
    // No offset behind it is stored before it is told.
    this.publisher.hold(true);
  }

  message(change: MessageChange): Promise<void> | undefined {
    const { messages, statistics, transactions } = this.#parts;
    return this.#after(messages.prepare(), () => {
      transactions?.enter(change, this.transactionOutput());
      messages.write(change, this.publisher.batch);
      statistics.message();
    });
  }

  /** An event of which no record goes out is one of its transaction nevertheless. */
  count(change: RowChange | TruncateChange): void {
    const { transactions } = this.#parts;
    transactions?.enter(change, this.transactionOutput());
    transactions?.block(change, change.table.id);
  }

  /** What begins and ends transactions goes there. */
  protected transactionOutput(): RecordBatch {
    return this.publisher.batch;
  }

  statement(statement: SchemaStatement): Promise<void> | undefined {
    const { statements } = this.#parts;
    const write = (): void => statements?.write(statement, this.publisher.batch);
    return this.#after(statements?.prepare(), write);
  }

  #after(wait: Promise<void> | undefined, write: () => void): Promise<void> | undefined {
    if (wait !== undefined) {
      // The reader has counted it: an offset of now would lie behind what is written nowhere.
      const { isHeld } = this.publisher;
      this.publisher.hold(true);
      return wait.then(() => {
        this.publisher.hold(isHeld);
        return this.#after(undefined, write);
      });
    }
    write();
    this.holdIfWaiting();
    return undefined;
  }

  began(origin: BinlogOrigin): void {
    this.#parts.transactions?.enter(origin, this.transactionOutput());
    this.holdIfWaiting();
  }

  committed(origin: ChangeOrigin): void {
    const { transactions } = this.#parts;
    transactions?.leave(origin, this.transactionOutput());
    if (transactions !== null) this.holdIfWaiting();
    this.#parts.statistics.committed(origin);
  }

  /**
   * A transform made a record wait for its topic or schema, or a table waits from here on and that
   * is not stored yet: `settle` sees to it.
   */
  holdIfWaiting(): void {
    const { encoders, gates } = this.#parts;
    if (encoders.isWaiting || gates?.tables.isPending === true) this.publisher.hold(true);
  }

  settle(more: boolean): Promise<void> | undefined {
    const { encoders, held, schemaAlerts, gates } = this.#parts;
    const telling = schemaAlerts?.settled() ?? gates?.tables.settled();
    if (telling !== undefined) return this.#told(telling).then(() => this.settle(more));
    encoders.nextChunk();
    if (encoders.isWaiting) return this.#drained().then(() => this.publisher.settle(more));
    if (held.isDue && !this.publisher.isHeld && this.publisher.mayFlush) {
      return this.#release().then(() => this.publisher.settle(more));
    }
    if (gates?.release.isDue === true && !this.publisher.isHeld && this.publisher.mayFlush) {
      return gates.release
        .release(this.#gateTarget(), this.#signal)
        .then(() => this.publisher.settle(more));
    }
    return this.publisher.settle(more);
  }

  /** The reader waits meanwhile: nothing comes between records that were held. */
  async #release(): Promise<void> {
    const { encoders, held } = this.#parts;
    const released = await held.release(this.#releaseTarget(), this.#signal);
    await encoders.released(released);
  }

  #releaseTarget(): ReleaseTarget {
    return {
      output: () => this.publisher.batch,
      settle: () => this.publisher.settle(true),
      flush: () => this.publisher.flush(),
      empty: (topic) => {
        const { transport, name } = this.#parts;
        const stored = toConnectEntries(name, must(this.#durable, 'an offset was stored'));
        return transport.beginGeneration([topic], stored);
      },
    };
  }

  #gateTarget(): GateTarget {
    return {
      ...this.#releaseTarget(),
      drain: () => this.#parts.encoders.drain(() => this.publisher.batch, this.#signal),
      freeze: (frozen) => this.publisher.hold(frozen),
      opened: (table) => this.#parts.encoders.opened(table),
      wake: () => this.#wake(),
    };
  }

  async #told(telling: Promise<void>): Promise<void> {
    await telling;
    this.publisher.hold(this.#parts.encoders.isWaiting);
  }

  /** Everything handed over so far becomes durable. */
  async flush(): Promise<void> {
    await this.#settled();
    await this.publisher.flush();
  }

  /** Nothing that was handed over waits for anything any more. */
  async #settled(): Promise<void> {
    await this.#parts.schemaAlerts?.settled();
    await this.#parts.gates?.tables.settled();
    await this.#drained();
  }

  /** Transforms may name topics and schemas that have to be made first: their records wait. */
  async #drained(): Promise<void> {
    await this.#parts.encoders.drain(() => this.publisher.batch, this.#signal);
    this.publisher.hold(false);
  }
}
