import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { PipelineStatus } from './pipeline-status.ts';
import type { VerifiedTableView } from './verify-schedule.ts';
import { driftCount } from './verify-schedule.ts';

const KINDS = ['missing', 'surplus', 'different'] as const;
const COMPARED = ['name', 'sink', 'table'] as const;

/** What the comparisons of the daemon came to; nothing where none are made. */
export function verifyGauges({ name, verify }: PipelineStatus, registers: Registry[]): void {
  if (verify === undefined) return;
  const ofAll = (metric: string, help: string, value: number | null): void => {
    const gauge = new Gauge({
      name: `tidemark_verify_${metric}`,
      help,
      labelNames: ['name'],
      registers,
    });
    if (value !== null) gauge.set({ name }, value);
  };
  const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
  ofAll('running', 'Source and targets are being compared', verify.running ? 1 : 0);
  ofAll('failed', 'The last comparison came to no end', verify.error === null ? 0 : 1);
  ofAll('last_run_timestamp_seconds', 'End of the last comparison', seconds(verify.endedAtMs));
  ofAll('duration_seconds', 'How long the last comparison took', seconds(verify.durationMs));
  const compared = verify.tables.filter(({ problem }) => problem === null);
  const ofTables = (
    metric: string,
    help: string,
    read: (table: VerifiedTableView) => number,
  ): void => {
    const gauge = new Gauge({
      name: `tidemark_verify_${metric}`,
      help,
      labelNames: COMPARED,
      registers,
    });
    for (const table of compared) {
      gauge.set({ name, sink: table.sink, table: table.table }, read(table));
    }
  };
  ofTables('rows', 'Rows of the source that were compared', ({ rows }) => rows);
  ofTables('drift_rows', 'Rows that differ, also behind a repair', driftCount);
  ofTables('repaired_rows', 'Rows that were told again and are equal', ({ repaired }) => repaired);
  const differences = new Gauge({
    name: 'tidemark_verify_differences',
    help: 'Rows that differed, by kind',
    labelNames: [...COMPARED, 'kind'],
    registers,
  });
  for (const table of compared) {
    for (const kind of KINDS) {
      differences.set({ name, sink: table.sink, table: table.table, kind }, table[kind]);
    }
  }
}
