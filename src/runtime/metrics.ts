import { Gauge, Registry } from 'prom-client';

import type { BinlogStatus } from '../model/change-event.ts';
import { alertMetrics } from './alert-metrics.ts';
import type { PipelineStatus } from './pipeline-status.ts';
import { verifyGauges } from './verify-metrics.ts';
import { watchGauges } from './watch-metrics.ts';

/** Labels as the JMX exporter gives them to Debezium's MBeans, so that dashboards go on working. */
const LABELS = ['plugin', 'name', 'context'] as const;

/** Labels of the user's that every sample has besides (custom.metric.tags). */
export type MetricTags = Readonly<Record<string, string>>;

interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly context: 'streaming' | 'snapshot' | 'schema-history';
  readonly read: (status: PipelineStatus) => number | null;
  /** The same of the other context; absent: it has none. */
  readonly inSnapshot?: (status: PipelineStatus) => number | null;
}

/** `MilliSecondsBehindSource` and what Debezium keeps of its past. */
const LATENCIES = {
  Minimum: 'min',
  Maximum: 'max',
  Average: 'average',
  P50: 'p50',
  P95: 'p95',
  P99: 'p99',
} as const;

/** `TotalNumberOf…EventsSeen`, of which the snapshot has none. */
const OPERATIONS = {
  Create: ['creates', 'Inserts'],
  Update: ['updates', 'Updates'],
  Delete: ['deletes', 'Deletes'],
} as const;

const SOURCE_METRICS: readonly MetricDefinition[] = [
  {
    name: 'debezium_metrics_Connected',
    help: '1 while the replication connection stands',
    context: 'streaming',
    read: (status) => (status.source.connected ? 1 : 0),
  },
  {
    name: 'debezium_metrics_MilliSecondsBehindSource',
    help: 'Between commit and receipt of the last event, ms',
    context: 'streaming',
    read: (status) => status.source.lagMs,
  },
  ...Object.entries(LATENCIES).map(([suffix, key]): MetricDefinition => ({
    name: `debezium_metrics_MilliSecondsBehindSource${suffix}`,
    help: `Between commit and durable in the log since the start of the process, ms: ${key}`,
    context: 'streaming',
    read: ({ source }) => source.measures.latencyMs[key],
  })),
  {
    name: 'debezium_metrics_TotalNumberOfEventsSeen',
    help: 'Events since the start of the process',
    context: 'streaming',
    read: ({ source }) => source.events - source.measures.reads,
    inSnapshot: ({ source }) => source.measures.reads,
  },
  ...Object.entries(OPERATIONS).map(([operation, [key, what]]): MetricDefinition => ({
    name: `debezium_metrics_TotalNumberOf${operation}EventsSeen`,
    help: `${what} since the start of the process`,
    context: 'streaming',
    read: ({ source }) => source.measures[key],
  })),
  {
    name: 'debezium_metrics_MilliSecondsSinceLastEvent',
    help: 'Since records of events became durable last, ms',
    context: 'streaming',
    read: ({ source }) => source.measures.sinceLastEventMs,
  },
  {
    name: 'debezium_metrics_NumberOfCommittedTransactions',
    help: 'Transactions seen since the start of the process',
    context: 'streaming',
    read: (status) => status.source.transactions,
  },
  {
    name: 'debezium_metrics_SnapshotRunning',
    help: '1 while the snapshot runs',
    context: 'snapshot',
    read: (status) => (status.source.phase === 'snapshot' ? 1 : 0),
  },
  {
    name: 'debezium_metrics_SnapshotCompleted',
    help: '1 when the stream has been reached, or all was read where none follows',
    context: 'snapshot',
    read: ({ source }) => (source.phase === 'streaming' || source.measures.snapshotDone ? 1 : 0),
  },
  {
    name: 'debezium_metrics_SnapshotAborted',
    help: '1 while the task of a snapshot that has begun does not run',
    context: 'snapshot',
    read: ({ source }) => (source.measures.snapshotAborted ? 1 : 0),
  },
  {
    name: 'debezium_metrics_SnapshotDurationInSeconds',
    help: 'How long the first snapshot took, or takes',
    context: 'snapshot',
    read: ({ source: { measures } }) =>
      measures.snapshotMs === null ? null : measures.snapshotMs / 1000,
  },
  {
    name: 'debezium_metrics_TotalTableCount',
    help: 'Tables in the snapshot',
    context: 'snapshot',
    read: (status) => status.source.snapshot.length,
  },
  {
    name: 'debezium_metrics_RemainingTableCount',
    help: 'Tables of the snapshot that are not complete',
    context: 'snapshot',
    read: (status) => status.source.snapshot.filter((table) => !table.completed).length,
  },
  {
    name: 'tidemark_source_lag_bytes',
    help: 'WAL written by the server and not yet received',
    context: 'streaming',
    read: (status) => status.source.lagBytes,
  },
  {
    name: 'tidemark_records_published_total',
    help: 'Records durable in the transport since the start of the process',
    context: 'streaming',
    read: (status) => status.source.records,
  },
  {
    name: 'tidemark_store_bytes_used',
    help: 'Bytes of the embedded store in use',
    context: 'streaming',
    read: (status) => status.transport?.bytesUsed ?? null,
  },
  {
    name: 'tidemark_store_bytes_limit',
    help: 'Largest size of the embedded store',
    context: 'streaming',
    read: (status) => status.transport?.bytesLimit ?? null,
  },
  {
    name: 'tidemark_store_bytes_reusable',
    help: 'Free pages inside the embedded store',
    context: 'streaming',
    read: (status) => status.transport?.bytesReusable ?? null,
  },
  {
    name: 'tidemark_store_oldest_reader_milliseconds',
    help: 'Age of the oldest open read of the embedded store',
    context: 'streaming',
    read: (status) => status.transport?.oldestReaderMs ?? null,
  },
  {
    name: 'tidemark_source_dead_letters_total',
    help: 'Changes that became no record (errors.tolerance all), since the start of the process',
    context: 'streaming',
    read: ({ source }) => source.deadLetters ?? null,
  },
  {
    name: 'tidemark_healthy',
    help: '1 when every task runs and no table or key is parked',
    context: 'streaming',
    read: (status) => (status.healthy ? 1 : 0),
  },
];

