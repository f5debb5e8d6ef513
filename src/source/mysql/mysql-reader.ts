import type { TableCatalog } from '../../../dialects/mysql/ddl/table-catalog.ts';
import type { Clock } from '../../foundation/clock.ts';
import { systemClock } from '../../foundation/clock.ts';
import { must } from '../../foundation/assert.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type {
  ChangeReceiver,
  SourceOffset,
  SourcePhase,
  SourceReader,
  SourceStatus,
} from '../../model/change-event.ts';
import type { ShapeListener } from '../../model/table-shape.ts';
import type { SourceNotification } from '../../model/source-notification.ts';
import type { SourceSignal } from '../../model/source-signal.ts';
import { familyProblem, missingSignalTable } from './capture/captured-findings.ts';
import { besideStream } from '../incremental/beside-stream.ts';
import type { KnownTables } from '../incremental/known-tables.ts';
import { decodeSnapshotState } from '../incremental/snapshot-state.ts';
import type { SchemaHistoryLog } from './history/schema-history.ts';
import { SchemaMemories } from './history/schema-memory.ts';
import { MysqlIncrementalSnapshots } from './incremental/incremental-snapshots.ts';
import type { MysqlConnectionOptions } from './mysql-connection-options.ts';
import type { MysqlSourceOptions } from './mysql-source-options.ts';
import { MysqlFirstSnapshot } from './snapshot/mysql-first-snapshot.ts';
import { readCatalog } from './snapshot/server-catalog.ts';
import { BinlogCounters } from './stream/binlog-counters.ts';
import type { BinlogOffset } from './stream/binlog-offset.ts';
import { placeText, readStoredOffset, toSourceOffset } from './stream/binlog-offset.ts';
import { compareFiles } from './stream/binlog-position.ts';
import type { ResumedCatalog } from './stream/binlog-resume.ts';
import { catalogAt, followsStream, resumeFrom } from './stream/binlog-resume.ts';
import type { BinlogSession, StreamGround } from './stream/binlog-session.ts';
import { dumpOf, openBinlogSession } from './stream/binlog-session.ts';
import { watchLogEnd } from './stream/log-end-watch.ts';
import type { LagMemory } from './stream/replica-lag.ts';
import { lagOf } from './stream/replica-lag.ts';
import type { LogSpot } from './stream/stream-watches.ts';
import { dumpProblem } from './wire/dump-probe.ts';
import type { MysqlServerFacts } from './wire/mysql-server-facts.ts';
import { readServerFacts } from './wire/mysql-server-facts.ts';
import { MysqlSession } from './wire/mysql-session.ts';
import { chooseServer } from './wire/server-choice.ts';
import { SideSession } from './wire/side-session.ts';

/** What a reader is made from. */
export interface MysqlReaderParts {
  readonly options: MysqlSourceOptions;
  /** Of the pipeline: who we are to the server follows from it. */
  readonly name: string;
  readonly history: SchemaHistoryLog;
  readonly clock?: Clock;
  /** A line for the log. */
  readonly note?: (text: string) => void;
  /** A line that somebody has to read. The same may come again with each connection. */
  readonly warn?: (text: string) => void;
  /** Where snapshots are. */
  readonly notify?: (notification: SourceNotification) => void;
  readonly knownTables?: KnownTables;
  /** Who is told what becomes of the shapes of tables. */
  readonly shapes?: ShapeListener;
  /** Remembers over attempts that the server lacks what was captured from another. */
  readonly lag?: LagMemory;
  /** Remembers over attempts that another reader has had the stream. */
  readonly replacements?: { count: number };
  /** Counts over attempts. */
  readonly counters?: BinlogCounters;
}

const LOG_END_INTERVAL_MS = 1000;

/** What a run stands on, once a server has answered. */
interface Ground {
  readonly connection: MysqlConnectionOptions;
  readonly facts: MysqlServerFacts;
  readonly side: SideSession;
}

/**
 * The source of MySQL and MariaDB: snapshot if there is none, then the binlog from where the stored
 * offset says. Nothing is confirmed to the server: it keeps its files as long as it is told to.
 */
export class MysqlReader implements SourceReader {
  readonly #options: MysqlSourceOptions;
  readonly #parts: MysqlReaderParts;
  readonly #clock: Clock;
  readonly #note: (text: string) => void;
  readonly #counters: BinlogCounters;
  #facts: MysqlServerFacts | undefined;
  readonly #opened = new AsyncDisposableStack();
  readonly #watching = new AbortController();
  #watch: Promise<void> = Promise.resolve();
  #phase: SourcePhase = 'starting';
  #first: MysqlFirstSnapshot | undefined;
  #session: BinlogSession | undefined;
  #snapshots: MysqlIncrementalSnapshots | undefined;
  readonly #earlySignals: SourceSignal[] = [];
  /** There was an offset: tables that are read have been told before. */
  #resumed = false;
  /** The stored offset where no snapshot is needed: it holds until the stream has begun. */
  #unchanged: SourceOffset | null = null;
  #end: LogSpot | null = null;
  #lastEventMs: number | null = null;
  #confirmed: string | null = null;
  /** Conversion of the position's offset, remembered while that stays the same object. */
  #converted:
    | { readonly from: BinlogOffset; readonly state: string | null; readonly to: SourceOffset }
    | undefined;

