import { Gauge, type Registry } from 'prom-client';
import type { PipelineStatus } from './pipeline-status.ts';
import type { RetentionView } from './retention-forecast.ts';

const RETENTION_METRICS: readonly (readonly [
  name: string,
  help: string,
  read: (view: RetentionView) => number | null,
])[] = [
  ['held_bytes', 'Log that the server keeps for the source', ({ heldBytes }) => heldBytes],
  [
    'growth_bytes_per_second',
    'How fast the server writes its log',
    ({ bytesPerSecond }) => bytesPerSecond,
  ],
  ['lost', '1 when the server has removed what is to be read next', ({ isLost }) => +isLost],
  ['left_percent', 'Left of the limit', ({ budget }) => budget?.leftPercent ?? null],
  ['left_bytes', 'Left of the limit', ({ budget }) => budget?.leftBytes ?? null],
  [
    'left_seconds',
    'Until what is to be read next is gone, at the pace of now',
    ({ budget }) => (budget === null || budget.leftMs === null ? null : budget.leftMs / 1000),
  ],
];

/** What stands still, and what the server keeps; nothing without a watch. */
export function watchGauges({ name, watch }: PipelineStatus, registers: Registry[]): void {
  if (watch === undefined) return;
  const stalled = new Gauge({
    name: 'tidemark_stalled',
    help: '1 for what does not move, and why; idle is no trouble',
    labelNames: ['name', 'sink', 'cause'] as const,
    registers,
  });
  for (const { cause, sink } of watch.stalls) stalled.set({ name, sink: sink ?? '', cause }, 1);
  const { retention } = watch;
  if (retention === null) return;
  for (const [suffix, help, read] of RETENTION_METRICS) {
    const value = read(retention);
    const labelNames = ['name'] as const;
    const gauge = new Gauge({ name: `tidemark_retention_${suffix}`, help, labelNames, registers });
    if (value !== null) gauge.set({ name }, value);
  }
}
