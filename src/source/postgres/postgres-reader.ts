import os from 'node:os';
import path from 'node:path';
import { quoteLiteral } from '../../../dialects/postgres/postgres-identifiers.ts';
import type { Clock } from '../../foundation/clock.ts';
import { systemClock } from '../../foundation/clock.ts';
import type {
  ChangeReceiver,
  SourceOffset,
  SourcePhase,
  SourceReader,
  SourceStatus,
} from '../../model/change-event.ts';
import type { Lsn } from '../../model/lsn.ts';
import { earlierLsn, formatLsn, LSN_ZERO, lsnText, parseLsn } from '../../model/lsn.ts';
import type { SourceGap } from '../../model/source-gap.ts';
import type { SourceNotification } from '../../model/source-notification.ts';
import type { ShapeListener } from '../../model/table-shape.ts';
import type { SourceSignal } from '../../model/source-signal.ts';
import type { KnownTables, StoredTables } from '../incremental/known-tables.ts';
import { besideStream } from '../incremental/beside-stream.ts';
import { messageIncluded } from './capture/capture-filter.ts';
import type { PreparedCapture } from './capture/capture-preparation.ts';
import { prepareCapture } from './capture/capture-preparation.ts';
import type { CapturedTable } from './capture/captured-tables.ts';
import type { Querier } from './wire/catalog-session.ts';
import { FirstSnapshot, type FirstSnapshotParts } from './snapshot/first-snapshot.ts';
import { type GapLedger, gapTask, SlotGaps, type SlotSurrender } from './snapshot/slot-gap.ts';
import type { IncrementalParts } from './incremental/incremental-parts.ts';
import { IncrementalSnapshots } from './incremental/incremental-snapshots.ts';
import type { PostgresSourceOptions } from './postgres-source-options.ts';
import { PostgresStream } from './stream/postgres-stream.ts';
import { PostgresWire } from './wire/postgres-wire.ts';
import { identityWarning } from './capture/preflight-checks.ts';
import type { CatalogLooks } from './stream/catalog-looks.ts';
import { openCatalogLooks } from './stream/catalog-looks.ts';
import { readStoredOffset } from './stream/debezium-offset.ts';
import type { LargeTransactions } from './stream/large-transactions.ts';
import { applicationName, streamSession } from './stream/reader-sessions.ts';
import { RelationCache } from './stream/relation-cache.ts';
import { CatalogSession } from './stream/relation-catalog-session.ts';
import { serverLog, streamFingerprint } from './stream/replication-check.ts';
import { beatBesideStream } from './stream/reader-beat.ts';
import type { ReplicationOffset } from './stream/replication-offset.ts';
import { fromSourceOffset, restartLsn, toSourceOffset } from './stream/replication-offset.ts';
import { ReplicationPosition } from './stream/replication-position.ts';
import { capturesOwnOnly } from './pgoutput/pgoutput-parameters.ts';
import {
  readSenderTimeoutMs,
  ReplicationSession,
  startCommand,
} from './stream/replication-session.ts';
import { resumeOnSlot } from './stream/slot-resume.ts';
import { SlotXmin } from './stream/slot-xmin.ts';
import { problemText, signalTableProblems } from './incremental/signal-table.ts';
import { attemptOf, followsStream, resumeFrom } from './snapshot/snapshot-offset.ts';
import { decodeSnapshotState } from '../incremental/snapshot-state.ts';
import { StreamedTransactions } from './stream/streamed-transactions.ts';
import { SideConnection } from './wire/wire-side-connection.ts';

/** What a reader is made from. */
export interface PostgresReaderParts {
  readonly options: PostgresSourceOptions;
  readonly clock?: Clock;
  /** Where transactions that have not ended are kept; by default in the temporary folder. */
  readonly spoolFolder?: string;
  /** A line for the log. */
  readonly note?: (text: string) => void;
  /** A line that somebody has to read. The same may come again with each connection. */
  readonly warn?: (text: string) => void;
  /** Where snapshots are. */
  readonly notify?: (notification: SourceNotification) => void;
  readonly knownTables?: KnownTables;
  /** What the catalog said of stored rows; absent: only DDL of this run is seen. */
  readonly storedTables?: StoredTables;
  /** Who is told what becomes of the shapes of tables. */
  readonly shapes?: ShapeListener;
  /** Who asks for the slot to be given up. */
  readonly surrender?: SlotSurrender;
  /** Remembers over attempts what the server could not do. */
  readonly largeTransactions?: LargeTransactions;
}