const SINK_METRICS: readonly {
  readonly name: string;
  readonly help: string;
  readonly read: (sink: PipelineStatus['sinks'][number]) => number | null;
}[] = [
  { name: 'tidemark_sink_applied_total', help: 'Records applied', read: (sink) => sink.applied },
  {
    name: 'tidemark_sink_lag_records',
    help: 'Records waiting in the log',
    read: (sink) => sink.lagRecords,
  },
  {
    name: 'tidemark_sink_lag_milliseconds_p99',
    help: 'Commit in the source to commit in the target, 99th percentile',
    read: (sink) => sink.lagMsP99,
  },
  {
    name: 'tidemark_sink_parked_tables',
    help: 'Tables held back by a record',
    read: (sink) => sink.parked.length,
  },
  {
    name: 'tidemark_sink_open_transactions',
    help: 'Transactions of the source that wait to be whole (transaction.mode source)',
    read: ({ transactions }) => transactions?.open ?? null,
  },
  {
    name: 'tidemark_sink_waiting_bytes',
    help: 'Bytes of records that wait for the rest of their transaction',
    read: ({ transactions }) => transactions?.waitingBytes ?? null,
  },
  {
    name: 'tidemark_sink_oldest_wait_milliseconds',
    help: 'How long the next transaction has waited to be whole; 0: none waits',
    read: ({ transactions }) => (transactions === null ? null : (transactions.oldestWaitMs ?? 0)),
  },
  {
    name: 'tidemark_sink_transactions_in_parts_total',
    help: 'Transactions that readers may have seen in parts',
    read: ({ transactions }) => transactions?.inParts ?? null,
  },
  {
    name: 'tidemark_sink_parked_keys',
    help: 'Keys whose records wait as dead letters',
    read: (sink) => sink.parkedKeys?.count ?? null,
  },
  {
    name: 'tidemark_sink_dead_letters_total',
    help: 'Dead letters since the start of the process',
    read: (sink) => sink.deadLetters ?? null,
  },
  {
    name: 'tidemark_sink_running',
    help: '1 while the sink task runs',
    read: (sink) => (sink.state === 'running' ? 1 : 0),
  },
];

/**
 * Of sources of binlogs alone. Of the attributes that are texts (BinlogFilename, GtidSet) the JMX
 * exporter shows none; the file is a label here, and the set, a new one with each transaction,
 * stands in the status.
 */
