import type { PipelineStatus, SinkView, SourceView } from '../../src/runtime/pipeline-status.ts';

export const RUNNING_SOURCE: SourceView = {
  state: 'running',
  error: null,
  phase: 'streaming',
  connected: true,
  events: 12,
  records: 15,
  transactions: 4,
  measures: {
    creates: 3,
    updates: 4,
    deletes: 1,
    reads: 2,
    sinceLastEventMs: 50,
    latencyMs: { min: 1, max: 9, average: 2.5, p50: 2, p95: 7, p99: 8 },
    snapshotMs: 1500,
    snapshotAborted: false,
    snapshotDone: true,
  },
  lagBytes: 2048,
  lagMs: 3,
  receivedLsn: '0/100',
  confirmedLsn: '0/80',
  offset: { lsn: 128 },
  snapshot: [
    { table: 'public.a', rowsDone: 7, rowsEstimated: 5, bytesDone: 70, completed: true },
    { table: 'public.b', rowsDone: 3, rowsEstimated: 9, bytesDone: 30, completed: false },
  ],
  lastSchemaChange: null,
  held: [],
};

export const RUNNING_SINK: SinkView = {
  name: 'warehouse',
  state: 'running',
  error: null,
  connected: true,
  applied: 11,
  lagRecords: 4,
  lagMsP50: 20,
  lagMsP99: 90,
  lagMsLast: 25,
  parked: [],
  transactions: null,
};

/** A pipeline that is well, with what the test changes. */
export function pipelineStatus(more: Partial<PipelineStatus> = {}): PipelineStatus {
  return {
    name: 'shop',
    family: 'postgres',
    healthy: true,
    uptimeMs: 60_000,
    source: RUNNING_SOURCE,
    sinks: [RUNNING_SINK],
    transport: {
      bytesUsed: 1000,
      bytesLimit: 9000,
      bytesReusable: 100,
      records: 15,
      oldestReaderMs: 6,
    },
    ...more,
  };
}