/**
 * The PostgreSQL source: snapshot if there is none, then the stream from where the stored offset
 * says. After `run` has ended on abort the session stays open until disposal, so that what the
 * runtime still makes durable is confirmed.
 */
export class PostgresReader implements SourceReader {
  readonly #options: PostgresSourceOptions;
  readonly #clock: Clock;
  readonly #spoolFolder: string;
  readonly #note: (text: string) => void;
  readonly #warn: (text: string) => void;
  readonly #parts: PostgresReaderParts;
  readonly #catalogConnection: SideConnection;
  readonly #beatConnection: SideConnection;
  readonly #beating = new AbortController();
  #beat: Promise<void> = Promise.resolve();
  #phase: SourcePhase = 'starting';
  readonly #first: FirstSnapshot;
  readonly #gaps: SlotGaps;
  #wire: PostgresWire | undefined;
  #session: ReplicationSession | undefined;
  #stream: PostgresStream | undefined;
  #streamed: StreamedTransactions | undefined;
  #position: ReplicationPosition | undefined;
  /** The stored offset where no snapshot is needed: it holds until the stream has begun. */
  #unchanged: SourceOffset | null = null;
  /** From here on the server must keep its log, wherever the stream goes on. */
  #kept: Lsn | null = null;
  #snapshots: IncrementalSnapshots | undefined;
  readonly #earlySignals: SourceSignal[] = [];
  /** Conversion of the position's offset, remembered while that stays the same object. */
  #converted: { from: ReplicationOffset; state: string | null; to: SourceOffset } | undefined;

