import type { AlertsView } from '../alert/alerts-view.ts';
import type { SourceFamily } from '../config/source-family.ts';
import { ERROR_TABLE, type ErrorCode } from '../foundation/error-table.ts';
import type { ParkedKeys, ParkedTable } from '../model/sink-record.ts';
import type { BinlogStatus, SourcePhase } from '../model/change-event.ts';
import { tableName } from '../model/table-schema.ts';
import type { TransportStatistics } from '../transport/transport.ts';
import type { HeldTopicView } from './held-topics.ts';
import type { SinkRunner } from './sink-runner.ts';
import type { SchemaChangeNote, SourceStatistics } from './source-statistics.ts';
import type { PipelineSource } from './pipeline-source.ts';
import type { Supervisor } from './supervisor.ts';
import type { TaskState } from './task-state.ts';
import type { VerifyScheduleView } from './verify-schedule.ts';
import type { ErrorView, WatchView } from './watch-view.ts';
import type { TransactionsView } from './whole-transactions.ts';

/** `SnapshotProgress` with the table's name as text. */
export interface SnapshotTableView {
  readonly table: string;
  readonly rowsDone: number;
  readonly rowsEstimated: number;
  readonly bytesDone: number;
  readonly completed: boolean;
}

/** Events by kind and times, as Debezium's metrics have them; null: not known. */
export interface SourceMeasures {
  readonly creates: number;
  readonly updates: number;
  readonly deletes: number;
  readonly reads: number;
  readonly sinceLastEventMs: number | null;
  /** Commit in the source to durable in the log. */
  readonly latencyMs: Readonly<
    Record<'min' | 'max' | 'average' | 'p50' | 'p95' | 'p99', number | null>
  >;
  /** How long the first snapshot took, or takes. */
  readonly snapshotMs: number | null;
  /** It was begun, is not done, and its task does not run. */
  readonly snapshotAborted: boolean;
  readonly snapshotDone: boolean;
}

/** The source as the status shows it; numbers of events are of this process. */
export interface SourceView {
  readonly state: TaskState['kind'];
  readonly error: ErrorView | null;
  readonly phase: SourcePhase;
  readonly connected: boolean;
  readonly events: number;
  readonly records: number;
  readonly transactions: number;
  readonly measures: SourceMeasures;
  readonly lagBytes: number | null;
  readonly lagMs: number | null;
  /** Positions as the source prints them; the names are older than the second family of sources. */
  readonly receivedLsn: string | null;
  readonly confirmedLsn: string | null;
  readonly offset: Readonly<Record<string, unknown>> | null;
  readonly snapshot: readonly SnapshotTableView[];
  readonly lastSchemaChange: SchemaChangeNote | null;
  /** Topics whose records wait for the registry to take their schema. */
  readonly held: readonly HeldTopicView[];
  /** Changes of this process that became no record; absent: the first one stops the source. */
  readonly deadLetters?: number;
  /** Absent: it reads no binlog. */
  readonly binlog?: BinlogStatus;
}

/** A sink as the status shows it. */
export interface SinkView {
  readonly name: string;
  readonly state: TaskState['kind'];
  readonly error: ErrorView | null;
  readonly connected: boolean;
  readonly applied: number;
  readonly lagRecords: number;
  /** Commit in the source to commit in the target. */
  readonly lagMsP50: number | null;
  readonly lagMsP99: number | null;
  readonly lagMsLast: number | null;
  readonly parked: readonly ParkedTable[];
  /** Null: `transaction.mode` is none. */
  readonly transactions: TransactionsView | null;
  /** Absent: this sink parks no keys. */
  readonly parkedKeys?: ParkedKeys;
  /** Dead letters of this process; absent: the sink has none. */
  readonly deadLetters?: number;
}

/** What status, the HTTP API, metrics and the terminal show. JSON values only. */
export interface PipelineStatus {
  readonly name: string;
  /** Of the source: `postgres`, `mysql`, `mariadb`, `file`. */
  readonly family: SourceFamily | 'file';
  readonly healthy: boolean;
  readonly uptimeMs: number;
  readonly source: SourceView;
  readonly sinks: readonly SinkView[];
  /** Null on Kafka: what it holds is the brokers' to tell. */
  readonly transport: TransportStatistics | null;
  /** Absent: nobody is told of anything. */
  readonly alerts?: AlertsView;
  /** Why something stands still, and how long the server keeps what is not read. */
  readonly watch?: WatchView;
  /** What source and targets came to when they were compared last; absent: nobody does. */
  readonly verify?: VerifyScheduleView;
}

/** A task that is tried again has the error until it is connected: trying is not yet success. */
function errorOf({ state, lastError }: Supervisor, isConnected: boolean): ErrorView | null {
  if (state.kind === 'failed' || state.kind === 'backing-off') return state.error.toJSON();
  if (state.kind === 'stopped' || state.kind === 'ended' || isConnected) return null;
  return lastError?.toJSON() ?? null;
}