  constructor(parts: MysqlReaderParts) {
    this.#parts = parts;
    this.#options = parts.options;
    this.#clock = parts.clock ?? systemClock;
    this.#counters = parts.counters ?? new BinlogCounters();
    this.#note = parts.note ?? (() => undefined);
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
      if (this.#phase === 'streaming') this.#counters.disconnected();
      throw this.#afterReplacement(error);
    } finally {
      this.#phase = 'stopped';
    }
  }

  /**
   * A dump that a killed daemon had asked for may begin only now, and ends ours: that passes. When
   * it comes again there is another daemon, and one of the two has to stop.
   */
  #afterReplacement(error: unknown): unknown {
    const { replacements } = this.#parts;
    const isFirst = replacements !== undefined && replacements.count === 0;
    if (!(error instanceof TidemarkError) || error.code !== 'MYSQL_REPLACED' || !isFirst) {
      return error;
    }
    replacements.count++;
    return new TidemarkError('MYSQL_CONNECTION_LOST', error.message, { cause: error });
  }

  async #run(
    receiver: ChangeReceiver,
    stored: SourceOffset | null,
    signal: AbortSignal,
  ): Promise<void> {
    const found = stored === null ? null : readStoredOffset(stored);
    const ground = await this.#chooseServer(found, signal);
    const { facts, side: querier, connection } = ground;
    this.#facts = facts;
    const options = this.#options;
    const { name } = this.#parts;
    const probe = async (resume: BinlogOffset): Promise<TidemarkError | null> => {
      const dump = await dumpOf({ options, name, facts, resume, querier }, signal);
      return dumpProblem(connection, dump, signal, this.#clock);
    };
    const request = { options, facts, querier, signal, note: this.#note, probe };
    const resume = await resumeFrom(found, request);
    this.#resumed = resume !== null;
    if (resume !== null) this.#unchanged = stored;
    await receiver.logOpened?.(facts.serverUuid ?? `id ${facts.serverId}`, resume !== null);
    const read = (): Promise<TableCatalog> => readCatalog(querier, options, facts, signal);
    const beganAtMs = this.#clock.nowMs();
    const resumed =
      resume === null
        ? await this.#snapshot(receiver, ground, found, signal)
        : await catalogAt(resume, this.#parts.history, request, read);
    this.#counters.recovered(resumed.replayed, beganAtMs, this.#clock);
    if (signal.aborted || !followsStream(options.snapshotMode)) return;
    await this.#follow(receiver, ground, resumed, signal);
  }

  async #chooseServer(found: BinlogOffset | null, signal: AbortSignal): Promise<Ground> {
    const { connection: first, alternatives, family, gtidSources } = this.#options;
    const { lag = { sinceMs: null } } = this.#parts;
    let facts: MysqlServerFacts | undefined;
    const problemOf = async (asked: MysqlSession): Promise<TidemarkError | null> => {
      facts = await readServerFacts(asked, signal);
      // First: whatever one of the other family has applied, waiting for it would not help.
      return familyProblem(family, facts) ?? lagOf(found, facts, gtidSources, lag, this.#clock);
    };
    const chosen = await chooseServer(first, alternatives, signal, this.#clock, problemOf);
    const { session, connection } = chosen;
    await session.close();
    facts = must(facts, 'the server was asked');
    const side = this.#opened.use(new SideSession(connection, this.#clock));
    return { connection, facts, side };
  }

  async #snapshot(
    receiver: ChangeReceiver,
    { connection }: Ground,
    unfinished: BinlogOffset | null,
    signal: AbortSignal,
  ): Promise<ResumedCatalog> {
    this.#phase = 'snapshot';
    const memories = new SchemaMemories(null);
    this.#first = new MysqlFirstSnapshot({
      options: this.#options,
      clock: this.#clock,
      memories,
      connect: (abort) => MysqlSession.connect(connection, abort, this.#clock),
      note: this.#note,
      warn: this.#parts.warn ?? this.#note,
      notify: (notification) => this.#parts.notify?.(notification),
    });
    const { resume, catalog, complete } = await this.#first.run(receiver, unfinished, signal);
    if (!complete) receiver.snapshotReleased?.();
    return { resume, catalog, memories, replayed: 0 };
  }

  async #follow(
    receiver: ChangeReceiver,
    ground: Ground,
    resumed: ResumedCatalog,
    signal: AbortSignal,
  ): Promise<void> {
    const { connection, facts, side } = ground;
    const tables = [...resumed.catalog.tables()];
    const session = await openBinlogSession(
      {
        options: this.#options,
        name: this.#parts.name,
        connection,
        facts,
        ...resumed,
        history: this.#parts.history,
        receiver,
        listener: this.#parts.shapes,
        beside: (made) => this.#openSnapshots(receiver, ground, resumed, made),
        committed: (micros) => {
          this.#lastEventMs = this.#clock.nowMs() - Number(micros / 1000n);
        },
        remembered: () => this.#counters.applied(this.#clock),
        querier: side,
        clock: this.#clock,
        note: this.#note,
        warn: this.#parts.warn ?? this.#note,
      },
      signal,
    );
    this.#opened.use(session);
    this.#session = session;
    this.#watchEnd(side, facts);
    this.#phase = 'streaming';
    for (const { message, cure } of missingSignalTable(tables, this.#options)) {
      this.#parts.warn?.(`${message}. ${cure}`);
    }
    this.#note(`streaming from ${placeText(resumed.resume.done)} of ${session.wire.server}`);
    const snapshots = must(this.#snapshots, 'the stream has opened them');
    for (const early of this.#earlySignals.splice(0)) snapshots.signal(early);
    await besideStream(session.run(signal), (until) => snapshots.run(until), signal);
  }

  #openSnapshots(
    receiver: ChangeReceiver,
    { connection, facts }: Ground,
    { catalog, resume }: ResumedCatalog,
    made: StreamGround,
  ): MysqlIncrementalSnapshots {
    const { knownTables, notify } = this.#parts;
    this.#snapshots = new MysqlIncrementalSnapshots({
      options: this.#options,
      server: facts,
      connect: (abort) => MysqlSession.connect(connection, abort, this.#clock),
      receiver,
      catalog,
      ...made,
      state: decodeSnapshotState(resume.snapshotState ?? null),
      clock: this.#clock,
      resumed: this.#resumed,
      knownTables,
      offsetText: () => JSON.stringify(this.offset().offset),
      initialCompleted: () => receiver.snapshotCompleted(this.offset()),
      notify: (notification) => notify?.(notification),
      note: this.#note,
      warn: this.#parts.warn ?? this.#note,
    });
    return this.#snapshots;
  }

  /** A signal of a channel outside of the database. */
  signal(signal: SourceSignal): void {
    if (this.#snapshots === undefined) this.#earlySignals.push(signal);
    else this.#snapshots.signal(signal);
  }

  #watchEnd(side: SideSession, facts: MysqlServerFacts): void {
    const { heartbeatIntervalMs, heartbeatActionQuery } = this.#options;
    this.#watch = watchLogEnd(
      side,
      facts,
      { heartbeatIntervalMs, heartbeatActionQuery, endIntervalMs: LOG_END_INTERVAL_MS },
      {
        clock: this.#clock,
        end: (at) => {
          this.#end = at;
        },
        note: this.#note,
      },
      this.#watching.signal,
    );
  }

  offset(): SourceOffset {
    const position = this.#session?.position;
    if (position === undefined) return this.#unchanged ?? must(this.#first, 'no offset').offset();
    const from = position.offset();
    const state = this.#snapshots?.stateText ?? null;
    if (this.#converted?.from !== from || this.#converted.state !== state) {
      const { topicPrefix } = this.#options;
      const to = toSourceOffset(topicPrefix, { ...from, snapshotState: state });
      this.#converted = { from, state, to };
    }
    return this.#converted.to;
  }

  confirm(offset: SourceOffset): void {
    const { done, history } = readStoredOffset(offset);
    this.#confirmed = placeText(done);
    this.#session?.keeper.durable(history);
  }

  logEnd(): string | null {
    return this.#end === null ? null : placeText(this.#end);
  }

  nudge(): void {
    this.#session?.nudge();
  }

  hasReceived(end: string): boolean {
    const received = this.#session?.stream.place;
    if (received === undefined) return false;
    const at = end.lastIndexOf(':');
    const pos = Number(end.slice(at + 1));
    return compareFiles(received.file, received.pos, end.slice(0, at), pos) >= 0;
  }

  status(): SourceStatus {
    const received = this.#session?.stream.place ?? null;
    const wire = this.#session?.wire;
    return {
      phase: this.#phase,
      snapshot: [...(this.#first?.progress ?? []), ...(this.#snapshots?.progress() ?? [])],
      lagBytes: lagBytes(this.#end, received),
      lagMs: this.#lastEventMs,
      confirmed: this.#confirmed,
      received: received === null ? null : placeText(received),
      connected: this.#session !== undefined && this.#phase === 'streaming',
      ...(wire === undefined ? {} : { stream: { server: wire.server, id: wire.threadId } }),
      input: wire?.input,
      binlog: {
        gtids: this.#session?.position.offset().done.gtids ?? null,
        gtidMode: this.#facts === undefined ? null : hasGtids(this.#facts),
        ...this.#counters.counts(this.#clock),
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watching.abort();
    await this.#watch;
    await this.#opened[Symbol.asyncDispose]();
  }
}

function hasGtids({ gtid }: MysqlServerFacts): boolean {
  return gtid.kind === 'mariadb' || (gtid.kind === 'mysql' && gtid.mode === 'ON');
}

/** Null in another file, whose size the server was not asked for. */
function lagBytes(end: LogSpot | null, received: LogSpot | null): bigint | null {
  if (end === null || received === null || end.file !== received.file) return null;
  return BigInt(Math.max(0, end.pos - received.pos));
}