  constructor(parts: PostgresReaderParts) {
    this.#options = parts.largeTransactions?.applied(parts.options) ?? parts.options;
    this.#clock = parts.clock ?? systemClock;
    this.#spoolFolder = parts.spoolFolder ?? path.join(os.tmpdir(), 'tidemark-spool');
    this.#note = parts.note ?? (() => undefined);
    this.#warn = parts.warn ?? this.#note;
    this.#parts = parts;
    const side = (purpose: string): SideConnection =>
      new SideConnection(
        this.#options.connection,
        applicationName(this.#options, purpose),
        this.#clock,
      );
    this.#catalogConnection = side('catalog');
    this.#beatConnection = side('heartbeat');
    const { connection } = this.#options;
    const making = {
      ...this.#told(),
      options: this.#options,
      connect: (session, signal) => PostgresWire.connect(connection, session, signal, this.#clock),
      notify: (notification) => parts.notify?.(notification),
    } satisfies FirstSnapshotParts;
    this.#first = new FirstSnapshot(making);
    this.#gaps = new SlotGaps({ ...making, surrender: parts.surrender });
  }

  async run(
    receiver: ChangeReceiver,
    stored: SourceOffset | null,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.#run(receiver, stored, signal);
    } catch (error) {
      // What fails because we were asked to stop is no failure.
      if (signal.aborted) return;
      this.#parts.largeTransactions?.failed(error);
      throw error;
    } finally {
      this.#phase = 'stopped';
    }
  }

  async #run(
    receiver: ChangeReceiver,
    stored: SourceOffset | null,
    signal: AbortSignal,
  ): Promise<void> {
    const { snapshotMode } = this.#options;
    const last = stored === null ? null : readStoredOffset(stored, this.#options.slotName);
    const ledger = this.#gapLedger(receiver);
    const found = last && (await this.#gaps.passed(last, ledger, signal));
    let resume = await resumeFrom(found, this.#options, this.#catalogConnection, this.#note);
    let captured: readonly CapturedTable[] = [];
    if (resume !== null) this.#unchanged ??= stored;
    else {
      const unfinished = found === null ? null : attemptOf(found);
      this.#phase = 'snapshot';
      ({ resume, captured } = await this.#first.run(receiver, unfinished, signal));
    }
    if (signal.aborted || !followsStream(snapshotMode)) return;
    const capture = await prepareCapture(this.#catalogConnection, this.#options);
    for (const warning of capture.warnings) this.#warn(warning);
    const { catalog, selection } = capture;
    const identity = identityWarning({ catalog, plan: selection, options: this.#options });
    if (identity !== null) this.#warn(`${identity.message}. ${identity.cure}`);
    const schemas = selection.tables.map(({ schema }) => schema);
    const { snapshots } = this.#options;
    const unsignalled = await signalTableProblems(this.#catalogConnection, snapshots, schemas);
    for (const problem of unsignalled) this.#warn(problemText(problem));
    signal.throwIfAborted();
    resume = await this.#gaps.marked(resume, selection.tables, ledger);
    await this.#follow(receiver, resume, capture, captured, signal);
  }

  #gapLedger(receiver: ChangeReceiver): GapLedger {
    const store = (offset: ReplicationOffset): void => {
      this.#unchanged = toSourceOffset(this.#options.topicPrefix, offset);
    };
    return { receiver, store };
  }

  async #follow(
    receiver: ChangeReceiver,
    stored: ReplicationOffset,
    capture: PreparedCapture,
    captured: readonly CapturedTable[],
    signal: AbortSignal,
  ): Promise<void> {
    const [options, clock] = [this.#options, this.#clock];
    const connection = streamSession(options);
    const wire = await PostgresWire.connect(options.connection, connection, signal, clock);
    this.#wire = wire;
    const resume = await this.#resume(wire, stored, capture, signal);
    await receiver.logOpened?.(serverLog(resume), true);
    const position = new ReplicationPosition(resume);
    const asking = { clock, signal };
    const { types, server } = capture.catalog;
    const catalog = new CatalogSession(options, types, this.#catalogConnection, asking);
    const relations = new RelationCache(catalog);
    for (const table of captured) relations.seed(table.info, table.schema);
    const parts = { capture, relations, position, resumed: captured.length === 0 };
    const snapshots = this.#openSnapshots(receiver, resume, parts);
    const streamed = await this.#openSpool();
    const looks = this.#catalogLooks(snapshots, capture);
    const xmin = new SlotXmin(options.slotName, options.xminFetchIntervalMs ?? 0, clock);
    const stream = new PostgresStream({
      receiver,
      relations,
      position,
      streamed,
      ownOnly: capturesOwnOnly(options),
      skippedOperations: options.skippedOperations,
      wantsMessage: (prefix) => messageIncluded(options, prefix),
      clock,
      idleIntervalMs: options.statusUpdateIntervalMs,
      snapshots,
      ddl: looks.ddl,
      xmin,
      onStarted: () => {
        this.#phase = 'streaming';
        this.#note(`streaming from ${formatLsn(resume.endLsn)} of ${wire.server}`);
        session.started();
      },
      onReplyRequested: () => session.report(),
    });
    const senderTimeoutMs = await readSenderTimeoutMs(wire, signal);
    const times = {
      statusIntervalMs: options.statusUpdateIntervalMs,
      senderTimeoutMs,
      livenessMs: options.livenessTimeoutMs,
    };
    const told = earlierLsn(this.#kept, restartLsn(resume));
    const durable = options.lsnFlushMode === 'manual' ? LSN_ZERO : told;
    const session = new ReplicationSession(wire, stream, durable, times, clock);
    this.#position = position;
    this.#stream = stream;
    this.#session = session;
    this.#snapshots = snapshots;
    this.#earlySignals.splice(0).forEach((early) => snapshots.signal(early));
    stream.noteServerEnd(await catalog.end());
    await looks.begin(relations, { querier: this.#catalogConnection, ...asking });
    const beat = { ...this.#told(), options, stream, connection: this.#beatConnection };
    const look = async (querier: Querier): Promise<void> => {
      await xmin.look(querier);
      const problem = await looks.look(querier, session, this.#beating.signal);
      if (problem !== null) wire.destroy(problem);
    };
    this.#beat = beatBesideStream({ ...beat, look }, this.#beating.signal);
    const run = session.run(startCommand(options, restartLsn(resume), server.version), signal);
    await besideStream(run, (until) => snapshots.run(until), signal);
  }

  #resume(
    wire: PostgresWire,
    stored: ReplicationOffset,
    { catalog: { publication, published } }: PreparedCapture,
    signal: AbortSignal,
  ): Promise<ReplicationOffset> {
    const options = this.#options;
    const fingerprint = streamFingerprint(options, publication, published);
    const told = { options, ...this.#told() };
    return resumeOnSlot(wire, stored, fingerprint, told, signal);
  }

  #told(): { readonly clock: Clock; note(text: string): void; warn(text: string): void } {
    return { clock: this.#clock, note: this.#note, warn: this.#warn };
  }

  #catalogLooks(snapshots: IncrementalSnapshots, capture: PreparedCapture): CatalogLooks {
    const { storedTables: stored, shapes: listener } = this.#parts;
    const told = this.#told();
    const position = (): string | null => this.logEnd();
    const parts = { options: this.#options, stored, snapshots, listener, position, ...told };
    return openCatalogLooks(parts, capture);
  }

  #openSnapshots(
    receiver: ChangeReceiver,
    resume: ReplicationOffset,
    parts: Pick<IncrementalParts, 'capture' | 'relations' | 'position' | 'resumed'>,
  ): IncrementalSnapshots {
    const [options, clock] = [this.#options, this.#clock];
    return new IncrementalSnapshots({
      options,
      connect: (session, abort) => PostgresWire.connect(options.connection, session, abort, clock),
      receiver,
      ...parts,
      state: decodeSnapshotState(resume.snapshotState ?? null),
      clock,
      refresh: () => prepareCapture(this.#catalogConnection, options),
      ask: () => this.nudge(),
      offsetText: () => JSON.stringify(this.offset().offset),
      initialCompleted: () => receiver.snapshotCompleted(this.offset()),
      knownTables: this.#parts.knownTables,
      notify: (notification) => this.#gaps.notify(notification),
      note: this.#note,
      warn: this.#warn,
    });
  }

  /** A signal of a channel outside of the database. */
  signal(signal: SourceSignal): void {
    if (this.#snapshots === undefined) this.#earlySignals.push(signal);
    else this.#snapshots.signal(signal);
  }

  async #openSpool(): Promise<StreamedTransactions> {
    this.#streamed = new StreamedTransactions(this.#spoolFolder, this.#options.slotName);
    await this.#streamed.prepare();
    return this.#streamed;
  }

  offset(): SourceOffset {
    const position = this.#position;
    if (position === undefined) return this.#unchanged ?? this.#first.offset();
    const from = position.offset();
    const state = this.#snapshots?.stateText ?? null;
    if (this.#converted?.from !== from || this.#converted.state !== state) {
      const offset = { ...from, snapshotState: state, gap: this.#gapLeft(from) };
      const to = toSourceOffset(this.#options.topicPrefix, offset);
      this.#converted = { from, state, to };
    }
    return this.#converted.to;
  }

  /** With the last table that is read again it is no more. */
  #gapLeft({ gap = null }: ReplicationOffset): SourceGap | null {
    if (gap === null || gap.to === null) return gap;
    return this.#snapshots?.isOpen(gapTask(gap)) === false ? null : gap;
  }

  confirm(offset: SourceOffset): void {
    const durable = fromSourceOffset(offset);
    this.#snapshots?.finished.confirmed(durable.snapshotState ?? null);
    if (this.#options.lsnFlushMode !== 'manual') this.#session?.confirm(restartLsn(durable));
  }

  keep(offset: SourceOffset): void {
    this.#kept = restartLsn(readStoredOffset(offset, this.#options.slotName));
  }

  logEnd(): string | null {
    const stream = this.#stream;
    if (stream === undefined) return null;
    return formatLsn(stream.serverEnd > stream.received ? stream.serverEnd : stream.received);
  }

  nudge(): void {
    this.#session?.ask();
  }

  hasReceived(end: string): boolean {
    return this.#stream !== undefined && this.#stream.received >= parseLsn(end);
  }

  status(): SourceStatus {
    const stream = this.#stream;
    return {
      phase: this.#phase,
      snapshot: [...this.#first.progress, ...(this.#snapshots?.progress() ?? [])],
      lagBytes: stream?.behind ?? null,
      lagMs: stream?.lagMs ?? null,
      confirmed: this.#options.lsnFlushMode === 'manual' ? null : lsnText(this.#session?.confirmed),
      received: lsnText(stream?.received),
      connected: this.#wire?.isOpen === true,
      input: this.#wire?.input,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#beating.abort();
    const clean = this.#session?.isOpen === true;
    await this.#session?.end();
    if (clean && this.#options.slotDropOnStop) {
      const sql = `SELECT pg_drop_replication_slot(${quoteLiteral(this.#options.slotName)})`;
      await this.#catalogConnection.query(sql);
    }
    await this.#wire?.close();
    await this.#streamed?.[Symbol.asyncDispose]();
    await this.#beatConnection[Symbol.asyncDispose]();
    await this.#beat;
    await this.#catalogConnection[Symbol.asyncDispose]();
  }
}
