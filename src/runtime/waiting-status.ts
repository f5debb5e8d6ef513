import type { AlertsView } from '../alert/alerts-view.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { sourceFamily } from '../config/source-family.ts';
import { measuresOf, type PipelineStatus } from './pipeline-status.ts';
import { SourceStatistics } from './source-statistics.ts';
import type { ErrorView, Stall } from './watch-view.ts';

/** What is known of a start that waits for its brokers. */
export interface WaitingStart {
  readonly error: ErrorView;
  readonly stalls: readonly Stall[];
  readonly alerts: AlertsView;
  readonly uptimeMs: number;
}

/** The status of a daemon whose brokers are away: of its pipeline nothing is there yet. */
export function waitingStatus(
  { name, source, sinks }: PipelineConfig,
  { error, stalls, alerts, uptimeMs }: WaitingStart,
): PipelineStatus {
  return {
    name,
    family: sourceFamily(source.connectorClass) ?? 'file',
    healthy: false,
    uptimeMs,
    source: {
      state: 'backing-off',
      error,
      phase: 'starting',
      connected: false,
      events: 0,
      records: 0,
      transactions: 0,
      measures: measuresOf(new SourceStatistics(), 'backing-off', 0),
      lagBytes: null,
      lagMs: null,
      receivedLsn: null,
      confirmedLsn: null,
      offset: null,
      snapshot: [],
      lastSchemaChange: null,
      held: [],
    },
    sinks: sinks.map((sink) => ({
      name: sink.name,
      state: 'starting',
      error: null,
      connected: false,
      applied: 0,
      lagRecords: 0,
      lagMsP50: null,
      lagMsP99: null,
      lagMsLast: null,
      parked: [],
      transactions: null,
    })),
    transport: null,
    alerts,
    watch: { stalls, retention: null, lookedMsAgo: null, problem: null },
  };
}