const BINLOG_METRICS: readonly (Omit<MetricDefinition, 'read'> & {
  readonly read: (binlog: BinlogStatus, received: string | null) => number | null;
})[] = [
  {
    name: 'debezium_metrics_BinlogPosition',
    help: 'Place in the file up to which all was received',
    context: 'streaming',
    read: (_binlog, received) => (received === null ? null : Number(/\d+$/.exec(received)?.[0])),
  },
  {
    name: 'debezium_metrics_IsGtidModeEnabled',
    help: '1 where the server has GTIDs',
    context: 'streaming',
    read: ({ gtidMode }) => (gtidMode === null ? null : Number(gtidMode)),
  },
  {
    name: 'debezium_metrics_NumberOfDisconnects',
    help: 'Connections that streamed and were lost, since the start of the process',
    context: 'streaming',
    read: ({ disconnects }) => disconnects,
  },
  ...Object.entries({
    NumberOfSkippedEvents: 'Events that could not be read: they are never skipped',
    NumberOfRolledBackTransactions: 'Rolled back in the binlog: these stop the stream',
    NumberOfNotWellFormedTransactions: 'Without BEGIN or COMMIT: these stop the stream',
    NumberOfLargeTransactions: 'That a look-ahead buffer does not take: there is none',
  }).map(([name, help]) => ({
    name: `debezium_metrics_${name}`,
    help,
    context: 'streaming' as const,
    read: () => 0,
  })),
  {
    name: 'debezium_metrics_RecoveryStartTime',
    help: 'When the shapes of tables were looked for at the last start, ms since 1970',
    context: 'schema-history',
    read: ({ recoveryBeganAtMs }) => recoveryBeganAtMs,
  },
  {
    name: 'debezium_metrics_ChangesRecovered',
    help: 'Statements of the schema history that were read for starts',
    context: 'schema-history',
    read: ({ recoveredStatements }) => recoveredStatements,
  },
  {
    name: 'debezium_metrics_ChangesApplied',
    help: 'Statements that went into the schema history, since the start of the process',
    context: 'schema-history',
    read: ({ appliedStatements }) => appliedStatements,
  },
  {
    name: 'debezium_metrics_MilliSecondsSinceLastRecoveredChange',
    help: 'Since a statement was read for a start, ms',
    context: 'schema-history',
    read: ({ sinceRecoveredMs }) => sinceRecoveredMs,
  },
  {
    name: 'debezium_metrics_MilliSecondsSinceLastAppliedChange',
    help: 'Since a statement went into the schema history, ms',
    context: 'schema-history',
    read: ({ sinceAppliedMs }) => sinceAppliedMs,
  },
];

type SourceLabels = Readonly<Record<'plugin' | 'name', string>>;

function binlogGauges(
  { binlog, receivedLsn }: PipelineStatus['source'],
  labels: SourceLabels,
  registers: Registry[],
): void {
  if (binlog === undefined) return;
  for (const { name, help, context, read } of BINLOG_METRICS) {
    const value = read(binlog, receivedLsn);
    const gauge = new Gauge({ name, help, labelNames: LABELS, registers });
    if (value !== null) gauge.set({ ...labels, context }, value);
  }
  const file = receivedLsn?.replace(/:\d+$/, '') ?? null;
  if (file === null) return;
  const gauge = new Gauge({
    name: 'debezium_metrics_BinlogFilename',
    help: 'The file that is read, as a label',
    labelNames: [...LABELS, 'filename'],
    registers,
  });
  gauge.set({ ...labels, context: 'streaming', filename: file }, 1);
}

/** Prometheus text of a pipeline; all is read from the status at the moment of the scrape. */
export async function renderMetrics(
  status: PipelineStatus,
  tags: MetricTags = {},
): Promise<string> {
  const registry = new Registry();
  registry.setDefaultLabels(tags);
  const labels = { plugin: status.family, name: status.name };
  binlogGauges(status.source, labels, [registry]);
  for (const metric of SOURCE_METRICS) {
    const value = metric.read(status);
    const gauge = new Gauge({
      name: metric.name,
      help: metric.help,
      labelNames: LABELS,
      registers: [registry],
    });
    if (value !== null) gauge.set({ ...labels, context: metric.context }, value);
    const other = metric.inSnapshot?.(status) ?? null;
    if (other !== null) gauge.set({ ...labels, context: 'snapshot' }, other);
  }
  const scanned = new Gauge({
    name: 'debezium_metrics_RowsScanned',
    help: 'Rows of a table that the snapshot has read',
    labelNames: [...LABELS, 'table'],
    registers: [registry],
  });
  for (const { table, rowsDone } of status.source.snapshot) {
    scanned.set({ ...labels, context: 'snapshot', table }, rowsDone);
  }
  for (const metric of SINK_METRICS) {
    const gauge = new Gauge({
      name: metric.name,
      help: metric.help,
      labelNames: ['name', 'sink'] as const,
      registers: [registry],
    });
    for (const sink of status.sinks) {
      const value = metric.read(sink);
      if (value !== null) gauge.set({ name: status.name, sink: sink.name }, value);
    }
  }
  watchGauges(status, [registry]);
  verifyGauges(status, [registry]);
  if (status.alerts !== undefined) alertMetrics(status.alerts, status.name, [registry]);
  return registry.metrics();
}

export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;
