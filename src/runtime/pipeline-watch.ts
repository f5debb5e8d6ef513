import { healsGaps } from '../config/last-stage-options.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { Clock } from '../foundation/clock.ts';
import type { ServerWatch } from '../model/server-look.ts';
import { PostgresServerWatch } from '../source/postgres/watch/postgres-server-watch.ts';
import type { Logger } from './logger.ts';
import { mysqlSourceOptionsOf } from './mysql-source-options.ts';
import { sourceOptionsOf } from './source-options.ts';
import { StallWatch, type WatchLimits } from './stall-watch.ts';

/** A file has no server and no options of this kind. */
const OF_FILES: WatchLimits = {
  intervalMs: 10_000,
  stallAfterMs: 30_000,
  transactionMs: Infinity,
  budgetBytes: 0,
  budgetAlerts: [],
  lastStage: null,
  hasHours: false,
};

/** What looks after a pipeline from beside it. */
export async function pipelineWatch(
  config: PipelineConfig,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<StallWatch> {
  const limits = limitsOf(config);
  const server = limits.intervalMs === 0 ? null : await serverOf(config, clock);
  return new StallWatch({ limits, server, clock, logger: logger.child({ task: 'watch' }) });
}

function limitsOf({ source: { connectorClass, options } }: PipelineConfig): WatchLimits {
  if (sourceFamily(connectorClass) === undefined) return OF_FILES;
  return {
    intervalMs: options.number('stall.watch.interval.ms'),
    stallAfterMs: options.number('stall.after.ms'),
    transactionMs: options.number('stall.transaction.ms'),
    budgetBytes: options.number('retention.budget.bytes'),
    budgetAlerts: options.list('retention.budget.alerts').map(Number),
    lastStage: healsGaps(options)
      ? {
          percent: options.number('retention.budget.drop.percent'),
          afterMs: options.number('retention.budget.drop.after.ms'),
        }
      : null,
    hasHours: options.has('snapshot.window'),
  };
}

async function serverOf({ source }: PipelineConfig, clock: Clock): Promise<ServerWatch | null> {
  const family = sourceFamily(source.connectorClass);
  if (family === undefined) return null;
  if (family === 'postgres') return new PostgresServerWatch(sourceOptionsOf(source), clock);
  const { MysqlServerWatch } = await import('../source/mysql/watch/mysql-server-watch.ts');
  return new MysqlServerWatch(mysqlSourceOptionsOf(source), clock);
}
