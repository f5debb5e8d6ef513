import { RUNNING_SOURCE } from './pipeline-statuses.ts';
import type { DemoView } from '../../src/demo/terminal-view.ts';
import type { SinkView, SourceView } from '../../src/runtime/pipeline-status.ts';

/** A source in the middle of its work. */
export function sourceView(change: Partial<SourceView> = {}): SourceView {
  return {
    state: 'running',
    error: null,
    phase: 'streaming',
    connected: true,
    events: 56_789,
    records: 60_000,
    transactions: 321,
    measures: RUNNING_SOURCE.measures,
    lagBytes: 2048,
    lagMs: 3,
    receivedLsn: '0/16B3748',
    confirmedLsn: '0/16B3700',
    offset: null,
    snapshot: [],
    held: [],
    lastSchemaChange: {
      table: 'public.orders',
      version: 3,
      atMs: 95_000,
      summary: '+ gift_message text',
    },
    ...change,
  };
}

/** A sink in the middle of its work. */
export function sinkView(change: Partial<SinkView> = {}): SinkView {
  return {
    name: 'warehouse',
    state: 'running',
    error: null,
    connected: true,
    applied: 56_780,
    lagRecords: 9,
    lagMsP50: 8,
    lagMsP99: 48,
    lagMsLast: 12,
    parked: [],
    transactions: null,
    ...change,
  };
}

/** What the demo shows, with parts replaced. */
export function demoView(parts: { source?: SourceView; sinks?: SinkView[] }): DemoView {
  return {
    status: {
      name: 'demo',
      family: 'postgres',
      healthy: true,
      uptimeMs: 75_000,
      source: parts.source ?? sourceView(),
      sinks: parts.sinks ?? [sinkView()],
      transport: {
        bytesUsed: 12 * 1024 * 1024,
        bytesLimit: 1024 ** 3,
        bytesReusable: 0,
        records: 60_000,
        oldestReaderMs: 0,
      },
    },
    rowsPerSecond: 1234,
    traffic: {
      transactions: 321,
      truncates: 2,
      keyChanges: 4,
      schemaChanges: 1,
      lastDdl: undefined,
    },
    elapsedMs: 75_400,
    durationMs: 120_000,
    nowMs: 100_000,
  };
}