/** What a source has done; all of it 0 before it has begun. */
export function measuresOf(
  statistics: SourceStatistics,
  state: TaskState['kind'],
  nowMs: number,
): SourceMeasures {
  const { creates, updates, deletes, reads, latency, lastEventAtMs } = statistics;
  const { snapshotBeganAtMs: began, snapshotEndedAtMs: ended } = statistics;
  return {
    creates,
    updates,
    deletes,
    reads,
    sinceLastEventMs: lastEventAtMs === null ? null : Math.max(0, nowMs - lastEventAtMs),
    latencyMs: {
      min: latency.minMs,
      max: latency.maxMs,
      average: latency.averageMs,
      p50: latency.quantile(0.5),
      p95: latency.quantile(0.95),
      p99: latency.quantile(0.99),
    },
    snapshotMs: began === null ? null : Math.max(0, (ended ?? nowMs) - began),
    snapshotAborted: began !== null && ended === null && state !== 'running',
    snapshotDone: statistics.snapshotDone,
  };
}

/** Before the first life of the reader there is no phase but `starting`. */
export function sourceView(
  supervisor: Supervisor,
  task: PipelineSource,
  statistics: SourceStatistics,
  nowMs: number,
): SourceView {
  const status = task.reader?.status() ?? null;
  return {
    state: supervisor.state.kind,
    // A source that waits for room in the store is connected, and yet nothing goes on.
    error: errorOf(supervisor, status?.connected ?? false) ?? task.waitsFor?.toJSON() ?? null,
    phase: status?.phase ?? 'starting',
    connected: status?.connected ?? false,
    events: statistics.events,
    records: statistics.recordsPublished,
    transactions: statistics.transactions,
    measures: measuresOf(statistics, supervisor.state.kind, nowMs),
    lagBytes: status === null || status.lagBytes === null ? null : Number(status.lagBytes),
    lagMs: status?.lagMs ?? null,
    receivedLsn: status?.received ?? null,
    confirmedLsn: status?.confirmed ?? null,
    offset: task.storedOffset?.offset ?? null,
    snapshot: (status?.snapshot ?? []).map((progress) => ({
      table: tableName(progress.table),
      rowsDone: progress.rowsDone,
      rowsEstimated: progress.rowsEstimated,
      bytesDone: progress.bytesDone,
      completed: progress.completed,
    })),
    lastSchemaChange: statistics.lastSchemaChange,
    held: task.heldTopics(),
    ...(task.deadLetters === null ? {} : { deadLetters: task.deadLetters }),
    ...(status?.binlog === undefined ? {} : { binlog: status.binlog }),
  };
}

/** Puts together what the supervisor, the runner and the sink itself know. */
export function sinkView(supervisor: Supervisor, runner: SinkRunner): SinkView {
  const status = runner.task?.status() ?? null;
  const isConnected = status?.connected === true && supervisor.state.kind === 'running';
  return {
    name: runner.name,
    state: supervisor.state.kind,
    // A batch that is tried again is no work either.
    // Its target may be there while the log is not.
    error: errorOf(supervisor, isConnected) ?? runner.trouble?.toJSON() ?? null,
    connected: status?.connected ?? false,
    applied: runner.applied,
    lagRecords: runner.lagRecords(),
    lagMsP50: runner.latency.quantile(0.5),
    lagMsP99: runner.latency.quantile(0.99),
    lagMsLast: runner.latency.lastMs,
    parked: status?.parked ?? [],
    transactions: runner.transactions?.view ?? null,
    ...(status?.parkedKeys === undefined ? {} : { parkedKeys: status.parkedKeys }),
    ...(runner.deadLetters === null ? {} : { deadLetters: runner.deadLetters }),
  };
}

/** Running or about to be for the first time; an error, or whatever waits, is not healthy. */
export function isHealthy(source: SourceView, sinks: readonly SinkView[]): boolean {
  const isFine = ({ state, error }: Pick<SourceView, 'state' | 'error'>): boolean =>
    (state === 'running' || state === 'starting') && error === null;
  const isSourceFine = isFine(source) || (source.state === 'ended' && source.error === null);
  const isAllFine = isSourceFine && source.held.length === 0;
  return isAllFine && sinks.every((sink) => isFine(sink) && !isHeldBack(sink));
}

function isHeldBack({ parked, parkedKeys }: SinkView): boolean {
  return parked.length > 0 || (parkedKeys?.count ?? 0) > 0;
}

/** What is not well, in words that name no host, table's value or user: everybody may read them. */
export function healthReasons({ source, sinks }: PipelineStatus): readonly string[] {
  const reason = (task: string, code: string): string =>
    `${task}: ${code}: ${ERROR_TABLE[code as ErrorCode].meaning}`;
  const ofTask = (task: string, error: ErrorView | null): readonly string[] =>
    error === null ? [] : [reason(task, error.code)];
  return [
    ...ofTask('source', source.error),
    ...source.held.map(({ topic, code }) => reason(`source, topic ${topic} held`, code)),
    ...sinks.flatMap(({ name, error, parked, parkedKeys }) => [
      ...ofTask(`sink ${name}`, error),
      ...parked.map(({ table, code, held }) => {
        const what = held === true ? 'held' : 'parked';
        return reason(`sink ${name}, table ${table} ${what}`, code);
      }),
      ...keyReasons(parkedKeys).map(([topic, code]) =>
        reason(`sink ${name}, keys of ${topic} parked`, code),
      ),
    ]),
  ];
}

/** Each topic with each cause once: keys are values of tables. */
function keyReasons(keys: ParkedKeys | undefined): readonly (readonly [string, string])[] {
  const first = keys?.first ?? [];
  const told = new Map<string, readonly [string, string]>();
  for (const { topic, code } of first) told.set(`${topic} ${code}`, [topic, code]);
  return [...told.values()];
}
