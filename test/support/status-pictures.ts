import type { StatusPicture, TableRow } from '../../src/cli/status-model.ts';
import { FIRST_STATE } from '../../src/cli/status-keys.ts';
import type { ScreenView } from '../../src/cli/status-screen.ts';
import type { PipelineStatus } from '../../src/runtime/pipeline-status.ts';
import { pipelineStatus, RUNNING_SINK, RUNNING_SOURCE } from './pipeline-statuses.ts';

export const ROW: TableRow = {
  table: 'public.a',
  phase: 'streaming',
  percent: null,
  events: 10,
  lagRecords: 0,
  lastChange: null,
  held: [],
  deadLetters: 0,
  perSecond: 5,
};

/** Alerts that hold, one of them muted, an event, and one that is over and was told twice. */
export function shownAlerts(): NonNullable<PipelineStatus['alerts']> {
  const at = (minute: number): string => new Date(Date.UTC(2026, 10, 23, 11, minute)).toISOString();
  const firing = (name: string, minute: number, title: string, more: object) => ({
    id: `${name}@${minute}`,
    key: name,
    class: name,
    severity: 'warning' as const,
    table: null,
    sink: null,
    title,
    cause: 'it is slow',
    cure: 'wait',
    since: at(minute),
    told: true,
    ...more,
  });
  const parked = 'public.orders is parked by sink dwh: its changes wait, other tables go on';
  const retrying = { id: 'r@1', class: 'task.retrying', severity: 'warning', table: null } as const;
  const channel = { name: 'oncall', type: 'webhook', target: 'x', queued: 1, delivered: 0 };
  const trouble = { failures: 1, givenUp: 0, suppressed: 0, lastError: '503' };
  return {
    firing: [
      firing('budget.retention', 0, '20 % left of what the server keeps for the source', {
        told: false,
      }),
      firing('lag.sink', 10, 'sink dwh is behind the log', { sink: 'dwh' }),
      firing('table.parked', 55, parked, {
        severity: 'critical',
        table: 'public.orders',
        sink: 'dwh',
        cause: 'SINK_SCHEMA: it cannot be widened',
        cure: 'mend it and start the daemon anew',
      }),
    ],
    recent: [
      {
        id: 'schema-1',
        status: 'event',
        class: 'schema.column_widened',
        severity: 'warning',
        table: 'public.orders',
        sink: null,
        title: 'orders.amount is bigint now (was integer)',
        toldAt: at(57),
      },
      {
        id: 'lag.sink@10',
        status: 'firing',
        class: 'lag.sink',
        severity: 'warning',
        table: null,
        sink: 'dwh',
        title: 'sink dwh is behind the log',
        toldAt: at(10),
      },
      ...(['resolved', 'firing'] as const).map((status) => ({
        ...retrying,
        status,
        sink: 'dwh',
        title: 'sink dwh does not get on',
        toldAt: at(2),
      })),
    ],
    channels: [{ ...channel, ...trouble, failingSince: at(58) }],
    totals: [],
    mutes: [],
  };
}

/** A pipeline that streams, with what the test changes. */
export function statusPicture(change: Partial<StatusPicture> = {}): StatusPicture {
  return {
    status: pipelineStatus({ source: { ...RUNNING_SOURCE, snapshot: [] }, sinks: [RUNNING_SINK] }),
    rows: [ROW],
    perSecond: 1234,
    sinksPerSecond: new Map([['warehouse', 1200]]),
    ...change,
  };
}

export function screenView(change: Partial<ScreenView> = {}): ScreenView {
  return {
    picture: statusPicture(),
    state: FIRST_STATE,
    problem: null,
    ageMs: 100,
    nowMs: 1_000_000,
    ...change,
  };
}
