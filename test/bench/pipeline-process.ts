/**
 * The daemon under measurement, as a process of its own: runs a pipeline file and notes when how
 * many records were durable. Talks with the benchmark over the fork's channel.
 */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import { composePipeline } from '../../src/runtime/compose-pipeline.ts';
import { silentLogger } from '../../src/runtime/logger.ts';

export type BenchCommand =
  /** Report when this many records more than now are durable. */
  { readonly kind: 'expect'; readonly records: number } | { readonly kind: 'stop' };

export interface BenchReport {
  readonly kind: 'reached';
  /** Wall clock of the first and the last durable append since `expect`, ms. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** User and system CPU since `expect` (since process start for the first one), seconds. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
  /** Wall clock at which the i-th record was durable, as pairs [records so far, ms]. */
  readonly durable: readonly (readonly [number, number])[];
}

let expected = Number.POSITIVE_INFINITY;
let seen = 0;
let durable: [number, number][] = [];
let cpuAtStart: NodeJS.CpuUsage = { user: 0, system: 0 };

const file = process.argv[2] as string;
const composed = await composePipeline(loadPipelineFile(file), {
  clock: systemClock,
  logger: silentLogger(),
  fault: noFaults,
  onDurable: (records) => {
    if (records === 0) return;
    seen += records;
    durable.push([seen, performance.timeOrigin + performance.now()]);
    reportWhenReached();
  },
});

process.on('message', (command: BenchCommand) => {
  if (command.kind === 'expect') {
    expected = command.records;
    reportWhenReached();
  } else {
    composed.pipeline.stop().then(
      () => process.disconnect(),
      () => process.disconnect(),
    );
  }
});
composed.pipeline.start();
composed.pipeline.finished.catch((error: unknown) => {
  process.send?.({ kind: 'failed', message: String(error) });
});
process.send?.({ kind: 'ready' });

function reportWhenReached(): void {
  if (seen < expected) return;
  const cpu = process.cpuUsage(cpuAtStart);
  const report: BenchReport = {
    kind: 'reached',
    firstAtMs: durable[0]?.[1] ?? 0,
    lastAtMs: durable.at(-1)?.[1] ?? 0,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    peakMb: peakMegabytes(),
    durable,
  };
  process.send?.(report);
  expected = Number.POSITIVE_INFINITY;
  seen = 0;
  durable = [];
  cpuAtStart = process.cpuUsage();
}

function peakMegabytes(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
