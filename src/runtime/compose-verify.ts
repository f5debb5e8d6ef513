import { randomInt } from 'node:crypto';
import { parseDailyHours } from '../config/daily-hours.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { MOST_SEED, parseSampleAmount } from '../config/sample-amount.ts';
import type { Clock } from '../foundation/clock.ts';
import { SnapshotHours } from '../source/snapshot/snapshot-hours.ts';
import type { Transport } from '../transport/transport.ts';
import type { Sample } from '../verify/sampled-ranges.ts';
import type { Logger } from './logger.ts';
import { localSignals, SignalRepair } from './signal-repair.ts';
import { requireDatabase } from './source-partition.ts';
import { VerifySchedule } from './verify-schedule.ts';

/** What compares both families with all targets: only who compares loads it. */
const comparing = () => import('./verify-pipeline.ts');

/** Throws why there is nothing that could be compared again and again. */
export async function checkVerify(config: PipelineConfig): Promise<void> {
  if (!config.verify.has('schedule')) return;
  requireDatabase(config.source, 'verify.schedule');
  (await comparing()).chosenSinks(config, null);
}

/** The comparisons that a pipeline file asks for; null: none. */
export function composeVerify(
  config: PipelineConfig,
  transport: Transport,
  pipeline: Parameters<typeof localSignals>[0],
  { clock, logger: parent }: { readonly clock: Clock; readonly logger: Logger },
): VerifySchedule | null {
  const { verify } = config;
  if (!verify.has('schedule')) return null;
  const logger = parent.child({ task: 'verify' });
  const daily = parseDailyHours(verify.optionalString('window') ?? '');
  const hours =
    daily === undefined ? null : new SnapshotHours(daily, verify.string('window.timezone'), clock);
  const warn = (text: string): void => logger.warn(text);
  const waitMs = verify.number('wait.ms');
  const request = {
    tables: verify.patterns('tables'),
    sink: null,
    rowsPerSecond: verify.number('rows.per.second'),
    hours,
    waitMs,
    // The status tells how many differ; which ones `tidemark verify` says.
    shown: 0,
  };
  const amount = parseSampleAmount(verify.optionalString('sample') ?? '');
  const seed = verify.optionalNumber('seed');
  const sample = (): Sample | null =>
    amount === undefined ? null : { amount, seed: seed ?? randomInt(1, MOST_SEED) };
  const signals = localSignals(pipeline);
  const repair = verify.boolean('repair') ? new SignalRepair(signals, { clock, waitMs }) : null;
  const context = { transport, clock, repair, warn, onProgress: () => undefined };
  return new VerifySchedule({
    everyMs: verify.number('schedule'),
    hours,
    documents: transport.documents,
    clock,
    logger,
    verify: async (signal) => {
      const { verifyPipeline } = await comparing();
      return verifyPipeline(config, { ...request, sample: sample() }, context, signal);
    },
  });
}
