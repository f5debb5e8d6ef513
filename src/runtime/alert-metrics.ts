import { Counter, Gauge, type Registry } from 'prom-client';
import type { AlertsView } from '../alert/alerts-view.ts';
import type { ChannelView } from '../alert/channel-queue.ts';

const OF_CHANNELS: readonly {
  readonly name: string;
  readonly help: string;
  readonly kind: typeof Gauge | typeof Counter;
  readonly read: (channel: ChannelView) => number;
}[] = [
  {
    name: 'tidemark_alerts_queued',
    help: 'Alerts that a channel has not got yet',
    kind: Gauge,
    read: ({ queued }) => queued,
  },
  {
    name: 'tidemark_alerts_delivered_total',
    help: 'Alerts that a channel got, since the start of the process',
    kind: Counter,
    read: ({ delivered }) => delivered,
  },
  {
    name: 'tidemark_alerts_delivery_failures_total',
    help: 'Attempts that failed, since the start of the process',
    kind: Counter,
    read: ({ failures }) => failures,
  },
  {
    name: 'tidemark_alerts_given_up_total',
    help: 'Alerts that a channel never got, since the start of the process',
    kind: Counter,
    read: ({ givenUp }) => givenUp,
  },
  {
    name: 'tidemark_alerts_suppressed_total',
    help: 'Alerts left out for the limit of a channel, since the start of the process',
    kind: Counter,
    read: ({ suppressed }) => suppressed,
  },
];

/** What fires, what was told, and how the channels are. */
export function alertMetrics(alerts: AlertsView, pipeline: string, registers: Registry[]): void {
  const firing = new Gauge({
    name: 'tidemark_alerts_firing',
    help: 'Conditions that hold, muted ones too',
    labelNames: ['name', 'class', 'severity', 'table', 'sink'] as const,
    registers,
  });
  for (const { class: kind, severity, table, sink } of alerts.firing) {
    const where = { table: table ?? '', sink: sink ?? '' };
    firing.inc({ name: pipeline, class: kind, severity, ...where });
  }
  const total = new Counter({
    name: 'tidemark_alerts_total',
    help: 'Alerts of this process: events, and conditions by what became of them',
    labelNames: ['name', 'class', 'severity', 'status'] as const,
    registers,
  });
  for (const { class: kind, severity, status, count } of alerts.totals) {
    total.inc({ name: pipeline, class: kind, severity, status }, count);
  }
  for (const { name, help, kind: Metric, read } of OF_CHANNELS) {
    const metric = new Metric({ name, help, labelNames: ['name', 'channel'] as const, registers });
    for (const channel of alerts.channels) {
      metric.inc({ name: pipeline, channel: channel.name }, read(channel));
    }
  }
}
