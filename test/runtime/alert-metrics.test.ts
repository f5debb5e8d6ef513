import { expect, test } from 'vitest';
import type { AlertsView } from '../../src/alert/alerts-view.ts';
import { renderMetrics } from '../../src/runtime/metrics.ts';
import { pipelineStatus } from '../support/pipeline-statuses.ts';

test('what fires, what was told, and how the channels are', async () => {
  const text = { id: '', title: '', cause: '', cure: '', since: '', told: true };
  const lag = { ...text, class: 'lag.table', severity: 'critical', sink: 'dwh' } as const;
  const alerts: AlertsView = {
    firing: [
      { ...lag, key: 'a', table: 'public.orders' },
      { ...lag, key: 'b', table: 'public.users' },
      { ...lag, key: 'c', class: 'task.failed', table: null, sink: null },
    ],
    recent: [],
    channels: [
      {
        name: 'oncall',
        type: 'webhook',
        target: 'https://x',
        queued: 2,
        delivered: 7,
        failures: 3,
        givenUp: 1,
        suppressed: 4,
        lastError: null,
        failingSince: null,
      },
    ],
    totals: [{ class: 'lag.table', severity: 'critical', status: 'firing', count: 5 }],
    mutes: [],
  };
  const lines = (await renderMetrics(pipelineStatus({ alerts })))
    .split('\n')
    .filter((line) => line.startsWith('tidemark_alerts'));
  const firing = (kind: string, table: string, sink: string): string =>
    `tidemark_alerts_firing{name="shop",class="${kind}",severity="critical",` +
    `table="${table}",sink="${sink}"} 1`;
  const channel = '{name="shop",channel="oncall"}';
  expect(lines).toEqual([
    firing('lag.table', 'public.orders', 'dwh'),
    firing('lag.table', 'public.users', 'dwh'),
    firing('task.failed', '', ''),
    'tidemark_alerts_total{name="shop",class="lag.table",severity="critical",status="firing"} 5',
    `tidemark_alerts_queued${channel} 2`,
    `tidemark_alerts_delivered_total${channel} 7`,
    `tidemark_alerts_delivery_failures_total${channel} 3`,
    `tidemark_alerts_given_up_total${channel} 1`,
    `tidemark_alerts_suppressed_total${channel} 4`,
  ]);
});
